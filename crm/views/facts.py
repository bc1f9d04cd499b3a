"""One fact of a customer, edited where it stands; without scripts on a page of its own."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from crm import custom, facts, suggestions
from crm.forms.customers import CustomerForm
from crm.models import Customer
from crm.views.customers import saved
from staff.access import Role, access
from staff.pages import render_page


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_fact(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    customer, fact = _found(request, pk, name)
    if "shown" in request.GET:
        return _shown(request, customer, fact)
    form = CustomerForm(
        request.POST or None,
        instance=customer,
        own_fields=custom.fields(request),
        only=fact.fields,
    )
    form.fields[fact.fields[0]].widget.attrs["autofocus"] = True
    if request.method == "POST" and form.is_valid() and saved(request, form, customer):
        if not request.htmx:  # type: ignore[attr-defined]
            return redirect("crm:customer", pk)
        return _shown(request, *_found(request, pk, name), is_saved=True)
    context = {"customer": customer, "fact": fact, "form": form, **_words(name)}
    response = render_page(request, "crm/customer_fact.html", context, fragment="edit")
    response.status_code = 422 if form.is_bound else 200
    return response


def _found(request: HttpRequest, pk: int, name: str) -> tuple[Customer, facts.Fact]:
    rows = Customer.objects.select_related("owner", "referred_by").prefetch_related("tags")
    customer = get_object_or_404(rows, pk=pk)
    try:
        return customer, facts.fact(customer, name, custom.fields(request))
    except KeyError:
        raise Http404 from None


def _shown(
    request: HttpRequest, customer: Customer, fact: facts.Fact, *, is_saved: bool = False
) -> HttpResponse:
    context = {"customer": customer, "fact": fact, "may_write": True, "is_saved": is_saved}
    return render(request, "crm/customer_fact.html#shown", context)


def _words(name: str) -> dict[str, Any]:
    """What the fields of this fact offer."""
    return {
        "sources": suggestions.sources() if name == "source" else None,
        "tag_names": suggestions.tag_names() if name == "tags" else None,
    }
