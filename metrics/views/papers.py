"""A dashboard on paper, as a PDF and as a file for a spreadsheet."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from metrics import answering, cohorts, drawing, pdf
from metrics.dashboards import Aimed, Board
from metrics.points import Point
from metrics.views.dashboards import board_or_404, shown
from staff.access import Role, access
from staff.cells import harmless

COLUMNS = (
    "kpi",
    "name",
    "from",
    "to",
    "status",
    "value",
    "low",
    "high",
    "n",
    "numerator",
    "denominator",
    "unit",
    "target",
    "so_far",
    "revised",
)


@require_safe
@access(read=Role.READ_ONLY)
def dashboard_print(request: HttpRequest, name: str) -> HttpResponse:
    """Without the frame, each chart as a drawing with its table."""
    return render(request, "metrics/dashboard_print.html", _on_paper(request, name))


@require_safe
@access(read=Role.READ_ONLY)
def dashboard_pdf(request: HttpRequest, name: str) -> HttpResponse:
    if not pdf.is_available():
        raise Http404
    context = _on_paper(request, name)
    html = render_to_string("metrics/dashboard_print.html", context, request)
    content = pdf.written(html, request.build_absolute_uri("/"))
    return _file(content, "application/pdf", f"{_title(context['board'])}.pdf")


def _on_paper(request: HttpRequest, name: str) -> dict[str, Any]:
    board = board_or_404(request, name)
    context = shown(request, board)
    for chart in context["charts"]:
        chart["drawing"] = drawing.svg(chart["data"])
    if context["has_cohorts"]:
        context |= cohorts.shown(now=timezone.now(), zone=board.choice.period.zone)
    return context | {
        "board": board,
        "drawn": [
            (panel, drawing.svg(panel.chart) if panel.chart else "") for panel in context["panels"]
        ],
    }


@require_safe
@access(read=Role.READ_ONLY)
def dashboard_csv(request: HttpRequest, name: str) -> HttpResponse:
    """Every figure of the dashboard in each of the periods that it draws; values as they are stored."""
    board = board_or_404(request, name)
    if board.choice.asked:  # a file has no place to say that it is of other days
        return redirect(f"{request.path}?{board.choice.query}")
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in board.aimed:
        writer.writerows(_cells(board, one, point) for point in one.tile.series)
    # With a mark at its start Excel reads it as UTF-8.
    content = text.getvalue().encode("utf-8-sig")
    return _file(content, "text/csv; charset=utf-8", f"{_title(board)}.csv")


def _cells(board: Board, one: Aimed, point: Point) -> list[object]:
    definition, period = point.definition, point.period
    low, high = point.interval or ("", "")
    target = board.targets.of_period(definition.kpi, period)
    is_revision = bool(point.snapshot and point.snapshot.is_revision)
    return [
        definition.kpi,
        harmless(str(definition.name)),
        period.starts_on,
        period.ends_on,
        point.status,
        "" if point.value is None else point.value,
        low,
        high,
        point.n,
        *(
            "" if side is None else answering.number(side)
            for side in (point.numerator, point.denominator)
        ),
        answering.unit(definition.unit, board.currency),
        "" if target is None else target,
        "yes" if point.is_partial else "",
        "yes" if is_revision else "",
    ]


def _title(board: Board) -> str:
    return f"{board.dashboard.name}-{board.choice.period.starts_on}"


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response
