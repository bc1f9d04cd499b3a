"""Points and groups as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.models import Customer
from metrics.breakdown import Measured
from metrics.definitions import Definition
from metrics.dimensions import Group
from metrics.engine.snapshots import exact, to_json
from metrics.models import Grain, Snapshot
from metrics.periods import Period
from metrics.points import Figure, Point

FIGURE = (
    *("definition_version", "status", "numerator", "denominator", "n", "parts"),
    *("value", "ci_low", "ci_high", "ci_method", "is_partial"),
)
Kept = Mapping[str, Any]


def kept_point(point: Point) -> dict[str, Any]:
    period, snapshot = point.period, point.snapshot
    figure = None
    if snapshot:
        figure = {name: getattr(snapshot, name) for name in FIGURE}
        figure["as_of"] = snapshot.as_of.isoformat()
    return {
        "from": period.starts_on.isoformat(),
        "until": period.ends_on.isoformat(),
        "grain": period.grain or "",
        "figure": figure,
    }


def point_of(kept: Kept, definition: Definition, zone: ZoneInfo) -> Point:
    grain = Grain(kept["grain"]) if kept["grain"] else None
    period = Period(
        date.fromisoformat(kept["from"]), date.fromisoformat(kept["until"]), zone, grain
    )
    if kept["figure"] is None:
        return Point(definition, period, None)
    figure = {name: kept["figure"][name] for name in FIGURE}
    as_of = datetime.fromisoformat(kept["figure"]["as_of"])
    snapshot = Snapshot(
        kpi=definition.kpi,
        grain=grain or "",
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        as_of=as_of,
        computed_at=as_of,
        **figure,
    )
    return Point(definition, period, snapshot)


def kept_group(group: Group) -> dict[str, Any]:
    return {
        "words": group.words,
        "pairs": [list(pair) for pair in group.pairs],
        "size": group.size,
    }


def group_of(kept: Kept) -> Group:
    """To be shown: it is not asked any more who they are."""
    return Group(kept["words"], pairs_of(kept), kept["size"], Customer.objects.none())


def pairs_of(kept: Kept) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in kept["pairs"])


def kept_line(measured: Measured) -> dict[str, Any]:
    others = measured.others
    return {
        **kept_group(measured.group),
        "point": kept_point(measured.point),
        "others": to_json(vars(others)) if others else None,
    }


def lines_of(kept: Sequence[Kept], definition: Definition, zone: ZoneInfo) -> list[Measured]:
    return [
        Measured(group_of(one), point_of(one["point"], definition, zone), _figure_of(one["others"]))
        for one in kept
    ]


def _figure_of(kept: Kept | None) -> Figure | None:
    if kept is None:
        return None
    sides = {name: exact(kept[name]) for name in ("numerator", "denominator")}
    return Figure(**{**kept, **sides})
