"""The rows behind a number: what it is made of, down to each customer, order or answer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from metrics import reading
from metrics.counting import asking
from metrics.rows.section import Rows
from metrics.views.asked import asked_or_404, definition_or_404
from staff.access import Role, access
from staff.pages import Page, capped_count, paginate, render_page

SIDES = ("numerator", "denominator")


@require_safe
@access(read=Role.READ_ONLY)
def metric_rows(request: HttpRequest, kpi: str, side: str) -> HttpResponse:
    """One section of rows at a time, paged by key; what they add up to stands above them."""
    definition = definition_or_404(kpi)
    if side not in SIDES or not getattr(definition, side):
        raise Http404
    choice, whom = asked_or_404(request)
    period, now, scope = choice.period, choice.now, whom.scope
    sections = reading.rows(definition, period, side, now=now, scope=scope)  # type: ignore[arg-type]
    result = asking.behind(definition, choice, whom)
    section = _section(request, sections)
    page = _page(request, section)
    context = {
        "definition": definition,
        "choice": choice,
        "whom": whom,
        "side": side,
        "side_name": getattr(definition, side),
        "sides": [(name, getattr(definition, name)) for name in SIDES if getattr(definition, name)],
        "sections": list(enumerate(sections)),
        "section": section,
        "section_at": sections.index(section) if section else 0,
        "count": capped_count(section.queryset) if section else None,
        "page": page,
        "rows": _added(section, page),
        "total": getattr(result, side) if result else None,
        "in_money": any(one.in_money for one in sections),
        "result": result,
    }
    return render_page(request, "metrics/metric_rows.html", context, fragment="rows")


def _section(request: HttpRequest, sections: Sequence[Rows]) -> Rows | None:
    asked = request.GET.get("section", "")
    at = int(asked) if asked.isdecimal() and len(asked) < 3 else 0
    return sections[at] if at < len(sections) else None


def _page(request: HttpRequest, section: Rows | None) -> Page[Any] | None:
    if section is None:
        return None
    key = [str(term) for term in section.queryset.query.order_by]
    return paginate(section.queryset, request, key=key)


def _added(section: Rows | None, page: Page[Any] | None) -> list[tuple[Any, Fraction]]:
    if section is None or page is None:
        return []
    return [(row, section.contribution(row)) for row in page]
