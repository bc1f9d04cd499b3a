"""This room's lists on a person's Today page: what presses, who waits for them, who named them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.registry import TODAY_LISTS, TodayList
from staff.access import Role, acting_user
from staff.prepared import PreparedFor
from support.models import BoardComment, Mention, Suggestion, Ticket

if TYPE_CHECKING:
    from django.http import HttpRequest

    from staff.models import User

MOST = 10


def pressing(request: HttpRequest) -> dict[str, Any] | None:
    """My tickets that are late or due before the local day ends, the most pressing first."""
    tomorrow = timezone.localdate() + timedelta(days=1)
    midnight = timezone.make_aware(datetime.combine(tomorrow, time.min))
    return _tickets(PRESSING.all(acting_user(request), timezone.now(), midnight))


def waiting(request: HttpRequest) -> dict[str, Any] | None:
    """My tickets in which the customer had the last word, the longest wait first."""
    return _tickets(WAITING.all(acting_user(request), timezone.now()))


def mentions(request: HttpRequest) -> dict[str, Any] | None:
    """Notes in which somebody named me, and which I have not seen yet."""
    unseen = MENTIONS.all(acting_user(request))
    return {"mentions": unseen} if unseen else None


def board(request: HttpRequest) -> dict[str, Any] | None:
    """Suggestions that wait to be looked at, or have a comment that does, the oldest first."""
    if not acting_user(request).has_role(Role.AGENT):
        return None
    said = BoardComment.objects.filter(state=BoardComment.State.PROPOSED)
    waits = Q(state=Suggestion.State.PROPOSED) | Q(pk__in=said.values("suggestion"))
    suggestions = list(Suggestion.objects.filter(waits).order_by("created_at", "pk")[:MOST])
    return {"suggestions": suggestions} if suggestions else None


def _tickets(found: list[Ticket]) -> dict[str, Any] | None:
    return {"tickets": found} if found else None


def _mine(user: User, now: datetime) -> QuerySet[Ticket]:
    """Those that are mine to do and not out of sight; who left a private queue may still have some."""
    mine = Ticket.objects.visible_to(user).open().awake(now).filter(assignee=user)
    return mine.select_related("customer")


def _pressing(user: User, now: datetime, until: datetime) -> QuerySet[Ticket]:
    mine = _mine(user, now).filter(next_due_at__lt=until)
    return mine.order_by("next_due_at", "pk")[:MOST]


def _waiting(user: User, now: datetime) -> QuerySet[Ticket]:
    unanswered = Q(last_outbound_at=None) | Q(last_inbound_at__gt=F("last_outbound_at"))
    mine = _mine(user, now).filter(
        unanswered, state__in=[Ticket.State.NEW, Ticket.State.OPEN], last_inbound_at__isnull=False
    )
    return mine.order_by("last_inbound_at", "pk")[:MOST]


def _mentions(user: User) -> QuerySet[Mention]:
    visible = Ticket.objects.visible_to(user).values("pk")
    found = Mention.objects.filter(
        user=user, seen_at=None, message__ticket__in=visible, message__withdrawn_at=None
    )
    return found.select_related("message__ticket", "message__author").order_by("-pk")[:MOST]


# On a page that is opened all day, composing these would cost more than asking.
PRESSING = PreparedFor(_pressing, datetime, datetime)
WAITING = PreparedFor(_waiting, datetime)
MENTIONS = PreparedFor(_mentions)


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
