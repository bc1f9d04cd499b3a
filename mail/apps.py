from datetime import timedelta

from django.apps import AppConfig

from staff import jobs


class MailConfig(AppConfig):
    name = "mail"

    def ready(self) -> None:
        from mail import checks, tasks, trail  # noqa: F401 - models are needed; checks register themselves

        trail.register()
        jobs.register("mail.sweep", every=timedelta(seconds=10), task=tasks.sweep)
