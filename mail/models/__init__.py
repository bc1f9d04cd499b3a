"""The data of the post room: what leaves, what arrives, and who must not be written to."""

from mail.models.inbound import InboundEmail, Mailbox, MailboxFolder, WebhookDelivery
from mail.models.outgoing import (
    DeliveryEvent,
    OutgoingAttachment,
    OutgoingEmail,
    Scope,
    SenderGate,
    Suppression,
)

__all__ = [
    "DeliveryEvent",
    "InboundEmail",
    "Mailbox",
    "MailboxFolder",
    "OutgoingAttachment",
    "OutgoingEmail",
    "Scope",
    "SenderGate",
    "Suppression",
    "WebhookDelivery",
]
