"""What pages read: tiles, series, comparisons and rows. Everything else here is behind it.

Stored figures come from snapshots, a query for a whole page of tiles; rows come from the facts.

    tiles(grain=Grain.MONTH, now=now, zone=zone)     → [Tile, …] for the dashboard
    tile(definition, period, now=now)                → one Tile, for any period of a grain
    series(definition, grain, first_on, until_on, …) → [Point, …] without holes, for charts and tables
    history(definition, period)                      → every snapshot of a cell, newest first
    rows(definition, period, side, now=now)          → [Rows, …]; contributions add up to the number
    measured(definition, period, now=now, params=…)  → a Result straight from the facts
    live(definition, [period, …], now=now)           → [Point, …] straight from the facts
    charted(definition, period, …)                   → a Tile and its series, stored where they can be

With a `scope` figures are of its customers alone; these are not stored, but measured when asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from metrics import periods
from metrics.definitions import STORED, Definition, Side
from metrics.engine.snapshots import PREVIOUS_PART, is_empty, snapshot
from metrics.facts import Facts
from metrics.formulas import Result, undefined
from metrics.models import Grain, Snapshot
from metrics.periods import Period, Window
from metrics.points import Figure, Point, Tile, compare
from metrics.rows.section import Rows
from metrics.scope import Scope

SPARKLINE = 12  # periods on a tile


def tiles(
    *,
    grain: Grain,
    now: datetime,
    zone: ZoneInfo,
    definitions: Sequence[Definition] = STORED,
    periods_shown: int = SPARKLINE,
    period: Period | None = None,
) -> list[Tile]:
    """A tile per KPI for `period` (default: the running one of the grain). One query for all."""
    current = period or periods.containing(periods.local_day(now, zone), grain, zone)
    shown = [current]
    for _ in range(periods_shown - 1):
        shown.insert(0, shown[0].previous())
    stored = _stored(definitions, grain, shown[0].starts_on, current.ends_on)
    return [
        _tile([Point(one, each, stored.get((one.kpi, each.starts_on))) for each in shown])
        for one in definitions
    ]


def tile(
    definition: Definition, period: Period, *, now: datetime, periods_shown: int = SPARKLINE
) -> Tile:
    """One KPI's tile for a period of a grain."""
    assert period.grain is not None  # noqa: S101 (custom periods are measured, not stored)
    return tiles(
        grain=period.grain,
        now=now,
        zone=period.zone,
        definitions=[definition],
        periods_shown=periods_shown,
        period=period,
    )[0]


def series(
    definition: Definition,
    grain: Grain,
    first_on: date,
    until_on: date,
    zone: ZoneInfo,
    *,
    now: datetime | None = None,
    scope: Scope | None = None,
) -> list[Point]:
    """Every period of the grain that has a day in [first_on, until_on), oldest first. One query.

    With a scope each kind of fact is asked once for all of them, as of `now`.
    """
    shown = list(periods.between(first_on, until_on - periods.DAY, grain, zone))
    if not shown:
        return []
    if scope:
        return live(definition, shown, now=now or timezone.now(), scope=scope)
    stored = _stored([definition], grain, shown[0].starts_on, shown[-1].ends_on)
    return [Point(definition, each, stored.get((definition.kpi, each.starts_on))) for each in shown]


def history(definition: Definition, period: Period) -> list[Snapshot]:
    """Every stored figure of the period, newest first: what was said before late facts came."""
    return list(
        Snapshot.objects.filter(
            kpi=definition.kpi, grain=period.grain, segment="", starts_on=period.starts_on
        ).order_by("-as_of", "-pk")
    )


def stored_for(
    definition: Definition, period: Period, *, said_before: datetime | None = None
) -> Snapshot | None:
    """The latest stored figure of exactly these days, or the latest computed by `said_before`."""
    found = Snapshot.objects.filter(
        kpi=definition.kpi, segment="", starts_on=period.starts_on, ends_on=period.ends_on
    )
    if said_before is None:
        return found.filter(is_current=True).first()
    return found.filter(as_of__lte=said_before).order_by("-as_of", "-pk").first()


def rows(
    definition: Definition,
    period: Period,
    side: Side,
    *,
    now: datetime,
    params: Mapping[str, Any] | None = None,
    scope: Scope | None = None,
) -> list[Rows]:
    """The rows behind one side of a figure, by kind; the contributions of all add up to it."""
    window = period.window(now)
    facts = Facts([window], as_of=now, scope=scope)
    found = definition.rows(window, side, params or {}, facts)
    if scope is None:
        return found
    return [rows.within(scope) for rows in found] if definition.by_customer else []


