"""What a customer does on the page of their ticket."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from mail.parsing import is_only_thanks
from support.actions.conversation import needs_new_ticket, receive, where_it_went
from support.actions.states import CannotMove
from support.actions.tickets import known_message, open_ticket
from support.correspondents import Correspondent
from support.events import Actor, changing
from support.files import FileDraft
from support.models import Message, Participant, Ticket, TicketLink
from support.states import ENDED, may_follow
from support.telling import tell

State = Ticket.State


@transaction.atomic
def answer(
    *,
    participant: Participant,
    text: str,
    files: Sequence[FileDraft] = (),
    once_key: str = "",
) -> Message:
    """What the holder of a link writes; it counts as proven. Twice with one `once_key` is once.

    Where the desk's rules want it, a closed ticket is left alone and a new one follows it.
    """
    if known := known_message(once_key, None):
        return known
    sender = Correspondent(participant.address, participant.name)
    if needs_new_ticket(participant.ticket, timezone.now()):
        return _follow_up(participant, sender, text=text, files=files, once_key=once_key)
    return receive(
        ticket=participant.ticket,
        text=text,
        sender=sender,
        is_proven=True,
        is_thanks=not files and is_only_thanks(text),
        files=files,
        once_key=once_key,
    )


def _follow_up(
    participant: Participant,
    sender: Correspondent,
    *,
    text: str,
    files: Sequence[FileDraft],
    once_key: str,
) -> Message:
    old = where_it_went(participant.ticket)
    new = open_ticket(
        customer=old.customer,
        contact=participant.contact,
        requester=sender,
        subject=old.subject,
        text=text,
        channel=Ticket.Channel.FORM,
        kind=old.kind,
        queue=old.queue,
        language=old.language,
        files=files,
        once_key=once_key,
        is_proven=True,
    )
    TicketLink.objects.get_or_create(
        ticket=old, other=new, defaults={"kind": TicketLink.Kind.FOLLOW_UP}
    )
    return new.messages.get(once_key=once_key)


def can_say_solved(ticket: Ticket) -> bool:
    return may_follow(ticket.state, State.SOLVED)


@transaction.atomic
def say_solved(*, ticket: Ticket) -> Ticket:
    """The customer needs nothing more; solved already changes nothing. Raises CannotMove."""
    with changing(where_it_went(ticket), by=None, actor=Actor.CUSTOMER) as change:
        if change.ticket.state not in ENDED:
            if not can_say_solved(change.ticket):
                raise CannotMove(change.ticket.state, State.SOLVED)
            change.move(State.SOLVED)
            tell(change.ticket, at=change.at, by=None)
    return change.ticket


def can_say_unsolved(ticket: Ticket) -> bool:
    return ticket.state in ENDED


@transaction.atomic
def say_unsolved(*, ticket: Ticket) -> Ticket:
    """It isn't solved after all; open already changes nothing. Raises CannotMove."""
    with changing(where_it_went(ticket), by=None, actor=Actor.CUSTOMER) as change:
        if change.ticket.state in Ticket.VOID_STATES:
            raise CannotMove(change.ticket.state, State.OPEN)
        if change.ticket.state in ENDED:
            change.move(State.OPEN)
    return change.ticket
