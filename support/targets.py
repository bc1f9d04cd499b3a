"""Service-level targets as rows: what the clock makes of a ticket's events, for one or a million.

A target's row and `next_due_at` follow from the ticket's events and the versions of hours and
service levels alone. What holds for a ticket is what was in force at its opening, and each change since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from crm.batches import batches
from staff.bulk import insert_rows, save_columns
from support import clock, terms
from support.models import SlaTarget, Ticket, TicketEvent
from support.projection import THANKS
from support.states import LEADS_TO, STEPS

Kind = TicketEvent.Kind
State = Ticket.State
STATES = frozenset(State.values)
TOLD_BY = (*STEPS, Kind.RECEIVED, Kind.REPLIED, Kind.WITHDRAWN, Kind.PRIORITY)
COLUMNS = (
    "policy_version_id",
    "calendar_version_id",
    "minutes",
    "started_at",
    "due_at",
    "warn_at",
    "met_at",
    "missed_at",
    "cancelled_at",
)
KEY = ("ticket_id", "kind", "occurrence")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Told:
    """An event, as far as the clock listens."""

    kind: str
    at: datetime
    before: str
    after: str
    message: int | None


@dataclass
class Changes:
    """What differs between the rows of some tickets and what their events say."""

    new: list[SlaTarget] = field(default_factory=list)
    changed: list[SlaTarget] = field(default_factory=list)
    gone: list[SlaTarget] = field(default_factory=list)
    # Tickets whose next due time is another one.
    moved: list[Ticket] = field(default_factory=list)
    # What the tickets' logs say of it.
    events: list[TicketEvent] = field(default_factory=list)

    @property
    def tickets(self) -> set[int]:
        rows = (*self.new, *self.changed, *self.gone)
        return {row.ticket_id for row in rows} | {ticket.pk for ticket in self.moved}

    def write(self) -> None:
        if self.new:
            values = ([getattr(row, name) for name in (*KEY, *COLUMNS)] for row in self.new)
            insert_rows(SlaTarget, (*KEY, *COLUMNS), values)
        save_columns(self.changed, (*COLUMNS, "warned_at"))
        if self.gone:
            SlaTarget.objects.filter(pk__in=[row.pk for row in self.gone]).delete()
        save_columns(self.moved, ("next_due_at",))
        TicketEvent.objects.bulk_create(self.events)


def refresh(tickets: Sequence[Ticket], *, at: datetime, tells: bool = True) -> int:
    """Bring the targets of these tickets in line with their events; how many tickets differed.

    Their rows are locked by the caller's transaction. `tells`: what was missed, and what another
    priority or other service levels made of a due time, is said in each ticket's log. Queries are the
    same for one ticket and for a thousand.
    """
    changes = _changes(tickets, at, until=max(at, timezone.now()), tells=tells)
    changes.write()
    return len(changes.tickets)


def planned(ticket: Ticket, told: Sequence[Told], agreed: terms.Agreement) -> Changes:
    """The targets of a ticket that is about to be written: its first, to be written after it.

    Sets its `next_due_at`. What `refresh` would make of it, without asking for what is not there.
    """
    changes, at = Changes(), timezone.now()
    found = clock.targets(*history(ticket, told, agreed), until=at)
    _compare(ticket, found, {}, changes, _Log(ticket, ticket.opened_at))
    changes.moved.clear()
    return changes


def rebuild(ticket_ids: Iterable[int], *, now: datetime | None = None, tells: bool = False) -> int:
    """Bring the targets of any number of tickets in line, as after an import; how many differed."""
    now = now or timezone.now()
    differed = 0
    for batch in batches(ticket_ids):
        with transaction.atomic():
            locked = (
                Ticket.objects.select_for_update(no_key=True).filter(pk__in=batch).order_by("pk")
            )
            differed += refresh(list(locked.only(*_NEEDED)), at=now, tells=tells)
    return differed


def differing(ticket_ids: Iterable[int], *, now: datetime | None = None) -> list[int]:
    """Those whose rows are not what their events say; changes nothing."""
    now = now or timezone.now()
    found: list[int] = []
    for batch in batches(ticket_ids):
        tickets = Ticket.objects.filter(pk__in=batch).only(*_NEEDED)
        found += sorted(_changes(list(tickets), now, until=now, tells=False).tickets)
    return found


_NEEDED = ("pk", "opened_at", "state", "priority", "next_due_at", "version")


def _changes(tickets: Sequence[Ticket], at: datetime, *, until: datetime, tells: bool) -> Changes:
    """Reads events, versions and rows: four queries."""
    agreed = terms.agreement()
    told: dict[int, list[Told]] = defaultdict(list)
    stored: dict[int, dict[tuple[str, int], SlaTarget]] = defaultdict(dict)
    ids = [ticket.pk for ticket in tickets]
    columns = ("ticket_id", "kind", "at", "before", "after", "message_id")
    events = TicketEvent.objects.filter(ticket__in=ids, kind__in=TOLD_BY).order_by("at", "pk")
    for pk, *one in events.values_list(*columns):
        told[pk].append(Told(*one))
    for row in SlaTarget.objects.filter(ticket__in=ids):
        stored[row.ticket_id][row.kind, row.occurrence] = row
    changes = Changes()
    for ticket in tickets:
        found = clock.targets(*history(ticket, told[ticket.pk], agreed), until=until)
        _compare(ticket, found, stored[ticket.pk], changes, _Log(ticket, at) if tells else None)
    return changes


def history(
    ticket: Ticket, told: Sequence[Told], agreed: terms.Agreement
) -> tuple[clock.Opening, list[clock.Event]]:
    """What the clock reads: the opening, and what came after it."""
    withdrawn = {one.message for one in told if one.kind == Kind.WITHDRAWN and one.message}
    priority = next((one.before for one in told if one.kind == Kind.PRIORITY), "")
    opening = clock.Opening(
        ticket.opened_at, agreed.at(ticket.opened_at), priority or str(ticket.priority)
    )
    events: list[clock.Event] = [*agreed.since(ticket.opened_at)]
    state, last = opening.state, ticket.opened_at
    for one in told:
        if (event := _event(one, withdrawn)) is not None:
            events.append(event)
        if isinstance(event, clock.Moved):
            state = event.state
        last = max(last, one.at)
    if state != ticket.state:
        # An import may know how a ticket stands, but not since when: what ended is not judged.
        known = ticket.state if ticket.state in clock.LIVING else State.CLOSED
        events.append(clock.Moved(last, str(known)))
    return opening, events


def _event(one: Told, withdrawn: set[int]) -> clock.Event | None:
    if one.kind == Kind.RECEIVED:
        return clock.CustomerWrote(one.at) if one.after != THANKS else None
    if one.kind == Kind.REPLIED:
        return clock.HumanReplied(one.at) if one.message not in withdrawn else None
    if one.kind == Kind.PRIORITY:
        return clock.Prioritised(one.at, one.after)
    after = one.after if one.after in STATES else LEADS_TO.get(one.kind, "")
    return clock.Moved(one.at, str(after)) if after else None


# A kind of target, when it was due, and when it is.
Move = tuple[str, datetime | None, datetime | None]


@dataclass(frozen=True)
class _Log:
    """What is said about one ticket's due times."""

    ticket: Ticket
    at: datetime

    def missed(self, row: SlaTarget) -> TicketEvent:
        return self._event(Kind.MISSED, at=row.missed_at or self.at, after=row.kind)

    def changed(self, moves: Sequence[Move]) -> TicketEvent:
        """ "first_reply 2026-11-23T16:00:00+00:00, solution": a kind alone while nothing is due."""
        before = ", ".join(_due(kind, due_at) for kind, due_at, _after in moves)
        after = ", ".join(_due(kind, due_at) for kind, _before, due_at in moves)
        return self._event(Kind.DUE_CHANGED, at=self.at, before=before, after=after)

    def _event(self, kind: str, *, at: datetime, before: str = "", after: str = "") -> TicketEvent:
        return TicketEvent(
            ticket=self.ticket,
            kind=kind,
            at=at,
            before=before,
            after=after,
            version=self.ticket.version,
        )


