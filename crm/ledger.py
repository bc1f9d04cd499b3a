"""The costs ledger: a page of it, by month, with each month's sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from crm.models import Cost


@dataclass(frozen=True)
class Month:
    """`total` is the whole month's under the same filters, in the business's currency.

    None when one of its costs is in a currency whose rate is unknown.
    """

    first: date
    total: Decimal | None
    costs: Sequence[Cost]


def by_month(costs: Sequence[Cost], all_of_them: QuerySet[Cost]) -> list[Month]:
    """The costs of a page under their months: one query for the sums."""
    months = [(first, list(group)) for first, group in groupby(costs, key=_month)]
    if not months:
        return []
    sums = _sums(all_of_them, newest=months[0][0], oldest=months[-1][0])
    return [Month(first, sums.get(first), group) for first, group in months]


def _sums(costs: QuerySet[Cost], *, newest: date, oldest: date) -> dict[date, Decimal | None]:
    rows: Any = (
        costs.order_by()
        .filter(on__gte=oldest, on__lt=_next(newest))
        .annotate(month=TruncMonth("on"))
        .values("month")
        .annotate(micros=Sum("amount_micros"), unknown=Sum(1, filter=Q(amount_micros=None)))
        .values_list("month", "micros", "unknown")
    )
    return {
        month: None if unknown else Decimal(micros) / 1_000_000 for month, micros, unknown in rows
    }


def _month(cost: Cost) -> date:
    return cost.on.replace(day=1)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
