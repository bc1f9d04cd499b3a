"""Who changed what of a customer; apart from the timeline, which tells what passed with them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from crm import custom, record_changes
from crm.forms.changes import ChangesForm
from crm.models import Customer
from staff import audit_words
from staff.access import Role, access
from staff.pages import paginate, render_page


@access(read=Role.READ_ONLY)
@require_safe
def customer_changes(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    own = [(field.key, field.label) for field in custom.known(request)]
    form = ChangesForm(request.GET or None, own=own)
    entries = record_changes.of(customer)
    if form.is_valid():
        entries = record_changes.narrowed(entries, **form.cleaned_data)
    page = paginate(entries, request, key=("-at", "-pk"))
    known = record_changes.names(page.rows, customer)
    context = {
        "customer": customer,
        "form": form,
        "is_narrowed": any(request.GET.get(name) for name in form.fields),
        "page": page,
        "entries": audit_words.shown(page.rows, known),
    }
    return render_page(request, "crm/customer_changes.html", context, fragment="entries")
