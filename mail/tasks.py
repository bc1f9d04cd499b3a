"""The row is the queue, the message a nudge."""

from __future__ import annotations

from celery import shared_task


@shared_task(ignore_result=True)
def send(outgoing_id: int) -> None:
    """Send one message promptly; running this twice sends once."""
    from mail import delivery  # it acts on what it learns, and actions nudge these tasks

    delivery.send(outgoing_id)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Send what is due, for less than the ten seconds between two sweeps; settle what is stuck."""
    from mail import delivery

    delivery.sweep(seconds=9)
