"""Keeping snapshots true: what changed within a minute, everything when asked.

Marks wait in their table; a refresh computes what they touch, stores it, and deletes those marks
last. A crash on the way leaves the marks, and computing again gives the same; a change that commits
meanwhile leaves marks of its own. No transaction is open while figures are computed, so that on
SQLite nobody waits.
"""

from __future__ import annotations

import random
from array import array
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from metrics.definitions import STORED
from metrics.engine import (
    LEASE,
    LEASE_SECONDS,
    all_periods,
    memory,
    note,
    pacing,
    recomputing,
    still_alone,
)
from metrics.engine.computing import Cell, Made, computed, differing, in_parts, prepared
from metrics.engine.touched import Touched, by_time
from metrics.models import Engine, Mark, Snapshot
from metrics.periods import Period, local_day
from metrics.sql import much_room
from staff import leases
from staff.models import Business

MARKS_AT_ONCE = 100_000


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


def is_due(now: datetime, *, everything: bool = True) -> bool:
    """Whether there is anything to refresh: a mark, a moment that has come, or what has waited."""
    moment = Engine.objects.filter(pk=1).values_list("next_change_at", flat=True).first()
    if moment is None or moment < now or Mark.objects.exists():
        return True
    return pacing.is_due(now, everything=everything)


def refresh(*, now: datetime | None = None, everything: bool = True) -> Refreshed | None:
    """Compute again what marks and the passing of time touch; None while another refresh runs, or
    everything is computed again.

    Unless `everything` is asked for, figures that read far wait for their turn (metrics.engine.pacing).
    Running it twice changes nothing. Does nothing before the business is set up.
    """
    now = now or timezone.now()
    business = Business.current()
    if business is None or not is_due(now, everything=everything):
        return Refreshed()
    with leases.kept(LEASE, LEASE_SECONDS) as holder:
        if holder is None or recomputing.under_way():
            return None
        total = Refreshed()
        while True:
            done = _refresh_once(now, business.zone, holder, everything=everything)
            total = Refreshed(
                total.marks + done.marks, total.cells + done.cells, total.written + done.written
            )
            if done.marks < MARKS_AT_ONCE:
                return total


def _refresh_once(now: datetime, zone: ZoneInfo, holder: str, *, everything: bool) -> Refreshed:
    """One batch of marks, and what time did since the last refresh."""
    touched = Touched(zone, local_day(now, zone))
    engine = memory()
    marks = _marks(touched)
    if engine.next_change_at is None or engine.next_change_at < now:
        by_time(touched, engine.refreshed_at or now, now)
    turns = pacing.turns(touched, now, everything=everything)
    spent: pacing.Spent = {}
    cells = written = 0
    for shown, definitions in turns.groups().items():
        for part in in_parts(shown):
            with much_room():
                made = computed(definitions, part, now, spent)
            cells += len(made)
            written += _store(made, holder)
    with transaction.atomic():
        still_alone(holder)
        turns.close(spent, now)
        _forget(marks)
        note(now, zone)
    return Refreshed(len(marks), cells, written)


def _store(made: dict[Cell, Made], holder: str) -> int:
    """Write what differs, in a transaction of its own; how many rows were made."""
    writing = prepared(made)
    with transaction.atomic():
        still_alone(holder)
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


def recompute_full(
    *, now: datetime | None = None, progress: recomputing.Progress | None = None
) -> Refreshed | None:
    """Compute every cell from its facts and store what differs; None while a refresh runs.

    Each piece commits by itself, and whoever has time takes one (metrics.engine.recomputing); the marks
    that were there at the start go at the end. `progress` is told how many periods are done, and of
    how many.
    """
    now = now or timezone.now()
    business = Business.current()
    if business is None:
        return Refreshed()
    run = recomputing.begin(now, business.zone)
    if run is None:
        return None
    recomputing.see_through(run, progress or (lambda _done, _total: None))
    return Refreshed(**recomputing.totals(run))


def check(*, now: datetime | None = None) -> list[Difference]:
    """Every stored figure that differs from its facts."""
    return compare(now=now).differences


@dataclass(frozen=True)
class Comparison:
    """How many cells were held against the facts, and those that differ."""

    compared: int = 0
    differences: list[Difference] = field(default_factory=list)


def compare(*, now: datetime | None = None, sample: int | None = None) -> Comparison:
    """Compare stored figures with the facts: all, or of each grain a `sample` of closed periods.

    Refreshes first, so that what is merely waiting is no difference, and again before what differs
    is told: somebody may have changed a fact meanwhile. Writes nothing else.
    """
    now = now or timezone.now()
    business = Business.current()
    if business is None:
        return Comparison()
    refresh(now=now)
    shown: list[Period] = []
    for _grain, some in all_periods(business.zone, now):
        closed = [period for period in some if not period.is_running(now)]
        if sample is not None and len(closed) > sample:
            closed = sorted(random.sample(closed, sample), key=lambda one: one.starts_on)
        shown += closed
    compared = 0
    doubted: list[Period] = []
    found: list[Difference] = []
    for part in in_parts(shown):
        cells = computed(STORED, part, now)
        compared += len(cells)
        if differing(cells):
            doubted += part
    # While another refreshes, a difference may be its to store: the next night tells.
    if doubted and refresh(now=now) is not None:
        for part in in_parts(doubted):
            for made, before in differing(computed(STORED, part, now)):
                found.append(_difference(made.snapshot, before))
    return Comparison(compared, found)


def _difference(one: Snapshot, before: Snapshot | None) -> Difference:
    return Difference(one.kpi, one.grain, one.starts_on, _told(before), _told(one))


def _told(one: Snapshot | None) -> str:
    if one is None:
        return "–"
    value = one.status if one.value is None else repr(one.value)
    return f"{value} ({one.numerator or '–'} / {one.denominator or '–'})"
