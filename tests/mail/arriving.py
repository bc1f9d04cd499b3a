"""Mail for tests, as it would come over the wire."""

from __future__ import annotations

from mail.models import InboundEmail, Mailbox, OutgoingEmail
from mail.sorting import sort
from tests.mail.drafting import draft


def raw_mail(
    number: int = 0,
    *,
    message_id: str | None = None,
    sender: str = "Maria <maria@example.com>",
    to: str = "help@padaria-aurora.example",
    subject: str = "",
    text: str = "Good morning",
    top: str = "",
) -> bytes:
    """One mail of a person; each number another. `top`: header lines that a server added."""
    message_id = f"<{number}@example.com>" if message_id is None else message_id
    lines = [
        *top.splitlines(),
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject or f'Question {number}'}",
        "Date: Fri, 20 Nov 2026 10:00:00 -0300",
        *([f"Message-ID: {message_id}"] if message_id else []),
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"{text} {number}",
        "",
    ]
    return "\r\n".join(lines).encode()


def command_mailbox() -> Mailbox:
    return Mailbox.objects.get_or_create(name="Pipe", kind=Mailbox.Kind.COMMAND)[0]


def sent_message(number: int = 0, **fields: str) -> OutgoingEmail:
    """A message that has left for somebody."""
    from mail.actions import queue_email

    row = queue_email(draft(number, **fields))
    row.message_id = f"<{number}-ours@padaria-aurora.example>"
    row.state = OutgoingEmail.State.SENT
    row.save()
    return row


def bounce(
    message_id: str,
    *,
    recipient: str = "maria0@example.com",
    status: str = "5.1.1",
    action: str = "failed",
    number: int = 0,
) -> bytes:
    """As Postfix writes it (RFC 3464)."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: ola@padaria-aurora.example
Subject: Undelivered Mail Returned to Sender
Date: Fri, 20 Nov 2026 10:00:00 -0300
Message-ID: <report-{number}@mx.example.com>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no mailbox here

--=_b
Content-Type: text/rfc822-headers

From: ola@padaria-aurora.example
Subject: How did we do?
Message-ID: {message_id}

--=_b--
""".replace("\n", "\r\n").encode()


def complaint(message_id: str, *, recipient: str = "maria0@example.com") -> bytes:
    """As a provider's feedback loop writes it (RFC 5965)."""
    return f"""From: feedback@provider.example
To: abuse@padaria-aurora.example
Subject: FW: How did we do?
Date: Fri, 20 Nov 2026 10:00:00 -0300
Message-ID: <arf-{len(message_id)}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=_b"

--=_b
Content-Type: text/plain

This is an email abuse report.

--=_b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0
Version: 1
Original-Rcpt-To: {recipient}

--=_b
Content-Type: message/rfc822

From: ola@padaria-aurora.example
To: {recipient}
Subject: How did we do?
Message-ID: {message_id}

Answer here.
--=_b--
""".replace("\n", "\r\n").encode()


def arrived(raw: bytes) -> InboundEmail:
    """Stored and sorted."""
    from mail.inbox import store_raw

    row = store_raw(raw, mailbox=command_mailbox())
    sort()
    row.refresh_from_db()
    return row
