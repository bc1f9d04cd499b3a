"""Deals as a file: the list of deals as it is filtered, in the reader's words."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.exports.lists import CUSTOMER, full_name, words
from crm.exports.looks import Person
from crm.filters import DealFilter
from crm.models import Deal, LossReason
from staff.exports import Column, ExportList, column, register


def deals(query: QueryDict, _user: Person) -> Any:
    return DealFilter(query, queryset=Deal.objects.all()).qs


def deal_key(query: QueryDict, _user: Person) -> tuple[str, ...]:
    return DealFilter(query, queryset=Deal.objects.none(), stages=()).key


def deal_columns(_query: QueryDict, _user: Person) -> list[Column]:
    return [
        column("title", _("Deal")),
        *CUSTOMER,
        column("pipeline", _("Pipeline"), "stage__pipeline__name"),
        column("stage", pgettext_lazy("of a pipeline", "Stage"), "stage__name"),
        column("state", pgettext_lazy("of a deal", "State"), show=words(Deal.State.choices)),
        column("amount", _("Amount")),
        column("currency", _("Currency")),
        column("probability", _("Probability"), "stage__probability"),
        column("expected_on", _("Expected")),
        column("owner", _("Owner"), "owner__name", "owner__email", show=full_name),
        column("opened_at", _("Begun")),
        column("moved_at", _("In this stage since")),
        column("closed_at", pgettext_lazy("deal", "Closed")),
        column("lost_reason", _("Reason"), show=words(LossReason.choices)),
        column("lost_note", _("In their words")),
    ]


def register_list() -> None:
    """Called from CrmConfig.ready."""
    register(ExportList("deals", _("deals"), deals, deal_columns, key=deal_key))
