"""The row is the queue, the message a nudge."""

from __future__ import annotations

import secrets

from celery import shared_task

from staff import leases

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

    holder = secrets.token_hex(8)
    if not leases.acquire(SWEEP, holder, SWEEP_LEASE):
        return  # another sweep goes on until nothing is due
    try:
        delivery.sweep(seconds=9)
    finally:
        leases.release(SWEEP, holder)
