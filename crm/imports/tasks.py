"""The row is the queue, the message a nudge: files are walked in slices, on a queue of their own."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.db import transaction

from crm.models import FileImport
from staff import jobs, leases

log = logging.getLogger(__name__)
# Seconds for which one slice keeps a worker: an import holds up no reply.
SLICE = 5
# Longer than a slice with its last batch ever takes; after a kill the next sweep goes on.
LEASE = 120


@shared_task(ignore_result=True)
def work(file_import_id: int) -> None:
    """Do a slice of what this import waits for; with more to do, queue again behind what waits."""
    from crm.imports import working  # it acts through actions that nudge this task

    with leases.held(working.lease_name(file_import_id), LEASE) as holder:
        if holder is None:
            return  # whoever walks it goes on
        is_more = working.slice_of(file_import_id, seconds=SLICE)
    if is_more:
        transaction.on_commit(lambda: work.delay(file_import_id), robust=True)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find what a lost nudge or a killed worker left; say of a command that died that it did."""
    from crm.imports import working

    working.bury_commands()
    at_work = FileImport.objects.filter(state__in=FileImport.AT_WORK)
    for pk in at_work.order_by("pk").values_list("pk", flat=True):
        work.delay(pk)


def register() -> None:
    """Called from CrmConfig.ready."""
    jobs.register("crm.imports.sweep", every=timedelta(minutes=1), task=sweep)
