"""The columns of a ticket that follow from its events, for one ticket or a million.

From events of these kinds alone, in the order of (at, id):

- first_replied_at: the first REPLIED, which only a human's public message makes. A reply that was
  taken back leaves none behind.
- first_resolved_at, last_resolved_at: the earliest and the latest RESOLVED. Imported tickets may
  be solved several times without having been opened again, or before they were opened: kept as it
  is, the figures say that it is invalid.
- first_reopened_at: the first REOPENED at or after first_resolved_at.
- closed_at: the last CLOSED, unless a REOPENED follows it.
- replies_to_solve: how many REPLIED until first_resolved_at, that instant included; all while it
  has not been solved.
- last_inbound_at: the last RECEIVED that is more than thanks; automatic mail makes no RECEIVED.
- last_outbound_at: the last REPLIED. last_activity_at: the latest of both and the opening.
- *_business_seconds: from the opening, by the hours in force then; none for what came before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from crm.batches import batches
from staff.bulk import save_columns
from support import terms
from support.models import Ticket, TicketEvent
from support.spans import rebuild_spans

Kind = TicketEvent.Kind

COLUMNS = (
    "first_replied_at",
    "first_resolved_at",
    "last_resolved_at",
    "first_reopened_at",
    "closed_at",
    "replies_to_solve",
    "first_reply_business_seconds",
    "first_resolution_business_seconds",
    "last_resolution_business_seconds",
    "last_inbound_at",
    "last_outbound_at",
    "last_activity_at",
)
TOLD_BY = (Kind.RECEIVED, Kind.REPLIED, Kind.RESOLVED, Kind.REOPENED, Kind.CLOSED)
# In `after` of a RECEIVED: it neither counts nor opens anything again.
THANKS = "thanks"
# What the column takes.
MOST_REPLIES = 32_767

# (kind, at, after), in order.
Told = tuple[str, datetime, str]


def project(ticket: Ticket, told: Sequence[Told]) -> None:
    """Set all of COLUMNS but the business seconds on the instance; saves nothing."""
    replied = [at for kind, at, _after in told if kind == Kind.REPLIED]
    resolved = [at for kind, at, _after in told if kind == Kind.RESOLVED]
    received = [at for kind, at, after in told if kind == Kind.RECEIVED and after != THANKS]
    first = min(resolved, default=None)
    ticket.first_replied_at = min(replied, default=None)
    ticket.first_resolved_at = first
    ticket.last_resolved_at = max(resolved, default=None)
    ticket.first_reopened_at = _reopened(told, first)
    ticket.closed_at = _closed(told)
    until = sum(1 for at in replied if first is None or at <= first)
    ticket.replies_to_solve = min(until, MOST_REPLIES)
    ticket.last_inbound_at = max(received, default=None)
    ticket.last_outbound_at = max(replied, default=None)
    ticket.last_activity_at = max([ticket.opened_at, *received, *replied])


def _reopened(told: Sequence[Told], solved_at: datetime | None) -> datetime | None:
    if solved_at is None:
        return None
    again = (at for kind, at, _after in told if kind == Kind.REOPENED and at >= solved_at)
    return min(again, default=None)


def _closed(told: Sequence[Told]) -> datetime | None:
    closed_at = None
    for kind, at, _after in told:
        if kind == Kind.CLOSED:
            closed_at = at
        elif kind == Kind.REOPENED:
            closed_at = None
    return closed_at


def of_ticket(ticket: Ticket) -> list[str]:
    """Bring the instance in line with its events; the columns that changed, nothing saved."""
    [changed] = _brought_in_line([ticket])
    return changed


@transaction.atomic
def rebuild(ticket_ids: Iterable[int]) -> int:
    """Bring the columns and the open spans of these tickets in line; how many tickets differed.

    Per thousand: tickets, events, one write where something differs, and the spans' five.
    """
    differed = 0
    for batch in batches(ticket_ids):
        locked = Ticket.objects.select_for_update(no_key=True).filter(pk__in=batch).order_by("pk")
        tickets = list(locked.only("pk", "opened_at", *COLUMNS))
        changed = [
            one for one, columns in zip(tickets, _brought_in_line(tickets), strict=True) if columns
        ]
        save_columns(changed, COLUMNS)
        rebuild_spans(batch)
        differed += len(changed)
    return differed


def differing(ticket_ids: Iterable[int]) -> list[int]:
    """Those whose columns are not what their events say: for the nightly check, changes nothing."""
    found: list[int] = []
    for batch in batches(ticket_ids):
        tickets = list(Ticket.objects.filter(pk__in=batch).only("pk", "opened_at", *COLUMNS))
        lines = zip(tickets, _brought_in_line(tickets), strict=True)
        found += [ticket.pk for ticket, columns in lines if columns]
    return found


def _brought_in_line(tickets: Sequence[Ticket]) -> list[list[str]]:
    """Project each; the columns of each that changed."""
    told: dict[int, list[Told]] = defaultdict(list)
    events = TicketEvent.objects.filter(
        ticket__in=[ticket.pk for ticket in tickets], kind__in=TOLD_BY
    )
    columns = ("ticket_id", "kind", "at", "after")
    for pk, kind, at, after in events.order_by("at", "pk").values_list(*columns):
        told[pk].append((kind, at, after))
    before = [[getattr(ticket, column) for column in COLUMNS] for ticket in tickets]
    for ticket in tickets:
        project(ticket, told[ticket.pk])
    measure(tickets)
    return [
        [column for column, was in zip(COLUMNS, had, strict=True) if getattr(ticket, column) != was]
        for ticket, had in zip(tickets, before, strict=True)
    ]


MEASURED = (
    ("first_replied_at", "first_reply_business_seconds"),
    ("first_resolved_at", "first_resolution_business_seconds"),
    ("last_resolved_at", "last_resolution_business_seconds"),
)


def measure(tickets: Sequence[Ticket]) -> None:
    """Set the business seconds of what has happened, by the hours in force at each opening."""
    if not any(getattr(ticket, at) for ticket in tickets for at, _seconds in MEASURED):
        for ticket in tickets:
            for _at, seconds in MEASURED:
                setattr(ticket, seconds, None)
        return
    seconds_between = terms.agreement().seconds_between
    for ticket in tickets:
        for at, seconds in MEASURED:
            instant = getattr(ticket, at)
            known = instant is not None and instant >= ticket.opened_at
            setattr(ticket, seconds, seconds_between(ticket.opened_at, instant) if known else None)
