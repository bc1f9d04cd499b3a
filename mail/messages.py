"""A row of the outbox as the message that travels: headers, text and HTML.

Built with the standard library's older classes: the newer ones rewrite long unbreakable headers,
such as List-Unsubscribe, into encoded words that no mail client understands.
"""

from __future__ import annotations

import re
import secrets
import uuid
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import charset
from email.encoders import encode_base64
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from io import BytesIO
from urllib.parse import quote

from django.conf import settings
from django.utils import timezone

from mail.drafts import inline_address, one_line
from mail.models import OutgoingAttachment, OutgoingEmail
from staff.files import open_file
from staff.models import Business

Stream = OutgoingEmail.Stream

UTF8 = charset.Charset("utf-8")
UTF8.body_encoding = charset.QP
# Kinds of pictures that an HTML shows.
PICTURES = {"image/png", "image/jpeg", "image/gif"}
# Everything but the report of a failure, which we want.
NO_AUTOMATIC_ANSWERS = "DR, RN, NRN, OOF, AutoReply"
# Of an answer that no person wrote (RFC 3834): other programs leave it unanswered.
ANSWERED_BY_NOBODY = {
    "Auto-Submitted": "auto-replied",
    "X-Auto-Response-Suppress": NO_AUTOMATIC_ANSWERS,
}
# What an attached file may call itself; a message or several parts can't travel as base64.
_FILE_TYPE = re.compile(r"(?!message/|multipart/)[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")


@dataclass(frozen=True)
class Sender:
    """Who the business writes as: the From header and the envelope alike."""

    address: str
    name: str


def current_sender() -> Sender | None:
    """The business's own address, else DEFAULT_FROM_EMAIL; None while there is neither."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    if business := Business.current():
        name = business.name
        address = business.email or address
    return Sender(address, name) if address else None


def new_message_id(sender: Sender, thread_key: str = "") -> str:
    """Never the same twice; it begins with the key by which a reply finds back, if there is one."""
    # With a key it is kept short: some programs spoil long words when they name them in an answer.
    unique = f"{thread_key}.{secrets.token_hex(8)}" if thread_key else uuid.uuid4().hex
    return f"<{unique}@{ascii_domain(sender.address.rsplit('@', 1)[1])}>"


def build(outgoing: OutgoingEmail, *, with_files: bool = True) -> bytes:
    """The message of a row that has its sender and its Message-ID, as it goes over the wire.

    Lines end in CRLF and hold nothing beyond ASCII. Without files, their parts are empty: for a
    person who looks at it.
    """
    head = "".join(_folded(name, value) for name, value in headers_of(outgoing).items())
    body = BytesIO()
    policy = compat32.clone(linesep="\r\n")
    BytesGenerator(body, mangle_from_=False, policy=policy).flatten(
        _body(outgoing, with_files=with_files)
    )
    return head.encode("ascii") + body.getvalue()


def ascii_address(address: str) -> str:
    """With the domain as the wire knows it: "ana@xn--pea-8ma.example" for "ana@peña.example"."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}"


