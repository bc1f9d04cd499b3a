"""The row is the queue, the message a nudge: many customers are changed in slices."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db import transaction

from crm.models import BulkEdit
from staff import jobs, leases

# Seconds for which one slice keeps a worker: a bulk edit holds up nothing else.
SLICE = 4
# Longer than a slice with its last batch ever takes; after a kill the next sweep goes on.
LEASE = 120


@shared_task(ignore_result=True)
def work(bulk_edit_id: int) -> None:
    """Do a slice of it; with more to do, queue again behind what waits."""
    from crm.bulk import walking  # it acts through actions that nudge this task

    with leases.held(f"crm.bulk_edit:{bulk_edit_id}", LEASE) as holder:
        if holder is None:
            return  # whoever walks it goes on
        is_more = walking.slice_of(bulk_edit_id, seconds=SLICE)
    if is_more:
        transaction.on_commit(lambda: work.delay(bulk_edit_id), robust=True)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find what a lost nudge or a killed worker left."""
    at_work = BulkEdit.objects.filter(state__in=["waiting", "running"])
    for pk in at_work.order_by("pk").values_list("pk", flat=True):
        work.delay(pk)


def register() -> None:
    """Called from CrmConfig.ready."""
    jobs.register("crm.bulk.sweep", every=timedelta(minutes=1), task=sweep)
