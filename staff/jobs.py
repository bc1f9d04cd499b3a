"""Periodic jobs: each room registers its own in AppConfig.ready; `manage.py scheduler` keeps time.

A job's tick is a row that is unique on (job, due_at): whoever inserts it sends the task. A lost
message is harmless, because the next tick's sweep finds what it forgot.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from celery import Task


@dataclass(frozen=True)
class Job:
    name: str
    every: timedelta
    task: "Task[..., object]"

    def due_at(self, now: datetime) -> datetime:
        """The start of the slot that `now` lies in, counted from the epoch in UTC."""
        slot = int(self.every.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // slot * slot, tz=UTC)


JOBS: dict[str, Job] = {}


def register(name: str, *, every: timedelta, task: "Task[..., object]") -> None:
    """Have `task.delay()` called once per `every`, whole seconds, at most once per slot anywhere."""
    JOBS[name] = Job(name, every, task)
