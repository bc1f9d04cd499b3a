"""Orders summed over windows, per customer where an interval needs it. Money in millionths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from metrics.facts.tenures import stretches
from metrics.formulas import OrderSums, RatioSums
from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import as_float, fetch, windows_table

MICROS = 1_000_000


def money(micros: int | None) -> Fraction:
    """Millionths of the business's currency as an exact amount."""
    return Fraction(int(micros or 0), MICROS)


NOTHING = OrderSums(income=Fraction(0), orders=0, customers=0)
NOBODY = RatioSums(n=0, x=Fraction(0), y=Fraction(0), xx=0, xy=0, yy=0)


@dataclass(frozen=True)
class Bought:
    """The orders of one window."""

    sums: OrderSums = NOTHING
    # Σ income / Σ orders over customers who appear, and what of it belongs to customers served.
    ticket: RatioSums = NOBODY
    # Σ (income − cost of goods) / Σ cost of goods over the same customers.
    profit: RatioSums = NOBODY
    income_of_served: Fraction = Fraction(0)
    squares_of_served: float = 0.0
    missing_rates_of_served: int = 0


def bought(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Bought]:
    """The orders of each window, from one statement."""
    table, params = windows_table("win", windows, scope)
    x, y = as_float("income"), as_float("orders")
    profit, spent = as_float("income - cost"), as_float("cost")
    rows = fetch(
        f"""
        WITH {table},
        customers AS (
            SELECT i, MIN(s) AS s, MIN(e) AS e, o.customer_id AS customer_id,
                   COALESCE(SUM(o.total_micros), 0) AS income,
                   SUM(CASE WHEN o.total > 0 THEN 1 ELSE 0 END) AS orders,
                   SUM(CASE WHEN o.total < 0 THEN o.total_micros ELSE 0 END) AS refunds,
                   COALESCE(SUM(o.cost_micros), 0) AS cost,
                   SUM(CASE WHEN o.total_micros IS NULL THEN 1 ELSE 0 END) AS missing_rates,
                   SUM(CASE WHEN o.total > 0 AND o.cost IS NULL THEN 1 ELSE 0 END) AS missing_costs
            FROM win CROSS JOIN crm_order o
            WHERE o.ordered_at >= win.s AND o.ordered_at < win.e {within(scope, "o.customer_id")}
            GROUP BY i, o.customer_id
        ),
        judged AS (
            SELECT c.*, CASE WHEN EXISTS (
                SELECT 1 FROM crm_tenure t WHERE t.customer_id = c.customer_id
                AND t.started_at < c.e AND (t.ended_at IS NULL OR t.ended_at >= c.s)
            ) THEN 1 ELSE 0 END AS was_served
            FROM customers c
        )
        SELECT i, COUNT(*), SUM(CASE WHEN orders > 0 THEN 1 ELSE 0 END),
               SUM(income), SUM(orders), SUM(refunds), SUM(cost),
               SUM(missing_rates), SUM(missing_costs),
               SUM({x} * {x}), SUM({x} * {y}), SUM({y} * {y}),
               SUM(was_served * income), SUM(was_served * {x} * {x}),
               SUM(was_served * missing_rates),
               SUM({profit} * {profit}), SUM({profit} * {spent}), SUM({spent} * {spent})
        FROM judged GROUP BY i
        """,
        params,
    )
    results = [Bought()] * len(windows)
    for row in rows:
        results[row[0]] = _bought(*row[1:])
    return results


def _bought(  # noqa: PLR0917 (one row of the statement above)
    customers: int,
    buyers: int,
    income: int,
    orders: int,
    refunds: int | None,
    cost: int,
    missing_rates: int,
    missing_costs: int,
    xx: float,
    xy: float,
    yy: float,
    served_income: int,
    served_xx: float,
    served_missing: int,
    *profits: float,
) -> Bought:
    return Bought(
        sums=OrderSums(
            income=money(income),
            orders=int(orders),
            customers=int(buyers),
            cost=money(cost),
            refunds=money(refunds),
            missing_rates=int(missing_rates),
            missing_costs=int(missing_costs),
        ),
        ticket=RatioSums(
            n=customers,
            x=money(income),
            y=Fraction(int(orders)),
            xx=float(xx) / MICROS**2,
            xy=float(xy) / MICROS,
            yy=float(yy),
        ),
        income_of_served=money(served_income),
        squares_of_served=float(served_xx) / MICROS**2,
        missing_rates_of_served=int(served_missing),
        profit=RatioSums(
            n=customers,
            x=money(income) - money(cost),
            y=money(cost),
            xx=float(profits[0]) / MICROS**2,
            xy=float(profits[1]) / MICROS**2,
            yy=float(profits[2]) / MICROS**2,
        ),
    )


def income_until(
    edges: Sequence[datetime], like: Window, *, scope: Scope | None = None
) -> dict[datetime, tuple[Fraction, int]]:
    """Net income from the first edge to each, and how many orders in it have no exchange rate."""
    table, params = windows_table("stretch", stretches(edges, like, since=min(edges)), scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, SUM(o.total_micros), SUM(CASE WHEN o.total_micros IS NULL THEN 1 ELSE 0 END)
        FROM stretch CROSS JOIN crm_order o
        WHERE o.ordered_at >= stretch.s AND o.ordered_at < stretch.e
        {within(scope, "o.customer_id")}
        GROUP BY i
        """,
        params,
    )
    found = {i: (micros, missing) for i, micros, missing in rows}
    totals, income, missing = {}, Fraction(0), 0
    for i, edge in enumerate(edges):
        micros, without_rate = found.get(i, (0, 0))
        income += money(micros)
        missing += int(without_rate)
        totals[edge] = (income, missing)
    return totals
