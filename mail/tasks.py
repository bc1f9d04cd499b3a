"""The row is the queue, the message a nudge."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from staff import leases
from staff.models import Lease

SWEEP = "mail.sweep"
# As long as a server may keep one answer back, so that a stuck one doesn't take every worker;
# after a worker has died, the next sweep waits no longer than this.
SWEEP_LEASE = 30


@shared_task(ignore_result=True)
def send(outgoing_id: int) -> None:
    """Send one message promptly; running this twice sends once."""
    from mail import delivery  # it acts on what it learns, and actions nudge these tasks

    delivery.send(outgoing_id)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Send what is due, for less than the ten seconds between two sweeps; settle what is stuck."""
    from mail import delivery

    with leases.held(SWEEP, SWEEP_LEASE) as holder:
        if holder is not None:  # otherwise another sweep goes on until nothing is due
            delivery.sweep(seconds=9)


# --- What arrives -----------------------------------------------------------------------------

SORT = "mail.sort"
# Longer than a batch of large mails takes.
SORT_LEASE = 60
# A task that waits longer than this for a worker is dropped: a later round replaced it.
ROUND = 60
# Seconds for which a mailbox may keep a worker, so that a large one holds up no reply.
STRETCH = 8


@shared_task(ignore_result=True)
def fetch() -> None:
    """Have every mailbox read, each by a task of its own: a slow server holds up no other."""
    from mail import fetching

    for mailbox in fetching.due():
        fetch_mailbox.apply_async((mailbox.pk,), expires=ROUND)


@shared_task(ignore_result=True)
def fetch_mailbox(mailbox_id: int, reconcile: bool = False) -> None:
    """Read one mailbox for some seconds; with more to come, queue again behind what waits."""
    from mail import fetching
    from mail.models import Mailbox

    mailbox = Mailbox.objects.filter(pk=mailbox_id, is_active=True).first()
    if mailbox is None:
        return
    begun = time.monotonic()
    try:
        stored = fetching.fetch(mailbox, seconds=STRETCH, reconcile=reconcile)
    except fetching.Busy:
        return  # whoever reads it reads all of it
    if stored:
        sort_inbound.delay()
        if time.monotonic() - begun >= STRETCH:
            fetch_mailbox.delay(mailbox_id, reconcile=reconcile)


@shared_task(ignore_result=True)
def reconcile() -> None:
    """Compare every mailbox with its server."""
    from mail import fetching

    for mailbox in fetching.readable():
        fetch_mailbox.delay(mailbox.pk, reconcile=True)


@shared_task(ignore_result=True)
def sort_inbound() -> None:
    """Say of all stored mail what it is, and tell the rooms that take it."""
    from mail import sorting

    held = Lease.objects.filter(name=SORT).exclude(holder="")
    has_died = held.filter(until__lte=timezone.now()).exists()
    with leases.held(SORT, SORT_LEASE) as holder:
        if holder is not None:
            (sorting.sort_after_a_death if has_died else sorting.sort)(seconds=9)


@shared_task(ignore_result=True)
def sweep_inbound() -> None:
    """What a lost message forgot: calls of providers to read, stored mail to sort."""
    from mail import inbox, webhooks

    webhooks.read_waiting()
    sort_inbound()
    inbox.announce_what_waits()


@shared_task(ignore_result=True)
def read_webhook(delivery_id: int) -> None:
    """Take the mail out of a provider's call."""
    from mail import webhooks

    webhooks.read(delivery_id)
    sort_inbound()


@shared_task(ignore_result=True)
def forget_calls() -> None:
    """Let go of providers' calls that were read long ago, a few seconds at a time."""
    from mail import webhooks

    if webhooks.forget_old(seconds=5):
        forget_calls.delay()
