"""Which costs."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from crm.forms.fields import DayField, DayInput
from crm.models import Cost


class CostFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The costs ledger by purpose, category, and days that a cost falls on or is spread over."""

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

    since = django_filters.DateFilter(
        label=gettext_lazy("From"),
        method="from_day",
        widget=DayInput(attrs={"class": "form-control"}),
    )
    until = django_filters.DateFilter(
        label=gettext_lazy("Until"),
        field_name="on",
        lookup_expr="lte",
        widget=DayInput(attrs={"class": "form-control"}),
    )

    class Meta:
        model = Cost
        fields: ClassVar[list[str]] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Cost], **options: Any) -> None:
        super().__init__(data, queryset=queryset, **options)
        used = Cost.objects.order_by("category").values_list("category", flat=True).distinct()
        for name in ("since", "until"):
            self.filters[name].field_class = DayField
        self.filters["category"].extra["choices"] = [
            (category, Cost.CATEGORIES.get(category, category)) for category in used[:200]
        ]

    def from_day(self, costs: QuerySet[Cost], _name: str, day: date) -> QuerySet[Cost]:
        return costs.filter(Q(until__gt=day) | Q(until=None, on__gte=day))
