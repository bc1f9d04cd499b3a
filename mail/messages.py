"""A row of the outbox as the message that travels: headers, text and HTML.

Built with the standard library's older classes: the newer ones rewrite long unbreakable headers,
such as List-Unsubscribe, into encoded words that no mail client understands.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from email import charset
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from io import BytesIO

from django.conf import settings
from django.utils import timezone

from mail.drafts import one_line
from mail.models import OutgoingEmail
from staff.models import Business

Stream = OutgoingEmail.Stream

UTF8 = charset.Charset("utf-8")
UTF8.body_encoding = charset.QP
# Everything but the report of a failure, which we want.
NO_AUTOMATIC_ANSWERS = "DR, RN, NRN, OOF, AutoReply"


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


def new_message_id(sender: Sender) -> str:
    return f"<{uuid.uuid4().hex}@{ascii_domain(sender.address.rsplit('@', 1)[1])}>"


def build(outgoing: OutgoingEmail) -> bytes:
    """The message of a row that has its sender and its Message-ID, as it goes over the wire.

    Lines end in CRLF and hold nothing beyond ASCII.
    """
    head = "".join(_folded(name, value) for name, value in _headers(outgoing).items())
    body = BytesIO()
    policy = compat32.clone(linesep="\r\n")
    BytesGenerator(body, mangle_from_=False, policy=policy).flatten(_body(outgoing))
    return head.encode("ascii") + body.getvalue()


def ascii_address(address: str) -> str:
    """With the domain as the wire knows it: "ana@xn--pea-8ma.example" for "ana@peña.example"."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}"


def ascii_domain(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")


# --- Headers ----------------------------------------------------------------------------------


def _headers(outgoing: OutgoingEmail) -> dict[str, str]:
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


def _body(outgoing: OutgoingEmail) -> Message:
    text = _part("plain", outgoing.text)
    if not outgoing.html:
        return text
    both = MIMEMultipart("alternative")
    both.attach(text)
    both.attach(_part("html", outgoing.html))
    return both


def _part(subtype: str, content: str) -> Message:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part.set_payload(re.sub(r"\r\n?", "\n", content), UTF8)
    return part
