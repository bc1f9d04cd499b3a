"""Where a mail belongs: which ticket, by what proof; spec order, and nothing else joins anything.

1. A key of ours (support.reply_keys) that proves itself, and whose holder still takes part.
2. A message of ours in In-Reply-To or References, and a sender who takes part.
3. The number in the subject, and a sender who takes part.
Otherwise a new ticket, and what 2 or 3 would have meant is only a guess that staff see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from mail.models import OutgoingEmail
from mail.parsing.parsed import ParsedMail
from staff.access import Role
from staff.models import User
from support import reply_keys
from support.actions.conversation import where_it_went
from support.models import Message, Participant, Ticket
from support.reply_keys import Key, Kind

# As in "[#1234] Re: your order".
_NUMBER = re.compile(r"\[#(\d{1,12})\]")
MOST_NUMBERS = 5
# What InboundEmail and OutgoingEmail keep of a Message-ID.
ID_LENGTH = 250


class By(Enum):
    """What put a mail into its ticket."""

    KEY = "key"
    REFERENCE = "reference"
    NUMBER = "number"


@dataclass(frozen=True)
class OfStaff:
    """Somebody of the business answers with a key of their own, and may see the ticket."""

    ticket: Ticket
    user: User
    key: Key


@dataclass(frozen=True)
class Joins:
    """`participant` takes part in `ticket`, or in one that was merged into it: by the key that the
    mail carries, or else by the address that it says it comes from."""

    ticket: Ticket
    participant: Participant
    by: By


@dataclass(frozen=True)
class New:
    """A new ticket; staff see that it may have to do with `guess`."""

    guess: Ticket | None = None


def place_of(mail: ParsedMail, *, sender: str) -> OfStaff | Joins | New:
    """Where `mail` from this address belongs; a few queries, none for a mail that names nothing."""
    if by_key := _by_key(reply_keys.keys_in(mail)):
        return by_key
    referred = _referred(mail)
    if joins := _taken_part_in(referred, sender, By.REFERENCE):
        return joins
    numbered = _numbered(mail.subject)
    if joins := _taken_part_in(numbered, sender, By.NUMBER):
        return joins
    guess = next(iter((*referred, *numbered)), None)
    return New(where_it_went(guess) if guess else None)


# --- 1. Keys --------------------------------------------------------------------------------------


def _by_key(keys: Sequence[Key]) -> OfStaff | Joins | None:
    """The place of the first key that holds."""
    if not keys:
        return None
    participants = _participants(key.holder_id for key in keys if key.kind == Kind.PARTICIPANT)
    users = _users(key.holder_id for key in keys if key.kind != Kind.PARTICIPANT)
    for key in keys:
        place: OfStaff | Joins | None
        if key.kind == Kind.PARTICIPANT:
            place = _of_participant(key, participants.get(key.holder_id))
        else:
            place = _of_staff(key, users.get(key.holder_id))
        if place:
            return place
    return None


def _of_participant(key: Key, participant: Participant | None) -> Joins | None:
    """By a key for the ticket in which they take part, or for one that was merged into it."""
    if (
        participant is None
        or participant.removed_at is not None
        or not key.proves(participant.address)
    ):
        return None
    ticket = where_it_went(participant.ticket)
    if participant.ticket_id != key.ticket_id:
        asked = Ticket.objects.select_related("merged_into").filter(pk=key.ticket_id).first()
        if asked is None or where_it_went(asked) != ticket:
            return None
    if ticket != participant.ticket and _was_removed(participant.address, ticket):
        return None
    return Joins(ticket, participant, By.KEY)


def _of_staff(key: Key, user: User | None) -> OfStaff | None:
    if user is None or not user.has_role(Role.AGENT) or not key.proves(user.email):
        return None
    ticket = Ticket.objects.filter(pk=key.ticket_id).select_related("merged_into").first()
    if ticket is None:
        return None
    ticket = where_it_went(ticket)
    if not Ticket.objects.visible_to(user).filter(pk=ticket.pk).exists():
        return None
    return OfStaff(ticket, user, key)


def _was_removed(address: str, ticket: Ticket) -> bool:
    """Whether this address was taken out of the ticket into which theirs was merged."""
    removed = Participant.objects.filter(ticket=ticket, address=address)
    return removed.filter(removed_at__isnull=False).exists()


def _participants(keys: Iterable[int]) -> dict[int, Participant]:
    wanted = set(keys)
    found = Participant.objects.select_related("ticket__merged_into").filter(pk__in=wanted)
    return {one.pk: one for one in found} if wanted else {}


def _users(keys: Iterable[int]) -> dict[int, User]:
    wanted = set(keys)
    return {one.pk: one for one in User.objects.filter(pk__in=wanted)} if wanted else {}


# --- 2. and 3. What a mail names, which proves nothing ---------------------------------------------


def _taken_part_in(tickets: Sequence[Ticket], sender: str, by: By) -> Joins | None:
    """The first of these tickets in which the sender takes part, there or where it was merged."""
    if not tickets or not sender:
        return None
    ends = {ticket.pk: where_it_went(ticket) for ticket in tickets}
    asked = {*ends, *(end.pk for end in ends.values())}
    theirs = {
        one.ticket_id: one
        for one in Participant.objects.filter(ticket__in=asked, address=sender.lower())
    }
    for ticket in tickets:
        end = ends[ticket.pk]
        participant = theirs.get(end.pk) or theirs.get(ticket.pk)
        if participant and participant.removed_at is None:
            return Joins(end, participant, by)
    return None


def _referred(mail: ParsedMail) -> list[Ticket]:
    """The tickets of the messages that it answers, the nearest first."""
    named = dict.fromkeys((*mail.in_reply_to, *reversed(mail.references)))
    ids = [one[:ID_LENGTH] for one in named]
    if not ids:
        return []
    told: dict[str, int] = {}
    about: dict[int, str] = {}
    sent = OutgoingEmail.objects.filter(
        message_id__in=ids, about_model__in=["support.message", "support.ticket"]
    )
    for message_id, model, pk in sent.values_list("message_id", "about_model", "about_id"):
        if pk is None:
            continue
        if model == "support.ticket":
            told[message_id] = pk
        else:
            about[pk] = message_id
    if about:
        left = Message.objects.filter(pk__in=about).values_list("pk", "ticket")
        told |= {about[pk]: ticket for pk, ticket in left}
    filed = Message.objects.filter(inbound__message_id__in=ids)
    told |= dict(filed.values_list("inbound__message_id", "ticket"))
    return _tickets(told[one] for one in ids if one in told)


def _numbered(subject: str) -> list[Ticket]:
    return _tickets(int(number) for number in _NUMBER.findall(subject)[:MOST_NUMBERS])


def _tickets(keys: Iterable[int]) -> list[Ticket]:
    """These tickets in this order, each once; unknown ones left out."""
    wanted = list(dict.fromkeys(keys))
    found = Ticket.objects.select_related("merged_into").in_bulk(wanted) if wanted else {}
    return [found[pk] for pk in wanted if pk in found]
