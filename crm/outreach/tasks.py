"""The row is the queue, the message a nudge: outreach leaves in slices, and nobody gets it twice."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from celery import shared_task
from django.db import transaction

from staff import jobs, leases

log = logging.getLogger(__name__)

# Seconds for which one slice keeps a worker: a large outreach holds up no reply.
SLICE = 5
# Longer than a slice with its last batch ever takes; after a kill the next sweep goes on.
LEASE = 120
# One walker for all outreaches, so that each sees whom the others have written to.
NAME = "crm.outreach"


@shared_task(ignore_result=True)
def work() -> None:
    """A slice of everything that waits; with more to do, queue again behind what waits."""
    from crm.outreach import delivering  # it acts through actions that nudge this task

    with leases.held(NAME, LEASE) as holder:
        if holder is None:
            return  # whoever walks goes on
        end, is_more = time.monotonic() + SLICE, False
        for pk in delivering.at_work():
            try:
                is_more |= delivering.slice_of(pk, seconds=end - time.monotonic())
            except Exception:
                # The sweep tries it again; the others don't wait for that.
                log.exception("Outreach %s failed.", pk)
    if is_more:
        transaction.on_commit(work.delay, robust=True)


@shared_task(ignore_result=True)
def follow() -> None:
    """Who answered, who came back; every hour."""
    from crm.outreach import delivering

    delivering.follow()


def nudge_after_commit() -> None:
    # Broker down? The sweep finds the outreach a minute later.
    transaction.on_commit(work.delay, robust=True)


def register() -> None:
    """Called from CrmConfig.ready."""
    jobs.register("crm.outreach.work", every=timedelta(minutes=1), task=work)
    jobs.register("crm.outreach.follow", every=timedelta(hours=1), task=follow)
