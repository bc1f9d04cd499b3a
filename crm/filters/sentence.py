"""Filters that read as a sentence, and the kinds of filter that several lists have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_filters
from django.utils import timezone

from crm.forms.fields import DayField, MoneyField, NumberField

EMPTY: tuple[Any, ...] = (None, "", [])


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
        return {name: value for name, value in self.form.cleaned_data.items() if value not in EMPTY}

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
        return [(name, value) for name in names for value in values_of(self.data, name)]

    @cached_property
    def _own_parameters(self) -> list[tuple[str, str]]:
        return self.parameters()

    def address(self, **changes: str | None) -> str:
        """The list's query string with `changes`; None takes a parameter out. Starts at page one."""
        query: dict[str, Any] = {}
        for name, value in self._own_parameters:
            query.setdefault(name, []).append(value)
        query |= changes
        return f"?{urlencode({name: v for name, v in query.items() if v}, doseq=True)}"


def values_of(data: Any, name: str) -> list[str]:
    """What an address gives for a name, from a QueryDict or a plain one; nothing empty."""
    found = data.getlist(name) if hasattr(data, "getlist") else [data.get(name)]
    return [value for value in found if value]


def plain(value: date | Decimal) -> str:
    """How an address writes a day or a figure, for every language to read the same again."""
    if isinstance(value, date):
        return value.isoformat()
    text = f"{value.normalize():f}"
    # "1.234" could be a thousand and more; "1.2340" can't.
    return f"{text}0" if re.search(r"\.[0-9]{3}$", text) else text


def of_days(since: date | None = None, until: date | None = None) -> Iterable[tuple[str, datetime]]:
    """The lookups of an instant between two local days, both included."""
    if since is not None:
        yield "gte", timezone.make_aware(datetime.combine(since, time.min))
    if until is not None:
        yield "lt", timezone.make_aware(datetime.combine(next_day(until), time.min))


def next_day(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


class DayFilter(django_filters.DateFilter):  # type: ignore[misc]
    field_class = DayField


class MoneyFilter(django_filters.NumberFilter):  # type: ignore[misc]
    """An amount as the reader writes it. In an address it has a point before its cents."""

    field_class = MoneyField

    def get_max_validator(self) -> None:
        """The field has its own."""


class FigureFilter(django_filters.NumberFilter):  # type: ignore[misc]
    field_class = NumberField

    def get_max_validator(self) -> None:
        """The field has its own."""
