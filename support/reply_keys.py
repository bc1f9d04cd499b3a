"""Keys in our reply addresses and Message-IDs: which ticket, who may write into it, and the proof.

    help+t12-5-k3xq…@business.example      participant 5 of ticket 12 answers
    help+s12-3-…                           user 3 answers the customer of ticket 12
    help+n12-3-…                           user 3 adds a note to ticket 12
    <t12-5-k3xq….5f0c…@business.example>   the same key begins the Message-ID of that mail

The proof is an HMAC over kind, ticket, person and the person's address, so a key tells of nobody
else, of no other ticket, and of nobody any more whose address has changed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from mail.drafts import one_line
from mail.models import Mailbox
from mail.parsing.parsed import ParsedMail
from support.models import Participant, Ticket

# 100 bits as 20 letters and digits, which survive a server that changes case.
PROOF_LENGTH = 20
# RFC 5321: the longest part before the @.
LOCAL_LENGTH = 64
# More keys than any honest mail has; looking them up is one query whatever their number.
MOST_KEYS = 30
_KEY = r"(?P<kind>[tsn])(?P<ticket>\d{1,18})-(?P<holder>\d{1,18})-(?P<proof>[a-z2-7]{20})"
_IN_ADDRESS = re.compile(rf".*\+{_KEY}@.+")
_IN_MESSAGE_ID = re.compile(rf"<?{_KEY}\..+")


class Kind(StrEnum):
    """Whose key it is, and what a mail that carries it becomes."""

    PARTICIPANT = "t"
    STAFF_REPLY = "s"
    STAFF_NOTE = "n"


@dataclass(frozen=True)
class Key:
    """As found in a mail: believed only once `proves` has said so."""

    kind: Kind
    ticket_id: int
    holder_id: int
    proof: str

    def __str__(self) -> str:
        return f"{self.kind}{self.ticket_id}-{self.holder_id}-{self.proof}"

    def proves(self, address: str) -> bool:
        """Whether we made this key for the holder, who has this address."""
        secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        made = (_proof(self.kind, self.ticket_id, self.holder_id, address, one) for one in secrets)
        return any(constant_time_compare(self.proof, proof) for proof in made)


def key_for(kind: Kind, *, ticket_id: int, holder_id: int, address: str) -> Key:
    proof = _proof(kind, ticket_id, holder_id, address, settings.SECRET_KEY)
    return Key(kind, ticket_id, holder_id, proof)


def participant_key(participant: Participant) -> Key:
    return key_for(
        Kind.PARTICIPANT,
        ticket_id=participant.ticket_id,
        holder_id=participant.pk,
        address=participant.address,
    )


def _proof(kind: Kind, ticket_id: int, holder_id: int, address: str, secret: str | bytes) -> str:
    words = f"{kind}:{ticket_id}:{holder_id}:{address.lower()}"
    digest = salted_hmac("support.reply_keys", words, secret=secret, algorithm="sha256").digest()
    return base64.b32encode(digest).decode()[:PROOF_LENGTH].lower()


# --- Out ------------------------------------------------------------------------------------------


def read_mailboxes() -> dict[int, Mailbox]:
    """Those to which an answer can come, by their keys, the oldest first."""
    read = Mailbox.objects.filter(is_active=True).exclude(address="")
    return {box.pk: box for box in read.order_by("pk")}


def mailbox_of(ticket: Ticket, boxes: Mapping[int, Mailbox] | None = None) -> Mailbox | None:
    """Where answers about a ticket are to arrive: its queue's mailbox, else the first with an address."""
    boxes = read_mailboxes() if boxes is None else boxes
    own = boxes.get(ticket.queue.mailbox_id or 0)
    return own or next(iter(boxes.values()), None)


def reply_address(mailbox: Mailbox | None, key: Key | str) -> str:
    """Where an answer goes: with its key where the server takes that; "" without any mailbox.

    Without the key it is recognised by the Message-ID that it names.
    """
    if mailbox is None:
        return ""
    local, _at, domain = one_line(mailbox.address).rpartition("@")
    keyed = f"{local}+{key}"
    if not mailbox.has_plus_addresses or len(keyed) > LOCAL_LENGTH:
        return f"{local}@{domain}"
    return f"{keyed}@{domain}"


# --- In -------------------------------------------------------------------------------------------


def keys_in(mail: ParsedMail) -> list[Key]:
    """The keys that a mail carries, each once: of its addresses first, then of what it answers."""
    return list(dict.fromkeys(_found(mail)))[:MOST_KEYS]


def _found(mail: ParsedMail) -> Iterator[Key]:
    yield from _matches(_IN_ADDRESS, mail.delivered_to)
    yield from _matches(_IN_ADDRESS, (one.address for one in (*mail.to, *mail.cc)))
    yield from _matches(_IN_MESSAGE_ID, mail.in_reply_to)
    yield from _matches(_IN_MESSAGE_ID, reversed(mail.references))


def _matches(pattern: re.Pattern[str], texts: Iterable[str]) -> Iterator[Key]:
    for text in texts:
        if found := pattern.fullmatch(text.lower()):
            yield Key(
                Kind(found["kind"]), int(found["ticket"]), int(found["holder"]), found["proof"]
            )
