"""The people at a customer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm import actions, phones
from crm.forms.customers import ContactForm
from crm.models import Affiliation, ContactPoint, Customer
from staff.access import Role, access, acting_user
from staff.refusals import Refusal


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_create(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        # Unchecked means "as it comes": the first one there is the first to ask.
        said["is_primary"] = said["is_primary"] or None
        try:
            actions.add_contact(customer=customer, by=acting_user(request), **said)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is written down.") % {"name": said["name"]})
            return redirect("crm:customer", pk)
    return render(request, "crm/contact_form.html", {"form": form, "customer": customer})


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_edit(request: HttpRequest, pk: int) -> HttpResponse:
    affiliation = get_object_or_404(
        Affiliation.objects.filter(until=None).select_related("contact", "customer"), pk=pk
    )
    form = ContactForm(
        request.POST or None,
        contact=affiliation.contact,
        initial=_as_it_is(request, affiliation),
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_contact(
                affiliation=affiliation, by=acting_user(request), **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("crm:customer", affiliation.customer_id)
    context = {"form": form, "customer": affiliation.customer, "affiliation": affiliation}
    return render(request, "crm/contact_form.html", context)


def _as_it_is(request: HttpRequest, affiliation: Affiliation) -> dict[str, Any]:
    contact = affiliation.contact
    first: dict[str, str] = {}
    for point in contact.points.filter(retired_at=None).order_by("pk"):
        first.setdefault(point.kind, point.value)
    phone = first.get(ContactPoint.Kind.PHONE, "")
    region = phones.default_region(request.business)  # type: ignore[attr-defined]
    return {
        "name": contact.name,
        "role": affiliation.role,
        "language": contact.language,
        "is_primary": affiliation.is_primary,
        "email": first.get(ContactPoint.Kind.EMAIL, ""),
        "phone": phones.readable(phone, region) if phone else "",
    }


@access(write=Role.AGENT)
@require_POST
def contact_end(request: HttpRequest, pk: int) -> HttpResponse:
    affiliation = get_object_or_404(Affiliation.objects.select_related("contact"), pk=pk)
    try:
        actions.end_affiliation(affiliation=affiliation, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        text = _("%(name)s no longer belongs to this customer.")
        messages.success(request, text % {"name": affiliation.contact.name})
    return redirect("crm:customer", affiliation.customer_id)
