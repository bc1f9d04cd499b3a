"""Taking back a stroke made on this room's pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from crm.views.going_back import back, own_stroke, take_back
from staff.access import Role, access


@access(write=Role.AGENT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own, or as a manager anybody's."""
    take_back(request, own_stroke(request, pk=pk, kind__startswith="metrics."))
    return back(request, "metrics:overview")
