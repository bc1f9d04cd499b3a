"""A chart as SVG, for paper: the same data that static/js/charts.js draws on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 16, 8

Ends = tuple[float, float]


def svg(data: dict[str, Any]) -> SafeString:
    """Lines, or stacked bars; what each stands for is in the table beneath."""
    drawn = _line(data) if data.get("type", "line") == "line" else _bars(data)
    return format_html(
        '<svg class="paper-chart" viewBox="0 0 {} {}" aria-hidden="true">{}{}</svg>',
        WIDTH,
        HEIGHT,
        drawn,
        _notes(data),
    )


def _across(data: dict[str, Any], at: float) -> float:
    steps = max(len(data["labels"]) - 1, 1)
    return round(LEFT + at * (WIDTH - LEFT - RIGHT) / steps, 1)


def _down(value: float, ends: Ends) -> float:
    low, high = ends
    share = (value - low) / (high - low) if high > low else 0.5
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def _line(data: dict[str, Any]) -> SafeString:
    [series] = data["series"]
    targets = data.get("target", {}).get("values", [])
    low, high = series.get("low", []), series.get("high", [])
    known = [v for some in (series["values"], targets, low, high) for v in some if v is not None]
    if not known:
        return SafeString("")
    ends = (min(known), max(known))
    return format_html(
        '{}<path class="target" d="{}"/><path class="line" d="{}"/>{}',
        _band(data, low, high, ends),
        _steps(data, targets, ends),
        _path(data, series["values"], ends),
        _dots(data, series["values"], ends),
    )


def _path(data: dict[str, Any], values: Sequence[float | None], ends: Ends) -> str:
    steps, is_down = [], False
    for at, value in enumerate(values):
        if value is not None:
            steps.append(f"{'L' if is_down else 'M'}{_across(data, at)} {_down(value, ends)}")
        is_down = value is not None
    return "".join(steps)


def _steps(data: dict[str, Any], values: Sequence[float | None], ends: Ends) -> str:
    """A target holds from half a step before the point of its first period."""
    most = len(data["labels"]) - 1
    return "".join(
        f"M{_across(data, max(at - 0.5, 0))} {_down(value, ends)}"
        f"H{_across(data, min(at + 0.5, most))}"
        for at, value in enumerate(values)
        if value is not None
    )


def _band(
    data: dict[str, Any], low: Sequence[float | None], high: Sequence[float | None], ends: Ends
) -> SafeString:
    """The intervals, each as a stroke through its point."""
    strokes = [
        f"M{_across(data, at)} {_down(below, ends)}V{_down(above, ends)}"
        for at, (below, above) in enumerate(zip(low, high, strict=True))
        if below is not None and above is not None
    ]
    return format_html('<path class="interval" d="{}"/>', "".join(strokes))


def _dots(data: dict[str, Any], values: Sequence[float | None], ends: Ends) -> SafeString:
    last = len(values) - 1
    return format_html_join(
        "",
        '<circle cx="{}" cy="{}" r="2.5"{}/>',
        (
            (
                _across(data, at),
                _down(value, ends),
                mark_safe(' class="running"') if data.get("running") and at == last else "",
            )
            for at, value in enumerate(values)
            if value is not None
        ),
    )


def _bars(data: dict[str, Any]) -> SafeString:
    """Each period's parts on top of each other; what is below 0 hangs down."""
    stacks = [_stack(data, at) for at in range(len(data["labels"]))]
    edges = [edge for stack in stacks for _number, start, end in stack for edge in (start, end)]
    if not edges:
        return SafeString("")
    ends = (min(0.0, *edges), max(0.0, *edges))
    width = round(0.7 * (WIDTH - LEFT - RIGHT) / max(len(stacks), 1), 1)
    slot = (WIDTH - LEFT - RIGHT) / max(len(stacks), 1)
    return format_html_join(
        "",
        '<rect class="part part-{}" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                number,
                round(LEFT + at * slot + (slot - width) / 2, 1),
                _down(max(start, end), ends),
                width,
                round(_down(min(start, end), ends) - _down(max(start, end), ends), 1),
            )
            for at, stack in enumerate(stacks)
            for number, start, end in stack
        ),
    )


def _stack(data: dict[str, Any], at: int) -> list[tuple[int, float, float]]:
    """(number of the series, from, to) of each part of a bar."""
    values = [series["values"][at] or 0 for series in data["series"]]
    whole = sum(values) if data["type"] == "share" else 0
    above = below = 0.0
    found = []
    for number, value in enumerate(values):
        size = value / whole if whole else value
        start = above if size >= 0 else below
        found.append((number, start, start + size))
        above, below = (above + size, below) if size >= 0 else (above, below + size)
    return found


def _notes(data: dict[str, Any]) -> SafeString:
    return format_html_join(
        "",
        '<line class="note" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><text x="{0}" y="10">{3}</text>',
        (
            (_across(data, note["at"]), TOP - 4, HEIGHT - BOTTOM, note["label"])
            for note in data.get("annotations", [])
        ),
    )
