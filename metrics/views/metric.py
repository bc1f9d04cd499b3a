"""One metric: its chart, its table, its definition, and what was said before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from metrics import aims, charts, freshness, reading
from metrics.aims import Targets
from metrics.choosing import Choice
from metrics.counting import asking
from metrics.definitions import STORED, Definition
from metrics.dimensions import dimensions
from metrics.models import Asked
from metrics.segmenting import Chosen
from metrics.views.asked import asked_or_404, definition_or_404
from metrics.words import THEMES
from staff.access import Role, access, acting_user
from staff.models import Business
from staff.pages import render_page


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
    choice, whom = asked_or_404(request)
    reader = acting_user(request)
    found = asking.charted(definition, choice, whom, by=reader)
    if isinstance(found, Asked):
        return _still_counting(request, definition, choice, whom, found)
    points = charts.since_first_facts(found.points)
    # What was aimed at, and what was said before, is about all customers.
    targets = None if whom.scope else Targets.of([kpi])
    happened = aims.happened(*choice.charted, [kpi])
    is_kept = definition.is_stored and choice.period.grain and not whom.scope
    context = {
        "definition": definition,
        "theme": THEMES[definition.theme],
        "choice": choice,
        "whom": whom,
        "dimensions": dimensions(reader, whom, request=request) if definition.by_customer else [],
        "tile": found.tile,
        "points": [(point, choice.to(point.period)) for point in reversed(points)],
        "chart": charts.line(
            definition,
            points,
            currency=business.currency,
            link=lambda point: f"{request.path}?{choice.to(point.period)}",
            targets=targets,
            annotations=happened,
            is_running=points[-1].period.is_running(choice.now),
        ),
        "checks": asking.checks_beside(definition, choice, whom),
        "target": targets.of_period(kpi, choice.period) if targets else None,
        "happened": happened,
        "may_set": aims.can_set_targets(reader),
        "may_note": aims.can_annotate(reader),
        "revisions": reading.history(definition, choice.period)[1:] if is_kept else [],
        "freshness": freshness.current(),
    }
    return render_page(request, "metrics/metric.html", context, fragment="figures")


def _still_counting(
    request: HttpRequest, definition: Definition, choice: Choice, whom: Chosen, asked: Asked
) -> HttpResponse:
    """The page without figures, which looks again by itself."""
    context = {
        "definition": definition,
        "theme": THEMES[definition.theme],
        "choice": choice,
        "whom": whom,
        "asked": asked,
        "freshness": freshness.current(),
    }
    return render_page(request, "metrics/metric.html", context, fragment="figures")
