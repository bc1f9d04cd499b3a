"""One metric: its chart, its table, its definition, and what was said before."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from metrics import freshness, reading, showing
from metrics.choosing import Choice, chosen, query_of
from metrics.definitions import STORED, Definition, UnknownMetric, find
from metrics.reading import Point
from metrics.words import THEMES
from staff.access import Role, access
from staff.models import Business
from staff.pages import render_page


def definition_or_404(kpi: str) -> Definition:
    try:
        return find(kpi)
    except UnknownMetric as unknown:
        raise Http404(str(unknown)) from unknown


@require_safe
@access(read=Role.READ_ONLY)
def metric_list(request: HttpRequest) -> HttpResponse:
    """Every KPI with its definition in words."""
    themes = [(name, [d for d in STORED if d.theme is theme]) for theme, name in THEMES.items()]
    return render(request, "metrics/metric_list.html", {"themes": themes})


@require_safe
@access(read=Role.READ_ONLY)
def metric(request: HttpRequest, kpi: str) -> HttpResponse:
    definition = definition_or_404(kpi)
    business: Business = request.business  # type: ignore[attr-defined]
    choice = chosen(request, business.zone)
    points = since_first_facts(
        reading.series(definition, choice.grain, *choice.charted, business.zone)
    )
    tile = None
    measured = None
    if choice.period.grain and definition.is_stored:
        tile = reading.tile(definition, choice.period, now=choice.now)
    else:
        measured = reading.measured(definition, choice.period, now=choice.now)
    context = {
        "definition": definition,
        "theme": THEMES[definition.theme],
        "choice": choice,
        "tile": tile,
        "measured": measured,
        "points": [(point, query_of(point.period)) for point in reversed(points)],
        "chart": chart(definition, points, choice, business.currency, request.path),
        "revisions": reading.history(definition, choice.period)[1:] if tile else [],
        "freshness": freshness.current(),
    }
    return render_page(request, "metrics/metric.html", context, fragment="figures")


def since_first_facts(points: list[Point]) -> list[Point]:
    """Without the periods before the business had anything to count; the last one always stays."""
    first = next((at for at, point in enumerate(points) if point.snapshot), len(points) - 1)
    return points[first:]


def chart(
    definition: Definition, points: list[Point], choice: Choice, currency: str, path: str
) -> dict[str, Any]:
    """The series as static/js/charts.js draws it; a few answers are a gap, as on the tile."""
    shown = [point if point.shown_as == "value" else None for point in points]
    intervals = [point.interval if point else None for point in shown]
    values = [point.value if point else None for point in shown]
    unit, divisor = showing.chart_unit(definition, values)
    line: dict[str, Any] = {
        "name": str(definition.name),
        "values": [None if value is None else value / divisor for value in values],
    }
    if any(intervals):
        line["low"] = [ends[0] if ends else None for ends in intervals]
        line["high"] = [ends[1] if ends else None for ends in intervals]
    data: dict[str, Any] = {
        "labels": [showing.period_name(point.period) for point in points],
        "series": [line],
        "unit": unit,
        "currency": currency,
        "running": bool(points and points[-1].period.is_running(choice.now)),
        "links": [f"{path}?{query_of(point.period)}" for point in points],
    }
    if definition.kpi == "nps":
        data |= {"min": -100, "max": 100}
    return data
