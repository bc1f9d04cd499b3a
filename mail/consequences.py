"""What follows from what is reported of a message, whoever reports it: a mail server's own report
(mail.reports), or a provider's news (mail.news).

A report counts once, by its source and number there. A state never moves backwards, in whatever
order reports come in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from mail import actions
from mail.messages import ascii_address
from mail.models import DeliveryEvent, OutgoingEmail, Scope, Suppression

State = OutgoingEmail.State
Type = DeliveryEvent.Type

# So many temporary failures within so long, and the address is not written to any more.
SOFT_BOUNCES = 3
SOFT_WITHIN = timedelta(days=90)

# From where each state can be reached. What arrived may still be sent back by a second server.
_BEFORE = {
    State.DELIVERED: [State.SENT, State.UNKNOWN],
    State.FAILED: [State.SENT, State.UNKNOWN],
    State.BOUNCED: [State.SENT, State.DELIVERED, State.UNKNOWN],
    State.COMPLAINED: [State.SENT, State.DELIVERED, State.UNKNOWN, State.BOUNCED],
}


class StillSending(Exception):
    """The report was faster than our own note that the message has left; it is noted later."""


def remember(
    outgoing: OutgoingEmail,
    what: Type,
    words: str,
    *,
    source: str,
    key: str,
    at: datetime | None = None,
) -> bool:
    """Keep the report; False when it is known already, and nothing follows from it again."""
    _event, is_new = DeliveryEvent.objects.get_or_create(
        external_source=source,
        external_id=key,
        defaults={
            "outgoing": outgoing,
            "address": outgoing.to_address,
            "type": what,
            "detail": words,
            "at": at or timezone.now(),
        },
    )
    return is_new


def become(outgoing: OutgoingEmail, state: State, words: str) -> None:
    """Move the message on, if this is a step forwards from where it is."""
    there = OutgoingEmail.objects.filter(pk=outgoing.pk, state__in=_BEFORE[state])
    there.update(state=state, **({"detail": words} if words else {}))


def suppress(outgoing: OutgoingEmail, reason: Suppression.Reason, scope: Scope = Scope.ALL) -> None:
    actions.suppress(address=outgoing.to_address, scope=scope, reason=reason, by=None)


def suppress_after_soft_bounces(outgoing: OutgoingEmail) -> None:
    if soft_bounces(outgoing.to_address) >= SOFT_BOUNCES:
        suppress(outgoing, Suppression.Reason.HARD_BOUNCE)


def soft_bounces(address: str) -> int:
    """How many since the address was last let in again, and not long ago."""
    released = Suppression.objects.filter(address=address.lower(), released_at__isnull=False)
    since: Iterable[datetime] = released.values_list("released_at", flat=True)  # type: ignore[assignment]
    start = max([timezone.now() - SOFT_WITHIN, *since])
    return DeliveryEvent.objects.filter(
        address=address, type=Type.SOFT_BOUNCE, at__gte=start
    ).count()


def ascii_form(address: str) -> str:
    """An address for comparison: lower case, its domain as the wire knows it."""
    try:
        return ascii_address(address.strip().lower())
    except UnicodeError:  # no domain that could exist
        return address
