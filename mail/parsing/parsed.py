"""What a mail says, once it is read: plain values that depend on nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Address:
    """`address` is lower-cased, and empty when what stood there can't be written to."""

    address: str
    name: str


@dataclass(frozen=True)
class Attachment:
    """`name` is never empty and safe to show: no path, no control or direction characters."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    is_inline: bool = False


@dataclass(frozen=True)
class ReportedRecipient:
    """`action`: failed, delayed, delivered, relayed, expanded. `status` is like 5.1.1, or empty."""

    address: str
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True)
class Report:
    """What a server (bounce, RFC 3464) or a reader by their provider (complaint, RFC 5965) says.

    `message_id` is that of the mail it is about, empty when the report doesn't tell. Feedback
    that is no complaint (not-spam, auth-failure) makes no Report.
    """

    kind: Literal["bounce", "complaint"]
    message_id: str
    recipients: tuple[ReportedRecipient, ...]
    feedback_type: str = ""


@dataclass(frozen=True)
class ParsedMail:
    """One mail. Whatever was missing or unusable is empty, and `notes` says what was wrong.

    No text holds a NUL or a lone surrogate. `html` is as it was sent: not safe to show.
    """

    # With angle brackets.
    message_id: str
    in_reply_to: tuple[str, ...]
    # Oldest first, the last 50.
    references: tuple[str, ...]
    # From, else Sender, else Return-Path.
    sender: Address
    # Everyone in every From: more than one is suspicious.
    from_addresses: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    # The first 200 of To and of Cc; `recipients_total` counts them all.
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    recipients_total: int
    # Where servers say that they delivered it; the first 20.
    delivered_to: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    # Empty for a person's mail, else a key of AUTOMATIC.
    automatic: str
    report: Report | None
    # Keys of NOTES.
    notes: tuple[str, ...]
    # Authentication-Results headers as they stand, topmost first. Anyone can write one: only those
    # of one's own server mean something.
    authentication: tuple[str, ...] = ()


NOTES: dict[str, Promise] = {
    "absurd_date": _("The date it gives can't be right."),
    "broken_base64": _("A part was damaged on the way and may be incomplete."),
    "broken_multipart": _("Its parts weren't separated properly, so they may be mixed up."),
    "broken_quoted_printable": _("Some characters were damaged on the way."),
    "broken_tnef": _("Its winmail.dat file couldn't be read completely."),
    "broken_uuencode": _("An attached file was damaged on the way and may be incomplete."),
    "empty": _("The message is empty."),
    "encrypted": _("It is encrypted: its text can only be read with the key."),
    "headers_broken": _("The lines at its top were damaged."),
    "name_is_address": _("The sender's name is written like a different address."),
    "no_sender": _("It doesn't say who sent it."),
    "several_from": _("It names more than one sender."),
    "several_message_ids": _("It has more than one Message-ID."),
    "signed_text": _("Its text is inside a signed file, which can't be opened here."),
    "too_deep": _("Its parts are nested far deeper than in any usual mail."),
    "too_many_parts": _("It has too many parts: only the first ones are here."),
    "truncated": _("It is very long: only its beginning is here."),
    "unclosed_multipart": _("Its end is missing."),
    "unknown_encoding": _("A part is written in an unknown encoding."),
    "unreadable": _("It couldn't be read, so it is shown as it came."),
    "wrong_charset": _("It doesn't say properly which characters it uses, so some may be wrong."),
}

AUTOMATIC: dict[str, Promise] = {
    "report": _("a report about another mail"),
    "out-of-office": _("an out-of-office reply"),
    "auto-submitted": _("an automatic mail"),
    "list": _("mail from a mailing list"),
    "precedence": _("bulk mail"),
    "x-auto": _("an automatic reply"),
    "null-sender": _("a mail that nobody can answer"),
    "mailer-daemon": _("a mail from a mail server"),
    "own": _("our own mail"),
}


class Notes:
    """Collects what was wrong, each thing once, in the order in which it was found."""

    def __init__(self) -> None:
        self._codes: dict[str, None] = {}

    def add(self, code: str) -> None:
        self._codes[code] = None

    def codes(self) -> tuple[str, ...]:
        return tuple(self._codes)
