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
from metrics.sql import as_float, fetch, rows_table

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
    # Σ income / Σ orders over customers who appear.
    ticket: RatioSums = NOBODY
    # Σ (income − cost of goods) / Σ cost of goods over the same customers.
    profit: RatioSums = NOBODY


@dataclass
class Summed:
    """What adds up over time, in millionths and counts."""

    income: int = 0
    orders: int = 0
    refunds: int = 0
    cost: int = 0
    missing_rates: int = 0
    missing_costs: int = 0


def summed(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Summed]:
    table, params = rows_table("o", "crm_order", "ordered_at", windows, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, COALESCE(SUM(o.total_micros), 0), SUM(CASE WHEN o.total > 0 THEN 1 ELSE 0 END),
               COALESCE(SUM(CASE WHEN o.total < 0 THEN o.total_micros END), 0),
               COALESCE(SUM(o.cost_micros), 0),
               SUM(CASE WHEN o.total_micros IS NULL THEN 1 ELSE 0 END),
               SUM(CASE WHEN o.total > 0 AND o.cost IS NULL THEN 1 ELSE 0 END)
        FROM o WHERE 1 = 1 {within(scope, "o.customer_id")} GROUP BY i
        """,
        params,
    )
    results = [Summed() for _ in windows]
    for i, *values in rows:
        results[i] = Summed(*map(int, values))
    return results


@dataclass(frozen=True)
class Buyers:
    """Who appears among the orders of a window (`buyers`: with one of a positive total), and the
    sums of squares and products over them: x is income, y orders, p profit and c cost of goods."""

    customers: int = 0
    buyers: int = 0
    xx: float = 0.0
    xy: float = 0.0
    yy: float = 0.0
    pp: float = 0.0
    pc: float = 0.0
    cc: float = 0.0


def buyers(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Buyers]:
    table, params = rows_table("o", "crm_order", "ordered_at", windows, scope)
    income, cost = as_float("o.total_micros"), as_float("o.cost_micros")
    rows = fetch(
        f"""
        WITH {table},
        customers AS (
            SELECT i, COALESCE(SUM({income}), 0) AS x, COALESCE(SUM({cost}), 0) AS c,
                   {as_float("SUM(CASE WHEN o.total > 0 THEN 1 ELSE 0 END)")} AS y
            FROM o WHERE 1 = 1 {within(scope, "o.customer_id")} GROUP BY i, o.customer_id
        )
        SELECT i, COUNT(*), SUM(CASE WHEN y > 0 THEN 1 ELSE 0 END),
               SUM(x * x), SUM(x * y), SUM(y * y),
               SUM((x - c) * (x - c)), SUM((x - c) * c), SUM(c * c)
        FROM customers GROUP BY i
        """,
        params,
    )
    results = [Buyers()] * len(windows)
    for i, customers, positive, xx, xy, yy, *profits in rows:
        squares = [value / MICROS**2 for value in profits]
        results[i] = Buyers(customers, positive, xx / MICROS**2, xy / MICROS, yy, *squares)
    return results


def bought(summed: Summed, buyers: Buyers) -> Bought:
    """The same window's, together."""
    income, cost = money(summed.income), money(summed.cost)
    return Bought(
        sums=OrderSums(
            income=income,
            orders=summed.orders,
            customers=buyers.buyers,
            cost=cost,
            refunds=money(summed.refunds),
            missing_rates=summed.missing_rates,
            missing_costs=summed.missing_costs,
        ),
        ticket=RatioSums(
            buyers.customers, income, Fraction(summed.orders), buyers.xx, buyers.xy, buyers.yy
        ),
        profit=RatioSums(buyers.customers, income - cost, cost, buyers.pp, buyers.pc, buyers.cc),
    )


@dataclass(frozen=True)
class OfOthers:
    """The orders in a window of those who were no customers at any time of it."""

    customers: int = 0
    income: Fraction = Fraction(0)
    squares: float = 0.0
    missing_rates: int = 0


def squares_of_served(bought: Bought, others: OfOthers) -> float:
    """Σ of the squared income of the customers served who appear in a window."""
    if others.customers == bought.ticket.n:
        return 0.0
    return bought.ticket.xx - others.squares


def of_others(windows: Sequence[Window], *, scope: Scope | None = None) -> list[OfOthers]:
    """Whoever was a customer at the moment of an order was one in every window around it; only of
    the rest, who are few, the whole window is looked at."""
    table, params = rows_table("o", "crm_order", "ordered_at", windows, scope)
    income = as_float("income")
    rows = fetch(
        f"""
        WITH {table},
        others AS (
            SELECT i, s, e, o.customer_id AS customer_id, COALESCE(SUM(o.total_micros), 0) AS income,
                   SUM(CASE WHEN o.total_micros IS NULL THEN 1 ELSE 0 END) AS missing_rates
            FROM o WHERE NOT EXISTS (
                SELECT 1 FROM crm_tenure t WHERE t.customer_id = o.customer_id
                AND t.started_at <= o.ordered_at
                AND (t.ended_at IS NULL OR t.ended_at >= o.ordered_at)
            ) {within(scope, "o.customer_id")}
            GROUP BY i, s, e, o.customer_id
        )
        SELECT i, COUNT(*), SUM(income), SUM({income} * {income}), SUM(missing_rates)
        FROM others WHERE NOT EXISTS (
            SELECT 1 FROM crm_tenure t WHERE t.customer_id = others.customer_id
            AND t.started_at < others.e AND (t.ended_at IS NULL OR t.ended_at >= others.s)
        ) GROUP BY i
        """,
        params,
    )
    results = [OfOthers()] * len(windows)
    for i, customers, micros, squares, missing in rows:
        results[i] = OfOthers(customers, money(micros), squares / MICROS**2, int(missing))
    return results


def income_until(
    edges: Sequence[datetime], like: Window, *, scope: Scope | None = None
) -> dict[datetime, tuple[Fraction, int]]:
    """Net income from the first edge to each, and how many orders in it have no exchange rate."""
    steps = stretches(edges, like, since=min(edges))
    table, params = rows_table("o", "crm_order", "ordered_at", steps, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, SUM(o.total_micros), SUM(CASE WHEN o.total_micros IS NULL THEN 1 ELSE 0 END)
        FROM o WHERE 1 = 1 {within(scope, "o.customer_id")} GROUP BY i
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
