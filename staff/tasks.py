"""Work of the house itself."""

import socket

from celery import shared_task

from staff.ticks import beat_heart


@shared_task
def beat() -> None:
    """Show that a worker takes messages and reaches the database."""
    beat_heart("worker", detail=socket.gethostname())
