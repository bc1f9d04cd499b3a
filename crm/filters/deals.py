"""Which deals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.deals import stages_in_use
from crm.models import Deal, Stage
from staff.models import User

# What `?sort=` takes, and the key that pages the list in that order.
SORTS = {
    "moved": ("-moved_at", "-pk"),
    "expected": ("expected_on", "pk"),
    "amount": ("-amount_micros", "-pk"),
    "newest": ("-opened_at", "-pk"),
    "closed": ("-closed_at", "-pk"),
    "title": ("title", "pk"),
}
STATES = [
    (Deal.State.OPEN.value, pgettext_lazy("deals", "Open")),
    (Deal.State.WON.value, pgettext_lazy("deals", "Won")),
    (Deal.State.LOST.value, pgettext_lazy("deals", "Lost")),
    ("any", pgettext_lazy("deals", "Open and closed")),
]
ORDERS = [
    ("moved", gettext_lazy("Moved last")),
    ("expected", gettext_lazy("Expected soonest")),
    ("amount", gettext_lazy("Largest amount")),
    ("newest", gettext_lazy("Newest")),
    ("closed", gettext_lazy("Closed last")),
    ("title", gettext_lazy("Title")),
]
NOBODY = "none"


def _choice(label: Any, *, empty: Any = None, **options: Any) -> django_filters.ChoiceFilter:
    widget = forms.Select(attrs={"class": "form-select"})
    return django_filters.ChoiceFilter(label=label, empty_label=empty, widget=widget, **options)


class DealFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`DealFilter(request.GET, queryset=…).qs`; what can't be understood is left out.

    Open ones unless another `state` is asked for. `stages` are those in use, if they are at hand.
    """

    pipeline = _choice(
        gettext_lazy("Pipeline"), empty=gettext_lazy("Any"), field_name="stage__pipeline"
    )
    stage = _choice(pgettext_lazy("of a pipeline", "Stage"), empty=gettext_lazy("Any"))
    owner = _choice(gettext_lazy("Owner"), empty=gettext_lazy("Anyone"), method="of_owner")
    state = _choice(pgettext_lazy("of a deal", "State"), choices=STATES, method="in_state")
    sort = _choice(gettext_lazy("Sort by"), choices=ORDERS, method="in_order")
    customer = django_filters.NumberFilter(
        field_name="customer_id", min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )

    class Meta:
        model = Deal
        fields: ClassVar[list[str]] = []

    def __init__(
        self,
        data: QueryDict,
        queryset: QuerySet[Deal],
        *,
        stages: Sequence[Stage] | None = None,
        **options: Any,
    ) -> None:
        data = data.copy()
        for name, choices in (("state", STATES), ("sort", ORDERS)):
            if data.get(name) not in dict(choices):
                data[name] = choices[0][0]
        super().__init__(data, queryset=queryset, **options)
        stages = stages_in_use() if stages is None else stages
        pipelines = {stage.pipeline_id: stage.pipeline.name for stage in stages}
        people = User.objects.filter(is_active=True).order_by("name", "pk")
        self.filters["pipeline"].extra["choices"] = list(pipelines.items())
        self.filters["stage"].extra["choices"] = [
            (one.pk, f"{one.pipeline} · {one}" if len(pipelines) > 1 else one.name)
            for one in stages
        ]
        self.filters["owner"].extra["choices"] = [
            (NOBODY, gettext_lazy("Nobody")),
            *((person.pk, str(person)) for person in people),
        ]

    @property
    def key(self) -> tuple[str, ...]:
        """What pages the list."""
        return SORTS[self.data["sort"]]

    @property
    def is_filtered(self) -> bool:
        """Whether others than all open ones are asked for."""
        asked = any(self.data.get(name) for name in ("pipeline", "stage", "owner", "customer"))
        return asked or self.data["state"] != Deal.State.OPEN

    def of_owner(self, deals: QuerySet[Deal], _name: str, owner: str) -> QuerySet[Deal]:
        return deals.filter(owner=None if owner == NOBODY else int(owner))

    def in_state(self, deals: QuerySet[Deal], _name: str, state: str) -> QuerySet[Deal]:
        return deals if state == "any" else deals.filter(state=state)

    def in_order(self, deals: QuerySet[Deal], _name: str, _sort: str) -> QuerySet[Deal]:
        """The order is `key`'s, which pages the list."""
        return deals
