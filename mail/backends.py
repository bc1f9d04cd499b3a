"""Django's way to send mail, ending in the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import get_language

from mail.actions import queue_emails
from mail.drafts import Draft
from mail.models import OutgoingEmail


class OutboxBackend(BaseEmailBackend):
    """Each recipient of a message becomes a row of the outbox, as account mail.

    The sender is always the business (mail.messages); attachments are refused, not dropped.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        queue_emails([draft for message in email_messages for draft in drafts(message)])
        return len(email_messages)


def drafts(message: EmailMessage) -> list[Draft]:
    """One draft per recipient, so that each has a state of its own."""
    if message.attachments:
        raise ValueError("the outbox takes no attachments")
    html = ""
    if isinstance(message, EmailMultiAlternatives):
        parts = {kind: str(content) for content, kind in message.alternatives}
        html = parts.get("text/html", "")
    return [
        Draft(
            stream=OutgoingEmail.Stream.ACCOUNT,
            to_address=address,
            subject=str(message.subject),
            text=str(message.body),
            html=html,
            reply_to=", ".join(message.reply_to),
            language=get_language() or "",
        )
        for address in message.recipients()
    ]
