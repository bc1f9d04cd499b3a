"""Why a message is where it is, in a sentence for the person who looks at it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from mail import alarms
from mail.delivery import EXPIRED, Hold
from mail.gates import gate_of
from mail.messages import current_sender
from mail.models import OutgoingEmail
from mail.querysets import LEAVABLE
from staff.templatetags.vinculo import moment

State = OutgoingEmail.State


def why(outgoing: OutgoingEmail, held: Hold | None) -> str:
    """One or two sentences; the server's own words stand beside it, in `detail`."""
    if outgoing.state == State.QUEUED:
        return _why_it_waits(outgoing, held)
    if outgoing.state == State.CANCELLED and outgoing.detail == EXPIRED:
        return _("It could not leave in time, and later it would not have been worth sending.")
    return {
        State.SENDING: _("It is being handed to the mail server right now."),
        State.SENT: _("The mail server has taken it."),
        State.FAILED: _("It was not sent, for the reason below, and is not tried again by itself."),
        State.UNKNOWN: _(
            "The connection or the worker stopped while this message was handed over: the mail "
            "server may have it, or not. It is not sent again by itself, because a second copy "
            "can't be called back."
        ),
        State.CANCELLED: _("Somebody withdrew it before it left."),
        State.SUPPRESSED: _("This address is not written to, so the message stayed here."),
        State.DELIVERED: _("It has arrived at the recipient's mail server."),
        State.BOUNCED: _("The recipient's mail server sent it back."),
        State.COMPLAINED: _("The recipient marked it as spam."),
    }[State(outgoing.state)]


def _paused() -> str:
    """Why no survey or outreach leaves now; blank when they do."""
    sender = current_sender()
    gate = gate_of(sender.address) if sender else None
    return alarms.why(gate) if gate is not None else ""


def _why_it_waits(outgoing: OutgoingEmail, held: Hold | None) -> str:
    if held:
        return str(held.label)
    if outgoing.stream in LEAVABLE and (paused := _paused()):
        return paused
    if outgoing.due_at <= timezone.now():
        return _("It is due and leaves within seconds, while a worker runs.")
    if outgoing.attempts:
        return _("The mail server did not take it yet. It is tried again: %(when)s.") % {
            "when": moment(outgoing.due_at)
        }
    return _("It leaves at its time: %(when)s.") % {"when": moment(outgoing.due_at)}
