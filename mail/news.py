"""What providers tell of mail that left through them: delivered, sent back, marked as spam.

Who opened a mail and what they clicked is told by some providers too, and ignored: programs open
and click, so it says nothing of people.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from mail import consequences as then
from mail.consequences import State, StillSending, Type
from mail.drafts import SCOPES
from mail.models import OutgoingEmail, Suppression

# What a code of the recipient's server says: "550 5.1.1", "smtp; 452 4.2.2 mailbox full".
_STATUS = re.compile(r"(?<![\d.])([45])\.\d{1,3}\.\d{1,3}(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")
# How providers call a failure that may pass, in fields of these names.
_SAYS_KIND = re.compile(r"type|event|severity|class", re.IGNORECASE)
_PASSES = re.compile(r"soft|transient|temporary|undetermined", re.IGNORECASE)
# Of what happened to a message, what is kept.
NOTED = frozenset(
    {"delivered", "bounced", "complained", "rejected", "failed", "unsubscribed", "deferred"}
)
# Why a provider did not even try: what it had learned earlier.
_KNOWN_BEFORE = {
    "bounced": (Type.HARD_BOUNCE, Suppression.Reason.HARD_BOUNCE),
    "invalid": (Type.HARD_BOUNCE, Suppression.Reason.HARD_BOUNCE),
    "spam": (Type.COMPLAINT, Suppression.Reason.COMPLAINT),
    "unsubscribed": (Type.UNSUBSCRIBE, Suppression.Reason.UNSUBSCRIBE),
}


def note_all(provider: str, events: Iterable[Any]) -> str:
    """Draw the consequences of a call's events, each once; what came of them, in a line.

    Raises StillSending, after having noted the others, when one of them may speak of a message that
    is being handed over at this moment.
    """
    outcomes: Counter[str] = Counter()
    for event in events:
        if event is None or event.event_type not in NOTED:
            outcomes["of no interest"] += 1
            continue
        try:
            outcomes[note(provider, event)] += 1
        except StillSending:
            outcomes["too early"] += 1
    words = ", ".join(f"{count} {what}" for what, count in outcomes.items())
    if outcomes["too early"]:
        raise StillSending(words)
    return words


@transaction.atomic
def note(provider: str, event: Any) -> str:
    """One event and what follows from it; says whether it was new. Raises StillSending."""
    outgoing = message_of(provider, event)
    if outgoing is None:
        if OutgoingEmail.objects.filter(state=State.SENDING).exists():
            raise StillSending
        return "about mail that is not ours"
    if outgoing.state == State.SENDING:
        raise StillSending
    if event.recipient and then.ascii_form(event.recipient) != then.ascii_form(outgoing.to_address):
        return "about another recipient"
    what = type_of(event)
    words = " ".join((event.mta_response or event.description or "").split())[:1000]
    is_new = then.remember(
        outgoing,
        what,
        words,
        source=provider,
        key=key_of(event),
        at=min(event.timestamp or timezone.now(), timezone.now()),
    )
    if is_new:
        follow(outgoing, event, what, words)
    return "noted" if is_new else "known already"


def follow(outgoing: OutgoingEmail, event: Any, what: Type, words: str) -> None:
    match event.event_type:
        case "delivered":
            then.become(outgoing, State.DELIVERED, "")
        case "bounced":
            then.become(outgoing, State.BOUNCED, words)
            if what == Type.HARD_BOUNCE:
                then.suppress(outgoing, Suppression.Reason.HARD_BOUNCE)
            else:
                then.suppress_after_soft_bounces(outgoing)
        case "complained":
            then.become(outgoing, State.COMPLAINED, words)
            then.suppress(outgoing, Suppression.Reason.COMPLAINT)
        case "unsubscribed":
            leave(outgoing)
        case "rejected" | "failed":
            then.become(outgoing, State.FAILED, words or (event.reject_reason or ""))
            _, reason = _KNOWN_BEFORE.get(event.reject_reason or "", (None, None))
            if reason == Suppression.Reason.UNSUBSCRIBE:
                leave(outgoing)
            elif reason is not None:
                then.suppress(outgoing, reason)


def leave(outgoing: OutgoingEmail) -> None:
    """No more of this stream; replies and account mail can't be left."""
    if scope := SCOPES.get(OutgoingEmail.Stream(outgoing.stream)):
        then.suppress(outgoing, Suppression.Reason.UNSUBSCRIBE, scope)


def message_of(provider: str, event: Any) -> OutgoingEmail | None:
    """By the provider's own number, else by our Message-ID."""
    name = str(event.message_id or "").strip()
    if not name:
        return None
    by_number = OutgoingEmail.objects.filter(provider_id=f"{provider}:{name}"[:250])
    by_name = OutgoingEmail.objects.filter(message_id=f"<{name.strip('<>')}>"[:250])
    return by_number.first() or by_name.first()


def key_of(event: Any) -> str:
    """The event's number, if the provider gives it one; else what makes it this event."""
    about = event.event_id or hashlib.sha256(
        f"{event.message_id}\0{event.recipient}\0{event.timestamp}".encode()
    )
    number = about if isinstance(about, str) else about.hexdigest()
    return f"{event.event_type}:{number}"[:190]


def type_of(event: Any) -> Type:
    match event.event_type:
        case "delivered":
            return Type.DELIVERED
        case "complained":
            return Type.COMPLAINT
        case "unsubscribed":
            return Type.UNSUBSCRIBE
        case "deferred":
            return Type.DEFERRED
        case "bounced":
            return Type.HARD_BOUNCE if is_hard(event) else Type.SOFT_BOUNCE
    known, _reason = _KNOWN_BEFORE.get(event.reject_reason or "", (Type.REFUSED, None))
    return known


def is_hard(event: Any) -> bool:
    """Whether it will never arrive: by the provider's word for it, the server's code, the reason."""
    if any(_PASSES.search(said) for said in kinds(event.esp_event)):
        return False
    response = event.mta_response or ""
    if code := _STATUS.search(response) or _REPLY.search(response):
        return code[1] == "5"
    return event.reject_reason in {None, "bounced", "invalid"}


def kinds(told: Any, depth: int = 3) -> Iterator[str]:
    """What a provider says in fields that tell the kind of an event."""
    if depth and isinstance(told, dict):
        for name, value in told.items():
            if isinstance(value, str) and _SAYS_KIND.search(str(name)):
                yield value
            elif isinstance(value, dict):
                yield from kinds(value, depth - 1)
