"""What became of an outreach: how many got it, and what they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from crm.models import Outreach, OutreachMessage
from mail.models import DeliveryEvent, OutgoingEmail

State = OutreachMessage.State
Mail = OutgoingEmail.State
# What a row of the list of messages can be asked for, by its name in the address.
KINDS: dict[str, Q] = {
    "queued": Q(state=State.QUEUED),
    "answered": Q(answered_at__isnull=False),
    "came_back": Q(came_back_at__isnull=False),
    "bounced": Q(outgoing__state=Mail.BOUNCED),
    "skipped": Q(state=State.SKIPPED),
    "pending": Q(state=State.PENDING),
    "cancelled": Q(state=State.CANCELLED),
}


@dataclass(frozen=True)
class Results:
    """Counts of one outreach's messages; `written` is those whose mail was made."""

    written: int
    waiting: int
    sent: int
    delivered: int
    bounced: int
    unsubscribed: int
    answered: int
    came_back: int
    cancelled: int

    @property
    def total(self) -> int:
        return self.written + self.waiting + self.cancelled


def results(outreach: Outreach) -> Results:
    """In one query."""
    left = Exists(
        DeliveryEvent.objects.filter(
            outgoing=OuterRef("outgoing"), type=DeliveryEvent.Type.UNSUBSCRIBE
        )
    )
    queued = Q(state=State.QUEUED)
    counts = outreach.messages.aggregate(
        written=Count("pk", filter=queued),
        waiting=Count("pk", filter=Q(state=State.PENDING)),
        cancelled=Count("pk", filter=Q(state=State.CANCELLED)),
        sent=Count("pk", filter=queued & Q(outgoing__sent_at__isnull=False)),
        delivered=Count("pk", filter=queued & Q(outgoing__state=Mail.DELIVERED)),
        bounced=Count("pk", filter=queued & Q(outgoing__state=Mail.BOUNCED)),
        unsubscribed=Count("pk", filter=queued & Q(left)),
        answered=Count("pk", filter=Q(answered_at__isnull=False)),
        came_back=Count("pk", filter=Q(came_back_at__isnull=False)),
    )
    return Results(**counts)


def left_out(outreach: Outreach) -> list[tuple[str, str, int]]:
    """(reason, in words, how many), the most frequent first."""
    rows = (
        outreach.messages.filter(state=State.SKIPPED)
        .order_by()
        .values_list("reason")
        .annotate(count=Count("pk"))
    )
    return [
        (reason, str(OutreachMessage.Reason(reason).label), count)
        for reason, count in sorted(rows, key=lambda row: (-row[1], row[0]))
    ]


def messages(outreach: Outreach, *, kind: str = "", reason: str = "") -> QuerySet[OutreachMessage]:
    found = outreach.messages.select_related("customer", "outgoing").defer(
        "outgoing__text", "outgoing__html", "outgoing__headers"
    )
    if kind in KINDS:
        found = found.filter(KINDS[kind])
    return found.filter(reason=reason) if reason else found


def with_counts(outreaches: QuerySet[Outreach]) -> QuerySet[Any]:
    """What a row of the list of outreaches shows."""
    return outreaches.select_related("segment").annotate(
        written=Count("messages", filter=Q(messages__state=State.QUEUED)),
        answered=Count("messages", filter=Q(messages__answered_at__isnull=False)),
        came_back=Count("messages", filter=Q(messages__came_back_at__isnull=False)),
    )
