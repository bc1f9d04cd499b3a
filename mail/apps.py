from datetime import timedelta

from django.apps import AppConfig

from staff import jobs


class MailConfig(AppConfig):
    name = "mail"

    def ready(self) -> None:
        from mail import checks, tasks  # noqa: F401 - models are needed; checks register themselves

        jobs.register("mail.sweep", every=timedelta(seconds=10), task=tasks.sweep)
