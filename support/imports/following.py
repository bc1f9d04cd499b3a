"""What follows from imported tickets and events: the state, the projections, what search finds."""

from __future__ import annotations

from collections.abc import Iterable

from crm.imports.session import Session
from staff.bulk import save_columns
from staff.changes import record_updated
from support import projection, search, targets
from support.models import SlaTarget, Ticket, TicketEvent
from support.states import STEPS, VOID

Kind = TicketEvent.Kind
# These decide whether a ticket counts at all, whatever else is told of it.
VOIDING = {Kind.SPAM, Kind.NOT_SPAM, Kind.MERGED, Kind.UNMERGED}


def follow(ticket_ids: Iterable[int], session: Session, *, words: bool = False) -> None:
    """Bring these tickets in line with their events, and with `words` what they are found by."""
    ids = sorted(set(ticket_ids))
    if not ids:
        return
    _set_states(ids, session)
    projection.rebuild(ids)
    if words:
        search.index(ids)
    targets.rebuild(_promised(ids))


def _promised(ids: list[int]) -> set[int]:
    """Those that are known to be open, and those to which something was promised here before.

    Of the rest nobody can say whether it still waits, or nobody promised anything about it here.
    """
    told = TicketEvent.objects.filter(ticket__in=ids, kind__in=STEPS).values("ticket")
    is_open = Ticket.objects.filter(pk__in=ids).open().filter(pk__in=told)
    has_targets = SlaTarget.objects.filter(ticket__in=ids)
    return {
        *is_open.values_list("pk", flat=True),
        *has_targets.values_list("ticket_id", flat=True),
    }


def _set_states(ids: list[int], session: Session) -> None:
    told = TicketEvent.objects.filter(ticket__in=ids, kind__in=STEPS).exclude(after="")
    last: dict[int, str] = {}
    void: dict[int, str] = {}
    for pk, kind, after in told.order_by("at", "pk").values_list("ticket_id", "kind", "after"):
        last[pk] = after
        if kind in VOIDING:
            void[pk] = after
    last |= {pk: state for pk, state in void.items() if state in VOID}
    changed = []
    moved = []
    for ticket in Ticket.objects.filter(pk__in=last).only("pk", "state"):
        if ticket.state != last[ticket.pk]:
            moved.append((ticket.pk, {"state": ticket.state}, {"state": last[ticket.pk]}))
            ticket.state = last[ticket.pk]
            changed.append(ticket)
    save_columns(changed, ["state"])
    record_updated(session.change_set, Ticket, moved)
