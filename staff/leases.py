"""Named leases: one holder at a time, on any database, and free again when the holder dies."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

from django.db import Error, connection
from django.db.models import Q
from django.utils import timezone

from staff.models import Lease

BEATS = 4  # so many times in its seconds a lease that is kept is prolonged
OFTEN = 1.0  # seconds: none more often


def acquire(name: str, holder: str, seconds: float) -> bool:
    """Take or prolong the lease; False while somebody else holds it.

    One conditional UPDATE decides, so of several who ask at once exactly one is told True.
    """
    now = timezone.now()
    # ignore_conflicts: whoever comes second finds the row there, also inside a transaction.
    Lease.objects.bulk_create([Lease(name=name)], ignore_conflicts=True)
    free = Q(until=None) | Q(until__lte=now) | Q(holder=holder)
    until = now + timedelta(seconds=seconds)
    return Lease.objects.filter(free, name=name).update(holder=holder, until=until) == 1


def release(name: str, holder: str) -> bool:
    """Give the lease back; False when it had already passed to somebody else."""
    held = Lease.objects.filter(name=name, holder=holder, until__isnull=False)
    return held.update(holder="", until=None) == 1


@contextmanager
def held(name: str, seconds: float) -> Iterator[str | None]:
    """Hold the lease until the end of the block: the holder's name, by which it can be prolonged.

    None while somebody else holds it.
    """
    holder = secrets.token_hex(8)
    if not acquire(name, holder, seconds):
        yield None
        return
    try:
        yield holder
    finally:
        release(name, holder)


@contextmanager
def kept(name: str, seconds: float) -> Iterator[str | None]:
    """As `held`, for a block that may take longer: prolonged beside it for as long as this process
    lives, so that one that dies is missed within `seconds`.

    Whoever stores something at the end asks `acquire` once more: a process that stood still may have
    lost the lease.
    """
    with held(name, seconds) as holder:
        if holder is None:
            yield None
            return
        done = Event()
        arguments = (name, holder, seconds, done)
        prolonging = Thread(target=_prolong, args=arguments, name=name, daemon=True)
        prolonging.start()
        try:
            yield holder
        finally:
            done.set()
            prolonging.join(seconds)


def _prolong(name: str, holder: str, seconds: float, done: Event) -> None:
    """Until `done`, on a connection of this thread's own; never take what was given back or lost."""
    while not done.wait(max(OFTEN, seconds / BEATS)):
        try:
            until = timezone.now() + timedelta(seconds=seconds)
            Lease.objects.filter(name=name, holder=holder, until__isnull=False).update(until=until)
        except Error:
            pass  # a database that is busy, or away for a moment: the next time comes before the end
        finally:
            connection.close()
