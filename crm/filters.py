"""Which customers: the filters of the customer list, in the URL, and the sentence they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_filters
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from crm.models import Cost, Customer, Tag
from staff.models import User

LONGEST_SILENCE = 36_500

# What `?sort=` takes, and the key that pages the list in that order.
SORTS = {
    "name": ("name_folded", "pk"),
    "last_purchase": ("-last_order_at", "-pk"),
    "newest": ("-created_at", "-pk"),
}


@dataclass(frozen=True)
class Chip:
    """One filter in force: the words of it, and the address of the list without it."""

    text: str
    without: str


class SentenceFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Filters that combine, read as a sentence, and live in the URL with the order of the list.

    What can't be understood is left out. A list says its `sorts`, the first being the usual one,
    and `words(name, value)` of each filter; those in `silent` show elsewhere on the page.
    """

    silent: ClassVar[tuple[str, ...]] = ("q",)

    @property
    def sorts(self) -> Mapping[str, tuple[str, ...]]:
        """What `?sort=` takes, and the key that pages the list in that order."""
        raise NotImplementedError

    def words(self, name: str, value: Any) -> str:
        raise NotImplementedError

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters in force, by name."""
        self.form.is_valid()
        return {
            name: value for name, value in self.form.cleaned_data.items() if value not in (None, "")
        }

    @property
    def sort(self) -> str:
        asked = self.data.get("sort", "")
        return asked if asked in self.sorts else next(iter(self.sorts))

    @property
    def key(self) -> tuple[str, ...]:
        return self.sorts[self.sort]

    def chips(self) -> list[Chip]:
        return [
            Chip(self.words(name, value), self.address(**{name: None}))
            for name, value in self.chosen.items()
            if name not in self.silent
        ]

    def parameters(self) -> list[tuple[str, str]]:
        """What of the address makes this list: filters and order, without the place in it."""
        names = [*self.filters, "sort"]
        return [(name, self.data[name]) for name in names if self.data.get(name)]

    def address(self, **changes: str | None) -> str:
        """The list's query string with `changes`; None takes a parameter out. Starts at page one."""
        query = {**dict(self.parameters()), **changes}
        return f"?{urlencode({name: value for name, value in query.items() if value})}"


class CustomerFilter(SentenceFilter):
    """`CustomerFilter(request.GET, queryset=…).qs`; what can't be understood is left out."""

    q = django_filters.CharFilter(method="find", label=gettext_lazy("Find"))
    stage = django_filters.ChoiceFilter(
        choices=Customer.Stage.choices, label=gettext_lazy("Stage"), empty_label=gettext_lazy("Any")
    )
    owner = django_filters.ModelChoiceFilter(
        queryset=User.objects.filter(is_active=True),
        label=gettext_lazy("Owner"),
        empty_label=gettext_lazy("Anyone"),
        null_label=gettext_lazy("Nobody"),
        null_value="none",
    )
    source = django_filters.CharFilter(
        label=gettext_lazy("Source"),
        widget=forms.TextInput(attrs={"list": "source-names", "autocomplete": "off"}),
    )
    tag = django_filters.ModelChoiceFilter(
        field_name="tags",
        queryset=Tag.objects.all(),
        to_field_name="folded",
        label=gettext_lazy("Tag"),
        empty_label=gettext_lazy("Any"),
    )
    language = django_filters.ChoiceFilter(
        choices=settings.LANGUAGES,
        label=gettext_lazy("Language"),
        empty_label=gettext_lazy("Any"),
    )
    quiet = django_filters.NumberFilter(
        method="quiet_for",
        min_value=1,
        max_value=LONGEST_SILENCE,
        label=gettext_lazy("Quiet for at least (days)"),
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

    class Meta:
        model = Customer
        fields: ClassVar[list[str]] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Customer], **options: Any) -> None:
        super().__init__(data, queryset=queryset, **options)

    def find(self, queryset: Any, _name: str, value: str) -> Any:
        return queryset.search(value)

    def quiet_for(self, queryset: Any, _name: str, days: Any) -> Any:
        return queryset.quiet_for(int(days))

    def in_archive(self, queryset: Any, _name: str, _value: str) -> Any:
        return queryset.archived()

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("archived") else found.active()

    @property
    def sorts(self) -> Mapping[str, tuple[str, ...]]:
        return SORTS

    def words(self, name: str, value: Any) -> str:
        return str(WORDS[name](value))


class CostFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The costs ledger by purpose and category."""

    purpose = django_filters.ChoiceFilter(
        choices=Cost.Purpose.choices,
        label=gettext_lazy("For"),
        empty_label=gettext_lazy("Any"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    category = django_filters.ChoiceFilter(
        label=gettext_lazy("Category"),
        empty_label=gettext_lazy("Any"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    class Meta:
        model = Cost
        fields: ClassVar[list[str]] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Cost], **options: Any) -> None:
        super().__init__(data, queryset=queryset, **options)
        used = Cost.objects.order_by("category").values_list("category", flat=True).distinct()
        self.filters["category"].extra["choices"] = [
            (category, Cost.CATEGORIES.get(category, category)) for category in used[:200]
        ]


def _of(owner: User | str) -> str:
    if owner == "none":
        return _("without an owner")
    return _("looked after by %(name)s") % {"name": owner}


def _quiet(days: Any) -> str:
    number = int(days)
    words = ngettext("quiet for %(days)s day", "quiet for %(days)s days", number)
    return words % {"days": number_format(number)}


STAGE_WORDS = {
    Customer.Stage.LEAD: pgettext_lazy("customers", "who are leads"),
    Customer.Stage.CUSTOMER: pgettext_lazy("customers", "who are customers"),
    Customer.Stage.LOST: pgettext_lazy("customers", "who are lost"),
}
WORDS: dict[str, Any] = {
    "stage": lambda stage: str(STAGE_WORDS[stage]),
    "owner": _of,
    "source": lambda source: _("found through “%(source)s”") % {"source": source},
    "tag": lambda tag: _("tagged “%(tag)s”") % {"tag": tag},
    "language": lambda code: (
        _("who speak %(language)s") % {"language": str(dict(settings.LANGUAGES)[code])}
    ),
    "quiet": _quiet,
    "referred_by": lambda customer: _("referred by %(name)s") % {"name": customer},
    "archived": lambda _value: pgettext("customers", "archived"),
}
