"""Finding one customer from outside a list: by telephone number, or while typing in a form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from crm import phones
from crm.models import ContactPoint, Customer
from staff.access import Role, access, acting_user

MOST = 20


@access(read=Role.READ_ONLY)
@require_safe
def lookup(request: HttpRequest) -> HttpResponse:
    """For telephone systems: straight to the only customer with the number, else a choice."""
    written = request.GET.get("phone", "")
    if written.startswith(" "):  # an unescaped "+" of a telephone system
        written = f"+{written.strip()}"
    region = phones.default_region(request.business)  # type: ignore[attr-defined]
    try:
        number = phones.normalise(written, region=region) if written else ""
    except phones.NotAPhone:
        number = ""
    found = list(_callers(number)) if number else []
    if len(found) == 1:
        return redirect("crm:customer", found[0].pk)
    context = {
        "written": phones.readable(number, region) if number else written,
        "number": number,
        "is_number": bool(number),
        "customers": found,
        "may_write": acting_user(request).has_role(Role.AGENT),
    }
    return render(request, "crm/lookup.html", context)


def _callers(number: str) -> list[Customer]:
    points = ContactPoint.objects.filter(
        kind=ContactPoint.Kind.PHONE, value=number, retired_at=None
    )
    affiliated = Customer.objects.filter(
        affiliations__contact__points__in=points, affiliations__until=None
    )
    shown = affiliated.select_related("owner").defer("notes", "custom")
    return list(shown.distinct().order_by("name_folded", "pk")[:MOST])


@access(read=Role.READ_ONLY)
@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Options for a field that names a customer."""
    text = next(
        (request.GET[name] for name in ("customer", "referred_by") if name in request.GET), ""
    )
    found = (
        Customer.objects.active().search(text).order_by("name_folded", "pk")[:10]
        if text.strip()
        else []
    )
    return render(request, "crm/_suggestions.html", {"customers": found})
