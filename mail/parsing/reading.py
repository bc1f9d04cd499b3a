"""A mail as bytes → what it says."""

from __future__ import annotations

import codecs
import logging
import re
from itertools import chain

from mail.parsing import addresses, automatic, bodies, charsets, dates, headers, reports, structure
from mail.parsing.headers import Headers
from mail.parsing.parsed import Address, Notes, ParsedMail
from mail.parsing.structure import Part

logger = logging.getLogger(__name__)

# Bytes that are looked at. Servers refuse far smaller mails.
MAX_BYTES = 100 << 20
MAX_SUBJECT = 500
# An encoded word may spend 30 bytes on one letter.
_MAX_RAW_SUBJECT = 30 * MAX_SUBJECT
MAX_PEOPLE = 200
MAX_FROM = 20
MAX_REFERENCES = 50
MAX_DELIVERED = 20
MAX_AUTHENTICATION = 10
_DELIVERED = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "x-rcpt-to",
    "x-forwarded-to",
    "apparently-to",
    "x-apparently-to",
)
_RECEIVED_FOR = re.compile(r"\bfor\s{1,20}<?([^\s<>;]{3,254}@[^\s<>;]{1,254})>?")
_NOBODY = Address("", "")


def parse(raw: bytes) -> ParsedMail:
    """What `raw` says. Never raises, and reads nothing but `raw`.

    Whatever the bytes are, something comes out: in the worst case their beginning as text, with
    the note `unreadable` and the error in the log.
    """
    try:
        return _parse(raw)
    except Exception:
        logger.exception("A mail of %d bytes could not be parsed", len(raw))
        return _unreadable(raw)


def _unreadable(raw: bytes) -> ParsedMail:
    text = charsets.clean(raw[: bodies.MAX_TEXT].decode("utf-8", "replace"))
    return ParsedMail(
        message_id="",
        in_reply_to=(),
        references=(),
        sender=_NOBODY,
        from_addresses=(),
        reply_to=(),
        to=(),
        cc=(),
        recipients_total=0,
        delivered_to=(),
        subject="",
        sent_at=None,
        text=text,
        html="",
        attachments=(),
        # Nothing may answer what nobody could read.
        automatic="auto-submitted",
        report=None,
        notes=("unreadable",),
    )


def _parse(raw: bytes) -> ParsedMail:
    notes = Notes()
    parts = structure.split(_normal(raw, notes), notes)
    fields = parts[0].headers
    hint = _hint(parts)
    fields.hint = hint
    contents = bodies.read(parts, notes, hint=hint)
    if not (contents.text or contents.html.strip() or contents.attachments):
        notes.add("empty")
    report = reports.read(parts, contents.text, notes)
    authors = _people(fields, "from", notes)
    sender = _sender(fields, authors, notes)
    to, cc = _people(fields, "to", notes), _people(fields, "cc", notes)
    subject = charsets.one_line(
        headers.words(fields.first("subject")[:_MAX_RAW_SUBJECT], notes), MAX_SUBJECT
    )
    in_reply_to, references = _thread(fields)
    return ParsedMail(
        message_id=_message_id(fields, notes),
        in_reply_to=in_reply_to,
        references=references,
        sender=sender,
        from_addresses=tuple(authors[:MAX_FROM]),
        reply_to=tuple(_people(fields, "reply-to", notes)[:MAX_FROM]),
        to=tuple(to[:MAX_PEOPLE]),
        cc=tuple(cc[:MAX_PEOPLE]),
        recipients_total=len(to) + len(cc),
        delivered_to=_delivered_to(fields, notes),
        subject=subject,
        sent_at=dates.sent_at(fields, notes),
        text=contents.text,
        html=contents.html,
        attachments=tuple(contents.attachments),
        automatic=automatic.reason(
            fields,
            sender=sender.address,
            subject=subject,
            is_report=report is not None or _is_report(parts),
        ),
        report=report,
        notes=notes.codes(),
        authentication=_authentication(fields),
    )


def _normal(raw: bytes, notes: Notes) -> bytes:
    """`raw` with lines that end in a line feed, at most MAX_BYTES of it."""
    raw = bytes(raw)
    if len(raw) > MAX_BYTES:
        notes.add("truncated")
        raw = raw[:MAX_BYTES]
    if raw[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        notes.add("wrong_charset")
        raw = raw.decode("utf-16", "replace").encode("utf-8", "replace")
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    return raw


def _hint(parts: list[Part]) -> str:
    """The charset that the mail's own parts name, for whatever in it names none."""
    named = (part.parameters.get("charset", "") for part in parts[:20])
    return next((charset for charset in named if charsets.known(charset)), "")


def _people(fields: Headers, name: str, notes: Notes) -> list[Address]:
    """Everyone in every field called `name`."""
    return [person for value in fields.all(name) for person in addresses.parse(value, notes)]


def _sender(fields: Headers, authors: list[Address], notes: Notes) -> Address:
    if len({author.address for author in authors}) > 1:
        notes.add("several_from")
    others = (_people(fields, name, notes) for name in ("sender", "return-path"))
    for person in chain(authors, *others):
        if person.address:
            inside = addresses.parse(person.name, Notes()) if "@" in person.name else []
            if any(one.address not in {"", person.address} for one in inside):
                notes.add("name_is_address")
            return person
    notes.add("no_sender")
    return authors[0] if authors else _NOBODY


def _message_id(fields: Headers, notes: Notes) -> str:
    values = fields.all("message-id")
    if len(set(values)) > 1:
        notes.add("several_message_ids")
    ids = headers.message_ids(values[0][: headers.MAX_ID + 10], 10) if values else ()
    return ids[0] if ids else ""


def _thread(fields: Headers) -> tuple[tuple[str, ...], tuple[str, ...]]:
    in_reply_to = headers.message_ids(" ".join(fields.all("in-reply-to")), MAX_REFERENCES)
    return in_reply_to, headers.message_ids(" ".join(fields.all("references")), MAX_REFERENCES)


def _delivered_to(fields: Headers, notes: Notes) -> tuple[str, ...]:
    """Where servers say that they put it: the fields for that, then "for" of their traces."""
    found: dict[str, None] = {}
    for name in _DELIVERED:
        for value in fields.all(name)[:MAX_DELIVERED]:
            for person in addresses.parse(value[:5000], notes):
                found.setdefault(person.address)
    for value in fields.all("received")[:MAX_DELIVERED]:
        if match := _RECEIVED_FOR.search(value[:2000]):
            found.setdefault(addresses.usable(match[1]))
    found.pop("", None)
    return tuple(found)[:MAX_DELIVERED]


def _is_report(parts: list[Part]) -> bool:
    """Also a report that says nothing of our mails, such as a receipt."""
    return parts[0].content_type == "multipart/report" or any(
        part.content_type in {"message/delivery-status", "message/feedback-report"}
        for part in parts
    )


def _authentication(fields: Headers) -> tuple[str, ...]:
    values = fields.all("authentication-results")[:MAX_AUTHENTICATION]
    return tuple(charsets.one_line(value[:2000], 2000) for value in values)
