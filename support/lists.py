"""What the list of tickets shows: its tabs with their counters, and its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from staff.formats import ago, span, time_tag
from staff.models import User
from staff.pages import Count, Page, capped_count
from staff.prepared import Prepared
from support.filters import VIEWS, TicketFilter
from support.models import Queue, SavedView, Ticket
from support.sight import by_sight, sees_all
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
    visible = _QUEUES[sees_all(user)].all(user.pk)
    queues = [queue for queue in visible if queue.archived_at is None]
    saved = _SAVED.all(user.pk)
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


_QUEUES = by_sight(Queue.objects.visible_to)
_SAVED = Prepared(lambda user: SavedView.objects.visible_to(User(pk=user)), int)


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
    """One query, for their tags."""
    pages = reverse("support:ticket", args=[0]).removesuffix("0/")
    states = {str(state): str(name) for state, name in STATES.items()}
    priorities = {mark: capfirst(Ticket.Priority(mark).label) for mark in MARKS}
    tags = _tags(ticket.pk for ticket in tickets)
    return [
        {
            **_row(ticket),
            "url": f"{pages}{ticket.pk}/",
            "state_name": states[ticket.state],
            "priority_name": priorities.get(ticket.priority, ""),
            "tags": tags.get(ticket.pk, ()),
        }
        for ticket in tickets
    ]


def _tags(tickets: Iterable[int]) -> dict[int, list[str]]:
    """The names, by ticket. Prefetching them costs as much as the tickets."""
    tagged = Ticket.tags.through.objects.filter(ticket__in=list(tickets)).order_by("tag__folded")
    found: dict[int, list[str]] = {}
    for ticket, name in tagged.values_list("ticket_id", "tag__name"):
        found.setdefault(ticket, []).append(name)
    return found


def _row(ticket: Ticket) -> dict[str, Any]:
    """What the list says of one: texts ready to be shown, which a template finds fastest in a dict."""
    customer, contact = ticket.customer.name, ticket.contact
    is_open = ticket.is_open
    return {
        "pk": str(ticket.pk),
        "subject": ticket.subject,
        "who": f"{contact.name} · {customer}" if contact and contact.name != customer else customer,
        "state": ticket.state,
        "mark": MARKS.get(ticket.priority, ""),
        "due": due(ticket.next_due_at) if ticket.next_due_at and is_open else "",
        "is_late": is_open and ticket.is_late,
        "assignee": str(ticket.assignee or ""),
        "active": ago(ticket.last_activity_at),
        "category": ticket.category.name if ticket.category else "",
    }


def due(at: datetime) -> str:
    """ "in 20 minutes", "late by 2 hours", with the moment on hover and for screen readers."""
    late = (timezone.now() - at).total_seconds()
    return ago(at) if late < 0 else time_tag(at, _("late by %(span)s") % {"span": span(late)})
