"""How a ticket changes: locked, told of in events, counted up, and its projections in step.

    with changing(ticket, by=by) as change:
        change.move("solved")

Whatever is noted is written at the end in the same transaction, with one more `version`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from staff.bulk import insert_together, save_columns
from support import notifications, projection, search, targets
from support.models import Message, OpenSpan, Ticket, TicketEvent
from support.spans import BEGINS, ENDS, rebuild_spans
from support.states import VOID, event_kind

if TYPE_CHECKING:
    from staff.models import User

Kind = TicketEvent.Kind
Actor = TicketEvent.Actor
# A change in these is found by other words.
SEARCHED = {"subject", "customer", "contact"}


@dataclass
class Change:
    """What is about to happen to one ticket, whose row is locked; `ticket` is as it is now."""

    ticket: Ticket
    at: datetime
    by: User | None = None
    actor: str = Actor.SYSTEM
    events: list[TicketEvent] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)

    def note(
        self,
        kind: str,
        *,
        before: object = "",
        after: object = "",
        message: Message | None = None,
        actor: str = "",
    ) -> TicketEvent:
        """Another event; what it changed is shown as it is called at this moment."""
        event = TicketEvent(
            ticket=self.ticket,
            kind=kind,
            at=self.at,
            actor=actor or self.actor,
            by=self.by,
            before=str(before)[:250],
            after=str(after)[:250],
            message=message,
        )
        self.events.append(event)
        return event

    def set(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self.ticket, name, value)
            self.columns.add(name)

    def move(self, to: str, *, message: Message | None = None) -> None:
        """To another state, with its event; the caller knows that it may follow."""
        before = self.ticket.state
        self.note(event_kind(before, to), before=before, after=to, message=message)
        self.set(state=to)
        if to not in Ticket.OPEN_STATES and self.ticket.snoozed_until is not None:
            self.set(snoozed_until=None)

    @property
    def moves_spans(self) -> bool:
        # A reply that was taken back may have solved it.
        return any(
            event.kind in {*ENDS, *BEGINS, Kind.WITHDRAWN}
            or event.before in VOID
            or event.after in VOID
            for event in self.events
        )

    def write_first(self, first: targets.Changes, *rows: Model) -> None:
        """The events and `first` targets of a ticket that was made just now, and before them the
        `rows` that they refer to, if these are not written yet: all in one go."""
        for event in self.events:
            event.version = self.ticket.version
        span = OpenSpan(ticket=self.ticket, started_at=self.ticket.opened_at)
        insert_together([*rows, *self.events, *first.events, span, *first.new])
        if self.ticket.assignee_id is not None:  # nobody watches it yet
            notifications.tell_of(self.ticket, self.events)

    def write(self) -> None:
        if not self.events and not self.columns:
            return
        ticket = self.ticket
        self.set(version=ticket.version + 1)
        for event in self.events:
            event.version = ticket.version
        TicketEvent.objects.bulk_create(self.events)
        self.columns.update(projection.of_ticket(ticket))
        ticket.save(update_fields=self.columns)
        if self.columns & SEARCHED:
            search.index([ticket.pk])
        if self.moves_spans:
            rebuild_spans([ticket.pk])
        keep_promised_times(ticket, self.at)
        notifications.tell_of(ticket, self.events)


def write_all(changes: Sequence[Change]) -> None:
    """Write many at once, of tickets whose rows are locked: as many queries for one as for a
    thousand. Nobody is written to."""
    if not changes:
        return
    tickets = [change.ticket for change in changes]
    for change in changes:
        change.set(version=change.ticket.version + 1)
        for event in change.events:
            event.version = change.ticket.version
    save_columns(tickets, sorted({name for change in changes for name in change.columns}))
    TicketEvent.objects.bulk_create(event for change in changes for event in change.events)
    projection.rebuild(ticket.pk for ticket in tickets)
    targets.refresh(tickets, at=changes[0].at)


@contextmanager
def changing(
    ticket: Ticket, *, by: User | None, at: datetime | None = None, actor: str = ""
) -> Iterator[Change]:
    """Lock the ticket's row and write, at the end, what was noted; nothing noted writes nothing.

    By whoever acts: staff when `by` is given, else the system unless `actor` says otherwise.
    """
    with transaction.atomic():
        rows = Ticket.objects.select_for_update(of=("self",), no_key=True)
        row = rows.select_related("queue", "customer").get(pk=ticket.pk)
        change = Change(
            ticket=row,
            at=at or timezone.now(),
            by=by,
            actor=actor or (Actor.STAFF if by else Actor.SYSTEM),
        )
        yield change
        change.write()


def keep_promised_times(ticket: Ticket, now: datetime) -> None:
    """The ticket's service-level targets follow what happened to it."""
    targets.refresh([ticket], at=now)
