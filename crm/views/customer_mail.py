"""Everything that was written to a customer's people, and what became of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from crm.models import ContactPoint, Customer
from mail import log
from staff.access import Role, access
from staff.pages import render_page


@access(read=Role.AGENT)
@require_safe
def customer_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail to the addresses that the customer's contacts have now."""
    customer = get_object_or_404(Customer, pk=pk)
    points = ContactPoint.objects.filter(
        kind=ContactPoint.Kind.EMAIL,
        retired_at=None,
        contact__affiliations__customer=customer,
        contact__affiliations__until=None,
    )
    context = log.of(request, set(points.values_list("value", flat=True)))
    return render_page(
        request, "crm/customer_mail.html", context | {"customer": customer}, fragment="log"
    )
