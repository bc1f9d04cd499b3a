"""The rows by which periodic jobs run once, and by which a process shows that it is alive."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from staff.jobs import JOBS, Job
from staff.models import Heartbeat, Tick

logger = logging.getLogger(__name__)

# A message that waited longer than this for a worker is thrown away: a later tick replaced it.
SHORTEST_LIFE = timedelta(minutes=1)


def start(job: Job, *, due_at: datetime) -> bool:
    """Send the job's task for this slot, unless somebody did. False when the broker doesn't answer.

    The tick of a task that couldn't be sent is taken back, so that the next look tries again.
    """
    tick, is_ours = Tick.objects.get_or_create(job=job.name, due_at=due_at)
    if not is_ours:
        return True
    life = max(job.every, SHORTEST_LIFE)
    try:
        job.task.apply_async(expires=life.total_seconds(), retry=False)
    except Exception as error:  # noqa: BLE001 - each broker library raises its own
        logger.warning("Could not send %s, will try again: %s", job.name, error)
        tick.delete()
        return False
    return True


def forget_old_ticks(now: datetime) -> None:
    """Delete ticks that are older than a day and that no job's current slot can be."""
    longest = max((job.every for job in JOBS.values()), default=timedelta())
    Tick.objects.filter(due_at__lt=now - max(timedelta(days=1), 2 * longest)).delete()


def beat_heart(name: str, *, detail: str = "") -> None:
    """Note that a process of this kind is alive."""
    with transaction.atomic():
        Heartbeat.objects.update_or_create(
            name=name, defaults={"at": timezone.now(), "detail": detail}
        )
