"""Which tickets: the views of the desk and the filters that combine with them, in the URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

import django_filters
from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from crm.filters import SentenceFilter
from crm.forms.fields import DayField
from crm.models import Customer, Tag
from staff.formats import date_short
from staff.models import User
from support import search
from support.models import Category, Queue, Ticket
from support.querysets import TicketQuerySet

# What `?sort=` takes. Those who are open are few enough to be put in any order; the rest is
# walked through in the order of an index.
SORTS = {
    "active": ("-last_activity_at", "-pk"),
    "opened": ("-opened_at", "-pk"),
    "due": ("next_due_at", "pk"),
    "priority": ("-priority", "-last_activity_at", "-pk"),
}
SORTS_OF_ENDED = {name: SORTS[name] for name in ("active", "opened")}

# The views of the desk: what each is called, and which tickets it shows.
View = Callable[[TicketQuerySet, User], TicketQuerySet]
VIEWS: Mapping[str, tuple[str | Promise, View]] = {
    "mine": (
        pgettext_lazy("tickets", "Mine"),
        lambda tickets, user: tickets.open().awake().filter(assignee=user),
    ),
    "unassigned": (
        pgettext_lazy("tickets", "Unassigned"),
        lambda tickets, _user: tickets.open().awake().filter(assignee=None),
    ),
    "late": (
        pgettext_lazy("tickets", "Late"),
        lambda tickets, _user: tickets.late().awake(),
    ),
    "waiting": (
        pgettext_lazy("tickets", "Waiting"),
        lambda tickets, _user: tickets.awake().filter(state=Ticket.State.WAITING),
    ),
    "open": (
        pgettext_lazy("tickets", "All open"),
        lambda tickets, _user: tickets.open().awake(),
    ),
    "snoozed": (
        pgettext_lazy("tickets", "Snoozed"),
        lambda tickets, _user: tickets.snoozed(),
    ),
    "done": (
        pgettext_lazy("tickets", "Solved and closed"),
        lambda tickets, _user: tickets.filter(state__in=[Ticket.State.SOLVED, Ticket.State.CLOSED]),
    ),
    "spam": (
        pgettext_lazy("tickets", "Spam"),
        lambda tickets, _user: tickets.filter(state=Ticket.State.SPAM),
    ),
}
OF_OPEN = frozenset({"mine", "unassigned", "late", "waiting", "open", "snoozed"})
# Those whose number is worth knowing before one opens them.
COUNTED = ("mine", "unassigned", "late", "waiting", "open", "snoozed")


class DayFilter(django_filters.DateFilter):  # type: ignore[misc]
    field_class = DayField


class TicketFilter(SentenceFilter):
    """`TicketFilter(request.GET, queryset=Ticket.objects.visible_to(user)…, user=user).qs`.

    Without a view it shows what is open, and everything but spam to who looks for words, a
    customer or a state.
    """

    silent = ("q", "view")

    view = django_filters.ChoiceFilter(
        choices=[(name, label) for name, (label, _which) in VIEWS.items()],
        method="leave",
        widget=forms.HiddenInput,
    )
    q = django_filters.CharFilter(method="find", label=gettext_lazy("Find"))
    state = django_filters.ChoiceFilter(
        choices=Ticket.State.choices,
        label=pgettext_lazy("ticket", "State"),
        empty_label=gettext_lazy("Any"),
    )
    priority = django_filters.ChoiceFilter(
        choices=Ticket.Priority.choices,
        label=gettext_lazy("Priority"),
        empty_label=gettext_lazy("Any"),
    )
    queue = django_filters.ModelChoiceFilter(
        queryset=Queue.objects.none(),
        label=pgettext_lazy("support", "Queue"),
        empty_label=gettext_lazy("Any"),
    )
    category = django_filters.ModelChoiceFilter(
        queryset=Category.objects.all(),
        label=gettext_lazy("Category"),
        empty_label=gettext_lazy("Any"),
        null_label=pgettext_lazy("category", "None"),
        null_value="none",
    )
    assignee = django_filters.ModelChoiceFilter(
        queryset=User.objects.filter(is_active=True),
        label=gettext_lazy("Assigned to"),
        empty_label=gettext_lazy("Anyone"),
        null_label=gettext_lazy("Nobody"),
        null_value="none",
    )
    tag = django_filters.ModelChoiceFilter(
        field_name="tags",
        queryset=Tag.objects.all(),
        to_field_name="folded",
        label=gettext_lazy("Tag"),
        empty_label=gettext_lazy("Any"),
    )
    channel = django_filters.ChoiceFilter(
        choices=Ticket.Channel.choices,
        label=gettext_lazy("Channel"),
        empty_label=gettext_lazy("Any"),
    )
    kind = django_filters.ChoiceFilter(
        choices=Ticket.Kind.choices,
        label=pgettext_lazy("ticket", "Kind"),
        empty_label=gettext_lazy("Any"),
    )
    since = DayFilter(method="opened_since", label=gettext_lazy("Opened from"))
    until = DayFilter(method="opened_until", label=gettext_lazy("Opened until"))
    customer = django_filters.ModelChoiceFilter(
        queryset=Customer.objects.all(), widget=forms.HiddenInput
    )

    class Meta:
        model = Ticket
        fields: ClassVar[list[str]] = []

    def __init__(self, data: QueryDict, queryset: TicketQuerySet, *, user: User) -> None:
        self.user = user
        super().__init__(data, queryset=queryset)
        self.filters["queue"].queryset = Queue.objects.visible_to(user)

    @property
    def sorts(self) -> Mapping[str, tuple[str, ...]]:
        return SORTS if self.shown in OF_OPEN else SORTS_OF_ENDED

    @property
    def shown(self) -> str:
        """The view in force; "" is none: everything but spam."""
        asked = self.data.get("view", "")
        if asked in VIEWS:
            return str(asked)
        return "" if {"q", "state", "customer"} & self.chosen.keys() else "open"

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        if self.shown:
            return VIEWS[self.shown][1](found, self.user)
        asks_for_spam = self.chosen.get("state") == Ticket.State.SPAM
        return found if asks_for_spam else found.exclude(state=Ticket.State.SPAM)

    def leave(self, queryset: Any, _name: str, _value: str) -> Any:
        return queryset  # filter_queryset sees to the view, also to the one that nobody named

    # Whether what was looked for is in so many tickets that counting them would take long.
    finds_many = False

    def find(self, queryset: Any, _name: str, value: str) -> Any:
        matching, self.finds_many = search.found(value)
        return queryset.filter(matching)

    def opened_since(self, queryset: Any, _name: str, day: date) -> Any:
        return queryset.filter(opened_at__gte=_midnight(day))

    def opened_until(self, queryset: Any, _name: str, day: date) -> Any:
        return queryset.filter(opened_at__lt=_midnight(day + timedelta(days=1)))

    def words(self, name: str, value: Any) -> str:
        return WORDS[name](value)

    @property
    def is_filtered(self) -> bool:
        """Whether anything but a view was chosen."""
        return bool(self.chosen.keys() - {"view"})


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


STATE_WORDS = {
    Ticket.State.NEW: pgettext_lazy("tickets", "that are new"),
    Ticket.State.OPEN: pgettext_lazy("tickets", "that are open"),
    Ticket.State.WAITING: pgettext_lazy("tickets", "waiting for the customer"),
    Ticket.State.ON_HOLD: pgettext_lazy("tickets", "on hold"),
    Ticket.State.SOLVED: pgettext_lazy("tickets", "that are solved"),
    Ticket.State.CLOSED: pgettext_lazy("tickets", "that are closed"),
    Ticket.State.SPAM: pgettext_lazy("tickets", "that are spam"),
    Ticket.State.MERGED: pgettext_lazy("tickets", "merged into another"),
}
PRIORITY_WORDS = {
    Ticket.Priority.LOW: pgettext_lazy("tickets", "of low priority"),
    Ticket.Priority.NORMAL: pgettext_lazy("tickets", "of normal priority"),
    Ticket.Priority.HIGH: pgettext_lazy("tickets", "of high priority"),
    Ticket.Priority.URGENT: pgettext_lazy("tickets", "that are urgent"),
}
CHANNEL_WORDS = {
    Ticket.Channel.EMAIL: pgettext_lazy("tickets", "come by e-mail"),
    Ticket.Channel.FORM: pgettext_lazy("tickets", "come by the feedback page"),
    Ticket.Channel.PHONE: pgettext_lazy("tickets", "come by phone"),
    Ticket.Channel.SURVEY: pgettext_lazy("tickets", "come from a survey"),
    Ticket.Channel.STAFF: pgettext_lazy("tickets", "written by us"),
    Ticket.Channel.IMPORT: pgettext_lazy("tickets", "imported"),
}
KIND_WORDS = {
    Ticket.Kind.QUESTION: pgettext_lazy("tickets", "that ask something"),
    Ticket.Kind.COMPLAINT: pgettext_lazy("tickets", "that complain"),
    Ticket.Kind.SUGGESTION: pgettext_lazy("tickets", "that suggest something"),
    Ticket.Kind.PRAISE: pgettext_lazy("tickets", "that praise"),
}
WORDS: dict[str, Callable[[Any], str]] = {
    "state": lambda state: str(STATE_WORDS[state]),
    "priority": lambda priority: str(PRIORITY_WORDS[Ticket.Priority(int(priority))]),
    "queue": lambda queue: _("in the queue “%(name)s”") % {"name": queue},
    "category": lambda category: (
        _("without a category")
        if category == "none"
        else _("about “%(name)s”") % {"name": category}
    ),
    "assignee": lambda person: (
        pgettext("tickets", "assigned to nobody")
        if person == "none"
        else pgettext("tickets", "assigned to %(name)s") % {"name": person}
    ),
    "tag": lambda tag: _("tagged “%(tag)s”") % {"tag": tag},
    "channel": lambda channel: str(CHANNEL_WORDS[channel]),
    "kind": lambda kind: str(KIND_WORDS[kind]),
    "since": lambda day: _("opened from %(day)s on") % {"day": date_short(day)},
    "until": lambda day: _("opened until %(day)s") % {"day": date_short(day)},
    "customer": lambda customer: _("of %(name)s") % {"name": customer},
}