def ascii_domain(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")


# --- Headers ----------------------------------------------------------------------------------


def headers_of(outgoing: OutgoingEmail) -> dict[str, str]:
    """What stands above the message, in plain words: not folded or encoded yet."""
    headers = {
        "From": _address(outgoing.from_name, outgoing.from_address),
        "To": _address(outgoing.to_name, outgoing.to_address),
        "Subject": outgoing.subject,
        "Date": format_datetime(timezone.localtime(outgoing.sent_at)),
        "Message-ID": outgoing.message_id,
    }
    if outgoing.reply_to:
        headers["Reply-To"] = ", ".join(
            _address(*parseaddr(one)) for one in outgoing.reply_to.split(",")
        )
    if outgoing.language:
        headers["Content-Language"] = outgoing.language
    if outgoing.stream != Stream.REPLIES:  # those are written by a person
        headers["Auto-Submitted"] = "auto-generated"
        headers["X-Auto-Response-Suppress"] = NO_AUTOMATIC_ANSWERS
    headers |= outgoing.headers
    if "List-Unsubscribe" in outgoing.headers:
        headers |= _list_headers(outgoing)
    return headers


def _list_headers(outgoing: OutgoingEmail) -> dict[str, str]:
    """RFC 2369, 2919 and 8058: leave with one click, or by a mail to the sender."""
    sender = ascii_address(outgoing.from_address)
    page = outgoing.headers["List-Unsubscribe"]
    return {
        "List-Unsubscribe": f"{page}, <mailto:{sender}?subject=unsubscribe>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-ID": f"<{outgoing.stream}.{sender.rsplit('@', 1)[1]}>",
    }


def _folded(name: str, value: str) -> str:
    """One header on lines of at most 78 characters, where its words allow."""
    lines = [f"{name}:"]
    for word in _encoded(value, name).split(" "):
        # The first word stays beside the name: some readers keep the space of an empty line.
        if len(lines[-1]) + len(word) >= 78 and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


def _encoded(value: str, name: str) -> str:
    """One line of ASCII, in encoded words only where it must be."""
    value = one_line(value)
    if value.isascii():
        return value
    return Header(value, "utf-8", header_name=name).encode(linesep="")


def _address(name: str, address: str) -> str:
    """`name <address>`; no words of the name can become an address."""
    return formataddr((_encoded(name, "Reply-To"), ascii_address(address)))


# --- Body -------------------------------------------------------------------------------------


def _body(outgoing: OutgoingEmail, *, with_files: bool) -> Message:
    every = list(outgoing.attachments.all())  # prefetched (OutgoingEmailQuerySet.to_send)
    shown = [attachment for attachment in every if is_shown(outgoing, attachment)]
    words = _words(outgoing, [part_of(outgoing, one, is_empty=not with_files) for one in shown])
    files = [attachment for attachment in every if attachment not in shown]
    if not files:
        return words
    mixed = MIMEMultipart("mixed")
    mixed.attach(words)
    for attachment in files:
        mixed.attach(file_part(attachment, is_empty=not with_files))
    return mixed


def _words(outgoing: OutgoingEmail, pictures: Sequence[MIMEBase]) -> Message:
    text = _part("plain", outgoing.text)
    if not outgoing.html:
        return text
    html: Message = _part("html", outgoing.html)
    if pictures:  # RFC 2387
        together = MIMEMultipart("related", type="text/html")
        for part in (html, *pictures):
            together.attach(part)
        html = together
    both = MIMEMultipart("alternative")
    both.attach(text)
    both.attach(html)
    return both


def _part(subtype: str, content: str) -> Message:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part.set_payload(re.sub(r"\r\n?", "\n", content), UTF8)
    return part


def is_shown(outgoing: OutgoingEmail, attachment: OutgoingAttachment) -> bool:
    """Whether the HTML shows the file where it stands (mail.drafts.inline_address)."""
    return inline_address(attachment.name) in outgoing.html


def part_of(
    outgoing: OutgoingEmail, attachment: OutgoingAttachment, *, is_empty: bool = False
) -> MIMEBase:
    """The file as the message carries it: named for its place in the HTML, where it has one."""
    part = file_part(attachment, is_empty=is_empty)
    if is_shown(outgoing, attachment):
        place = inline_address(one_line(attachment.name)).removeprefix("cid:")
        part["Content-ID"] = f"<{place}>"
        shown = part["Content-Disposition"].replace("attachment", "inline", 1)
        part.replace_header("Content-Disposition", shown)
    return part


def with_pictures(outgoing: OutgoingEmail) -> str:
    """The HTML with the pictures that travel beside it within, for a look at it here."""
    html = outgoing.html
    for attachment in outgoing.attachments.select_related("file"):
        if is_shown(outgoing, attachment) and attachment.content_type in PICTURES:
            with open_file(attachment.file) as content:
                data = b64encode(content.read()).decode("ascii")
            within = f"data:{attachment.content_type};base64,{data}"
            html = html.replace(inline_address(attachment.name), within)
    return html


def file_part(attachment: OutgoingAttachment, *, is_empty: bool = False) -> MIMEBase:
    kind = attachment.content_type.lower()
    main, sub = (kind if _FILE_TYPE.fullmatch(kind) else "application/octet-stream").split("/")
    part = MIMEBase(main, sub)
    if is_empty:
        part.set_payload(b"")
    else:
        with open_file(attachment.file) as content:
            part.set_payload(content.read())
    encode_base64(part)
    part["Content-Disposition"] = ";\n ".join(["attachment", *_file_name(attachment.name)])
    return part


def _file_name(name: str) -> Iterator[str]:
    """The parameters that carry a file's name: plain where it can be, else by RFC 2231.

    A long one goes on in numbered pieces, so that no line is longer than a server takes.
    """
    name = one_line(name)
    if name.isascii() and len(name) <= 60:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        yield f'filename="{escaped}"'
        return
    pieces = [""]
    for letter in name:
        quoted = quote(letter, safe="")
        if len(pieces[-1]) + len(quoted) > 55:
            pieces.append("")
        pieces[-1] += quoted
    if len(pieces) == 1:
        yield f"filename*=utf-8''{pieces[0]}"
        return
    for number, piece in enumerate(pieces):
        yield f"filename*{number}*={piece}" if number else f"filename*0*=utf-8''{piece}"
