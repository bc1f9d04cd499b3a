"""What dashboards show beside tiles and lines, made from the parts of figures that are stored anyway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from crm.models import Cost, LossReason
from metrics import charts, showing
from metrics.dashboards import Board
from metrics.points import Point
from metrics.words import PARTS
from staff.templatetags.vinculo import money, number


@dataclass(frozen=True)
class Table:
    """A table with a head; the first cell of a row is its head. Empty cells are "—"."""

    heads: list[str]
    rows: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Panel:
    """A chart and the same figures as a table; without a chart, the table alone."""

    name: str
    title: StrOrPromise
    table: Table
    chart: dict[str, Any] | None = None
    words: StrOrPromise = ""


def parts_over_time(
    board: Board, kpi: str, names: dict[str, str], *, path: str = ""
) -> tuple[list[Point], dict[str, list[float | None]]]:
    """Counts among a figure's parts, period by period, by what they are called."""
    points = charts.since_first_facts(board.tiles[kpi].series)
    values: dict[str, list[float | None]] = {}
    for name, label in names.items():
        values[label] = []
        for point in points:
            parts = point.parts.get(path, {}) if path else point.parts
            found = parts.get(name)
            values[label].append(None if found is None else float(Fraction(str(found))))
    return points, values


def _stacked(
    board: Board,
    points: list[Point],
    values: dict[str, list[float | None]],
    *,
    kind: str = "stacked",
    roles: dict[str, str] | None = None,
) -> tuple[Table, dict[str, Any] | None]:
    rows = [
        [showing.period_name(point.period), *(number(own[at]) for own in values.values())]
        for at, point in enumerate(points)
    ]
    table = Table([_("Period"), *values], rows[::-1])
    if not any(value for own in values.values() for value in own):
        return table, None
    labels = [showing.label(point.period) for point in points]
    chart = charts.stacked(
        labels, values, kind=kind, roles=roles, is_running=board.choice.is_running
    )
    return table, chart


def flow(board: Board) -> Panel:
    """New, returned, and lost customers of each period."""
    names = {name: str(PARTS[name][0]) for name in ("new", "reactivated", "lost", "end")}
    points, values = parts_over_time(board, "customer_churn", names, path="counts")
    table, _chart = _stacked(board, points, values)
    came = {label: values[label] for label in (names["new"], names["reactivated"])}
    # What is lost lies below the line.
    gone = {names["lost"]: [None if one is None else -one for one in values[names["lost"]]]}
    _table, chart = _stacked(board, points, came | gone, roles={names["lost"]: "low"})
    return Panel("flow", _("Customers who came and went"), table, chart)


def recommending(board: Board) -> Panel:
    """The three groups of an NPS as shares."""
    roles = {"detractors": "low", "passives": "middle", "promoters": "high"}
    names = {name: str(PARTS[name][0]) for name in roles}
    points, values = parts_over_time(board, "nps", names)
    table, chart = _stacked(
        board, points, values, kind="share", roles={names[name]: roles[name] for name in roles}
    )
    return Panel("recommending", _("Who would recommend you"), table, chart)


def ages(board: Board) -> Panel:
    """How long open tickets have been open."""
    names = {
        name: str(PARTS[name][0])
        for name in ("under_1_day", "under_3_days", "under_7_days", "older")
    }
    points, values = parts_over_time(board, "backlog", names)
    table, chart = _stacked(board, points, values)
    return Panel("ages", _("Open tickets by age"), table, chart)


def spending(board: Board) -> Panel:
    """What winning customers was spent on in the period."""
    point = board.tiles["cac"].point
    found: dict[str, str] = point.parts.get("by_category") or {}
    amounts = {category: float(Fraction(str(amount))) for category, amount in found.items()}
    rows = [
        [str(Cost.CATEGORIES.get(category, category)).capitalize(), money(amount, board.currency)]
        for category, amount in sorted(amounts.items(), key=lambda one: -one[1])
    ]
    if rows:
        rows.append([_("Together"), money(sum(amounts.values()), board.currency)])
    return Panel(
        "spending", _("Spent on winning customers"), Table([_("Category"), _("Amount")], rows)
    )


def reasons(board: Board) -> Panel:
    """Why those who left in the period left, the most frequent reason first."""
    found: dict[str, int] = board.tiles["churn_reasons"].point.parts.get("by_reason") or {}
    labels = dict(LossReason.choices)
    rows = [
        [str(labels.get(reason, reason)).capitalize(), number(count)]
        for reason, count in sorted(found.items(), key=lambda one: -one[1])
        if count
    ]
    return Panel("reasons", _("Why customers left"), Table([_("Reason"), _("Customers")], rows))


PANELS: dict[str, Callable[[Board], Panel]] = {
    "flow": flow,
    "reasons": reasons,
    "recommending": recommending,
    "ages": ages,
    "spending": spending,
}


def of(board: Board) -> list[Panel]:
    return [PANELS[name](board) for name in board.dashboard.panels if name in PANELS]
