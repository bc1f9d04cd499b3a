"""The import kind `tickets`: a row a ticket, its body the first message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.interactions import bring_forward
from crm.folding import fold
from crm.imports import facts
from crm.imports.facts import Applied
from crm.imports.kinds import Column, Entry, FactKind, Values
from crm.imports.parsing import Context, instant, text
from crm.imports.session import Session
from crm.imports.standard import CUSTOMER, EXTERNAL_ID, at
from crm.models import Interaction
from staff.bulk import insert, save_columns
from staff.changes import record_created, record_updated
from support import desk, telling
from support.imports import cells
from support.imports.following import follow
from support.models import Category, Message, Queue, Ticket, TicketEvent

State = Ticket.State
Kind = TicketEvent.Kind
LONGEST_SUBJECT = 250
# What tells of the state that a row says: the solution's own time is only known from an event.
TELLS_OF: dict[str, Kind] = {
    State.OPEN: Kind.RESUMED,
    State.WAITING: Kind.WAITING,
    State.ON_HOLD: Kind.ON_HOLD,
    State.SOLVED: Kind.CLOSED,
    State.CLOSED: Kind.CLOSED,
    State.SPAM: Kind.SPAM,
    State.MERGED: Kind.MERGED,
}


def ticket_fields(categories: Mapping[str, int], values: Values, _context: Context) -> Values:
    fields: Values = {"opened_at": values["opened_at"]}
    if values.get("subject"):
        fields["subject"] = values["subject"]
    if "priority" in values:
        fields["priority"] = values["priority"] or Ticket.Priority.NORMAL
    if "category" in values:
        fields["category_id"] = categories.get(fold(values["category"] or "")[:80])
    return fields


def beginning(queue: Queue, values: Values, _context: Context) -> Values:
    """A new ticket begins where tickets begin; where it was put since, it stays."""
    first_line = (values.get("body") or "").strip().partition("\n")[0].strip()
    return {
        "subject": first_line[:LONGEST_SUBJECT] or _("No subject"),
        "queue_id": queue.pk,
        "channel": Ticket.Channel.IMPORT,
        "last_activity_at": values["opened_at"],
    }


@dataclass(frozen=True)
class TicketKind(FactKind):
    """A FactKind whose rows bring categories, a message and the state that they are in."""

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        queue = desk.default_queue()
        reading = replace(
            self,
            fields=partial(ticket_fields, _categories(entries, session)),
            beginning=partial(beginning, queue),
        )
        applied = facts.apply(reading, entries, session)
        opened = _openings(applied, session)
        written = _messages(applied, session)
        said = _states(applied, session)
        _tell(applied, queue, session)
        touched = [row.pk for _entry, row in (*applied.created, *applied.updated)]
        follow([*touched, *opened, *written, *said], session, words=True)
        # A row of which only these changed was no unchanged one.
        others = {row.pk for _entry, row in applied.unchanged} & {*written, *said}
        session.counts.unchanged -= len(others)
        session.counts.updated += len(others)


def _categories(entries: Sequence[Entry], session: Session) -> dict[str, int]:
    """The ids of the named categories by folded name; unknown ones are made."""
    named: dict[str, str] = {}
    for entry in entries:
        name = " ".join((entry.values.get("category") or "").split())
        if name and not entry.refusal:
            named.setdefault(fold(name)[:80], name)
    if not named:
        return {}
    known = dict(Category.objects.filter(folded__in=named).values_list("folded", "pk"))
    made = [
        Category(name=name, folded=folded) for folded, name in named.items() if folded not in known
    ]
    insert(made)
    record_created(session.change_set, made)
    return known | {category.folded: category.pk for category in made}


def _openings(applied: Applied, session: Session) -> list[int]:
    """The event that a ticket begins with; moved when the row says another time."""
    fresh = [
        TicketEvent(
            ticket_id=row.pk,
            kind=Kind.OPENED,
            at=row.opened_at,
            actor=TicketEvent.Actor.CUSTOMER,
            external_source=session.source,
            external_id=opening_key(row.external_id, row.opened_at),
        )
        for _entry, row in applied.created
    ]
    insert(fresh)
    record_created(session.change_set, fresh)
    moved, changes = [], []
    rows = {row.pk: row for _entry, row in applied.updated}
    for event in _own(rows, session).filter(kind=Kind.OPENED):
        row = rows[event.ticket_id]
        if event.at != row.opened_at:
            after = {
                "at": row.opened_at,
                "external_id": opening_key(row.external_id, row.opened_at),
            }
            changes.append((event.pk, {name: getattr(event, name) for name in after}, after))
            event.at, event.external_id = after["at"], after["external_id"]
            moved.append(event)
    save_columns(moved, ["at", "external_id"])
    record_updated(session.change_set, TicketEvent, changes)
    return [event.ticket_id for event in moved]


def opening_key(ticket: str, opened_at: datetime) -> str:
    """The key that `ticket_events` gives to the same event."""
    return facts.own_key([ticket, Kind.OPENED.value, opened_at])


def _own(rows: Mapping[int, Any], session: Session) -> Any:
    """The events of these tickets that imports made."""
    events = TicketEvent.objects.filter(external_source=session.source).exclude(external_id="")
    return events.filter(ticket__in=rows)


def _messages(applied: Applied, session: Session) -> list[int]:
    """The bodies as first messages; the tickets of which one was there and says something else now."""
    bodies = {
        row.pk: (row, entry.values["body"])
        for entry, row in (*applied.created, *applied.updated, *applied.unchanged)
        if entry.values.get("body")
    }
    old = {row.pk for _entry, row in (*applied.updated, *applied.unchanged)} & bodies.keys()
    known = {}
    if old:
        keys = [_once(pk) for pk in old]
        known = {one.ticket_id: one for one in Message.objects.filter(once_key__in=keys)}
    fresh, changed, changes = [], [], []
    for pk, (row, body) in bodies.items():
        message = known.get(pk)
        if message is None:
            fresh.append(
                Message(
                    ticket_id=pk,
                    kind=Message.Kind.RECEIVED,
                    text=body,
                    created_at=row.opened_at,
                    once_key=_once(pk),
                )
            )
        elif message.text != body:
            changes.append((message.pk, {"text": message.text}, {"text": body}))
            message.text = body
            changed.append(message)
    insert(fresh)
    record_created(session.change_set, fresh)
    save_columns(changed, ["text"])
    record_updated(session.change_set, Message, changes)
    born = {row.pk for _entry, row in applied.created}
    return [one.ticket_id for one in (*changed, *fresh) if one.ticket_id not in born]


def _once(ticket_id: int) -> str:
    return f"import of {ticket_id}"


def _states(applied: Applied, session: Session) -> list[int]:
    """What the rows say that their tickets are: one event each, as of the import that first says so."""
    wanted = {
        row.pk: (row, entry.values["status"])
        for entry, row in (*applied.created, *applied.updated, *applied.unchanged)
        if entry.values.get("status") in TELLS_OF
    }
    born = {row.pk for _entry, row in applied.created}
    known = {}
    if old := wanted.keys() - born:
        keys = [_status_key(wanted[pk][0]) for pk in old]
        said = TicketEvent.objects.filter(external_source=session.source, external_id__in=keys)
        known = {event.ticket_id: event for event in said}
    now = timezone.now()
    fresh, changed, changes = [], [], []
    for pk, (row, status) in wanted.items():
        event = known.get(pk)
        # Never before its opening, whatever clock that was read from.
        after = {"kind": TELLS_OF[status], "after": status, "at": max(now, row.opened_at)}
        if event is None:
            made = TicketEvent(ticket_id=pk, external_source=session.source, **after)
            made.external_id = _status_key(row)
            fresh.append(made)
        elif event.after != status:
            changes.append((event.pk, {name: getattr(event, name) for name in after}, after))
            for name, value in after.items():
                setattr(event, name, value)
            changed.append(event)
    insert(fresh)
    record_created(session.change_set, fresh)
    save_columns(changed, ["kind", "after", "at"])
    record_updated(session.change_set, TicketEvent, changes)
    return [event.ticket_id for event in (*changed, *fresh) if event.ticket_id not in born]


def _status_key(row: Any) -> str:
    return facts.own_key([row.external_id, "status"])


def _tell(applied: Applied, queue: Queue, session: Session) -> None:
    """The customer's timeline tells of the openings."""
    told = [
        Interaction(
            customer_id=row.customer_id,
            kind=Interaction.Kind.TICKET,
            direction=Interaction.Direction.IN,
            channel=row.channel,
            occurred_at=row.opened_at,
            summary=telling.summary(row, is_private=queue.is_private),
            by=session.by,
            about_model="support.ticket",
            about_id=row.pk,
        )
        for entry, row in applied.created
        if _counts(entry)
    ]
    insert(told)
    bring_forward(told)
    record_created(session.change_set, told)


def _counts(entry: Entry) -> bool:
    """Neither spam nor merged into another: those never passed between us."""
    return entry.values.get("status") not in Ticket.VOID_STATES


TICKETS = TicketKind(
    name="tickets",
    model=Ticket,
    columns=(
        EXTERNAL_ID,
        CUSTOMER,
        Column("subject", text(LONGEST_SUBJECT)),
        Column("body", text(100_000)),
        Column("category", text(80)),
        Column("priority", cells.priority),
        Column("opened_at", instant, required=True),
        Column("status", cells.state),
    ),
    fields=partial(ticket_fields, {}),
    at=at("opened_at"),
    natural_key=("customer", "opened_at", "subject"),
)
