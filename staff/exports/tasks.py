"""The row is the queue, the message a nudge."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from staff import jobs


@shared_task(ignore_result=True)
def write_exports() -> None:
    """Write on for some seconds; with more to do, queue again behind what waits."""
    from staff.exports import working  # actions nudge these tasks

    if working.work():
        write_exports.delay()


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find what a lost nudge forgot, and delete files past their time."""
    from staff.exports import working

    working.sweep()
    write_exports()


def register() -> None:
    """Called from StaffConfig.ready."""
    jobs.register("staff.exports", every=timedelta(minutes=1), task=sweep)
