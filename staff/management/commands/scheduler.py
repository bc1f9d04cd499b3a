"""`manage.py scheduler`: starts each registered job when it is due. Two of them do no harm."""

import logging
import signal
import socket
import threading
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from staff import ticks
from staff.jobs import JOBS

logger = logging.getLogger(__name__)

HEARTBEAT_EVERY = timedelta(seconds=15)
FORGET_EVERY = timedelta(hours=1)


class Clock:
    """Remembers which slots it saw to, so that an idle look asks the database nothing."""

    def __init__(self) -> None:
        self.seen: dict[str, datetime] = {}
        self.beaten_at = self.forgot_at = datetime.min.replace(
            tzinfo=timezone.get_default_timezone()
        )

    def look(self, now: datetime) -> None:
        """Start what is due at `now`; note that we live; forget old ticks now and then."""
        for job in JOBS.values():
            due_at = job.due_at(now)
            if self.seen.get(job.name) != due_at and ticks.start(job, due_at=due_at):
                self.seen[job.name] = due_at
        if now - self.beaten_at >= HEARTBEAT_EVERY:
            ticks.beat_heart("scheduler", detail=socket.gethostname())
            self.beaten_at = now
        if now - self.forgot_at >= FORGET_EVERY:
            ticks.forget_old_ticks(now)
            self.forgot_at = now

    def seconds_to_next(self, now: datetime) -> float:
        """Until the next slot of any job begins or the heart must beat; a second at the least."""
        ends = [job.due_at(now) + job.every for job in JOBS.values()]
        nearest = min([*ends, now + HEARTBEAT_EVERY])
        return max((nearest - now).total_seconds(), 1.0)


class Command(BaseCommand):
    help = "Starts each periodic job when it is due, until it is stopped."
    # They import every page, which this process never needs; `serve` and `migrate` make them.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        clock = Clock()
        if options["once"]:
            clock.look(timezone.now())
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            close_old_connections()
            try:
                clock.look(timezone.now())
            except DatabaseError as error:  # it may come back; who watches sees the heart stop
                logger.warning("The database does not answer: %s", error)
            stop.wait(clock.seconds_to_next(timezone.now()))
