"""Who takes part in a ticket, and the links by which they follow it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from staff.access import Role, access, acting_user
from staff.refusals import Refusal
from support.actions import people
from support.forms.ticket import ParticipantForm
from support.models import Message, Participant, Ticket
from support.views.ticket import visible


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
    return _page(request, ticket, form)


def _page(
    request: HttpRequest,
    ticket: Ticket,
    form: ParticipantForm,
    fresh: tuple[str, str] | None = None,
) -> HttpResponse:
    """`fresh` is an address and the link that was made for it: shown here and never again."""
    taking_part = list(ticket.participants.filter(removed_at=None).order_by("pk"))
    context = {
        "ticket": ticket,
        "form": form,
        "participants": taking_part,
        "also_addressed": also_addressed(ticket, {one.address for one in taking_part}),
        "fresh": fresh,
    }
    status = 422 if form.is_bound else 200
    response = render(request, "support/ticket_participants.html", context, status=status)
    if fresh:
        response["Cache-Control"] = "no-store"
    return response


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


def _taking_part(request: HttpRequest, pk: int, participant_pk: int) -> Participant:
    found = Participant.objects.filter(ticket=visible(request, pk), removed_at=None)
    return get_object_or_404(found.select_related("ticket"), pk=participant_pk)


@access(write=Role.AGENT)
@require_POST
def participant_remove(request: HttpRequest, pk: int, participant_pk: int) -> HttpResponse:
    participant = _taking_part(request, pk, participant_pk)
    try:
        people.remove_participant(participant=participant, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        words = _("%(address)s is no longer written to, and no longer let in.")
        messages.success(request, words % {"address": participant.address})
    return redirect("support:ticket-participants", pk)


@access(write=Role.AGENT)
@require_POST
def new_link(request: HttpRequest, pk: int, participant_pk: int) -> HttpResponse:
    """A link to hand over by other means; only its hash is kept, so it is shown at once."""
    participant = _taking_part(request, pk, participant_pk)
    try:
        link = people.new_link(participant=participant, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect("support:ticket-participants", pk)
    fresh = (participant.address, link)
    return _page(request, participant.ticket, ParticipantForm(), fresh)


@access(write=Role.AGENT)
@require_POST
def revoke_links(request: HttpRequest, pk: int) -> HttpResponse:
    count = people.revoke_links(ticket=visible(request, pk), by=acting_user(request))
    words = ngettext(
        "%(count)s link to this ticket has ended.",
        "%(count)s links to this ticket have ended.",
        count,
    )
    messages.success(request, words % {"count": count})
    return redirect("support:ticket-participants", pk)
