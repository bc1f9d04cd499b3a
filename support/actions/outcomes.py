"""What became of the help: asked how it went, answered, and seen to again when it did not help."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from support.actions.changes import set_priority
from support.actions.conversation import add_note, where_it_went
from support.actions.states import can_reopen, reopen
from support.events import Actor, Kind, changing
from support.models import Message, Ticket


def note_asked(*, ticket: Ticket, at: datetime | None = None) -> Ticket:
    """The customer is being asked how it went."""
    with changing(ticket, by=None, at=at) as change:
        change.note(Kind.ASKED)
    return change.ticket


def note_rated(*, ticket: Ticket, score: str) -> Ticket:
    """They have answered: `score` as it is shown, such as "CSAT 2"."""
    with changing(where_it_went(ticket), by=None, actor=Actor.CUSTOMER) as change:
        change.note(Kind.RATED, after=score)
    return change.ticket


@transaction.atomic
def follow_up(
    *, ticket: Ticket, text: str, once_key: str, priority: int = Ticket.Priority.HIGH
) -> Message:
    """Have somebody see to it: a note that says why, open again, of that priority at least.

    The same `once_key` twice is once. Spam and merged tickets get the note alone.
    """
    ticket = where_it_went(ticket)
    note = add_note(ticket=ticket, text=text, by=None, once_key=once_key)
    ticket.refresh_from_db()
    if ticket.state in Ticket.VOID_STATES:
        return note
    if can_reopen(ticket):
        ticket = reopen(ticket=ticket, by=None)
    if ticket.priority < priority:
        set_priority(ticket=ticket, priority=priority, by=None)
    return note
