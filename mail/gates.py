"""How fast one sender may send, and when it has to stand still.

A token bucket: it fills with `per_minute` tokens a minute and holds those of a few seconds; who
takes one swaps the row it has read, so of several workers none takes the same token twice.
Too many addresses that don't exist, or too many people who mark mail as spam, stop surveys and
outreach until somebody has looked; replies and account mail always go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mail import alarms
from mail.models import DeliveryEvent, OutgoingEmail, SenderGate
from mail.querysets import OutgoingEmailQuerySet
from staff import audit
from staff.models import User
from staff.refusals import Refusal

Type = DeliveryEvent.Type
Pause = SenderGate.Pause

# The figures of so long count.
WINDOW = timedelta(days=7)
# It stands still when more than one in so many bounced, of at least so many …
ONE_IN, LEAST_SENT = 20, 50
# … or when at least so many, and 3 of 1000, complained.
LEAST_COMPLAINTS, COMPLAINTS, OF = 2, 3, 1000
# The bucket holds what comes in so many seconds: a sweep finds it full, and no minute gets much more.
HELD_SECONDS = 10
# Workers that want the same token at once look again, so often.
ATTEMPTS = 5


class AlreadyPaused(Refusal):
    message = _("This sender stands still already.")


class NotPaused(Refusal):
    message = _("This sender isn't paused: somebody has let it go on already.")


def gate_of(address: str) -> SenderGate | None:
    """None: nobody has slowed or stopped this sender."""
    return SenderGate.objects.filter(address=address.lower()).first()


# --- The bucket -----------------------------------------------------------------------------------


def take(gate: SenderGate, now: datetime | None = None) -> bool:
    """Take one token; False: none is there. `gate` is brought up to date."""
    for _attempt in range(ATTEMPTS):
        if gate.per_minute is None:
            return True
        at = max(now or timezone.now(), gate.filled_at)
        tokens = filled(gate, at)
        if tokens < 1:
            return False
        as_read = SenderGate.objects.filter(
            pk=gate.pk, tokens=gate.tokens, filled_at=gate.filled_at, per_minute=gate.per_minute
        )
        if as_read.update(tokens=tokens - 1, filled_at=at):
            gate.tokens, gate.filled_at = tokens - 1, at
            return True
        gate.refresh_from_db()
    return False


def filled(gate: SenderGate, at: datetime) -> float:
    """The tokens that are there at that moment."""
    per_second = (gate.per_minute or 0) / 60
    seconds = (at - gate.filled_at).total_seconds()
    return min(max(1.0, per_second * HELD_SECONDS), gate.tokens + seconds * per_second)


# --- The lid --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """What became of a sender's mail since a moment."""

    sent: int
    bounced: int
    complained: int

    @property
    def reason(self) -> Pause | None:
        """Why it has to stand still."""
        if self.sent >= LEAST_SENT and self.bounced * ONE_IN > self.sent:
            return Pause.BOUNCES
        many = self.complained >= LEAST_COMPLAINTS
        return Pause.COMPLAINTS if many and self.complained * OF >= self.sent * COMPLAINTS else None


