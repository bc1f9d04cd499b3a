"""Why was this customer asked, or not?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from crm.models import Customer
from staff.access import Role, access, acting_user
from staff.models import Business
from staff.pages import render_page
from surveys import askings as reading
from surveys.customer_page import send_url


@access(read=Role.READ_ONLY)
@require_safe
def askings(request: HttpRequest, customer_id: int) -> HttpResponse:
    """All that was asked and left out, newest first, and what comes next."""
    customer = get_object_or_404(Customer, pk=customer_id)
    business: Business = request.business  # type: ignore[attr-defined]
    may_send = acting_user(request).has_role(Role.AGENT) and not customer.archived_at
    context = {
        "customer": customer,
        "page": reading.history(customer, request),
        "hindrance": reading.standing(customer, business),
        "rounds": reading.next_rounds(customer, business),
        "send_url": send_url(customer) if may_send else "",
    }
    return render_page(request, "surveys/askings.html", context, fragment="lines")
