"""What servers report of mail that left from here: bounces (RFC 3464) and complaints (RFC 5965).

Anybody can write such a report. It counts only if it encloses the Message-ID of one of our
messages, which nobody but its recipient has seen, and speaks of that very recipient: then the
worst that a forger can do is to stop mail to themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from mail import actions, inbox
from mail.inbox import NOT_OURS, NOTHING_SAID, OTHER_RECIPIENT
from mail.messages import ascii_address
from mail.models import DeliveryEvent, InboundEmail, OutgoingEmail, Scope, Suppression
from mail.parsing.parsed import Report, ReportedRecipient

State = OutgoingEmail.State
Type = DeliveryEvent.Type

# So many temporary failures within so long, and the address is not written to any more.
SOFT_BOUNCES = 3
SOFT_WITHIN = timedelta(days=90)


class StillSending(Exception):
    """The report was faster than our own note that the message has left; it is noted later."""


@transaction.atomic
def note(inbound: InboundEmail, report: Report | None) -> None:
    """Note a report and draw its consequences, once. Raises inbox.NotThere, StillSending."""
    if report is None:
        settle(inbound, NOTHING_SAID)
        return
    outgoing = None
    if report.message_id:
        outgoing = OutgoingEmail.objects.filter(message_id=report.message_id).first()
    if outgoing is None:
        settle(inbound, NOT_OURS)
    elif report.kind == "complaint":
        complaint(inbound, report, outgoing)
    else:
        bounce(inbound, report, outgoing)


def complaint(inbound: InboundEmail, report: Report, outgoing: OutgoingEmail) -> None:
    domain = ascii_form(outgoing.to_address).rpartition("@")[2]
    named = [ascii_form(one.address) for one in report.recipients if one.address]
    # Providers blacken the name, and leave the domain.
    if named and not any(address.rpartition("@")[2] == domain for address in named):
        settle(inbound, OTHER_RECIPIENT, outgoing)
        return
    settle(inbound, "", outgoing)
    remember(inbound, outgoing, Type.COMPLAINT, report.feedback_type)
    become(outgoing, State.COMPLAINED, report.feedback_type)
    suppress(outgoing, Suppression.Reason.COMPLAINT)


def bounce(inbound: InboundEmail, report: Report, outgoing: OutgoingEmail) -> None:
    address = ascii_form(outgoing.to_address)
    said = [one for one in report.recipients if ascii_form(one.address) == address]
    if not said:
        settle(inbound, OTHER_RECIPIENT, outgoing)
        return
    if outgoing.state == State.SENDING:
        raise StillSending
    worst = min(said, key=gravity)
    words = f"{worst.status} {worst.diagnostic}".strip()[:1000]
    settle(inbound, "" if gravity(worst) < FINE else NOTHING_SAID, outgoing)
    if worst.action in {"failed", ""} and gravity(worst) < FINE:
        become(outgoing, State.BOUNCED, words)
    if gravity(worst) == HARD:
        remember(inbound, outgoing, Type.HARD_BOUNCE, words)
        suppress(outgoing, Suppression.Reason.HARD_BOUNCE)
    elif gravity(worst) == SOFT:
        remember(inbound, outgoing, Type.SOFT_BOUNCE, words)
        if soft_bounces(outgoing.to_address) >= SOFT_BOUNCES:
            suppress(outgoing, Suppression.Reason.HARD_BOUNCE)


HARD, SOFT, FINE = 0, 1, 2


def gravity(said: ReportedRecipient) -> int:
    """A delay is as temporary as a failure of class 4; without a class a failure counts as one."""
    if said.action not in {"failed", "delayed", ""}:
        return FINE
    if said.status.startswith("5") and said.action != "delayed":
        return HARD
    return SOFT if said.status.startswith(("4", "5")) or said.action else FINE


def ascii_form(address: str) -> str:
    """An address for comparison: lower case, its domain as the wire knows it."""
    try:
        return ascii_address(address.strip().lower())
    except UnicodeError:  # no domain that could exist
        return address


def soft_bounces(address: str) -> int:
    """How many since the address was last let in again, and not long ago."""
    released = Suppression.objects.filter(address=address.lower(), released_at__isnull=False)
    since: Iterable[datetime] = released.values_list("released_at", flat=True)  # type: ignore[assignment]
    start = max([timezone.now() - SOFT_WITHIN, *since])
    return DeliveryEvent.objects.filter(
        address=address, type=Type.SOFT_BOUNCE, at__gte=start
    ).count()


# --- Writing it down --------------------------------------------------------------------------------


def settle(inbound: InboundEmail, reason: str, about: OutgoingEmail | None = None) -> None:
    """The report is noted; first in its transaction, so that of two processes one goes on."""
    columns = {
        name: getattr(inbound, name)
        for name in ("message_id", "from_address", "from_name", "subject", "automatic")
    }
    there = InboundEmail.objects.filter(pk=inbound.pk, state=InboundEmail.State.RECEIVED)
    if not there.update(
        **columns,
        state=InboundEmail.State.NOTED,
        reason=reason,
        detail="",
        about_model=about._meta.label_lower if about else "",
        about_id=about.pk if about else None,
    ):
        raise inbox.NotThere


def remember(inbound: InboundEmail, outgoing: OutgoingEmail, what: Type, words: str) -> None:
    DeliveryEvent.objects.create(
        outgoing=outgoing,
        address=outgoing.to_address,
        type=what,
        detail=words,
        external_source="report",
        external_id=str(inbound.pk),
    )


def become(outgoing: OutgoingEmail, state: State, words: str) -> None:
    left = [State.SENT, State.DELIVERED, State.UNKNOWN]
    if state == State.COMPLAINED:
        left.append(State.BOUNCED)
    OutgoingEmail.objects.filter(pk=outgoing.pk, state__in=left).update(state=state, detail=words)


def suppress(outgoing: OutgoingEmail, reason: Suppression.Reason) -> None:
    actions.suppress(address=outgoing.to_address, scope=Scope.ALL, reason=reason, by=None)
