"""What this room adds to the customer room's pages: open tickets, and what the timeline tells of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from crm import registry
from crm.models import Customer
from mail.parsing import reply_text
from staff.access import Role, acting_user
from staff.models import User
from staff.prepared import PreparedFor
from support import today
from support.models import Message, Ticket

SHOWN = 6
# More need no exact number.
MOST = 50
EXCERPT = 300


def panel(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The open tickets that this person may see, the latest activity first: one query."""
    user = acting_user(request)
    tickets = OPEN.all(user, customer.pk)
    may_write = user.has_role(Role.AGENT) and customer.archived_at is None
    return {
        "tickets": tickets[:SHOWN],
        "more": max(len(tickets) - SHOWN, 0),
        "health": _health(tickets),
        "create_url": create_url(customer) if may_write else "",
    }


def _open(user: User, customer: int) -> QuerySet[Ticket]:
    found = Ticket.objects.visible_to(user).open().filter(customer=customer)
    return found.select_related("assignee").order_by("-last_activity_at", "-pk")[:MOST]


OPEN = PreparedFor(_open, int)


def _health(tickets: list[Ticket]) -> list[registry.Fact]:
    late = sum(one.is_late for one in tickets)
    if not tickets:
        return []
    open_words = ngettext("%(count)s ticket open", "%(count)s tickets open", len(tickets))
    label = open_words % {"count": len(tickets)}
    if not late:
        return [registry.Fact(label, "", tone="watch", url="#tickets-title")]
    late_words = ngettext("%(count)s of them late", "%(count)s of them late", late)
    words = late_words % {"count": late}
    return [registry.Fact(f"{label},", words, tone="bad", url="#tickets-title")]


def create_url(customer: Customer) -> str:
    return f"{reverse('support:ticket-create')}?customer={customer.pk}"


def message_marks(ids: Collection[int]) -> Mapping[int, dict[str, Any]]:
    """What was written, beside the line that tells of it: nothing of what is in a private queue."""
    found = Message.objects.filter(pk__in=ids, withdrawn_at=None).select_related("ticket__queue")
    return {one.pk: _mark(one) for one in found.defer("html")}


def _mark(message: Message) -> dict[str, Any]:
    ticket = message.ticket
    is_private = ticket.queue.is_private
    page = reverse("support:ticket", args=[ticket.pk])
    return {
        "url": f"{page}#message-{message.pk}",
        "name": f"#{ticket.pk}" if is_private else str(ticket),
        "is_private": is_private,
        "excerpt": "" if is_private else _excerpt(message.text),
    }


def _excerpt(text: str) -> str:
    """The beginning of what was written, without what it quotes."""
    fresh, quoted = reply_text(text)
    return " ".join((fresh.strip() or quoted).split())[:EXCERPT]


def ticket_marks(ids: Collection[int]) -> Mapping[int, dict[str, Any]]:
    """That it was solved; the line itself says which, so there is nothing to look up."""
    return {pk: {"url": reverse("support:ticket", args=[pk])} for pk in ids}


def register() -> None:
    """Called from SupportConfig.ready."""
    registry.PANELS.register(
        registry.Panel("support", "support/_customer_panel.html", panel, order=10)
    )
    registry.CUSTOMER_ACTIONS.register(
        registry.CustomerAction("support.new", gettext_lazy("New ticket"), create_url, order=10)
    )
    registry.TIMELINE_MARKS.register(
        registry.TimelineMark(
            "support.message",
            "support/_timeline_mark.html",
            message_marks,
            instead_of_summary=True,
        )
    )
    registry.TIMELINE_MARKS.register(
        registry.TimelineMark("support.ticket", "support/_timeline_solved.html", ticket_marks)
    )
    today.register()
