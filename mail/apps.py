from datetime import timedelta

from django.apps import AppConfig

from staff import jobs


class MailConfig(AppConfig):
    name = "mail"

    def ready(self) -> None:
        from mail import alarms, checks, exports, inbox_health, tasks, trail  # noqa: F401 - models are needed; checks register themselves

        trail.register()
        inbox_health.register()
        alarms.register()
        exports.register_all()
        jobs.register("mail.sweep", every=timedelta(seconds=10), task=tasks.sweep)
        jobs.register("mail.fetch", every=timedelta(seconds=20), task=tasks.fetch)
        jobs.register("mail.sweep_inbound", every=timedelta(seconds=10), task=tasks.sweep_inbound)
        jobs.register("mail.forget_calls", every=timedelta(days=1), task=tasks.forget_calls)
        jobs.register("mail.reconcile", every=timedelta(days=1), task=tasks.reconcile)
