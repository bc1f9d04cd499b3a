"""What another room hands over to be sent, before it is a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mail.models import OutgoingEmail, Scope

# Stands for the address of this message's own unsubscribe page, in `text` and `html` alike.
UNSUBSCRIBE = "{{unsubscribe_url}}"

# What a recipient of each stream opts out of with one click; other streams can't be left.
SCOPES = {
    OutgoingEmail.Stream.SURVEYS: Scope.SURVEYS,
    OutgoingEmail.Stream.OUTREACH: Scope.OUTREACH,
}

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Written by mail.messages alone.
_RESERVED = re.compile(
    r"(from|sender|to|cc|bcc|subject|date|message-id|reply-to|return-path|mime-version|auto-submitted"
    r"|x-auto-response-suppress|content-.*|list-.*|resent-.*|dkim-.*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One message to one address.

    `about` is the record that it tells of: ("surveys.invitation", 5). Queueing two drafts with
    the same `once_key` makes one row. `due_at` defaults to now; after `expires_at` it is not sent.
    Line breaks in what becomes a header are made spaces; an unusable header name is a ValueError.
    """

    stream: OutgoingEmail.Stream
    to_address: str
    subject: str
    text: str
    html: str = ""
    to_name: str = ""
    language: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    about: tuple[str, int] | None = None
    once_key: str = ""
    due_at: datetime | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        for name in self.headers:
            if not _HEADER_NAME.fullmatch(name) or _RESERVED.fullmatch(name):
                raise ValueError(f"{name!r} is not a header that a draft may set")

    @property
    def unsubscribe_scope(self) -> Scope | None:
        """What its unsubscribe link leaves; None: it has no such link."""
        return SCOPES.get(self.stream)


def one_line(value: str) -> str:
    """The value without line breaks or other control characters: it can start no new header."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
