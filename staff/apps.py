from datetime import timedelta

from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "staff"

    def ready(self) -> None:
        from staff import jobs, tasks

        jobs.register("staff.beat", every=timedelta(seconds=30), task=tasks.beat)
