"""Reads of the post room, and the claim on which sending once rests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from mail.pseudonyms import pseudonym

if TYPE_CHECKING:
    from mail.models import InboundEmail, OutgoingEmail, Suppression

# Longer than the slowest conversation with a server can last (mail.transport.TIMEOUT per reply).
LEASE = timedelta(minutes=10)
# Beyond this, a count is "10,000+".
CAP = 10_000
# The streams that a person can opt out of; each has a scope of the same name.
LEAVABLE = ("surveys", "outreach")

# By hand: composing these conditions for each message takes longer than sending it. They are those
# of due(), expired() and unwanted(); tests/mail/test_delivery.py holds the two to each other.
CLAIM = """
    UPDATE mail_outgoingemail
    SET state = 'sending', lease_holder = %s, lease_until = %s, attempts = attempts + 1, detail = '',
        message_id = %s, from_address = %s, from_name = %s
    WHERE id = %s AND state = 'queued' AND due_at <= %s AND (expires_at IS NULL OR expires_at > %s)
      AND NOT (stream IN ('surveys', 'outreach') AND (
        EXISTS (
          SELECT 1 FROM mail_suppression
          WHERE released_at IS NULL AND address = LOWER(mail_outgoingemail.to_address)
            AND scope IN (mail_outgoingemail.stream, 'all'))
        OR EXISTS (
          SELECT 1 FROM mail_sendergate WHERE address = %s AND paused_at IS NOT NULL)))
"""


def count_by_state(model: type[Model], states: Iterable[str]) -> dict[str, int]:
    """How many rows are in each state, in one query that never counts far beyond the cap."""
    table = connection.ops.quote_name(model._meta.db_table)
    asked = [str(state) for state in states]
    counting = "(SELECT count(*) FROM (SELECT 1 FROM {} WHERE state = %s LIMIT %s) AS few)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join([counting.format(table)] * len(asked))}",
            [value for state in asked for value in (state, CAP + 1)],
        )
        found = cursor.fetchone()
    return dict(zip(asked, found, strict=True))


class OutgoingEmailQuerySet(QuerySet["OutgoingEmail"]):
    def about(self, model: str, ids: Iterable[int]) -> Self:
        """The messages that tell of these records: about("surveys.invitation", [5])."""
        return self.filter(about_model=model, about_id__in=ids)

    def for_list(self) -> Self:
        """What a row of the outbox shows: not the message itself, which may be long."""
        return self.defer("text", "html", "headers")

    def to_address_beginning(self, text: str) -> Self:
        return self.filter(to_address__startswith=text.lower()) if text else self

    def narrowed(self, *, stream: str = "", address: str = "") -> Self:
        """Of one stream, to addresses that begin so; blank: all."""
        rows = self.filter(stream=stream) if stream else self
        return rows.to_address_beginning(address)

    def worth_retrying(self) -> Self:
        """Failed for a reason that may have passed: not those that no address can receive."""
        events = apps.get_model("mail", "DeliveryEvent").objects
        final = events.filter(outgoing=OuterRef("pk"), type__in=["hard_bounce", "complaint"])
        worth = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        failed = self.filter(worth, state="failed").exclude(message_id="", attempts=0)
        return failed.filter(~Exists(final))

    def count_by_state(self) -> dict[str, int]:
        return count_by_state(self.model, self.model.State)

    def due(self) -> Self:
        """Queued and due, expired or not, oldest first."""
        waiting = self.filter(state="queued", due_at__lte=timezone.now())
        return waiting.order_by("due_at", "id")

    def to_send(self) -> Self:
        return self.due().with_files()

    def that_nothing_stops(self) -> Self:
        """Replies and account mail: they leave whoever is paused or slowed."""
        return self.exclude(stream__in=LEAVABLE)

    def with_files(self) -> Self:
        """One more query per read, not per message; two when there are any."""
        return self.prefetch_related("attachments__file")

    def expired(self) -> Self:
        return self.filter(expires_at__lte=timezone.now())

    def unwanted(self) -> Self:
        """To an address that is suppressed for the message's stream."""
        suppressions = apps.get_model("mail", "Suppression").objects.blocking(OuterRef("stream"))
        standing = suppressions.filter(address=Lower(OuterRef("to_address")))
        return self.filter(Exists(standing), stream__in=LEAVABLE)

    def claim(
        self,
        outgoing_id: int,
        *,
        holder: str,
        message_id: str = "",
        from_address: str = "",
        from_name: str = "",
    ) -> bool:
        """Take a message for sending; exactly one of several who try is told True.

        One conditional UPDATE: queued, due, not expired, its address not suppressed and its sender
        not paused at this very moment becomes `sending`, with a lease. Nothing may touch the
        network before this has committed.
        """
        now = timezone.now()
        at, until = map(connection.ops.adapt_datetimefield_value, (now, now + LEASE))
        with connection.cursor() as cursor:
            sender = [message_id, from_address, from_name]
            cursor.execute(
                CLAIM, [holder, until, *sender, outgoing_id, at, at, from_address.lower()]
            )
            return bool(cursor.rowcount == 1)

    def abandoned(self) -> Self:
        """In a worker's hands for longer than the lease: nobody knows whether they were sent."""
        return self.filter(state="sending", lease_until__lte=timezone.now())


class SuppressionQuerySet(QuerySet["Suppression"]):
    def active(self) -> Self:
        return self.filter(released_at=None)

    def listed(self, *, address: str, scope: str, reason: str, is_released: bool) -> Self:
        """As a person asks for them; what is blank doesn't narrow."""
        rows = self.filter(released_at__isnull=not is_released, address__startswith=address.lower())
        narrow = {"scope": scope, "reason": reason}
        return rows.filter(**{name: value for name, value in narrow.items() if value})

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
            # Those who were erased are known by their pseudonyms alone, and want no mail either.
            known_by = {pseudonym(one): one for one in asked[start : start + 1000]}
            known_by |= {one: one for one in asked[start : start + 1000]}
            few = self.blocking(stream).filter(address__in=known_by)
            found.update(known_by[one] for one in few.values_list("address", flat=True))
        return found


class InboundEmailQuerySet(QuerySet["InboundEmail"]):
    def to_sort(self) -> Self:
        """Stored and not looked at yet, first come first."""
        return self.filter(state="received", due_at__lte=timezone.now()).order_by("due_at", "pk")

    def to_file(self) -> Self:
        """Mail for people that no room has taken yet, first come first."""
        return self.filter(state="waiting", due_at__lte=timezone.now()).order_by("due_at", "pk")

    def quarantined(self) -> Self:
        return self.filter(state="quarantined")

    def for_list(self) -> Self:
        """What a row of the inbox shows."""
        return self.select_related("mailbox", "duplicate_of")

    def for_page(self) -> Self:
        return self.select_related("mailbox", "folder", "raw", "duplicate_of")

    def from_address_beginning(self, text: str) -> Self:
        return self.filter(from_address__startswith=text.lower()) if text else self

    def count_by_state(self) -> dict[str, int]:
        return count_by_state(self.model, self.model.State)
