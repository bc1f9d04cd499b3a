"""What the customer's timeline tells of tickets: an interaction per opening, message and solution.

Who reads a timeline may not see every ticket, so one in a private queue is a number there and
nothing else. The words themselves stay in the messages; the timeline's mark reads them live.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from crm.actions.interactions import (
    SUMMARY_LENGTH,
    bring_customer_forward,
    interaction_of,
    interactions_about,
    summarised,
    unlog_interactions,
)
from crm.models import Interaction
from staff.bulk import save_columns
from support.models import Message, Ticket

if TYPE_CHECKING:
    from staff.models import User

Direction = Interaction.Direction


def summary(ticket: Ticket, *, is_private: bool) -> str:
    """ "#12 The oven is broken", or "#12": the same in every language."""
    return f"#{ticket.pk}" if is_private else f"#{ticket.pk} {ticket.subject}"[:SUMMARY_LENGTH]


def tell(
    ticket: Ticket,
    *,
    at: datetime,
    by: User | None,
    direction: str = Direction.NONE,
    message: Message | None = None,
) -> Interaction:
    """Of a message, or without one of the solution."""
    told = told_of(ticket, at=at, by=by, direction=direction, message=message)
    told.save(force_insert=True)
    bring_customer_forward(ticket.customer, told)
    return told


def told_of(
    ticket: Ticket,
    *,
    at: datetime,
    by: User | None,
    direction: str,
    message: Message | None,
) -> Interaction:
    """The same, not written yet: who writes it calls bring_customer_forward."""
    return interaction_of(
        customer=ticket.customer,
        kind=Interaction.Kind.TICKET,
        by=by,
        summary=summarised(summary(ticket, is_private=ticket.queue.is_private))[0],
        direction=direction,
        channel=ticket.channel,
        occurred_at=at,
        contact=message.contact if message else ticket.contact,
        about=message or ticket,
    )


def untell(message: Message) -> None:
    """Of a message that was taken back before it left: it never passed."""
    unlog_interactions(about=message)


def retell(tickets: Iterable[Ticket]) -> None:
    """After another subject or queue: what was told tells it as it is now; three queries."""
    by_pk = {ticket.pk: ticket for ticket in tickets}
    said = dict(Message.objects.filter(ticket__in=by_pk).values_list("pk", "ticket_id"))
    about = [(Message, said), (Ticket, {pk: pk for pk in by_pk})]
    changed: list[Interaction] = []
    for model, ticket_of in about:
        for told in interactions_about(model, ticket_of).only("pk", "about_id", "summary"):
            ticket = by_pk[ticket_of[told.about_id or 0]]
            words = summary(ticket, is_private=ticket.queue.is_private)
            if told.summary != words:
                told.summary = words
                changed.append(told)
    save_columns(changed, ["summary"])
