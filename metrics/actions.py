"""Keeping snapshots true: what changed within a minute, everything when asked.

Marks wait in their table; a refresh computes what they touch, stores it, and deletes those marks
last. A crash on the way leaves the marks, and computing again gives the same; a change that commits
meanwhile leaves marks of its own. No transaction is open while figures are computed, so that on
SQLite nobody waits.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from metrics import periods
from metrics.computing import Cell, Made, computed, differing, in_parts, prepared
from metrics.definitions import stored_by
from metrics.models import Engine, Grain, Mark, Snapshot
from metrics.periods import Period, local_day
from metrics.touched import Touched, beginning, by_time, grouped, next_change_at
from staff import leases
from staff.models import Business

LEASE = "metrics.refresh"
LEASE_SECONDS = 900
MARKS_AT_ONCE = 100_000

Progress = Callable[[int, int], None]


class LeaseLost(Exception):
    """Another refresh took over, because this one took too long: nothing of it is stored."""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did."""

    marks: int = 0
    cells: int = 0
    written: int = 0


@dataclass(frozen=True)
class Difference:
    """A stored figure that is not what the facts say."""

    kpi: str
    grain: str
    starts_on: date
    stored: str
    computed: str


def _engine() -> Engine:
    return Engine.objects.get_or_create(pk=1)[0]


def is_due(now: datetime) -> bool:
    """Whether there is anything to refresh: a mark, or a moment that has come."""
    moment = Engine.objects.filter(pk=1).values_list("next_change_at", flat=True).first()
    return moment is None or moment < now or Mark.objects.exists()


def refresh(*, now: datetime | None = None) -> Refreshed | None:
    """Compute again what marks and the passing of time touch; None while another refresh runs.

    Running it twice changes nothing. Does nothing before the business is set up.
    """
    now = now or timezone.now()
    business = Business.current()
    if business is None or not is_due(now):
        return Refreshed()
    with leases.held(LEASE, LEASE_SECONDS) as holder:
        if holder is None:
            return None
        total = Refreshed()
        while True:
            done = _refresh_once(now, business.zone, holder)
            total = Refreshed(
                total.marks + done.marks, total.cells + done.cells, total.written + done.written
            )
            if done.marks < MARKS_AT_ONCE:
                return total


def _refresh_once(now: datetime, zone: ZoneInfo, holder: str) -> Refreshed:
    """One batch of marks, and what time did since the last refresh."""
    touched = Touched(zone, local_day(now, zone))
    engine = _engine()
    marks = _marks(touched)
    if engine.next_change_at is None or engine.next_change_at < now:
        by_time(touched, engine.refreshed_at or now, now)
    cells = written = 0
    for grain in Grain:
        for shown, definitions in grouped(touched, grain).items():
            for part in in_parts(shown):
                made = computed(definitions, part, now)
                cells += len(made)
                written += _store(grain, made, holder)
    with transaction.atomic():
        _still_alone(holder)
        _forget(marks)
        _note(now, zone)
    return Refreshed(len(marks), cells, written)


def _store(grain: Grain, made: dict[Cell, Made], holder: str) -> int:
    """Write what differs, in a transaction of its own; how many rows were made."""
    writing = prepared(grain, made)
    with transaction.atomic():
        _still_alone(holder)
        writing.apply()
    return len(writing.create)


def _marks(touched: Touched) -> array[int]:
    """Fold the oldest marks into `touched`; their ids, by which they are deleted.

    By id, and never "up to id": commits come out of order.
    """
    ids = array("q")
    columns = ("pk", "fact", "from_at", "until_at")
    waiting = Mark.objects.order_by("pk").values_list(*columns)[:MARKS_AT_ONCE]
    for pk, fact, from_at, until_at in waiting.iterator():
        ids.append(pk)
        touched.add(fact, from_at, until_at)
    return ids


def _forget(marks: array[int]) -> None:
    for start in range(0, len(marks), 5000):
        Mark.objects.filter(pk__in=marks[start : start + 5000]).delete()


def _note(now: datetime, zone: ZoneInfo, **more: datetime) -> None:
    moment = next_change_at(zone, now)
    Engine.objects.filter(pk=1).update(refreshed_at=now, next_change_at=moment, **more)


def _still_alone(holder: str) -> None:
    if not leases.acquire(LEASE, holder, LEASE_SECONDS):
        raise LeaseLost


def recompute_full(
    *, now: datetime | None = None, progress: Progress | None = None
) -> Refreshed | None:
    """Compute every cell from its facts and store what differs; None while another refresh runs.

    Each batch of periods commits by itself; the marks that were there at the start go at the end.
    `progress` is told how many periods are done, and of how many.
    """
    now = now or timezone.now()
    business = Business.current()
    if business is None:
        return Refreshed()
    with leases.held(LEASE, LEASE_SECONDS) as holder:
        if holder is None:
            return None
        _engine()
        marks = array("q", Mark.objects.values_list("pk", flat=True).iterator())
        work = all_periods(business.zone, now)
        total, done = sum(len(shown) for _grain, shown in work), 0
        cells = written = 0
        for grain, shown in work:
            for part in in_parts(shown):
                made = computed(stored_by(grain), part, now)
                cells += len(made)
                written += _store(grain, made, holder)
                done += len(part)
                if progress:
                    progress(done, total)
        with transaction.atomic():
            _still_alone(holder)
            _forget(marks)
            _note(now, business.zone, full_at=now)
    return Refreshed(len(marks), cells, written)


def all_periods(zone: ZoneInfo, now: datetime) -> list[tuple[Grain, list[Period]]]:
    """Every period from the first fact, or the first stored figure, to today."""
    today = local_day(now, zone)
    first = beginning(zone, today)
    if first is None:
        return []
    return [(grain, list(periods.between(first, today, grain, zone))) for grain in Grain]


def check(*, now: datetime | None = None, sample: int | None = None) -> list[Difference]:
    """Compare stored figures with the facts: all, or of each grain a `sample` of periods.

    Refreshes first, so that what is merely waiting is no difference. Writes nothing else.
    """
    now = now or timezone.now()
    business = Business.current()
    if business is None:
        return []
    refresh(now=now)
    found = []
    for grain, shown in all_periods(business.zone, now):
        closed = [period for period in shown if not period.is_running(now)]
        if sample is not None and len(closed) > sample:
            closed = sorted(random.sample(closed, sample), key=lambda one: one.starts_on)
        for part in in_parts(closed):
            for made, before in differing(grain, computed(stored_by(grain), part, now)):
                one = made.snapshot
                found.append(Difference(one.kpi, grain, one.starts_on, _told(before), _told(one)))
    return found


def _told(one: Snapshot | None) -> str:
    if one is None:
        return "–"
    value = one.status if one.value is None else repr(one.value)
    return f"{value} ({one.numerator or '–'} / {one.denominator or '–'})"
