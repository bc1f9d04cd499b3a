"""Which customers: the filters of the customer list, in the URL, and the sentence they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import django_filters
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm import search
from crm.filters import custom_fields
from crm.filters.sentence import (
    DayFilter,
    MoneyFilter,
    SentenceFilter,
    of_days,
    plain,
    values_of,
)
from crm.filters.tags import TagsFilter
from crm.filters.words import words_of
from crm.models import Customer, LoyaltyTier
from crm.registry import CUSTOMER_FILTERS
from crm.words import Term
from staff.models import User
from staff.pages import Countable

LONGEST_SILENCE = 36_500
MICROS = 1_000_000
ANY = gettext_lazy("Any")

# What `?sort=` takes, and the key that pages the list in that order.
SORTS = {
    "name": ("name_folded", "pk"),
    "name_desc": ("-name_folded", "-pk"),
    "stage": ("stage", "name_folded", "pk"),
    "last_purchase": ("-last_order_at", "-pk"),
    "newest": ("-created_at", "-pk"),
    "oldest": ("created_at", "pk"),
}
# What an address keeps beside the filters: the order, and the segment that one came from.
KEPT = ("sort", "segment")
# What asks for no other customers.
PLACES = {*KEPT, "after", "before"}
GROUPS = {
    "who": gettext_lazy("Who they are"),
    "when": gettext_lazy("When"),
    "worth": gettext_lazy("What they bring"),
    "open": gettext_lazy("What is open"),
    "custom": gettext_lazy("Fields of your own"),
}


def _written(label: Any, column: str) -> django_filters.CharFilter:
    """One's own words, as they are written; the words in use are offered."""
    widget = forms.TextInput(attrs={"list": f"{column}-names", "autocomplete": "off"})
    return django_filters.CharFilter(label=label, widget=widget)


def _days(label: Any) -> DayFilter:
    return DayFilter(method="on_days", label=label)


