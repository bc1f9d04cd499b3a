"""What the frame offers: the groups on the left, the bar at the bottom of a phone.

Pages are named by URL name. One that doesn't exist in this installation is left out, and so is
one that the person may not read: the view's own rule (`staff.access`) decides, nothing here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from staff.access import Access, rule_for


@dataclass(frozen=True)
class Entry:
    name: str
    label: str | Promise
    icon: str
    short: str | Promise = ""
    key: str = ""  # what follows "g" on the keyboard
    also: tuple[str, ...] = ()  # where addresses begin that belong to it, though not under it


@dataclass(frozen=True)
class Group:
    label: str | Promise
    entries: tuple[Entry, ...]


TODAY = Entry("crm:today", _("Today"), "calendar-due", key="t")
CUSTOMERS = Entry("crm:customer-list", _("Customers"), "users", key="c")
LOG = Entry(
    "crm:log", _("Log something"), "plus", pgettext_lazy("write down a call or visit", "Log")
)
TICKETS = Entry("support:ticket-list", _("Tickets"), "ticket")
OVERVIEW = Entry(
    "metrics:overview",
    _("Dashboard"),
    "layout-dashboard",
    _("Measure"),
    also=("dashboards/", "cohorts/", "targets/", "annotations/"),
)

GROUPS = (
    Group("", (TODAY,)),
    Group(
        _("Customers"),
        (
            CUSTOMERS,
            Entry("crm:deal-list", _("Deals"), "columns-3"),
            Entry("crm:outreach-list", _("Outreach"), "speakerphone"),
        ),
    ),
    Group(
        pgettext_lazy("navigation", "Listen"),
        (
            Entry("surveys:survey-list", _("Surveys"), "message-report"),
            Entry("surveys:response-list", pgettext_lazy("navigation", "Answers"), "message-2"),
            Entry("surveys:review-list", _("Reviews"), "star"),
        ),
    ),
    Group(
        pgettext_lazy("navigation", "Help"),
        (TICKETS, Entry("support:board", pgettext_lazy("navigation", "Board"), "sparkles")),
    ),
    Group(
        pgettext_lazy("navigation", "Measure"),
        (
            OVERVIEW,
            Entry("metrics:metric-list", _("Metrics"), "chart-line", key="m"),
            Entry("metrics:finding-list", _("Findings"), "search"),
            Entry("metrics:check-up", _("Check-up"), "clipboard-check"),
        ),
    ),
    Group(
        pgettext_lazy("navigation", "Business"),
        (
            Entry("crm:cost-list", _("Costs"), "coin"),
            Entry("crm:import-list", _("Imports"), "file-import"),
            Entry("mail:inbox", _("Inbox"), "inbox"),
            Entry("mail:outbox", _("Outbox"), "send"),
            Entry("staff:people", _("Team"), "user-heart"),
            Entry("staff:settings", _("Settings"), "settings"),
        ),
    ),
)
PHONE_BAR = (TODAY, CUSTOMERS, LOG, TICKETS, OVERVIEW)


@dataclass(frozen=True)
class Link:
    """An entry that this person may follow."""

    entry: Entry
    url: str
    is_current: bool

    @property
    def short(self) -> str:
        return str(self.entry.short or self.entry.label)


def left(role: int, current: str) -> list[tuple[str, list[Link]]]:
    """The groups with at least one page that `role` may read; `current` is marked."""
    groups = ((str(group.label), links(role, group.entries, current)) for group in GROUPS)
    return [(label, found) for label, found in groups if found]


def bottom(role: int, current: str) -> list[Link]:
    return links(role, PHONE_BAR, current)


def links(role: int, entries: Iterable[Entry], current: str) -> list[Link]:
    found = ((entry, page(entry.name)) for entry in entries)
    return [
        Link(entry, target[0], is_current=target[0] == current)
        for entry, target in found
        if target and may_read(role, target[1])
    ]


def role_of(request: HttpRequest) -> int:
    """The person's role; 0, which is less than any, for a stranger."""
    return request.user.role if request.user.is_authenticated else 0


def may_read(role: int, rule: Access) -> bool:
    needed = rule.needed("GET")
    return rule.public or (needed is not None and role >= needed)


def current_url(path: str) -> str:
    """The most specific page of the navigation that `path` lies under; "" if none."""
    for url, above in _urls(get_urlconf(), get_script_prefix()):
        if path == url or (above != "/" and path.startswith(above)):
            return url
    return ""


def page(name: str) -> tuple[str, Access] | None:
    """The address and the rule of a page, or None when this installation has no such page."""
    return _page(name, get_urlconf(), get_script_prefix())


@lru_cache(maxsize=128)
def _page(name: str, urlconf: str | None, prefix: str) -> tuple[str, Access] | None:
    # URLs and rules are fixed while a process lives; the prefix is part of what reverse() returns.
    try:
        url = reverse(name, urlconf)
    except NoReverseMatch:
        return None
    match = resolve("/" + url.removeprefix(prefix), urlconf)
    rule = rule_for(match.func, match.view_name)
    return (url, rule) if rule else None


@lru_cache(maxsize=8)
def _urls(urlconf: str | None, prefix: str) -> list[tuple[str, str]]:
    """Every page of the navigation with what lies above its own, the most specific first."""
    found = []
    for entry in (entry for group in GROUPS for entry in group.entries):
        if target := _page(entry.name, urlconf, prefix):
            found.append((target[0], target[0]))
            found += [(target[0], prefix + begins) for begins in entry.also]
    return sorted(found, key=lambda one: len(one[1]), reverse=True)
