"""The secret links by which participants follow a ticket: /t/<token>/. Only a hash is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from staff.tokens import hashed, new_token
from support import desk
from support.models import Participant, Ticket, TicketAccess

State = Ticket.State


def url_of(token: str) -> str:
    """Always below BASE_URL: what a browser calls this server proves nothing."""
    return f"{settings.BASE_URL}{reverse('support:follow', args=[token])}"


def new_link(participant: Participant) -> str:
    """A fresh link for this participant; earlier ones go on working."""
    access, link = link_of(participant)
    access.save(force_insert=True)
    return link


def link_of(participant: Participant) -> tuple[TicketAccess, str]:
    """The same, not written yet: what makes it work, and the link."""
    token = new_token()
    return TicketAccess(participant=participant, token_hash=hashed(token)), url_of(token)


def new_links(participants: Sequence[Participant]) -> dict[int, str]:
    """A fresh link for each, by their keys, in one query."""
    made = [link_of(participant) for participant in participants]
    TicketAccess.objects.bulk_create(access for access, _link in made)
    return {access.participant_id: link for access, link in made}


def find(token: str) -> TicketAccess | None:
    """Whose link this is; None when it never was one, or isn't any more.

    It ends when it is revoked, when its participant is removed, some time after the ticket was
    closed, and when the ticket is spam. After a merge its `participant` is that of the ticket
    which goes on, if the address takes part there: merging alone shows nobody anything new.
    """
    accesses = TicketAccess.objects.select_related("participant__ticket__queue")
    access = accesses.filter(token_hash=hashed(token)).first()
    if access is None or access.revoked_at is not None:
        return None
    participant = _now(access.participant)
    if participant is None or participant.removed_at is not None or has_expired(participant.ticket):
        return None
    access.participant = participant
    return access


def has_expired(ticket: Ticket) -> bool:
    """Whether links to this ticket have ended, because of what became of it."""
    if ticket.state != State.CLOSED or ticket.closed_at is None:
        return ticket.state in Ticket.VOID_STATES
    return ticket.closed_at + timedelta(days=desk.settings().link_works_days) <= timezone.now()


def revoke(ticket: Ticket) -> int:
    """End all links to this ticket that were ever given out; how many there were."""
    standing = TicketAccess.objects.filter(participant__ticket=ticket, revoked_at=None)
    return standing.update(revoked_at=timezone.now())


def _now(participant: Participant) -> Participant | None:
    """The same address in the ticket into which theirs was merged."""
    if participant.ticket.state != State.MERGED:
        return participant
    from support.actions.conversation import where_it_went  # actions on people give out links

    goes_on = where_it_went(participant.ticket)
    others = Participant.objects.select_related("ticket__queue")
    return others.filter(ticket=goes_on, address=participant.address).first()
