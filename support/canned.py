"""Replies written once: whose, found by shortcut, and put into the words of one ticket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from support.models import CannedReply, Ticket

if TYPE_CHECKING:
    from staff.models import Business, User

# What is put in, in braces.
FIELDS = ("contact", "customer", "agent", "ticket", "business")
_FIELD = re.compile(rf"\{{({'|'.join(FIELDS)})\}}")
# "/hours" at the beginning of a line or after a space.
_SHORTCUT = re.compile(r"(?:(?<=\s)|^)/([\w-]{1,30})(?=\s|$)")


def theirs(user: User) -> QuerySet[CannedReply]:
    """Everybody's and the person's own, by name."""
    return CannedReply.objects.filter(Q(owner=None) | Q(owner=user)).order_by("name", "pk")


def by_shortcut(user: User, shortcut: str) -> CannedReply | None:
    """The person's own before everybody's."""
    found = (
        theirs(user).filter(shortcut=shortcut.lower()) if shortcut else CannedReply.objects.none()
    )
    return min(found, key=lambda reply: reply.owner_id is None, default=None)


def text_for(reply: CannedReply, *, ticket: Ticket, user: User, business: Business) -> str:
    """The reply in the ticket's language, else the business's, else any, with its fields filled in."""
    texts: dict[str, str] = reply.texts
    wanted = (ticket.language, ticket.customer.language, business.language)
    text = next((texts[code] for code in wanted if texts.get(code)), None)
    if text is None:
        text = next(filter(None, texts.values()), "")
    contact = ticket.contact.name if ticket.contact else ""
    values = {
        "contact": contact or ticket.customer.name,
        "customer": ticket.customer.name,
        "agent": str(user),
        "ticket": f"#{ticket.pk}",
        "business": business.name,
    }
    return _FIELD.sub(lambda match: values[match[1]], text)


def expanded(text: str, *, ticket: Ticket, user: User, business: Business) -> str:
    """`text` with each shortcut in it replaced by its reply; unknown ones stay as they are."""

    def reply_for(match: re.Match[str]) -> str:
        reply = by_shortcut(user, match[1])
        if reply is None:
            return match[0]
        return text_for(reply, ticket=ticket, user=user, business=business)

    return _SHORTCUT.sub(reply_for, text)
