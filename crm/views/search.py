"""Search everywhere: a page of its own, and what the palette above every page shows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from crm import palette
from staff.access import Role, access
from staff.pages import render_page


@access(read=Role.READ_ONLY)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = palette.search(request, text)
    context = {"text": text, "groups": found, "count": sum(len(group.items) for group in found)}
    return render_page(request, "crm/search.html", context, fragment="options")
