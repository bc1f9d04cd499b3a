"""What servers report of mail that left from here: bounces (RFC 3464) and complaints (RFC 5965).

Anybody can write such a report. It counts only if it encloses the Message-ID of one of our
messages, which nobody but its recipient has seen, and speaks of that very recipient: then the
worst that a forger can do is to stop mail to themselves.
"""

from __future__ import annotations

from django.db import transaction

from mail import consequences as then
from mail import inbox
from mail.consequences import State, StillSending, Type, ascii_form
from mail.inbox import NOT_OURS, NOTHING_SAID, OTHER_RECIPIENT
from mail.models import InboundEmail, OutgoingEmail, Suppression
from mail.parsing.parsed import Report, ReportedRecipient


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
    then.become(outgoing, State.COMPLAINED, report.feedback_type)
    then.suppress(outgoing, Suppression.Reason.COMPLAINT)


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
        then.become(outgoing, State.BOUNCED, words)
    if gravity(worst) == HARD:
        remember(inbound, outgoing, Type.HARD_BOUNCE, words)
        then.suppress(outgoing, Suppression.Reason.HARD_BOUNCE)
    elif gravity(worst) == SOFT:
        remember(inbound, outgoing, Type.SOFT_BOUNCE, words)
        then.suppress_after_soft_bounces(outgoing)


HARD, SOFT, FINE = 0, 1, 2


def gravity(said: ReportedRecipient) -> int:
    """A delay is as temporary as a failure of class 4; without a class a failure counts as one."""
    if said.action not in {"failed", "delayed", ""}:
        return FINE
    if said.status.startswith("5") and said.action != "delayed":
        return HARD
    return SOFT if said.status.startswith(("4", "5")) or said.action else FINE


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
    then.remember(outgoing, what, words, source="report", key=str(inbound.pk))
