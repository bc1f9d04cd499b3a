"""Which mails of this room the outbox may name: those about tickets that the reader may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mail import privacy
from staff.models import User
from support.models import Message, Ticket


def visible_tickets(user: User, ids: Collection[int]) -> Iterable[int]:
    return Ticket.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True)


def visible_messages(user: User, ids: Collection[int]) -> Iterable[int]:
    visible = Ticket.objects.visible_to(user).values("pk")
    return Message.objects.filter(pk__in=ids, ticket__in=visible).values_list("pk", flat=True)


def register() -> None:
    """Called from SupportConfig.ready."""
    privacy.ask("support.ticket", visible_tickets)
    privacy.ask("support.message", visible_messages)
