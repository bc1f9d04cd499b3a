from datetime import timedelta

from django.apps import AppConfig

from staff import jobs


class MailConfig(AppConfig):
    name = "mail"

    def ready(self) -> None:
        from mail import tasks  # models are needed

        jobs.register("mail.sweep", every=timedelta(seconds=10), task=tasks.sweep)
