"""Filters by fields of one's own: `custom_KEY=…`, and `custom_KEY-from=…`, `custom_KEY-to=…`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import django_filters
from django.db.models import Case, DecimalField, F, TextField, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from crm import custom
from crm.filters.sentence import DayFilter, FigureFilter
from crm.models import CustomField
from staff.formats import date_long, number

PREFIX = "custom_"
Kind = CustomField.Kind
# What may be cast: an import may have brought other texts before the field was a number.
NUMERAL = r"^-?[0-9]{1,18}(\.[0-9]{1,6})?$"
DIGITS = {"max_digits": 18, "decimal_places": custom.DECIMALS}
ANY = pgettext_lazy("custom field", "Any")


def asked_for(data: Any, *, whole: bool, request: HttpRequest | None) -> list[CustomField]:
    """The fields to filter by: those on offer, or those that an address names, archived ones too."""
    if whole:
        return custom.fields(request)
    if any(name.startswith(PREFIX) for name in data):
        return custom.known(request)
    return []


def filters(field: CustomField) -> Iterator[tuple[str, django_filters.Filter]]:
    """(name, filter) of what can be asked of a field."""
    name, label = custom.form_name(field), field.label
    if field.kind in (Kind.NUMBER, Kind.DATE):
        make = partial(FigureFilter, **DIGITS) if field.kind == Kind.NUMBER else DayFilter
        for side, words in (("from", _("%(name)s, from")), ("to", _("%(name)s, until"))):
            yield (
                f"{name}-{side}",
                make(
                    label=words % {"name": label},
                    method=_between(field.key),
                ),
            )
    elif field.kind == Kind.TEXT:
        yield name, django_filters.CharFilter(label=label, method=_contains(field.key))
    else:
        choices: list[tuple[str, Any]] = [(str(one), str(one)) for one in field.choices]
        if field.kind == Kind.YES_NO:
            choices = [
                ("yes", pgettext("in a choice", "Yes")),
                ("no", pgettext("in a choice", "No")),
            ]
        yield (
            name,
            django_filters.ChoiceFilter(
                label=label, choices=choices, empty_label=ANY, method=_equals(field)
            ),
        )


def words(fields: Iterable[CustomField], name: str, value: Any) -> str:
    key, _dash, side = name.removeprefix(PREFIX).partition("-")
    label = next(field.label for field in fields if field.key == key)
    if side:
        shown = number(value) if isinstance(value, Decimal) else date_long(value)
        sentence = _("%(name)s from %(value)s") if side == "from" else _("%(name)s until %(value)s")
        return sentence % {"name": label, "value": shown}
    if value in {"yes", "no"}:
        value = pgettext("in a choice", "Yes") if value == "yes" else pgettext("in a choice", "No")
    return _("%(name)s: %(value)s") % {"name": label, "value": value}


# --- What each asks -------------------------------------------------------------------------


def _text(key: str) -> Cast:
    # Cast: what is compared with a key of JSON is taken for JSON itself.
    return Cast(KeyTextTransform(key, "custom"), TextField())


def _contains(key: str) -> Any:
    def ask(queryset: Any, _name: str, text: str) -> Any:
        return queryset.alias(**{f"text_{key}": _text(key)}).filter(
            **{f"text_{key}__icontains": text}
        )

    return ask


def _equals(field: CustomField) -> Any:
    def ask(queryset: Any, _name: str, value: str) -> Any:
        wanted = value == "yes" if field.kind == Kind.YES_NO else value
        return queryset.filter(**{f"custom__{field.key}": wanted})

    return ask


def _between(key: str) -> Any:
    text, figure = f"text_{key}", f"figure_{key}"
    kept = DecimalField(max_digits=24, decimal_places=custom.DECIMALS)

    def ask(queryset: Any, name: str, value: Decimal | date) -> Any:
        lookup = "gte" if name.endswith("-from") else "lte"
        found = queryset.alias(**{text: _text(key)})
        if isinstance(value, date):
            # ISO dates sort as texts do.
            return found.filter(**{f"{text}__{lookup}": value.isoformat()})
        read = Case(When(**{f"{text}__regex": NUMERAL}, then=Cast(F(text), kept)))
        return found.alias(**{figure: read}).filter(**{f"{figure}__{lookup}": value})

    return ask
