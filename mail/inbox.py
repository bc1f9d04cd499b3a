"""What arrives: the raw mail is stored first, and from then on it can't be lost.

received → (mail.sorting) → waiting, noted or ignored; a higher room takes what waits and says what
became of it with `file`, `ignore`, `postpone` or `quarantine`. Each of them moves the row only from
where the caller believes it to be, so of several who try exactly one succeeds.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mail.models import InboundEmail, Mailbox, MailboxFolder
from mail.parsing import parse
from mail.parsing.parsed import ParsedMail
from staff import audit
from staff.files import open_file, store_file

logger = logging.getLogger(__name__)
State = InboundEmail.State

# Of a mail that is larger only the headers are kept.
SIZE_LIMIT = 35 * 1024 * 1024
# Minutes until the next attempt; when they are used up, a person has to look.
BACKOFF = (1, 5)

TOO_BIG, OWN, BY_HAND, FAILED = "too_big", "own", "by_hand", "failed"
# Of reports (mail.reports).
NOT_OURS, OTHER_RECIPIENT, NOTHING_SAID = "not_ours", "other_recipient", "nothing_said"
# Why a mail is ignored, noted or quarantined; a higher room adds its own in AppConfig.ready.
REASONS: dict[str, str | Promise] = {
    TOO_BIG: _("It is larger than 35 MB, so only its headers were kept."),
    OWN: _("It is one of our own messages that came back."),
    BY_HAND: _("Somebody decided that nothing has to be done."),
    FAILED: _("It could not be processed, several times."),
    NOT_OURS: _("It reports on a message that was not sent from here."),
    OTHER_RECIPIENT: _("It reports on an address that this message was not sent to."),
    NOTHING_SAID: _("It is an automatic report that says nothing about a failure."),
}


class NotThere(Exception):
    """The mail is no longer where the caller saw it: somebody else has dealt with it."""


# --- Storing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a mail lies on an IMAP server; `uid` means something only with `uid_validity`."""

    folder: MailboxFolder
    uid_validity: int
    uid: int


def store_raw(
    raw: bytes,
    *,
    mailbox: Mailbox,
    place: Place | None = None,
    received_at: datetime | None = None,
    reason: str = "",
) -> InboundEmail:
    """Keep a mail as it came, before anything reads it; return its row.

    The row and the folder's cursor commit together. The same place twice is one row; the same mail
    in another place, or again, is a row `duplicate` that points to the first.
    """
    stored = store_file(raw, "message/rfc822")
    row = InboundEmail(
        mailbox=mailbox,
        raw=stored,
        content_key=content_key(raw),
        received_at=received_at or timezone.now(),
        reason=reason,
    )
    if place:
        row.folder, row.uid_validity, row.uid = place.folder, place.uid_validity, place.uid
    try:
        return _insert(row, place)
    except IntegrityError:
        pass  # rare, so that nobody asks beforehand: it is here already
    if place and (known := _at(place)):
        return known
    row.duplicate_of = _twin(row.content_key)
    if row.duplicate_of:  # else it has become somebody's copy this very moment
        row.state = State.DUPLICATE
    return _insert(row, place)


@transaction.atomic
def _insert(row: InboundEmail, place: Place | None) -> InboundEmail:
    row.pk = None
    row.save(force_insert=True)
    if place:
        advance(place.folder, uid_validity=place.uid_validity, uid=place.uid)
    return row


def _twin(key: str) -> InboundEmail | None:
    """The one row of these contents that is no copy itself."""
    return InboundEmail.objects.filter(content_key=key).exclude(state=State.DUPLICATE).first()


def _at(place: Place) -> InboundEmail | None:
    return InboundEmail.objects.filter(
        folder=place.folder, uid_validity=place.uid_validity, uid=place.uid
    ).first()


def advance(folder: MailboxFolder, *, uid_validity: int, uid: int) -> None:
    """Move the folder's cursor on to `uid`, never back and never in another numbering."""
    MailboxFolder.objects.filter(pk=folder.pk, uid_validity=uid_validity, last_uid__lt=uid).update(
        last_uid=uid
    )


IDENTITY = (b"message-id", b"from", b"date", b"subject")


def content_key(raw: bytes) -> str:
    """What makes two copies the same mail: a digest of what its author wrote.

    Headers that servers add on the way (Received, Delivered-To, X-…) and line endings don't count.
    Without a Message-ID everything counts; the same Message-ID over other words is another mail.
    """
    plain = re.sub(rb"\r\n?", b"\n", raw).rstrip()
    head, _blank, body = plain.partition(b"\n\n")
    found: dict[bytes, list[bytes]] = {name: [] for name in IDENTITY}
    for line in re.sub(rb"\n[ \t]+", b" ", head).split(b"\n"):
        name, _colon, value = line.partition(b":")
        if (name := name.strip().lower()) in found:
            found[name].append(b" ".join(value.split()))
    if not any(found[b"message-id"]):
        return hashlib.sha256(b"raw\0" + plain).hexdigest()
    digest = hashlib.sha256(b"mail\0")
    for name in IDENTITY:
        digest.update(b"\0".join(found[name]) + b"\n")
    digest.update(body)
    return digest.hexdigest()


