"""The import kind `ticket_events`: what happened to imported tickets, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.utils.translation import gettext as _

from crm.actions.interactions import bring_forward
from crm.imports import facts
from crm.imports.facts import Applied
from crm.imports.kinds import Column, Entry, FactKind, Values
from crm.imports.parsing import BadCell, Context, instant, text
from crm.imports.session import Session
from crm.models import Interaction
from staff.bulk import insert
from staff.changes import record_created
from staff.models import User
from support import telling
from support.imports import cells
from support.imports.following import follow
from support.models import Ticket, TicketEvent

Kind = TicketEvent.Kind
Actor = TicketEvent.Actor
# Who did it where the row doesn't say.
USUALLY = {
    Kind.OPENED: Actor.CUSTOMER,
    Kind.RECEIVED: Actor.CUSTOMER,
    Kind.AUTOMATIC: Actor.SYSTEM,
    Kind.CLOSED: Actor.SYSTEM,
}


@dataclass(frozen=True)
class Known:
    """What the rows of a batch name."""

    tickets: Mapping[str, Ticket]
    people: Mapping[str, int]


def event_fields(known: Known, values: Values, _context: Context) -> Values:
    ticket = known.tickets.get(values["ticket"])
    if ticket is None:
        raise BadCell(
            _("The ticket “%(ticket)s” is unknown. Import tickets first.")
            % {"ticket": values["ticket"]}
        )
    kind, by = values["kind"], (values.get("by") or "").casefold()
    actor = USUALLY.get(kind, Actor.STAFF)
    if by in Actor.values:
        actor = Actor(by)
    elif by:
        actor = Actor.STAFF
    return {
        "ticket_id": ticket.pk,
        "kind": kind,
        "at": values["at"],
        "actor": actor,
        "by_id": known.people.get(by),
        "after": cells.LEADS_TO[kind],
    }


@dataclass(frozen=True)
class EventKind(FactKind):
    """A FactKind whose rows name a ticket: tickets and people are read once per batch."""

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        known = _known(entries, session)
        reading = replace(self, fields=partial(event_fields, known))
        applied = facts.apply(reading, entries, session)
        _tell(applied, session)
        touched = [row.ticket_id for _entry, row in (*applied.created, *applied.updated)]
        follow(touched, session)


def _known(entries: Sequence[Entry], session: Session) -> Known:
    named = {ticket for entry in entries if (ticket := entry.values.get("ticket"))}
    tickets = Ticket.objects.select_related("queue").filter(
        external_source=session.source, external_id__in=named
    )
    people: dict[str, int] = {}
    if any(entry.values.get("by") for entry in entries):
        for pk, email, name in User.objects.order_by("-pk").values_list("pk", "email", "name"):
            people |= {name.casefold(): pk, email.casefold(): pk}
    return Known({ticket.external_id: ticket for ticket in tickets}, people)


def _tell(applied: Applied, session: Session) -> None:
    """The customer's timeline tells of solutions, as it does of those found here."""
    solved = [row for _entry, row in applied.created if row.kind == Kind.RESOLVED]
    tickets = Ticket.objects.counted().select_related("queue")
    found = tickets.in_bulk({row.ticket_id for row in solved}) if solved else {}
    told = [
        Interaction(
            customer_id=ticket.customer_id,
            kind=Interaction.Kind.TICKET,
            channel=ticket.channel,
            occurred_at=row.at,
            summary=telling.summary(ticket, is_private=ticket.queue.is_private),
            by_id=row.by_id,
            about_model="support.ticket",
            about_id=ticket.pk,
        )
        for row in solved
        if (ticket := found.get(row.ticket_id))
    ]
    insert(told)
    bring_forward(told)
    record_created(session.change_set, told)


EVENTS = EventKind(
    name="ticket_events",
    model=TicketEvent,
    columns=(
        Column("ticket", text(190), required=True),
        Column("kind", cells.event_kind, required=True),
        Column("at", instant, required=True),
        Column("by", text(254)),
    ),
    fields=partial(event_fields, Known({}, {})),
    natural_key=("ticket", "kind", "at"),
)