class CustomerFilter(SentenceFilter):
    """`CustomerFilter(request.GET, queryset=…).qs`; what can't be understood is left out.

    The names are a promise: addresses and saved segments hold them. Only the filters that are
    asked for are made, unless `whole`, for the form that offers all of them.
    """

    silent = ("q", "tags")
    # What is searched for, when so many satisfy it that it had better be counted by its words.
    common_terms: Sequence[Term] = ()

    q = django_filters.CharFilter(method="find", label=gettext_lazy("Find"))
    stage = django_filters.ChoiceFilter(
        choices=Customer.Stage.choices, label=gettext_lazy("Stage"), empty_label=ANY
    )
    owner = django_filters.ModelChoiceFilter(
        queryset=User.objects.filter(is_active=True),
        label=gettext_lazy("Owner"),
        empty_label=gettext_lazy("Anyone"),
        null_label=gettext_lazy("Nobody"),
        null_value="none",
    )
    tag = TagsFilter(method="tagged", label=gettext_lazy("Tags"))
    tags = django_filters.ChoiceFilter(
        choices=[
            ("all", gettext_lazy("All of these tags")),
            ("none", gettext_lazy("None of these tags")),
        ],
        method="with_tags",
        label=gettext_lazy("With"),
        empty_label=gettext_lazy("Any of these tags"),
    )
    source = _written(gettext_lazy("Source"), "source")
    kind = django_filters.ChoiceFilter(
        choices=Customer.Kind.choices, label=gettext_lazy("Kind"), empty_label=ANY
    )
    language = django_filters.ChoiceFilter(
        choices=settings.LANGUAGES, label=gettext_lazy("Language"), empty_label=ANY
    )
    city = _written(gettext_lazy("City"), "city")
    country = _written(gettext_lazy("Country"), "country")
    quiet = django_filters.NumberFilter(
        method="quiet_for",
        min_value=1,
        max_value=LONGEST_SILENCE,
        label=gettext_lazy("Quiet for at least (days)"),
    )
    created_from = _days(gettext_lazy("Added from"))
    created_to = _days(gettext_lazy("Added until"))
    contact_from = _days(gettext_lazy("Last contact from"))
    contact_to = _days(gettext_lazy("Last contact until"))
    purchase_from = _days(gettext_lazy("Last purchase from"))
    purchase_to = _days(gettext_lazy("Last purchase until"))
    first_purchase_from = _days(gettext_lazy("First purchase from"))
    first_purchase_to = _days(gettext_lazy("First purchase until"))
    value_min = MoneyFilter(method="worth", label=gettext_lazy("Income of 12 months, at least"))
    value_max = MoneyFilter(method="worth", label=gettext_lazy("Income of 12 months, at most"))
    bought = django_filters.ChoiceFilter(
        choices=[
            ("yes", gettext_lazy("Have bought")),
            ("no", gettext_lazy("Have never bought")),
        ],
        method="with_purchase",
        label=gettext_lazy("Purchases"),
        empty_label=ANY,
    )
    tier = django_filters.ModelChoiceFilter(
        queryset=LoyaltyTier.objects.all(),
        label=gettext_lazy("Loyalty tier"),
        empty_label=ANY,
        null_label=pgettext_lazy("loyalty tier", "None"),
        null_value="none",
    )
    deal = django_filters.ChoiceFilter(
        choices=[("open", gettext_lazy("With an open deal")), ("none", gettext_lazy("Without"))],
        method="with_deal",
        label=gettext_lazy("Deals"),
        empty_label=ANY,
    )
    promise = django_filters.ChoiceFilter(
        choices=[("late", gettext_lazy("With a late promise"))],
        method="with_late_promise",
        label=gettext_lazy("Promises"),
        empty_label=ANY,
    )
    referred_by = django_filters.ModelChoiceFilter(
        queryset=Customer.objects.all(), widget=forms.HiddenInput
    )
    archived = django_filters.ChoiceFilter(
        choices=[("1", gettext_lazy("Archived"))],
        method="in_archive",
        label=pgettext_lazy("the place", "Archive"),
        empty_label=pgettext_lazy("customers", "Not archived"),
    )

    groups: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "who": (
            *("stage", "owner", "tag", "tags", "source", "kind", "language"),
            *("city", "country", "referred_by", "archived"),
        ),
        "when": (
            *("quiet", "contact_from", "contact_to", "purchase_from", "purchase_to"),
            *("first_purchase_from", "first_purchase_to", "created_from", "created_to"),
        ),
        "worth": ("value_min", "value_max", "bought", "tier"),
        "open": ("deal", "promise"),
    }

    class Meta:
        model = Customer
        fields: ClassVar[list[str]] = []

    def __init__(
        self,
        data: QueryDict,
        queryset: QuerySet[Customer],
        *,
        whole: bool = False,
        request: HttpRequest | None = None,
    ) -> None:
        self.custom_fields = custom_fields.asked_for(data, whole=whole, request=request)
        # Copying a filter and making its field takes longer than most queries.
        self.base_filters = {
            name: one
            for name, one in self.declared_filters.items()
            if whole or values_of(data, name)
        }
        super().__init__(data, queryset=queryset, request=request)
        for entry in CUSTOMER_FILTERS.all():
            if whole or values_of(data, entry.name):
                self._add(entry.name, entry.make())
        for field in self.custom_fields:
            for name, one in custom_fields.filters(field):
                if whole or values_of(data, name):
                    self._add(name, one)

    def _add(self, name: str, one: django_filters.Filter) -> None:
        one.field_name = one.field_name or name
        one.model, one.parent = Customer, self
        self.filters[name] = one

    # --- What each asks --------------------------------------------------------------------

    def find(self, queryset: Any, _name: str, value: str) -> Any:
        asked, self.common_terms = search.found(value)
        return queryset.filter(asked)

    @property
    def counted(self) -> Countable:
        """`qs`, as staff.pages.capped_counts had better count it."""
        found = self.qs  # asks what was searched for
        if not self.common_terms:
            return found  # type: ignore[no-any-return]
        rest = self.data.copy()
        rest.pop("q", None)
        among = CustomerFilter(rest, queryset=Customer.objects.all(), request=self.request).qs
        return search.Many(self.common_terms, among)

    def tagged(self, queryset: Any, _name: str, tags: Any) -> Any:
        return queryset.tagged(tags, how=self.form.cleaned_data.get("tags") or "any")

    def with_tags(self, queryset: Any, _name: str, _value: str) -> Any:
        return queryset  # `tagged` asks it

    def quiet_for(self, queryset: Any, _name: str, days: Any) -> Any:
        return queryset.quiet_for(int(days))

    def on_days(self, queryset: Any, name: str, day: date) -> Any:
        """From the beginning of a local day, or until the end of one."""
        moment, _underscore, side = name.rpartition("_")
        [(lookup, at)] = of_days(since=day) if side == "from" else of_days(until=day)
        if moment == "contact":
            return queryset.last_contact(lookup, at)
        column = {"created": "created_at", "purchase": "last_order_at"}.get(
            moment, "first_order_at"
        )
        return queryset.filter(**{f"{column}__{lookup}": at})

    def worth(self, queryset: Any, name: str, amount: Decimal) -> Any:
        micros = int(amount * MICROS)
        if name == "value_min":
            return queryset.income_of_a_year(at_least=micros)
        return queryset.income_of_a_year(at_most=micros)

    def with_purchase(self, queryset: Any, _name: str, value: str) -> Any:
        return queryset.filter(last_order_at__isnull=value == "no")

    def with_deal(self, queryset: Any, _name: str, value: str) -> Any:
        return queryset.with_open_deal(value == "open")

    def with_late_promise(self, queryset: Any, _name: str, _value: str) -> Any:
        return queryset.with_late_promise()

    def in_archive(self, queryset: Any, _name: str, _value: str) -> Any:
        return queryset.archived()

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("archived") else found.active()

    # --- What the list says of them --------------------------------------------------------

    @property
    def sorts(self) -> Mapping[str, tuple[str, ...]]:
        return SORTS

    @property
    def is_understood(self) -> bool:
        """Whether each part of the address means something: a tag or person may be gone since."""
        understood = self.chosen.keys() | PLACES
        if "tag" not in understood:
            understood |= {"tags"}  # how to take tags, of which there are none
        return all(name in understood for name in self.data if values_of(self.data, name))

    def parameters(self) -> list[tuple[str, str]]:
        """What is understood, written so that every language and every process reads it alike."""
        found: list[tuple[str, str]] = []
        chosen = self.chosen
        if "tag" not in chosen:
            chosen.pop("tags", None)
        for name, value in chosen.items():
            if isinstance(value, date | Decimal):
                found.append((name, plain(value)))
            else:
                found += [(name, text) for text in values_of(self.data, name)]
        return found + [(name, text) for name in KEPT for text in values_of(self.data, name)]

    def words(self, name: str, value: Any) -> str:
        for entry in CUSTOMER_FILTERS.all():
            if entry.name == name:
                return entry.words(value)
        if name.startswith(custom_fields.PREFIX):
            return custom_fields.words(self.custom_fields, name, value)
        return words_of(name, value, how=self.chosen.get("tags", "any"))

    def fieldsets(self) -> Iterator[tuple[str, list[Any], bool]]:
        """The form of all filters by groups: title, fields, and whether one of them is in force."""
        names = {group: list(those) for group, those in self.groups.items()} | {"custom": []}
        for entry in CUSTOMER_FILTERS.all():
            names[entry.group].append(entry.name)
        for field in self.custom_fields:
            names["custom"] += [name for name, _one in custom_fields.filters(field)]
        in_force = self.chosen.keys()
        for group, title in GROUPS.items():
            if there := [name for name in names[group] if name in self.filters]:
                fields = [self.form[name] for name in there]
                yield str(title), fields, not in_force.isdisjoint(there)
