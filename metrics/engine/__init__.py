"""What refreshes and recomputes share: one lease, one memory, and the list of all periods."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from metrics import periods
from metrics.engine.touched import beginning, next_change_at
from metrics.models import Engine, Grain
from metrics.periods import Period, local_day
from staff import leases

LEASE = "metrics.refresh"
LEASE_SECONDS = 120  # kept while its holder lives (staff.leases.kept)


class LeaseLost(Exception):
    """Somebody else took over, because this one took too long: nothing of it is stored."""


def still_alone(holder: str, lease: str = LEASE) -> None:
    if not leases.acquire(lease, holder, LEASE_SECONDS):
        raise LeaseLost


def memory() -> Engine:
    return Engine.objects.get_or_create(pk=1)[0]


def note(now: datetime, zone: ZoneInfo, **more: datetime) -> None:
    """Remember up to when time itself has been accounted for."""
    moment = next_change_at(zone, now)
    Engine.objects.filter(pk=1).update(refreshed_at=now, next_change_at=moment, **more)


def all_periods(zone: ZoneInfo, now: datetime) -> list[tuple[Grain, list[Period]]]:
    """Every period from the first fact, or the first stored figure, to today."""
    today = local_day(now, zone)
    first = beginning(zone, today)
    if first is None:
        return []
    return [(grain, list(periods.between(first, today, grain, zone))) for grain in Grain]
