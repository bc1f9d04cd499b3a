"""The list of tickets: its views, found, filtered, sorted, selected."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from staff.access import Role, access, acting_user
from staff.pages import Page, paginate, render_page
from support.filters import SORTS, VIEWS, TicketFilter
from support.lists import Tabs, rows, tabs
from support.models import Ticket

SORT_LABELS = {
    "active": gettext_lazy("Last activity first"),
    "opened": gettext_lazy("Newest first"),
    "due": gettext_lazy("Due first"),
    "priority": gettext_lazy("Most pressing first"),
}


@access(read=Role.READ_ONLY)
@require_safe
def ticket_list(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    tickets = Ticket.objects.visible_to(user)
    chosen = TicketFilter(request.GET, queryset=tickets.for_list(), user=user)
    page = paginate(chosen.qs, request, key=chosen.key)
    query = chosen.address().removeprefix("?")
    ways = tabs(user, chosen, query, page)
    context = {
        "page": page,
        "rows": rows(page),
        "filter": chosen,
        "chips": chosen.chips(),
        "tabs": ways,
        "title": _title(chosen, ways),
        "matching": ways.matching,
        "has_any": bool(page.rows) or tickets.exists(),
        "may_write": user.has_role(Role.AGENT),
        "may_manage": user.has_role(Role.MANAGER),
        "can_save": chosen.is_filtered and not any(tab.is_current for tab in ways.saved),
        **_ways_on(chosen, query, page),
    }
    return render_page(request, "support/ticket_list.html", context, fragment="results")


def _title(chosen: TicketFilter, ways: Tabs) -> str:
    """What the table is called for those who hear it."""
    current = [tab.label for tab in (*ways.saved, *ways.queues, *ways.views) if tab.is_current]
    return current[0] if current else str(VIEWS[chosen.shown][0]) if chosen.shown else ""


def _ways_on(chosen: TicketFilter, query: str, page: Page[Ticket]) -> dict[str, Any]:
    """Where one can go from here: sorted otherwise, filtered, on to a new ticket."""
    addresses = {name: chosen.address(sort=name) for name in SORTS}
    return {
        "sorts": [(name, SORT_LABELS[name], addresses[name]) for name in chosen.sorts],
        "sort_label": SORT_LABELS[chosen.sort],
        "sort_addresses": addresses,
        "query": query,
        # What the search field keeps when it sends itself: all but the view, for who looks for
        # words looks everywhere.
        "kept": [(name, value) for name, value in chosen.parameters() if name not in {"q", "view"}],
        "create_url": _page("support:ticket-create"),
        "mailboxes_url": _page("mail:mailboxes"),
        "feedback_url": _page("support:feedback"),
        "is_one_page": page.is_only,
    }


def _page(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@access(read=Role.READ_ONLY)
@require_safe
def ticket_filter(request: HttpRequest) -> HttpResponse:
    chosen = TicketFilter(request.GET, queryset=Ticket.objects.none(), user=acting_user(request))
    context = {"filter": chosen}
    return render_page(request, "support/ticket_filter.html", context, fragment="form")
