"""From the outbox to the network: nothing lost, nothing twice, and what is unknown says so.

Per message: claim it (one conditional UPDATE), COMMIT, talk to the server, commit what came of it.
A process that dies in between leaves a row `sending`; when its lease has run out, the row becomes
`unknown`, because the server may have the message. Only a person sends such a one again.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from datetime import timedelta
from itertools import pairwise

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mail import actions, gates, messages, ways
from mail.messages import Sender
from mail.models import DeliveryEvent, OutgoingEmail, Scope, SenderGate, Suppression
from mail.querysets import LEAVABLE
from mail.transport import NotTaken, Refused, ServerTrouble, Unclear
from mail.ways import HandOver, Way, way_out

logger = logging.getLogger(__name__)
State = OutgoingEmail.State

# Rows read at once; each is still claimed and settled alone.
BATCH = 100
# Minutes until the next attempt, after the first, the second...; then as the last.
BACKOFF = (1, 5, 15, 60, 180, 360)
# With these pauses, about three days.
MAX_ATTEMPTS = 16
EXPIRED = "expired"
# The speed of sending is that of so many messages, if no fewer than FEW came one after another;
# more than PAUSE seconds apart they belong to different sendings. ASSUMED: a server not in a hurry.
MEASURED, FEW, PAUSE, ASSUMED = 200, 20, 10, 0.5


class Hold(models.TextChoices):
    """Why nothing is sent at all."""

    NO_SERVER = "no_server", _("No mail server is set up, so messages wait here.")
    NO_SENDER = "no_sender", _("The business has no sender address, so messages wait here.")


def hold() -> Hold | None:
    """Why messages are held in the outbox; None when they can leave."""
    if not settings.EMAIL_URL:
        return Hold.NO_SERVER
    return None if messages.current_sender() else Hold.NO_SENDER


def is_held() -> bool:
    return hold() is not None


def seconds_per_message() -> float:
    """How long one message took of late, pauses between sendings left out; assumed when too few."""
    left = OutgoingEmail.objects.filter(state__in=[State.SENT, State.DELIVERED])
    sent = left.order_by("-created_at", "-id")
    times = sorted(at for at in sent.values_list("sent_at", flat=True)[:MEASURED] if at)
    steps = [(after - before).total_seconds() for before, after in pairwise(times)]
    running = [step for step in steps if step <= PAUSE]
    return sum(running) / len(running) if len(running) >= FEW else ASSUMED


# --- What the tasks call ----------------------------------------------------------------------


def send(outgoing_id: int) -> None:
    """Send one message now, if it is due and nobody else has it."""
    sender = messages.current_sender()
    outgoing = OutgoingEmail.objects.to_send().filter(pk=outgoing_id).first()
    if outgoing is None or sender is None or not settings.EMAIL_URL:
        return
    if may_leave(outgoing, gates.gate_of(sender.address)):
        with way_out() as way:
            deliver(outgoing, sender, way)


def sweep(*, seconds: float | None = None) -> int:
    """Settle what is stuck, then send all that is due, for at most `seconds`; how many were tried.

    Any number may run at once. Each message in flight is finished; the next sweep does the rest.
    Once the sender is paused, or has used up what it may send in a while, only what nothing stops
    is looked at.
    """
    settle()
    sender = messages.current_sender()
    if sender is None or not settings.EMAIL_URL:
        return 0
    until = time.monotonic() + seconds if seconds is not None else None
    tried, is_slowed = 0, False
    with way_out() as way:
        while batch := next_batch(gate := gates.judged(sender.address), is_slowed):
            for outgoing in batch:
                if until is not None and time.monotonic() > until:
                    return tried
                if not may_leave(outgoing, gate):
                    is_slowed = True
                    continue
                tried += 1
                if not deliver(outgoing, sender, way):
                    return tried
            settle()
    return tried


def next_batch(gate: SenderGate | None, is_slowed: bool) -> list[OutgoingEmail]:
    due = OutgoingEmail.objects.to_send()
    is_paused = gate is not None and gate.paused_at is not None
    return list((due.that_nothing_stops() if is_slowed or is_paused else due)[:BATCH])


def may_leave(outgoing: OutgoingEmail, gate: SenderGate | None) -> bool:
    """Whether the sender's gate lets it through now. What nothing stops uses up a token too."""
    if gate is None:
        return True
    is_stopped = outgoing.stream in LEAVABLE and gate.paused_at is not None
    return (not is_stopped and gates.take(gate)) or outgoing.stream not in LEAVABLE


