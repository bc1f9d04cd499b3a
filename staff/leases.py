"""Named leases: one holder at a time, on any database, and free again when the holder dies."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from staff.models import Lease


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
