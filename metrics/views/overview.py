"""The dashboard: where the relationship with customers stands, at a glance."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from crm.models import Customer
from metrics import freshness, reading
from metrics.choosing import chosen
from metrics.words import THEMES
from staff.access import Role, access
from staff.pages import render_page


@require_safe
@access(read=Role.READ_ONLY)
def overview(request: HttpRequest) -> HttpResponse:
    """Tiles of every stored KPI for one period; asked again by itself while changes are counted."""
    zone = request.business.zone  # type: ignore[attr-defined]
    choice = chosen(request, zone)
    tiles = reading.tiles(
        grain=choice.grain,
        now=choice.now,
        zone=zone,
        period=choice.period if choice.period.grain else None,
    )
    themes = [
        (THEMES[theme], list(group))
        for theme, group in groupby(tiles, key=lambda tile: tile.definition.theme)
    ]
    context = {
        "choice": choice,
        "themes": themes,
        "freshness": freshness.current(),
        "has_customers": Customer.objects.exists(),
    }
    return render_page(request, "metrics/overview.html", context, fragment="figures")