# --- What higher rooms do with what waits ---------------------------------------------------------

_ARRIVALS: dict[str, Callable[[], object]] = {}


def on_arrival(name: str, nudge: Callable[[], object]) -> None:
    """Have `nudge` called after mail has become waiting; the row is the queue, so it may be lost."""
    _ARRIVALS[name] = nudge


def announce() -> None:
    """Nudge the rooms that take waiting mail; none of them can harm the mail or another."""
    for name, nudge in _ARRIVALS.items():
        try:
            nudge()
        except Exception:
            logger.exception("Could not tell %s that mail has arrived", name)


def announce_what_waits() -> None:
    """The same for what was forgotten when it arrived, or was postponed until now."""
    if InboundEmail.objects.to_file().exists():
        announce()


def read(inbound: InboundEmail) -> ParsedMail:
    """What the mail says, from its raw bytes; an unreadable file is an OSError."""
    return parse(raw_bytes(inbound))


def raw_bytes(inbound: InboundEmail) -> bytes:
    with open_file(inbound.raw) as file:
        return file.read()


def file(inbound: InboundEmail, about: models.Model | None = None) -> None:
    """A room has taken a waiting mail and made `about` of it.

    Call it in the transaction that makes `about`. Raises NotThere when somebody else was first;
    let it roll that transaction back.
    """
    _move(
        inbound,
        (State.WAITING,),
        State.FILED,
        about_model=about._meta.label_lower if about else "",
        about_id=about.pk if about else None,
        reason="",
        detail="",
    )


def ignore(inbound: InboundEmail, reason: str, detail: str = "") -> None:
    """A waiting mail needs nothing done, for a reason of REASONS; raises NotThere."""
    _move(inbound, (State.WAITING,), State.IGNORED, reason=reason, detail=detail)


def quarantine(inbound: InboundEmail, reason: str, detail: str = "") -> None:
    """Set a mail aside until a person has looked at it; raises NotThere."""
    _move(inbound, (State.RECEIVED, State.WAITING), State.QUARANTINED, reason=reason, detail=detail)


def postpone(inbound: InboundEmail, error: BaseException | str) -> None:
    """It did not work: try again later, and after three attempts in all quarantine it.

    The others aren't held up. Raises NotThere.
    """
    detail = error if isinstance(error, str) else in_a_line(error)
    if inbound.attempts >= len(BACKOFF):
        attempts = inbound.attempts + 1
        _move(
            inbound,
            (State(inbound.state),),
            State.QUARANTINED,
            attempts=attempts,
            reason=FAILED,
            detail=detail,
        )
        return
    _move(
        inbound,
        (State(inbound.state),),
        State(inbound.state),
        due_at=timezone.now() + timedelta(minutes=BACKOFF[inbound.attempts]),
        attempts=inbound.attempts + 1,
        detail=detail,
    )


def in_a_line(error: BaseException) -> str:
    """As the last line of a traceback; in a form that every database takes."""
    line = " ".join(f"{type(error).__name__}: {error}".split())
    return line.replace("\0", "").encode(errors="replace").decode()[:1000]


def _move(inbound: InboundEmail, places: tuple[State, ...], to: State, **fields: object) -> None:
    there = InboundEmail.objects.filter(pk=inbound.pk, state__in=places)
    if not there.update(state=to, **fields):
        raise NotThere
    inbound.state = to
    for name, value in fields.items():
        setattr(inbound, name, value)


# --- In words -----------------------------------------------------------------------------------

_OUTCOMES: dict[str, str | Promise] = {"mail.outgoingemail": _("a report about a message")}


def name_outcome(model: str, label: str | Promise) -> None:
    """Say what a mail filed under records of `model` ("support.message") became: "a ticket".

    The page of such a record is what staff.audit.shown_at says.
    """
    _OUTCOMES[model] = label


def outcome(model: str) -> str:
    return str(_OUTCOMES.get(model, ""))


def outcome_url(inbound: InboundEmail) -> str:
    """The page of what the mail became, "" when it became nothing or has no page."""
    return audit.page_of(inbound.about_model, inbound.about_id) if inbound.about_id else ""


def reason_words(code: str) -> str:
    return str(REASONS.get(code, code))