def _due(kind: str, due_at: datetime | None) -> str:
    return f"{kind} {due_at.isoformat()}" if due_at else kind


def _compare(
    ticket: Ticket,
    found: Sequence[clock.Target],
    stored: dict[tuple[str, int], SlaTarget],
    changes: Changes,
    log: _Log | None,
) -> None:
    """Put down how the ticket's rows differ from the targets found."""
    rows: list[SlaTarget] = []
    moves: list[Move] = []
    for target in found:
        row = stored.pop((target.kind, target.number), None)
        was = _Was.of(row)
        row = row or SlaTarget(ticket=ticket, kind=target.kind, occurrence=target.number)
        rows.append(row)
        if not _set(row, target):
            continue
        (changes.new if row._state.adding else changes.changed).append(row)
        if log is not None and _is_measured_anew(row, was, log.at) and row.due_at != was.due_at:
            moves.append((row.kind, was.due_at, row.due_at))
        if log is not None and row.missed_at and not was.missed_at:
            changes.events.append(log.missed(row))
    changes.gone += stored.values()
    moves += [(row.kind, row.due_at, None) for row in stored.values() if row.due_at]
    if log is not None and moves:
        changes.events.append(log.changed(moves))
    next_due_at = next_due(ticket, rows)
    if ticket.next_due_at != next_due_at:
        ticket.next_due_at = next_due_at
        changes.moved.append(ticket)


@dataclass(frozen=True)
class _Was:
    """A row before it is changed; nothing of one that is new."""

    measured_by: tuple[int, int, int] | None = None
    due_at: datetime | None = None
    missed_at: datetime | None = None

    @classmethod
    def of(cls, row: SlaTarget | None) -> _Was:
        return cls(_measured_by(row), row.due_at, row.missed_at) if row else cls()


def _measured_by(row: SlaTarget) -> tuple[int, int, int]:
    return row.minutes, row.policy_version_id, row.calendar_version_id


def _is_measured_anew(row: SlaTarget, was: _Was, at: datetime) -> bool:
    """Whether another priority or other terms gave it its length; not one that begins just now."""
    return _measured_by(row) != was.measured_by and row.started_at < at


def _set(row: SlaTarget, target: clock.Target) -> bool:
    """Make the row say what the target does; whether it said anything else."""
    values = {
        "policy_version_id": target.terms.policy,
        "calendar_version_id": target.terms.calendar,
        "minutes": target.goal // MINUTE,
        "started_at": target.started_at,
        "due_at": target.due_at,
        "warn_at": target.warn_at,
        "met_at": target.met_at,
        "missed_at": target.missed_at,
        "cancelled_at": target.cancelled_at,
    }
    if not row._state.adding and all(getattr(row, name) == values[name] for name in COLUMNS):
        return False
    if row.minutes != values["minutes"]:
        row.warned_at = None  # another length: whoever is responsible hears of it again
    for name in COLUMNS:
        setattr(row, name, values[name])
    return True


def next_due(ticket: Ticket, rows: Iterable[SlaTarget]) -> datetime | None:
    """The first due time of what is owed, also when it has passed; None while no clock runs."""
    if ticket.state not in clock.RUNNING:
        return None
    owed = (row for row in rows if row.met_at is None and row.cancelled_at is None)
    return min((row.due_at for row in owed if row.due_at), default=None)
