"""Every customer's purchases as the models want them, streamed from the orders.

What somebody buys on one day is one purchase: a second invoice of the same morning is no habit.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from crm.models import Order
from metrics.periods import midnight

WEEK = 7
MILLION = 1_000_000


@dataclass
class Histories:
    """A line for each customer who bought: repeat purchases, weeks, and the mean of the repeats."""

    customers: array[int] = field(default_factory=lambda: array("q"))
    repeats: array[float] = field(default_factory=lambda: array("d"))
    # Weeks from the first purchase to the last, and to the last day of which one knows.
    last: array[float] = field(default_factory=lambda: array("d"))
    seen: array[float] = field(default_factory=lambda: array("d"))
    # What a repeat purchase brought on average, in the business's currency; 0 without one.
    mean: array[float] = field(default_factory=lambda: array("d"))
    repeat_buyers: int = 0
    missing_rates: int = 0

    def __len__(self) -> int:
        return len(self.customers)


def histories(until: date, zone: ZoneInfo) -> Histories:
    """Of all purchases before the local day `until`; archived customers are left out."""
    found = Histories()
    for customer, days in groupby(_days(until, zone), key=itemgetter(0)):
        bought = list(days)
        found.missing_rates += sum(missing for *_others, missing in bought)
        first, last = bought[0][1], bought[-1][1]
        repeats = len(bought) - 1
        spent = sum(micros or 0 for _customer, _day, micros, _missing in bought[1:])
        found.customers.append(customer)
        found.repeats.append(repeats)
        found.last.append((last - first).days / WEEK)
        found.seen.append(((until - first).days - 1) / WEEK)
        found.mean.append(spent / MILLION / repeats if repeats else 0)
        found.repeat_buyers += repeats > 0
    return found


def _days(until: date, zone: ZoneInfo) -> Iterator[tuple[int, date, int | None, int]]:
    """(customer, local day, millionths, orders without a rate), by customer and day."""
    orders = Order.objects.filter(
        total__gt=0, ordered_at__lt=midnight(until, zone), customer__archived_at=None
    )
    days = (
        orders.order_by()
        .annotate(day=TruncDate("ordered_at", tzinfo=zone))
        .values("customer_id", "day")
        .annotate(micros=Sum("total_micros"), missing=Count("pk", filter=Q(total_micros=None)))
        .order_by("customer_id", "day")
    )
    rows: Iterator[tuple[int, date, int | None, int]] = days.values_list(
        "customer_id", "day", "micros", "missing"
    ).iterator(chunk_size=20_000)
    return rows
