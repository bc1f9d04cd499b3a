"""The row is the queue, the message a nudge."""

from __future__ import annotations

import time
from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mail import inbox
from mail.parsing import NOTES
from staff import jobs, leases
from staff.models import Lease

FILING = "support.filing"
# Longer than the slowest mail takes; after a worker has died, the next one waits no longer.
FILING_LEASE = 60
# Less than the minute between two sweeps; whoever comes next goes on.
SWEEP_SECONDS = 50


@shared_task(ignore_result=True)
def file_mail() -> None:
    """File what has arrived, for less than the ten seconds between two sweeps.

    One at a time, so that an answer never overtakes what it answers.
    """
    from support import filing  # it acts through actions that nudge other tasks

    held = Lease.objects.filter(name=FILING).exclude(holder="")
    has_died = held.filter(until__lte=timezone.now()).exists()
    with leases.held(FILING, FILING_LEASE) as holder:
        if holder is None:
            return  # another one goes on until nothing waits
        if has_died:
            filing.set_first_back()
        filing.file_waiting(seconds=9)


@shared_task(ignore_result=True)
def keep_time() -> None:
    """Bring back what was snoozed until now, and close what has been solved for long enough."""
    from support.actions import sweeping  # it acts through actions that nudge other tasks

    end = time.monotonic() + SWEEP_SECONDS
    for sweep in (sweeping.wake_snoozed, sweeping.close_solved):
        while sweep() and time.monotonic() < end:
            pass


def register() -> None:
    """Take part in what arrives by mail; called from SupportConfig.ready."""
    from support import filing  # models are needed

    jobs.register("support.keep_time", every=timedelta(minutes=1), task=keep_time)
    jobs.register("support.file_mail", every=timedelta(seconds=10), task=file_mail)
    inbox.on_arrival("support", file_mail.delay)
    inbox.name_outcome("support.message", _("a message in a ticket"))
    inbox.REASONS.update(filing.REASONS)
    NOTES.update(filing.NOTES)
