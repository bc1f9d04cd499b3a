"""What is done to a ticket besides writing: small acts, each of which says what it did."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.views.going_back import undo_tag
from staff.access import Role, access, acting_user
from staff.formats import moment
from staff.refusals import Refusal
from support.actions import changes, people, states
from support.forms.ticket import (
    CustomerForm,
    SnoozeForm,
    colleagues,
    snooze_choices,
)
from support.models import Ticket
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