def settle() -> None:
    """Take out of the queue what must not be sent, and out of workers' hands what they dropped."""
    due = OutgoingEmail.objects.due()
    due.unwanted().update(state=State.SUPPRESSED)
    due.expired().update(state=State.CANCELLED, detail=EXPIRED)
    abandoned = OutgoingEmail.objects.abandoned()
    if ways.knows_repeats():
        young = abandoned.filter(created_at__gt=timezone.now() - ways.REMEMBERED)
        young.update(state=State.QUEUED, lease_until=None)
    lost = abandoned.update(state=State.UNKNOWN, detail="The worker stopped while sending.")
    if lost:
        logger.warning(
            "%s messages were left by a worker that stopped; their fate is unknown", lost
        )


# --- One message --------------------------------------------------------------------------------


def deliver(outgoing: OutgoingEmail, sender: Sender, way: Way) -> bool:
    """Claim, commit, send, commit. False: the server takes nothing at present."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"[-80:]
    outgoing.message_id = outgoing.message_id or messages.new_message_id(
        sender, outgoing.thread_key
    )
    outgoing.from_address, outgoing.from_name = sender.address, sender.name
    with transaction.atomic(durable=True):  # what follows rests on this having been committed
        is_mine = OutgoingEmail.objects.claim(
            outgoing.pk,
            holder=holder,
            message_id=outgoing.message_id,
            from_address=outgoing.from_address,
            from_name=outgoing.from_name,
        )
    if not is_mine:
        return True
    outgoing.lease_holder = holder
    outgoing.attempts += 1
    try:
        outgoing.sent_at = timezone.now()
        parcel = way.prepare(outgoing)
    except Exception as error:
        # Whatever is wrong with this one, it must not hold up those behind it.
        logger.exception("Message %s can't be built", outgoing.pk)
        finish(outgoing, State.FAILED, detail=f"{type(error).__name__}: {error}")
        return True
    return hand_over(outgoing, parcel)


def hand_over(outgoing: OutgoingEmail, parcel: HandOver) -> bool:
    try:
        taken = parcel()
    except Refused as refusal:
        refused(outgoing, refusal)
    except NotTaken as failure:
        put_back(outgoing, failure)
        return not isinstance(failure, ServerTrouble)
    except Unclear as doubt:
        finish(outgoing, State.UNKNOWN, detail=str(doubt))
    else:
        finish(
            outgoing,
            State.SENT,
            sent_at=outgoing.sent_at,
            detail=taken.words,
            provider_id=taken.provider_id,
        )
    return True


def finish(outgoing: OutgoingEmail, state: State, **fields: object) -> bool:
    """Commit what became of a claimed message; also when its lease ran out meanwhile."""
    mine = OutgoingEmail.objects.filter(
        pk=outgoing.pk, lease_holder=outgoing.lease_holder, state__in=[State.SENDING, State.UNKNOWN]
    )
    return mine.update(state=state, lease_until=None, **fields) == 1


def put_back(outgoing: OutgoingEmail, failure: NotTaken) -> None:
    """Into the queue again, for later; after some three days it has failed."""
    # The server's words go to the row alone: they may hold the address.
    logger.warning("Message %s was not taken (%s)", outgoing.pk, type(failure).__name__)
    if outgoing.attempts >= MAX_ATTEMPTS:
        finish(outgoing, State.FAILED, detail=str(failure))
        return
    pause = timedelta(minutes=BACKOFF[min(outgoing.attempts, len(BACKOFF)) - 1])
    finish(outgoing, State.QUEUED, due_at=timezone.now() + pause, detail=str(failure))


@transaction.atomic
def refused(outgoing: OutgoingEmail, refusal: Refused) -> None:
    """It has failed for good; an address that does not exist is not written to again."""
    finish(outgoing, State.FAILED, detail=str(refusal))
    if refusal.is_hard_bounce:
        DeliveryEvent.objects.create(
            outgoing=outgoing,
            address=outgoing.to_address,
            type=DeliveryEvent.Type.HARD_BOUNCE,
            detail=str(refusal),
        )
        actions.suppress(
            address=outgoing.to_address,
            scope=Scope.ALL,
            reason=Suppression.Reason.HARD_BOUNCE,
            by=None,
        )
