"""Series as static/js/charts.js draws them, with targets as steps and numbered marks of what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from metrics import aims, showing
from metrics.aims import Targets
from metrics.definitions import Definition
from metrics.models import Annotation
from metrics.points import Point

Numbered = Sequence[tuple[int, Annotation]]


def since_first_facts(points: list[Point]) -> list[Point]:
    """Without the periods before the business had anything to count; the last one always stays."""
    first = next((at for at, point in enumerate(points) if point.snapshot), len(points) - 1)
    return points[first:]


def line(
    definition: Definition,
    points: Sequence[Point],
    *,
    currency: str,
    link: Callable[[Point], str],
    targets: Targets | None = None,
    annotations: Numbered = (),
    is_running: bool = False,
) -> dict[str, Any]:
    """One figure over time; a few answers are a gap, as on the tile."""
    shown = [point if point.shown_as == "value" else None for point in points]
    intervals = [point.interval if point else None for point in shown]
    values = [point.value if point else None for point in shown]
    aimed = [targets.of_period(definition.kpi, point.period) for point in points] if targets else []
    unit, divisor = showing.chart_unit(definition, [*values, *aimed])

    def scaled(some: Sequence[float | None]) -> list[float | None]:
        return [None if value is None else value / divisor for value in some]

    own: dict[str, Any] = {"name": str(definition.name), "values": scaled(values)}
    if any(intervals):
        own["low"] = scaled([ends[0] if ends else None for ends in intervals])
        own["high"] = scaled([ends[1] if ends else None for ends in intervals])
    data: dict[str, Any] = {
        "labels": [showing.label(point.period) for point in points],
        "series": [own],
        "unit": unit,
        "currency": currency,
        "running": is_running,
        "links": [link(point) for point in points],
    }
    if definition.kpi == "nps":
        data |= {"min": -100, "max": 100}
    if any(value is not None for value in aimed):
        data["target"] = {"values": scaled(aimed), "label": showing.target_label()}
    if found := marks(definition.kpi, points, annotations):
        data["annotations"] = found
    return data


def marks(kpi: str, points: Sequence[Point], annotations: Numbered) -> list[dict[str, Any]]:
    """Where between the periods' points each annotation of this figure stands, by its number."""
    return [
        {"at": place, "label": str(number)}
        for number, annotation in annotations
        if aims.concerns(annotation, kpi) and (place := _place(annotation, points)) is not None
    ]


def _place(annotation: Annotation, points: Sequence[Point]) -> float | None:
    """A period's point stands for all of it, so its first day is half a step before the point."""
    for at, point in enumerate(points):
        period = point.period
        if period.starts_on <= annotation.on < period.ends_on:
            days = (period.ends_on - period.starts_on).days
            place = at - 0.5 + (annotation.on - period.starts_on).days / days
            return min(max(round(place, 3), 0), len(points) - 1)
    return None


def stacked(
    labels: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    *,
    roles: Mapping[str, str] | None = None,
    kind: str = "stacked",
    is_running: bool = False,
) -> dict[str, Any]:
    """Counts on top of each other; `roles` gives those that have a hue of their own theirs."""
    own = roles or {}
    return {
        "type": kind,
        "labels": list(labels),
        "series": [
            {"name": name, "values": list(values)} | ({"role": own[name]} if name in own else {})
            for name, values in series.items()
        ],
        "digits": 0,
        "running": is_running,
    }
