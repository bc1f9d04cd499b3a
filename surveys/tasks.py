"""The row is the queue, the message a nudge."""

from __future__ import annotations

import time

from celery import shared_task

# Less than the minute between two sweeps; whoever comes next goes on.
SECONDS = 50


@shared_task(ignore_result=True)
def queue_invitations() -> None:
    """Put the mails of waiting invitations into the outbox; running this twice asks nobody twice."""
    from surveys.actions import delivering  # it acts through actions that nudge this task

    end = time.monotonic() + SECONDS
    while delivering.queue_batch() and time.monotonic() < end:
        pass


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find what a lost nudge forgot, and what became of the mails."""
    from surveys.actions import delivering

    delivering.follow_mail()
    queue_invitations()
