"""The costs ledger: a page of it by month with each month's sum, and what each month really cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

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


# --- Spread over the days that they are for --------------------------------------------------

# As many as a table can show; a longer period shows its end.
MOST_MONTHS = 36
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Spread:
    """What the days of each month cost, by purpose: a cost over several days is shared evenly by them.

    Amounts are in the business's currency, in the order of `purposes`, the sum last; None where a
    rate is unknown. `months` are the latest first, without those that cost nothing.
    """

    purposes: Sequence[str]
    months: Sequence[tuple[date, Sequence[Decimal | None]]]
    totals: Sequence[Decimal | None]
    since: date
    until: date


Share = Fraction | None


def spread(costs: QuerySet[Cost], since: date | None, until: date | None) -> Spread:
    """Over [since, until], or the twelve months up to this one: one query."""
    until = until or max(timezone.localdate(), since or date.min)
    since = since or _months_back(until, 11)
    since = max(since, _months_back(until, MOST_MONTHS - 1))
    shares: dict[tuple[date, str], Share] = {}
    for purpose, on, stop, micros in _overlapping(costs, since, until):
        end = stop or on + DAY
        for month, days in _days_of_months(max(on, since), min(end, until + DAY)):
            _add(shares, (month, purpose), micros, Fraction(days, (end - on).days))
    months = sorted({month for month, _purpose in shares}, reverse=True)
    purposes = [str(purpose) for purpose in Cost.Purpose]
    rows = [[shares.get((month, one), Fraction()) for one in purposes] for month in months]
    return Spread(
        purposes=[str(purpose.label) for purpose in Cost.Purpose],
        months=[(month, _amounts(row)) for month, row in zip(months, rows, strict=True)],
        totals=_amounts([_sum(column) for column in zip(*rows, strict=True)]),
        since=since,
        until=until,
    )


def _overlapping(costs: QuerySet[Cost], since: date, until: date) -> Any:
    reaching = Q(until__gt=since) | Q(until=None, on__gte=since)
    found = costs.order_by().filter(reaching, on__lte=until)
    return found.values_list("purpose", "on", "until", "amount_micros")


def _days_of_months(start: date, end: date) -> Iterator[tuple[date, int]]:
    """(first of the month, how many days) of the months that [start, end) touches."""
    while start < end:
        month = start.replace(day=1)
        stop = min(_next(month), end)
        yield month, (stop - start).days
        start = stop


def _add(
    shares: dict[tuple[date, str], Share], key: tuple[date, str], micros: int | None, part: Fraction
) -> None:
    had = shares.get(key, Fraction())
    shares[key] = None if had is None or micros is None else had + micros * part


def _sum(shares: Iterable[Share]) -> Share:
    total = Fraction()
    for share in shares:
        if share is None:
            return None
        total += share
    return total


def _amounts(shares: Sequence[Share]) -> list[Decimal | None]:
    """In the business's currency, rounded once, with their sum behind them."""
    return [
        None if share is None else Decimal(round(share / 10_000)) / 100
        for share in [*shares, _sum(shares)]
    ]


def _months_back(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _month(cost: Cost) -> date:
    return cost.on.replace(day=1)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