def judged(address: str) -> SenderGate | None:
    """The sender's gate, closed by now if its figures say so: two or three small queries.

    What was sent is only counted, and only as far as it matters, once enough has come back.
    """
    gate = gate_of(address)
    if gate is not None and gate.paused_at is not None:
        return gate
    now = timezone.now()
    since = now - WINDOW
    if gate is not None and gate.counted_since is not None:
        since = max(since, gate.counted_since)
    bad = came_back(address, since)
    matters = max(bad.bounced * ONE_IN, bad.complained * OF // COMPLAINTS)
    if bad.bounced * ONE_IN <= LEAST_SENT and bad.complained < LEAST_COMPLAINTS:
        return gate
    sent = sent_since(address, since)[: matters + 1].count() + bad.sent
    tally = Tally(sent, bad.bounced, bad.complained)
    if tally.reason is None:
        return gate
    everything = Tally(sent_since(address, since).count() + bad.sent, bad.bounced, bad.complained)
    return close(address, tally.reason, everything, now)


def tally_of(address: str, since: datetime) -> Tally:
    bad = came_back(address, since)
    return Tally(sent_since(address, since).count() + bad.sent, bad.bounced, bad.complained)


def came_back(address: str, since: datetime) -> Tally:
    """Its `sent` are those that were refused while they were handed over: they have no sent_at."""
    events = DeliveryEvent.objects.filter(
        type__in=[Type.HARD_BOUNCE, Type.SOFT_BOUNCE, Type.COMPLAINT],
        at__gte=since,
        outgoing__from_address=address,
    )
    # A temporary failure counts once the message has come back because of it.
    bounced = Q(type=Type.HARD_BOUNCE) | Q(
        type=Type.SOFT_BOUNCE, outgoing__state=OutgoingEmail.State.BOUNCED
    )
    found = events.aggregate(
        bounced=Count("outgoing", filter=bounced, distinct=True),
        complained=Count("outgoing", filter=Q(type=Type.COMPLAINT), distinct=True),
        refused=Count("outgoing", filter=bounced & Q(outgoing__sent_at=None), distinct=True),
    )
    return Tally(found["refused"], found["bounced"], found["complained"])


def sent_since(address: str, since: datetime) -> OutgoingEmailQuerySet:
    return OutgoingEmail.objects.filter(from_address=address, sent_at__gte=since)


@transaction.atomic
def close(address: str, reason: Pause, tally: Tally, now: datetime) -> SenderGate:
    """Let no survey or outreach through any more, and raise the alarm; of several one does."""
    gate, _created = SenderGate.objects.get_or_create(address=address.lower())
    facts = {"sent": tally.sent, "bounced": tally.bounced, "complained": tally.complained}
    running = SenderGate.objects.filter(pk=gate.pk, paused_at=None)
    if running.update(paused_at=now, pause_reason=reason, pause_facts=facts):
        gate.refresh_from_db()
        changes: audit.Changes = {"pause_reason": ["", str(reason)]}
        audit.record(by=None, action="sender_gate.pause", target=gate, changes=changes)
        alarms.tell_owners(gate)
    gate.refresh_from_db()
    return gate


# --- By hand --------------------------------------------------------------------------------------


@transaction.atomic
def pause(*, address: str, by: User) -> SenderGate:
    """Stop surveys and outreach of this sender. Raises AlreadyPaused."""
    gate, _created = SenderGate.objects.get_or_create(address=address.lower())
    running = SenderGate.objects.filter(pk=gate.pk, paused_at=None)
    now = timezone.now()
    if not running.update(paused_at=now, pause_reason=Pause.BY_HAND, pause_facts={}):
        raise AlreadyPaused
    return _changed(gate, by=by, action="sender_gate.pause", fields=["pause_reason"])


@transaction.atomic
def go_on(*, gate: SenderGate, by: User) -> SenderGate:
    """Let it send again; what has come back so far is not held against it. Raises NotPaused."""
    paused = SenderGate.objects.filter(pk=gate.pk, paused_at__isnull=False)
    fields = {"pause_reason": "", "pause_facts": {}, "counted_since": timezone.now()}
    if not paused.update(paused_at=None, **fields):
        raise NotPaused
    return _changed(gate, by=by, action="sender_gate.go_on", fields=["pause_reason"])


@transaction.atomic
def set_rate(*, address: str, per_minute: int | None, by: User) -> SenderGate:
    """Send at most so many a minute, or as fast as the server takes them."""
    gate, _created = SenderGate.objects.get_or_create(address=address.lower())
    SenderGate.objects.filter(pk=gate.pk).update(
        per_minute=per_minute, tokens=0, filled_at=timezone.now()
    )
    return _changed(gate, by=by, action="sender_gate.set_rate", fields=["per_minute"])


def _changed(gate: SenderGate, *, by: User, action: str, fields: list[str]) -> SenderGate:
    before = audit.values(gate, fields)
    gate.refresh_from_db()
    changes = audit.diff(before, gate, fields)
    if changes:
        audit.record(by=by, action=action, target=gate, changes=changes)
    return gate
