"""A difficult mail, and what must come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mail.parsing import Address, ParsedMail

CRLF = b"\r\n"


@dataclass(frozen=True)
class Case:
    """`expected` names fields of ParsedMail in plain forms (see `plainly`); no notes unless named."""

    name: str
    raw: bytes
    expected: dict[str, Any]


def case(name: str, raw: bytes, **expected: Any) -> Case:
    return Case(name, raw, {"notes": (), **expected})


def mail(*fields: bytes, body: bytes = b"", end: bytes = CRLF) -> bytes:
    """A mail from Ana with these fields on top, unless they say who sent it."""
    names = {field.split(b":")[0].lower() for field in fields}
    sender = () if b"from" in names else (b"From: Ana <ana@x.example>",)
    return end.join((*sender, *fields, b"", body))


def html(markup: bytes) -> bytes:
    return mail(b"Content-Type: text/html; charset=utf-8", body=markup)


def multipart(kind: bytes, *parts: bytes, boundary: bytes = b"xx", closed: bool = True) -> bytes:
    """A multipart mail from Ana; each part is its fields, an empty line and its body."""
    lines = [b"From: Ana <ana@x.example>", b"MIME-Version: 1.0"]
    lines.append(b'Content-Type: multipart/%s; boundary="%s"' % (kind, boundary))
    lines.append(b"")
    for part in parts:
        lines += [b"--" + boundary, part]
    if closed:
        lines.append(b"--" + boundary + b"--")
    return CRLF.join(lines) + CRLF


def part(content_type: bytes, body: bytes, *fields: bytes) -> bytes:
    return CRLF.join((b"Content-Type: " + content_type, *fields, b"", body))


def spelled(address: Address) -> str:
    return f"{address.name} <{address.address}>" if address.name else address.address


def plainly(parsed: ParsedMail, field: str) -> Any:
    """Addresses as text, attachments as (name, type, content), the inline ones' ids, the rest as is."""
    value: Any = getattr(parsed, "attachments" if field == "inline" else field)
    if field == "inline":
        return [one.content_id for one in value if one.is_inline]
    if field == "attachments":
        return [(one.name, one.content_type, one.content) for one in value]
    if field == "sender":
        return spelled(value)
    if field in {"to", "cc", "reply_to", "from_addresses"}:
        return [spelled(one) for one in value]
    if field == "sent_at":
        return value and value.isoformat()
    return list(value) if isinstance(value, tuple) and field != "notes" else value
