"""What a reply begins with, where a higher room knows: it stands in the composer until it is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from support import canned

if TYPE_CHECKING:
    from staff.models import Business, User
    from support.models import CannedReply, Ticket

# Given a ticket as its page shows it: the canned reply to begin with, or None; a query at most.
Beginning = Callable[["Ticket"], "CannedReply | None"]
_beginnings: dict[str, Beginning] = {}


def register(beginning: Beginning) -> None:
    """A higher room calls this in its AppConfig.ready; registering again replaces."""
    _beginnings[f"{beginning.__module__}.{beginning.__qualname__}"] = beginning


def first_words(ticket: Ticket, *, user: User, business: Business) -> str:
    """In this ticket's words, by the first who knows; blank when nobody does."""
    found = (beginning(ticket) for beginning in _beginnings.values())
    reply = next((reply for reply in found if reply is not None), None)
    if reply is None:
        return ""
    return canned.text_for(reply, ticket=ticket, user=user, business=business)
