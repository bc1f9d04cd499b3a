"""The dashboards: where the relationship with customers stands, at a glance; on paper and as a file too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from crm.models import Customer
from metrics import aims, charts, freshness, panels, pdf, periods, team
from metrics.choosing import Choice, chosen, query_of
from metrics.dashboards import DASHBOARDS, OVERVIEW, Board, tabs
from metrics.points import Point
from staff.access import Role, access, acting_user
from staff.models import Business
from staff.pages import render_page


@require_safe
@access(read=Role.READ_ONLY)
def dashboard(request: HttpRequest, name: str = OVERVIEW) -> HttpResponse:
    """Tiles, charts and panels for one period; asked again by itself while changes are counted."""
    board = board_or_404(request, name)
    user = acting_user(request)
    context = shown(request, board) | {
        "has_pdf": pdf.is_available(),
        "tabs": tabs(name, board.choice.query),
        "freshness": freshness.current(),
        "has_customers": board.has_figures or Customer.objects.exists(),
        "may_set": aims.can_set_targets(user),
        "may_note": aims.can_annotate(user),
    }
    return render_page(request, "metrics/dashboard.html", context, fragment="figures")


def board_or_404(request: HttpRequest, name: str) -> Board:
    if name not in DASHBOARDS:
        raise Http404
    business: Business = request.business  # type: ignore[attr-defined]
    return Board(DASHBOARDS[name], _of_a_grain(chosen(request, business.zone)), business.currency)


def _of_a_grain(choice: Choice) -> Choice:
    """Tiles are stored for periods of the calendar: other days give way to the month in which they
    end, which the page says in words."""
    if choice.period.grain:
        return choice
    if period := periods.named(choice.period):
        return replace(choice, period=period, grain=period.grain or choice.grain)
    last = min(choice.last_on, periods.local_day(choice.now, choice.period.zone))
    period = periods.containing(last, choice.grain, choice.period.zone)
    return replace(choice, period=period, asked=choice.period)


def shown(request: HttpRequest, board: Board) -> dict[str, Any]:
    """What the page, the paper and the file of a dashboard have in common."""
    dashboard, choice = board.dashboard, board.choice
    return {
        "dashboard": dashboard,
        "choice": choice,
        "aimed": board.aimed,
        "charts": [_chart(board, kpi) for kpi in dashboard.charted if kpi in board.tiles],
        "panels": panels.of(board),
        "happened": board.happened,
        "has_cohorts": "cohorts" in dashboard.panels,
        "people": team.lines(choice.period.window(choice.now), acting_user(request))
        if "team" in dashboard.panels
        else None,
    }


def _chart(board: Board, kpi: str) -> dict[str, Any]:
    tile = board.tiles[kpi]
    points = charts.since_first_facts(tile.series)

    def link(point: Point) -> str:
        return f"{board.dashboard.url}?{query_of(point.period)}"

    return {
        "definition": tile.definition,
        "points": points,
        "target": board.targets.of_period(kpi, points[-1].period),
        "data": charts.line(
            tile.definition,
            points,
            currency=board.currency,
            link=link,
            targets=board.targets,
            annotations=board.happened,
            is_running=board.choice.is_running,
        ),
    }
