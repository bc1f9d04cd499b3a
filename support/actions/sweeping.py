"""What time does to tickets: a batch at a time, each its own transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from support import desk
from support.events import Change, Kind, write_all
from support.models import Ticket
from support.querysets import TicketQuerySet

State = Ticket.State
BATCH = 500


@transaction.atomic
def close_solved() -> int:
    """Close tickets solved so many days ago that nothing more is to be expected; how many.

    Nothing changes in what follows from them: solved and closed are both an end. Until then, and
    as the desk's rules say after that, the customer's answer opens them again.
    """
    now = timezone.now()
    days = timedelta(days=desk.settings().closes_after_days)
    due = Ticket.objects.filter(state=State.SOLVED, last_resolved_at__lte=now - days)
    return _each(due.order_by("last_resolved_at"), lambda change: change.move(State.CLOSED))


@transaction.atomic
def wake_snoozed() -> int:
    """Bring back into the lists what was snoozed until now; how many."""
    due = Ticket.objects.filter(snoozed_until__lte=timezone.now())
    return _each(due.order_by("snoozed_until"), _wake)


def _wake(change: Change) -> None:
    until = change.ticket.snoozed_until
    change.note(Kind.AWOKEN, before=until.isoformat() if until else "")
    change.set(snoozed_until=None)


def _each(due: TicketQuerySet, act: Callable[[Change], None]) -> int:
    now = timezone.now()
    keys = list(due.values_list("pk", flat=True)[:BATCH])
    # Asked again once they are locked: somebody may have been faster.
    still = due.filter(pk__in=keys).order_by("pk").select_for_update()
    changes = [Change(ticket=ticket, at=now) for ticket in still]
    for change in changes:
        act(change)
    write_all(changes)
    return len(changes)
