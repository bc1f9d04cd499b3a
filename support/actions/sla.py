"""What time does to tickets: due times come near and pass, and new service levels reach the open ones.

Each pass finds its work in rows, so running any of it twice, or at once, changes nothing more.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from support import notifications, targets
from support.models import NewTerms, SlaTarget, Ticket, TicketEvent

BATCH = 200
# Tickets for which a clock may run, or run again: what is closed keeps what it was promised.
FOLLOWING = (*Ticket.OPEN_STATES, Ticket.State.SOLVED)


def miss_overdue(now: datetime | None = None) -> int:
    """Note what was due before `now` and is not done as missed at its due time; how many tickets."""
    now = now or timezone.now()
    overdue = _running().filter(due_at__lt=now).order_by("due_at")
    missed = 0
    while found := sorted(set(overdue.values_list("ticket_id", flat=True)[:BATCH])):
        # A target that turns out to be due later is moved there, so each pass has fewer left.
        if not (differed := targets.rebuild(found, now=now, tells=True)):
            break
        missed += differed
    return missed


def warn(now: datetime | None = None) -> int:
    """Tell who is responsible that a due time comes near, once for each; how many targets."""
    now = now or timezone.now()
    near = _running().filter(warned_at=None, warn_at__lte=now, due_at__gte=now)
    warned = 0
    for pk in list(near.order_by("warn_at").values_list("pk", flat=True)[:BATCH]):
        warned += _warn_of(near.filter(pk=pk), now)
    return warned


@transaction.atomic
def _warn_of(near: QuerySet[SlaTarget], now: datetime) -> bool:
    """One conditional update decides who of several tells of it."""
    row = near.select_related("ticket__queue", "ticket__assignee").first()
    if row is None or not near.update(warned_at=now):
        return False
    TicketEvent.objects.create(
        ticket=row.ticket,
        kind=TicketEvent.Kind.BREACH_NEAR,
        at=now,
        after=row.kind,
        version=row.ticket.version,
    )
    notifications.tell_due_soon(row)
    return True


def follow_new_terms() -> bool:
    """Take the next tickets to the hours and service levels now in force; False when all have arrived."""
    waiting = NewTerms.objects.filter(done_at=None).order_by("pk").first()
    if waiting is None:
        return False
    behind = Ticket.objects.filter(
        pk__gt=waiting.reached, state__in=FOLLOWING, opened_at__lt=waiting.since
    )
    batch = list(behind.order_by("pk").values_list("pk", flat=True)[:BATCH])
    targets.rebuild(batch, tells=True)
    row = NewTerms.objects.filter(pk=waiting.pk)
    if batch:
        # Whoever is slower doesn't take it back.
        row.filter(reached__lt=batch[-1]).update(reached=batch[-1])
    else:
        row.update(done_at=timezone.now())
    return True


def _running() -> QuerySet[SlaTarget]:
    return SlaTarget.objects.filter(met_at=None, missed_at=None, cancelled_at=None)
