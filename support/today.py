"""This room's lists on a person's Today page: what presses, who waits for them, who named them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.registry import TODAY_LISTS, TodayList
from staff.access import Role, acting_user
from support.models import BoardComment, Mention, Suggestion, Ticket

if TYPE_CHECKING:
    from django.http import HttpRequest

MOST = 10


def pressing(request: HttpRequest) -> dict[str, Any] | None:
    """My tickets that are late or due before the local day ends, the most pressing first."""
    tomorrow = timezone.localdate() + timedelta(days=1)
    midnight = timezone.make_aware(datetime.combine(tomorrow, time.min))
    mine = _mine(request).filter(next_due_at__lt=midnight)
    return _tickets(mine.order_by("next_due_at", "pk"))


def waiting(request: HttpRequest) -> dict[str, Any] | None:
    """My tickets in which the customer had the last word, the longest wait first."""
    unanswered = Q(last_outbound_at=None) | Q(last_inbound_at__gt=F("last_outbound_at"))
    mine = _mine(request).filter(
        unanswered, state__in=[Ticket.State.NEW, Ticket.State.OPEN], last_inbound_at__isnull=False
    )
    return _tickets(mine.order_by("last_inbound_at", "pk"))


def mentions(request: HttpRequest) -> dict[str, Any] | None:
    """Notes in which somebody named me, and which I have not seen yet."""
    user = acting_user(request)
    visible = Ticket.objects.visible_to(user).values("pk")
    found = Mention.objects.filter(
        user=user, seen_at=None, message__ticket__in=visible, message__withdrawn_at=None
    ).select_related("message__ticket", "message__author")
    unseen = list(found.order_by("-pk")[:MOST])
    return {"mentions": unseen} if unseen else None


def board(request: HttpRequest) -> dict[str, Any] | None:
    """Suggestions that wait to be looked at, or have a comment that does, the oldest first."""
    if not acting_user(request).has_role(Role.AGENT):
        return None
    said = BoardComment.objects.filter(state=BoardComment.State.PROPOSED)
    waits = Q(state=Suggestion.State.PROPOSED) | Q(pk__in=said.values("suggestion"))
    suggestions = list(Suggestion.objects.filter(waits).order_by("created_at", "pk")[:MOST])
    return {"suggestions": suggestions} if suggestions else None


def _mine(request: HttpRequest) -> Any:
    """Those that are mine to do and not out of sight; who left a private queue may still have some."""
    user = acting_user(request)
    mine = Ticket.objects.visible_to(user).open().awake().filter(assignee=user)
    return mine.select_related("customer")


def _tickets(found: Any) -> dict[str, Any] | None:
    tickets = list(found[:MOST])
    return {"tickets": tickets} if tickets else None


def register() -> None:
    """Called by support.customer_page.register."""
    for name, title, template, context, order in (
        ("pressing", _("Tickets late or due today"), "support/_today_pressing.html", pressing, 5),
        (
            "waiting",
            _("Customers who wait for your reply"),
            "support/_today_waiting.html",
            waiting,
            6,
        ),
        ("mentions", _("You were mentioned"), "support/_today_mentions.html", mentions, 7),
        ("board", _("Suggestions and comments to look at"), "support/_today_board.html", board, 60),
    ):
        TODAY_LISTS.register(TodayList(f"support.{name}", title, template, context, order=order))
