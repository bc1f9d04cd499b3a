"""Several tags at once."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms

from crm.models import Tag

MOST = 20


class TagsField(forms.MultipleChoiceField):
    """Tags by their folded names, as a list; those that are not there are left out."""

    widget = forms.SelectMultiple(attrs={"size": 4})

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=_offered, **options)

    def clean(self, value: Any) -> list[Tag]:
        names = (value or [])[:MOST]
        return list(Tag.objects.filter(folded__in=names)) if names else []


class TagsFilter(django_filters.Filter):  # type: ignore[misc]
    field_class = TagsField


def _offered() -> list[tuple[str, str]]:
    return list(Tag.objects.values_list("folded", "name"))
