"""Costs accrued by days: of a cost over [on, until) each day in the window counts alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import Q

from crm.models import Cost
from metrics.facts.orders import MICROS, NOBODY, money
from metrics.formulas import RatioSums
from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import as_float, days_between, fetch, greatest, least, next_day, windows_table


@dataclass
class Spent:
    """What accrued in one window."""

    by_category: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    missing_rates: int = 0

    @property
    def total(self) -> Fraction:
        return sum(self.by_category.values(), Fraction(0))


ON = 'c."on"'


def _until() -> str:
    return f"COALESCE(c.until, {next_day(ON)})"


def _length() -> str:
    return days_between(ON, _until())


def _overlap() -> str:
    return days_between(greatest(ON, "win.first_on"), least(_until(), "win.until_on"))


def _accrues() -> str:
    return f"{ON} < win.until_on AND {_until()} > win.first_on"


def spent_on(scope: Scope | None, purpose: str) -> tuple[str, list[Any]]:
    """A condition that a cost was spent on the scope's customers, and its parameters.

    What won customers from one source is what names that source, or else a customer of it.
    """
    own = within(scope, "c.customer_id")
    if scope is None or not scope.source or purpose != Cost.Purpose.ACQUISITION:
        return own, []
    return f" AND (c.source = %s OR (c.source = '' {own}))", [scope.source]


def accrued(windows: Sequence[Window], purpose: str, *, scope: Scope | None = None) -> list[Spent]:
    """Costs of a purpose by category, from one statement.

    Rows come grouped by length and overlap, so that each share is taken once, exactly.
    """
    table, params = windows_table("win", windows, scope)
    own, named = spent_on(scope, purpose)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, c.category, {_length()}, {_overlap()}, SUM(c.amount_micros),
               SUM(CASE WHEN c.amount_micros IS NULL THEN 1 ELSE 0 END)
        FROM win CROSS JOIN crm_cost c
        WHERE c.purpose = %s AND {_accrues()} {own}
        GROUP BY i, c.category, {_length()}, {_overlap()}
        """,
        [*params, purpose, *named],
    )
    results = [Spent() for _ in windows]
    for i, category, days, overlap, micros, missing in rows:
        results[i].by_category[category] += money(micros) * Fraction(int(overlap), int(days))
        results[i].missing_rates += int(missing)
    return results


def any_for_customers(windows: Sequence[Window], purpose: str) -> bool:
    """Whether a cost of the purpose that could accrue in the windows belongs to a customer."""
    last = max((window.until_on for window in windows), default=date.min)
    own = Cost.objects.filter(purpose=purpose, on__lt=last, customer__isnull=False)
    first = min((window.first_on for window in windows), default=date.max)
    return own.filter(Q(until=None, on__gte=first) | Q(until__gt=first)).exists()


def of_nobody(windows: Sequence[Window], purpose: str) -> list[bool]:
    """Whether a cost of the purpose that accrues in each window belongs to no customer."""
    table, params = windows_table("win", windows)
    rows = fetch(
        f"""
        WITH {table}
        SELECT DISTINCT i FROM win CROSS JOIN crm_cost c
        WHERE c.purpose = %s AND c.customer_id IS NULL AND {_accrues()}
        """,
        [*params, purpose],
    )
    found = {i for (i,) in rows}
    return [i in found for i in range(len(windows))]


def profit_per_customer(
    windows: Sequence[Window], *, scope: Scope | None = None
) -> list[RatioSums]:
    """n and the products of profit (x) and cost (y) over customers with an order or a cost of their
    own. The sums x and y are left at 0: they come exactly from orders and costs."""
    table, params = windows_table("win", windows, scope)
    share = f"{as_float('c.amount_micros')} * {_overlap()} / {_length()}"
    rows = fetch(
        f"""
        WITH {table},
        parts AS (
            SELECT i, o.customer_id AS customer_id, {as_float("o.total_micros")} AS income,
                   {as_float("COALESCE(o.cost_micros, 0)")} AS cost
            FROM win CROSS JOIN crm_order o
            WHERE o.ordered_at >= win.s AND o.ordered_at < win.e
            {within(scope, "o.customer_id")}
            UNION ALL
            SELECT i, c.customer_id, {as_float("0")}, {share}
            FROM win CROSS JOIN crm_cost c
            WHERE c.purpose = 'service' AND c.customer_id IS NOT NULL AND {_accrues()}
            {within(scope, "c.customer_id")}
        ),
        customers AS (
            SELECT i, SUM(income) - SUM(cost) AS x, SUM(cost) AS y
            FROM parts GROUP BY i, customer_id
        )
        SELECT i, COUNT(*), SUM(x * x), SUM(x * y), SUM(y * y) FROM customers GROUP BY i
        """,
        params,
    )
    results = [NOBODY] * len(windows)
    for i, n, xx, xy, yy in rows:
        products = [float(value or 0) / MICROS**2 for value in (xx, xy, yy)]
        results[i] = RatioSums(n, Fraction(0), Fraction(0), *products)
    return results
