"""The row is the queue, the message a nudge."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from celery import shared_task
from django.db.models import Exists, OuterRef, Q

from staff import jobs
from support.models import SlaTarget, Ticket

log = logging.getLogger(__name__)
# Less than the minute between two sweeps; whoever comes next goes on.
SECONDS = 50
SAMPLE = 2000


@shared_task(ignore_result=True)
def follow_new_terms() -> None:
    """Take open tickets to hours and service levels that were changed."""
    from support.actions import sla  # it acts through actions that nudge this task

    end = time.monotonic() + SECONDS
    while sla.follow_new_terms() and time.monotonic() < end:
        pass


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find what a lost nudge forgot, what became overdue, and what soon will be."""
    from support.actions import service_levels, sla

    service_levels.follow_time_zone()
    follow_new_terms()
    sla.miss_overdue()
    sla.warn()


@shared_task(ignore_result=True)
def check_targets() -> int:
    """Compare the targets of a sample of tickets with their events; say so loudly, and mend them."""
    from support import targets
    from support.actions import sla

    sla.miss_overdue()  # time itself makes a difference until the next sweep
    # History that was imported has none, unless it was open when it came.
    promised = ~Q(channel=Ticket.Channel.IMPORT) | Exists(
        SlaTarget.objects.filter(ticket=OuterRef("pk"))
    )
    sample = Ticket.objects.filter(promised).order_by("?").values_list("pk", flat=True)[:SAMPLE]
    differed = targets.rebuild(sample)
    if differed:
        log.error("The targets of %s tickets differed from their events; mended.", differed)
    return differed


def register() -> None:
    """Called from SupportConfig.ready."""
    jobs.register("support.service_levels", every=timedelta(minutes=1), task=sweep)
    jobs.register("support.check_targets", every=timedelta(days=1), task=check_targets)
