"""Reads of the post room, and the claim on which sending once rests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.utils import timezone

if TYPE_CHECKING:
    from mail.models import OutgoingEmail, Suppression

# Longer than the slowest conversation with a server can last (mail.transport.TIMEOUT per reply).
LEASE = timedelta(minutes=10)
# Beyond this, a count is "10,000+".
CAP = 10_000
# The streams that a person can opt out of; each has a scope of the same name.
LEAVABLE = ("surveys", "outreach")


class OutgoingEmailQuerySet(QuerySet["OutgoingEmail"]):
    def about(self, model: str, ids: Iterable[int]) -> Self:
        """The messages that tell of these records: about("surveys.invitation", [5])."""
        return self.filter(about_model=model, about_id__in=ids)

    def for_list(self) -> Self:
        """What a row of the outbox shows: not the message itself, which may be long."""
        return self.defer("text", "html", "headers")

    def to_address_beginning(self, text: str) -> Self:
        return self.filter(to_address__startswith=text.lower()) if text else self

    def count_by_state(self) -> dict[str, int]:
        """How many messages are in each state, in one query that never counts far beyond the cap."""
        table = connection.ops.quote_name(self.model._meta.db_table)
        states = [str(state) for state in self.model.State]
        counting = "(SELECT count(*) FROM (SELECT 1 FROM {} WHERE state = %s LIMIT %s) AS few)"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join([counting.format(table)] * len(states))}",
                [value for state in states for value in (state, CAP + 1)],
            )
            found = cursor.fetchone()
        return dict(zip(states, found, strict=True))

    def due(self) -> Self:
        """Queued and due, expired or not, oldest first."""
        waiting = self.filter(state="queued", due_at__lte=timezone.now())
        return waiting.order_by("due_at", "id")

    def expired(self) -> Self:
        return self.filter(expires_at__lte=timezone.now())

    def unwanted(self) -> Self:
        """To an address that is suppressed for the message's stream."""
        return self.filter(_unwanted())

    def claim(self, outgoing_id: int, *, holder: str, **sender: str) -> bool:
        """Take a message for sending; exactly one of several who try is told True.

        One conditional UPDATE: queued, due, not expired and its address not suppressed at this
        very moment becomes `sending`, with a lease and `sender` (message_id, from_address, from_name).
        Nothing may touch the network before this has committed.
        """
        now = timezone.now()
        mine = self.due().order_by().filter(~_unwanted(), pk=outgoing_id)
        mine = mine.filter(Q(expires_at=None) | Q(expires_at__gt=now))
        return (
            mine.update(
                state="sending",
                lease_holder=holder,
                lease_until=now + LEASE,
                attempts=F("attempts") + Value(1),
                detail="",
                **sender,
            )
            == 1
        )

    def abandoned(self) -> Self:
        """In a worker's hands for longer than the lease: nobody knows whether they were sent."""
        return self.filter(state="sending", lease_until__lte=timezone.now())


def _unwanted() -> Q:
    suppressions = apps.get_model("mail", "Suppression").objects.blocking(OuterRef("stream"))
    standing = suppressions.filter(address=Lower(OuterRef("to_address")))
    return Q(Exists(standing), stream__in=LEAVABLE)


class SuppressionQuerySet(QuerySet["Suppression"]):
    def active(self) -> Self:
        return self.filter(released_at=None)

    def blocking(self, stream: str | OuterRef) -> Self:
        """Those that stop mail of a stream; replies and account mail can't be stopped."""
        return self.active().filter(Q(scope="all") | Q(scope=stream))

    def suppressed_addresses(self, stream: str, addresses: Iterable[str]) -> set[str]:
        """Which of these, in lower case, get no mail of this stream; one query per thousand."""
        if stream not in LEAVABLE:
            return set()
        asked = sorted({address.lower() for address in addresses})
        found: set[str] = set()
        for start in range(0, len(asked), 1000):
            few = self.blocking(stream).filter(address__in=asked[start : start + 1000])
            found.update(few.values_list("address", flat=True))
        return found
