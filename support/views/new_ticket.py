"""A call written down as a ticket, or a conversation that we begin."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from crm.forms.fields import CustomerField
from crm.models import Contact, ContactPoint, Customer
from staff.access import Role, access, acting_user
from staff.pages import render_page
from staff.refusals import Refusal
from support.actions import tickets
from support.forms.reply import key_for, new_key
from support.forms.ticket import NewTicketForm
from support.models import Ticket
from support.views.conversation import drafts


class NobodyToWriteTo(Refusal):
    message = gettext_lazy("No e-mail is known to write to. Add one to the contact first.")


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def ticket_create(request: HttpRequest) -> HttpResponse:
    customer = _customer(request)
    form = NewTicketForm(
        request.POST or None,
        request.FILES or None,
        user=acting_user(request),
        customer=customer,
        initial={
            "customer": customer,
            "assignee": request.user.pk,
            "once_key": new_key(),
            "contact": request.GET.get("contact"),
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = _opened(request, form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("#%(number)s is open.") % {"number": made.pk})
            return redirect(reverse("support:ticket", args=[made.pk]))
    context = {"form": form, "customer": customer}
    response = render_page(request, "support/ticket_new.html", context, fragment="contact_choice")
    if form.is_bound:
        response.status_code = 422
    return response


def _customer(request: HttpRequest) -> Customer | None:
    """Whom the form or the address names, so that their people can be chosen from."""
    named = request.POST.get("customer") or request.GET.get("customer") or ""
    if request.method != "POST" and named.isdecimal():
        named = f"#{named}"
    try:
        found: Customer | None = CustomerField(required=False).clean(named)
    except ValidationError:
        return None
    return found


@transaction.atomic
def _opened(request: HttpRequest, said: dict[str, Any]) -> Ticket:
    """The ticket; what we write first leaves by mail, after the moment in which it can be taken back."""
    contact = said["contact"] or _first_to_ask(said["customer"])
    if said["channel"] == Ticket.Channel.STAFF and not (contact and _has_address(contact)):
        raise NobodyToWriteTo
    files = drafts(said["attachments"])
    told = {name: value for name, value in said.items() if name != "attachments"}
    once_key = key_for(said["once_key"], str(said["customer"].pk), said["subject"], said["text"])
    told |= {"contact": contact, "files": files, "once_key": once_key}
    return tickets.open_ticket(by=acting_user(request), **told)


def _first_to_ask(customer: Customer) -> Contact | None:
    people = customer.affiliations.filter(until=None).select_related("contact")
    first = people.order_by("-is_primary", "pk").first()
    return first.contact if first else None


def _has_address(contact: Contact) -> bool:
    return contact.points.filter(kind=ContactPoint.Kind.EMAIL, retired_at=None).exists()
