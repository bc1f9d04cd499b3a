"""What is done to a ticket besides writing: small acts, each of which says what it did."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.views.going_back import undo_tag
from staff.access import Role, access, acting_user
from staff.formats import moment
from staff.refusals import Refusal
from support.actions import changes, people, states
from support.forms.ticket import (
    CustomerForm,
    ParticipantForm,
    SnoozeForm,
    colleagues,
    snooze_choices,
)
from support.models import Message, Participant, Ticket
from support.views.ticket import visible

State = Ticket.State


def home(pk: int) -> str:
    return reverse("support:ticket", args=[pk])


@access(write=Role.AGENT)
@require_POST
def move(request: HttpRequest, pk: int, to: str) -> HttpResponse:
    """To another state; where the table allows it, back again by one press."""
    if to not in State.values:
        raise Http404
    ticket = visible(request, pk)
    before = ticket.state
    try:
        moved = states.move(ticket=ticket, to=to, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect(home(pk))
    words = _("#%(number)s: %(state)s.") % {"number": pk, "state": State(moved.state).label}
    messages.success(request, words, extra_tags=_way_back(moved, before))
    return redirect(home(pk))


def _way_back(moved: Ticket, before: str) -> str:
    if moved.state == State.SPAM:
        return undo_tag("support:ticket-not-spam", moved.pk, to=home(moved.pk))
    # What was new has been looked at by now.
    to = State.OPEN if before == State.NEW else before
    if not states.can_move(moved, to):
        return ""
    return undo_tag("support:ticket-move", moved.pk, to, to=home(moved.pk))


@access(write=Role.AGENT)
@require_POST
def not_spam(request: HttpRequest, pk: int) -> HttpResponse:
    ticket = visible(request, pk)
    try:
        states.unmark_spam(ticket=ticket, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("#%(number)s is no spam.") % {"number": pk})
    return redirect(home(pk))


@access(write=Role.AGENT)
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """To whom `to` names ("me", a number, or "" for nobody)."""
    ticket = visible(request, pk)
    user = acting_user(request)
    before = ticket.assignee_id
    named = request.POST.get("to") or request.GET.get("to") or ""
    who = user if named == "me" else None
    if named.isdecimal() and len(named) < 19:
        who = get_object_or_404(colleagues(), pk=int(named))
    try:
        changes.assign(ticket=ticket, assignee=who, by=user)
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect(home(pk))
    back = f"undo:{reverse('support:ticket-assign', args=[pk])}?to={before or ''}"
    words = (
        _("#%(number)s is %(name)s’s now.") % {"number": pk, "name": who}
        if who
        else _("#%(number)s is nobody’s now.") % {"number": pk}
    )
    messages.success(request, words, extra_tags=back)
    return redirect(home(pk))


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    ticket = visible(request, pk)
    form = SnoozeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        until = form.cleaned_data["until"]
        try:
            states.snooze(ticket=ticket, until=until, by=acting_user(request))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            words = _("Out of sight until %(moment)s, or until the customer writes.")
            undo = undo_tag("support:ticket-wake", pk, to=home(pk))
            messages.success(request, words % {"moment": moment(until)}, extra_tags=undo)
            return redirect(home(pk))
    choices = [
        (words, timezone.localtime(at).strftime("%Y-%m-%dT%H:%M"), moment(at))
        for words, at in snooze_choices()
    ]
    context = {"ticket": ticket, "form": form, "choices": choices}
    return render(request, "support/ticket_snooze.html", context, status=_status(form))


def _status(form: Any) -> int:
    return 422 if form.is_bound else 200


@access(write=Role.AGENT)
@require_POST
def wake(request: HttpRequest, pk: int) -> HttpResponse:
    states.wake(ticket=visible(request, pk), by=acting_user(request))
    messages.success(request, _("Back among the tickets."))
    return redirect(home(pk))


@access(write=Role.READ_ONLY)
@require_POST
def watch(request: HttpRequest, pk: int) -> HttpResponse:
    """To hear of what happens in it; with `off`, no longer."""
    ticket, user = visible(request, pk), acting_user(request)
    if "off" in request.POST or "off" in request.GET:
        people.unwatch(ticket=ticket, by=user)
        messages.success(request, _("You no longer watch this ticket."))
    else:
        people.watch(ticket=ticket, by=user)
        undo = f"undo:{reverse('support:ticket-watch', args=[pk])}?off=1"
        messages.success(request, _("You hear of what happens here."), extra_tags=undo)
    return redirect(home(pk))


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def move_customer(request: HttpRequest, pk: int) -> HttpResponse:
    """Whose ticket it is: what was logged of it goes along."""
    ticket = visible(request, pk)
    form = CustomerForm(request.POST or None, initial={"customer": ticket.customer})
    if request.method == "POST" and form.is_valid():
        try:
            changes.set_customer(
                ticket=ticket, customer=form.cleaned_data["customer"], by=acting_user(request)
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            name = form.cleaned_data["customer"].name
            words = _("#%(number)s belongs to %(name)s now.") % {"number": pk, "name": name}
            messages.success(request, words)
            return redirect(home(pk))
    context = {"ticket": ticket, "form": form}
    return render(request, "support/ticket_customer.html", context, status=_status(form))


# --- Who takes part -------------------------------------------------------------------------


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def participants(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is written to; others are added by hand only, also those whom a mail named."""
    ticket = visible(request, pk)
    form = ParticipantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            people.add_participant(ticket=ticket, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            words = _("%(address)s is copied in from now on.")
            messages.success(request, words % {"address": form.cleaned_data["address"]})
            return redirect("support:ticket-participants", pk)
    taking_part = ticket.participants.filter(removed_at=None).order_by("pk")
    context = {
        "ticket": ticket,
        "form": form,
        "participants": taking_part,
        "also_addressed": also_addressed(ticket, {one.address for one in taking_part}),
    }
    return render(request, "support/ticket_participants.html", context, status=_status(form))


def also_addressed(ticket: Ticket, known: set[str]) -> list[dict[str, str]]:
    """Whom the last mails named besides us, and who takes no part: they are only a proposal."""
    mails = Message.objects.filter(ticket=ticket, withdrawn_at=None).exclude(also_addressed=[])
    named = mails.order_by("-pk").values_list("also_addressed", flat=True)[:10]
    found: dict[str, dict[str, str]] = {}
    for addresses in named:
        for one in addresses:
            address = str(one.get("address", ""))
            if address and address not in known:
                found.setdefault(address, {"address": address, "name": str(one.get("name", ""))})
    return list(found.values())[:20]


@access(write=Role.AGENT)
@require_POST
def participant_remove(request: HttpRequest, pk: int, participant_pk: int) -> HttpResponse:
    ticket = visible(request, pk)
    participant = get_object_or_404(Participant, pk=participant_pk, ticket=ticket, removed_at=None)
    try:
        people.remove_participant(participant=participant, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, capfirst(str(refusal)))
    else:
        words = _("%(address)s is no longer written to, and no longer let in.")
        messages.success(request, words % {"address": participant.address})
    return redirect("support:ticket-participants", pk)