def measured(
    definition: Definition,
    period: Period,
    *,
    now: datetime,
    params: Mapping[str, Any] | None = None,
    scope: Scope | None = None,
) -> Result:
    """The figure straight from the facts: for custom periods and parameters of one's own."""
    return _results(definition, [period.window(now)], now, params or {}, scope)[0]


def point(
    definition: Definition, period: Period, *, now: datetime, scope: Scope | None = None
) -> Point:
    """`measured`, as a point of a series."""
    result = measured(definition, period, now=now, scope=scope)
    return _live_point(definition, period, result, None, now)


def live(
    definition: Definition,
    shown: Sequence[Period],
    *,
    now: datetime,
    scope: Scope | None = None,
) -> list[Point]:
    """The figures of any periods straight from the facts, which are asked once for all of them."""
    windows = [period.window(now) for period in shown]
    running = [period for period in shown if period.is_running(now)]
    parts = [period.same_part_of_previous(now) for period in running]
    results = _results(definition, [*windows, *parts], now, {}, scope)
    before = dict(zip(running, results[len(shown) :], strict=True))
    return [
        _live_point(definition, period, result, before.get(period), now)
        for period, result in zip(shown, results, strict=False)
    ]


@dataclass(frozen=True)
class Charted:
    """A figure, and the same over time."""

    tile: Tile
    points: list[Point]


def charted(
    definition: Definition,
    period: Period,
    grain: Grain,
    first_on: date,
    until_on: date,
    *,
    now: datetime,
    scope: Scope | None = None,
    found: Sequence[Point] | None = None,
) -> Charted:
    """The tile of any period, and the series of a grain; of a grain's period its series ends with it.

    Stored figures where there are such: one query. Else each kind of fact is asked once for all, unless
    the points of `unstored` were `found` before.
    """
    wanted = unstored(definition, period, grain, first_on, until_on, scope=scope)
    if found is None:
        found = live(definition, wanted, now=now, scope=scope) if wanted else []
    if _is_stored(definition, grain, scope):
        points = series(definition, grain, first_on, until_on, period.zone)
        return Charted(_tile(points if period.grain else list(found)), points)
    return Charted(_tile(list(found)), list(found[: len(found) - len(_custom(period))]))


def unstored(
    definition: Definition,
    period: Period,
    grain: Grain,
    first_on: date,
    until_on: date,
    *,
    scope: Scope | None,
) -> list[Period]:
    """Of what `charted` shows, the periods whose figures are measured; a custom one's come last."""
    if _is_stored(definition, grain, scope):
        return _custom(period)
    shown = periods.between(first_on, until_on - periods.DAY, grain, period.zone)
    return [*shown, *_custom(period)]


def _is_stored(definition: Definition, grain: Grain, scope: Scope | None) -> bool:
    return scope is None and definition.is_stored and grain in definition.grains


def _custom(period: Period) -> list[Period]:
    """One that is no grain's, and what it is compared with."""
    return [] if period.grain else [period.previous(), period]


def _results(
    definition: Definition,
    windows: Sequence[Window],
    now: datetime,
    params: Mapping[str, Any],
    scope: Scope | None,
) -> Sequence[Result]:
    if scope and not definition.by_customer:
        return [undefined("not_by_customer", unit=definition.unit)] * len(windows)
    return definition.compute(Facts(windows, as_of=now, scope=scope), params)


def _live_point(
    definition: Definition, period: Period, result: Result, before: Result | None, now: datetime
) -> Point:
    if is_empty(result) and result.status == definition.empty and before is None:
        return Point(definition, period, None)
    found = snapshot(definition, period, result, as_of=now, previous_part=before)
    return Point(definition, period, found)


def _stored(
    definitions: Iterable[Definition], grain: Grain, first_on: date, until_on: date
) -> dict[tuple[str, date], Snapshot]:
    current = Snapshot.objects.filter(
        kpi__in=[definition.kpi for definition in definitions],
        grain=grain,
        segment="",
        is_current=True,
        starts_on__gte=first_on,
        starts_on__lt=until_on,
    )
    return {(one.kpi, one.starts_on): one for one in current}


def _tile(shown: list[Point]) -> Tile:
    point = shown[-1]
    before = Figure.of_point(shown[-2]) if len(shown) > 1 else None
    if point.is_partial:
        before = Figure.of_part(point.parts.get(PREVIOUS_PART))
    change = compare(point.definition, Figure.of_point(point), before)
    return Tile(point.definition, point, before.value if before else None, change, shown)
