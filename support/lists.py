"""What the list of tickets shows: its tabs with their counters, and its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_timedelta
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from staff.formats import active_locale, ago, moment
from staff.models import User
from staff.pages import Count, Page, capped_count
from support.filters import VIEWS, TicketFilter
from support.models import Queue, SavedView, Ticket
from support.tally import of_queue, tally


@dataclass(frozen=True)
class Tab:
    """One way into the tickets; `count` is None where it would tell nothing."""

    label: str
    address: str
    is_current: bool
    count: Count | None = None


@dataclass(frozen=True)
class Tabs:
    views: list[Tab]
    queues: list[Tab]
    saved: list[Tab]
    # How many the filters find; None without any, or where counting would take long.
    matching: Count | None

    @property
    def open_count(self) -> Count | None:
        return next((tab.count for tab in self.views if tab.address == "?view=open"), None)


def tabs(user: User, chosen: TicketFilter, query: str, page: Page[Ticket]) -> Tabs:
    """Views, queues and saved views, with what waits in each: three queries, one of them counts.

    Who looks for words, and asks again with each letter, is not told what waits.
    """
    visible = list(Queue.objects.visible_to(user))
    queues = [queue for queue in visible if queue.archived_at is None]
    saved = list(SavedView.objects.visible_to(user))
    counts = {} if "q" in chosen.chosen else tally(user, visible)
    is_whole_view = not chosen.is_filtered
    queue = chosen.chosen.get("queue")
    only_queue = chosen.chosen.keys() <= {"queue", "view"} and chosen.shown == "open"
    return Tabs(
        views=[
            Tab(
                str(label),
                f"?view={name}",
                is_whole_view and chosen.shown == name,
                counts.get(name),
            )
            for name, (label, _which) in VIEWS.items()
        ],
        queues=[
            Tab(
                one.name,
                f"?queue={one.pk}",
                only_queue and queue == one,
                counts.get(of_queue(one)),
            )
            for one in queues
        ]
        if len(queues) > 1
        else [],
        saved=[Tab(view.name, f"?{view.query}", view.query == query) for view in saved],
        matching=_matching(chosen, page),
    )


def _matching(chosen: TicketFilter, page: Page[Ticket]) -> Count | None:
    if not chosen.is_filtered:
        return None
    if page.is_only and not {"after", "before"} & chosen.data.keys():
        return Count(len(page))
    return None if chosen.finds_many else capped_count(chosen.qs)


# In a column there is no room for whom one waits.
STATES = {
    Ticket.State.NEW: pgettext_lazy("state in a list of tickets", "New"),
    Ticket.State.OPEN: pgettext_lazy("state in a list of tickets", "Open"),
    Ticket.State.WAITING: pgettext_lazy("state in a list of tickets", "Waiting"),
    Ticket.State.ON_HOLD: pgettext_lazy("state in a list of tickets", "On hold"),
    Ticket.State.SOLVED: pgettext_lazy("state in a list of tickets", "Solved"),
    Ticket.State.CLOSED: pgettext_lazy("state in a list of tickets", "Closed"),
    Ticket.State.SPAM: pgettext_lazy("state in a list of tickets", "Spam"),
    Ticket.State.MERGED: pgettext_lazy("state in a list of tickets", "Merged"),
}
# Of what is not as usual.
MARKS: dict[int, str] = {
    Ticket.Priority.LOW: "priority-low",
    Ticket.Priority.HIGH: "priority-high",
    Ticket.Priority.URGENT: "priority-urgent",
}


def rows(tickets: Iterable[Ticket]) -> list[dict[str, Any]]:
    pages = reverse("support:ticket", args=[0]).removesuffix("0/")
    states = {str(state): str(name) for state, name in STATES.items()}
    return [_row(ticket, f"{pages}{ticket.pk}/", states[ticket.state]) for ticket in tickets]


def _row(ticket: Ticket, url: str, state_name: str) -> dict[str, Any]:
    """What the list says of one: texts ready to be shown, which a template finds fastest in a dict."""
    customer, contact = ticket.customer.name, ticket.contact
    mark = MARKS.get(ticket.priority, "")
    return {
        "pk": str(ticket.pk),
        "url": url,
        "subject": ticket.subject,
        "who": f"{contact.name} · {customer}" if contact and contact.name != customer else customer,
        "state": ticket.state,
        "state_name": state_name,
        "mark": mark,
        "priority_name": capfirst(Ticket.Priority(ticket.priority).label) if mark else "",
        "due": due(ticket.next_due_at) if ticket.next_due_at and ticket.is_open else "",
        "is_late": ticket.is_open and ticket.is_late,
        "assignee": str(ticket.assignee or ""),
        "active": ago(ticket.last_activity_at),
        "category": ticket.category.name if ticket.category else "",
        "tags": [tag.name for tag in ticket.tags.all()],
    }


def due(at: datetime) -> str:
    """ "in 20 minutes", "late by 2 hours", with the moment on hover and for screen readers."""
    late = timezone.now() - at
    if late.total_seconds() < 0:
        return ago(at)
    exact = moment(at)
    span = format_timedelta(late, threshold=2, locale=active_locale())
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="visually-hidden"> ({})</span></time>',
        at.isoformat(),
        exact,
        _("late by %(span)s") % {"span": span},
        exact,
    )
