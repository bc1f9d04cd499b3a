"""A chart as SVG, for paper: the same data that static/js/charts.js draws on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from staff.formats import duration
from staff.templatetags.vinculo import money, number, percent

WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 20, 22  # room for amounts, for marks and names, for periods
MINUTES = {"minutes": 1, "hours": 60, "days": 1440}
# Attributes rather than a style sheet: WeasyPrint gives none to a drawing within a page.
INK, MUTED, RULE, LINE, BAND = "#25231e", "#5c574e", "#dcd7cc", "#0f6b62", "#9fc4c0"
HUES = {
    0: LINE,
    1: BAND,
    2: "#b0441a",
    3: "#6f6656",
    "low": "#b0441a",
    "middle": "#6f6656",
    "high": "#14688c",
}

Ends = tuple[float, float]


def svg(data: dict[str, Any]) -> SafeString:
    """Lines, or stacked bars, between their lowest and their highest; the table beneath has each."""
    drawn = _line(data) if data.get("type", "line") == "line" else _bars(data)
    return format_html(
        '<svg class="paper-chart" viewBox="0 0 {} {}" font-size="11" fill="{}" aria-hidden="true">'
        "{}{}{}</svg>",
        WIDTH,
        HEIGHT,
        MUTED,
        drawn,
        _notes(data),
        _periods(data),
    )


def _frame(data: dict[str, Any], ends: Ends) -> SafeString:
    """A line at either end of the scale, with its amount."""
    return format_html_join(
        "",
        '<line stroke="{0}" x1="{1}" x2="{2}" y1="{3}" y2="{3}"/>'
        '<text text-anchor="end" x="{4}" y="{5}">{6}</text>',
        (
            (RULE, LEFT, WIDTH - RIGHT, y, LEFT - 6, y + 4, _amount(data, end))
            for end in dict.fromkeys(ends)
            for y in [_down(end, ends)]
        ),
    )


def _amount(data: dict[str, Any], value: float) -> str:
    unit = data.get("unit", "")
    if unit == "money":
        return money(value, data["currency"])
    if unit in MINUTES:
        return duration(value * MINUTES[unit])
    if unit == "percent" or data.get("type") == "share":
        return percent(value, 0 if data.get("type") == "share" else 1)
    return number(value, 0 if abs(value) >= 10 else data.get("digits", 1))


def _periods(data: dict[str, Any]) -> SafeString:
    """The first and the last by name, at the ends of what is drawn."""
    labels = data["labels"]
    named = [("start", LEFT, labels[0])] if labels else []
    if len(labels) > 1:
        named.append(("end", WIDTH - RIGHT, labels[-1]))
    return format_html_join(
        "",
        '<text text-anchor="{}" x="{}" y="{}">{}</text>',
        ((*one[:2], HEIGHT - 6, one[2]) for one in named),
    )


def _names(data: dict[str, Any]) -> SafeString:
    """What each hue of stacked bars stands for."""
    room = (WIDTH - LEFT - RIGHT) // max(len(data["series"]), 1)
    return format_html_join(
        "",
        '<rect fill="{}" x="{}" y="2" width="9" height="9"/><text x="{}" y="11">{}</text>',
        (
            (HUES[series.get("role", at)], LEFT + at * room, LEFT + at * room + 13, series["name"])
            for at, series in enumerate(data["series"])
        ),
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
        '{}{}<path fill="none" stroke="{}" stroke-dasharray="2 3" d="{}"/>'
        '<path fill="none" stroke="{}" stroke-width="2" d="{}"/>{}',
        _frame(data, ends),
        _band(data, low, high, ends),
        INK,
        _steps(data, targets, ends),
        LINE,
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
    return format_html('<path stroke="{}" stroke-width="6" d="{}"/>', BAND, "".join(strokes))


def _dots(data: dict[str, Any], values: Sequence[float | None], ends: Ends) -> SafeString:
    last = len(values) - 1
    return format_html_join(
        "",
        '<circle stroke="{}" fill="{}" cx="{}" cy="{}" r="2.5"/>',
        (
            (
                LINE,
                "#fff" if data.get("running") and at == last else LINE,
                _across(data, at),
                _down(value, ends),
            )
            for at, value in enumerate(values)
            if value is not None
        ),
    )


def _bars(data: dict[str, Any]) -> SafeString:
    """Each period's parts on top of each other; what is below 0 hangs down."""
    stacks = [_stack(data, at) for at in range(len(data["labels"]))]
    edges = [edge for stack in stacks for _part, start, end in stack for edge in (start, end)]
    if not edges:
        return SafeString("")
    ends = (min(0.0, *edges), max(0.0, *edges))
    width = round(0.7 * (WIDTH - LEFT - RIGHT) / max(len(stacks), 1), 1)
    slot = (WIDTH - LEFT - RIGHT) / max(len(stacks), 1)
    bars = format_html_join(
        "",
        '<rect fill="{}" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                HUES[data["series"][part].get("role", part)],
                round(LEFT + at * slot + (slot - width) / 2, 1),
                _down(max(start, end), ends),
                width,
                round(_down(min(start, end), ends) - _down(max(start, end), ends), 1),
            )
            for at, stack in enumerate(stacks)
            for part, start, end in stack
        ),
    )
    return format_html("{}{}{}", _frame(data, ends), bars, _names(data))


def _stack(data: dict[str, Any], at: int) -> list[tuple[int, float, float]]:
    """(number of the series, from, to) of each part of a bar."""
    values = [series["values"][at] or 0 for series in data["series"]]
    whole = sum(values) if data["type"] == "share" else 0
    above = below = 0.0
    found = []
    for part, value in enumerate(values):
        size = value / whole if whole else value
        start = above if size >= 0 else below
        found.append((part, start, start + size))
        above, below = (above + size, below) if size >= 0 else (above, below + size)
    return found


def _notes(data: dict[str, Any]) -> SafeString:
    return format_html_join(
        "",
        '<line stroke="{0}" x1="{1}" x2="{1}" y1="{2}" y2="{3}"/>'
        '<text text-anchor="middle" x="{1}" y="11">{4}</text>',
        (
            (MUTED, _across(data, note["at"]), TOP - 6, HEIGHT - BOTTOM, note["label"])
            for note in data.get("annotations", [])
        ),
    )
