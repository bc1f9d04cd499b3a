"""How long customers stay, by the month in which they first came."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from metrics import cohorts
from staff.access import Role, access
from staff.models import Business
from staff.pages import render_page


@access(read=Role.READ_ONLY)
@require_safe
def cohort_grid(request: HttpRequest) -> HttpResponse:
    business: Business = request.business  # type: ignore[attr-defined]
    context = cohorts.shown(now=timezone.now(), zone=business.zone)
    return render_page(request, "metrics/cohorts.html", context, fragment="grid")
