"""What another room hands over to be sent, before it is a row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mail.models import OutgoingEmail, Scope
from staff.models import StoredFile

# Stands for the address of this message's own unsubscribe page, in `text` and `html` alike.
UNSUBSCRIBE = "{{unsubscribe_url}}"

# What a recipient of each stream opts out of with one click; other streams can't be left.
SCOPES = {
    OutgoingEmail.Stream.SURVEYS: Scope.SURVEYS,
    OutgoingEmail.Stream.OUTREACH: Scope.OUTREACH,
}

# Servers commonly refuse mail beyond 25 MB, and on the wire a file is a third larger.
MOST_BYTES = 18_000_000
_THREAD_KEY = re.compile(r"[A-Za-z0-9-]{0,80}")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Written by mail.messages alone.
_RESERVED = re.compile(
    r"(from|sender|to|cc|bcc|subject|date|message-id|reply-to|return-path|mime-version|auto-submitted"
    r"|x-auto-response-suppress|content-.*|list-.*|resent-.*|dkim-.*)",
    re.IGNORECASE,
)


def inline_address(name: str) -> str:
    """What the `src` of an image in a draft's HTML says, to show the attached file of that name there:
    it travels beside the HTML, and not among the files."""
    return f"cid:{name}@inline"


@dataclass(frozen=True)
class DraftFile:
    """A stored file under the name that the recipient sees."""

    stored_file: StoredFile
    name: str
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One message to one address.

    `about` is the record that it tells of: ("surveys.invitation", 5). Queueing two drafts with
    the same `once_key` makes one row. `due_at` defaults to now; after `expires_at` it is not sent.
    `thread_key` (letters, digits, hyphens) begins its Message-ID. `is_automatic` says that no
    person wrote it, on a stream whose mail is otherwise a person's. Files beyond MOST_BYTES
    together are refused when it is queued.
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
    attachments: Sequence[DraftFile] = ()
    thread_key: str = ""
    is_automatic: bool = False
    about: tuple[str, int] | None = None
    once_key: str = ""
    due_at: datetime | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        for name in self.headers:
            if not _HEADER_NAME.fullmatch(name) or _RESERVED.fullmatch(name):
                raise ValueError(f"{name!r} is not a header that a draft may set")
        if not _THREAD_KEY.fullmatch(self.thread_key):
            raise ValueError(f"{self.thread_key!r} can't begin a Message-ID")

    @property
    def unsubscribe_scope(self) -> Scope | None:
        """What its unsubscribe link leaves; None: it has no such link."""
        return SCOPES.get(self.stream)

    @property
    def size_of_files(self) -> int:
        return sum(file.stored_file.size for file in self.attachments)


def one_line(value: str) -> str:
    """The value without line breaks or other control characters: it can start no new header."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
