"""When tickets were open: spans rebuilt from their events, changed only where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from crm.batches import batches
from staff.bulk import save_columns
from support.models import OpenSpan, Ticket, TicketEvent

Kind = TicketEvent.Kind
ENDS = {Kind.RESOLVED, Kind.CLOSED}
BEGINS = {Kind.REOPENED}
Span = tuple[datetime, datetime | None]


def spans(opened_at: datetime, events: Iterable[tuple[str, datetime]]) -> list[Span]:
    """The intervals in which a ticket was open; `events` (kind, at) in their order.

    Solved again without having been opened again, it was simply solved before; an end that is not
    after its beginning (an import's mistake) leaves no span.
    """
    found: list[Span] = []
    since: datetime | None = opened_at
    for kind, at in events:
        if kind in ENDS and since is not None:
            if at > since:
                found.append((since, at))
            since = None
        elif kind in BEGINS and since is None:
            since = max(at, opened_at)
    if since is not None:
        found.append((since, None))
    return _merged(found)


def _merged(found: Sequence[Span]) -> list[Span]:
    """Touching or overlapping spans as one: opened again at the instant of its solution."""
    union: list[Span] = []
    for start, end in sorted(found, key=lambda span: span[0]):
        if union and (union[-1][1] is None or start <= union[-1][1]):
            last_start, last_end = union[-1]
            union[-1] = (
                last_start,
                None if last_end is None or end is None else max(last_end, end),
            )
        else:
            union.append((start, end))
    return union


@transaction.atomic
def rebuild_spans(ticket_ids: Iterable[int]) -> None:
    """Bring the spans of these tickets in line with their events: five queries per batch."""
    for batch in batches(ticket_ids):
        _rebuild(batch)


def _rebuild(ids: Sequence[int]) -> None:
    events: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    told = TicketEvent.objects.filter(ticket__in=ids, kind__in=ENDS | BEGINS)
    for pk, kind, at in told.order_by("at", "pk").values_list("ticket_id", "kind", "at"):
        events[pk].append((kind, at))
    tickets = Ticket.objects.filter(pk__in=ids).counted()
    wanted = {
        (pk, start): end
        for pk, opened_at in tickets.values_list("pk", "opened_at")
        for start, end in spans(opened_at, events[pk])
    }
    gone, changed = [], []
    for known in OpenSpan.objects.filter(ticket__in=ids):
        key = (known.ticket_id, known.started_at)
        if key not in wanted:
            gone.append(known.pk)
        elif known.ended_at != (end := wanted.pop(key)):
            known.ended_at = end
            changed.append(known)
    # Ends first: a ticket has at most one span without an end.
    OpenSpan.objects.filter(pk__in=gone).delete()
    ended = [span for span in changed if span.ended_at is not None]
    opened = [span for span in changed if span.ended_at is None]
    for some in (ended, opened):
        if some:
            save_columns(some, ["ended_at"])
    OpenSpan.objects.bulk_create(
        OpenSpan(ticket_id=pk, started_at=start, ended_at=end)
        for (pk, start), end in wanted.items()
    )
