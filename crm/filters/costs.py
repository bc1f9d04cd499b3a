"""Which costs."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from crm.models import Cost


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
