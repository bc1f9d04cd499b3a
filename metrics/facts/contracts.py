"""What contracts were worth a month at the two edges of windows, per customer. Money in millionths.

A contract runs over [starts_on, end), its end the earlier of its own and its cancellation's, from
local midnight to local midnight: at an edge b it runs ⇔ start < b ≤ end. Windows begin at a local
midnight, and `until_on` is the first day that has not begun by their end; so days may be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from metrics.facts.orders import MICROS, NOBODY
from metrics.facts.standing import active_at
from metrics.formulas import RatioSums
from metrics.formulas.contracts import Recurring
from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import as_float, fetch, windows_table

# What contract `c` is worth in a year; a twelfth of it is exact only as a fraction.
A_YEAR = "CASE WHEN c.interval = 'month' THEN 12 * c.amount_micros ELSE c.amount_micros END"


def runs_at(day: str) -> str:
    """Whether contract `c` runs at the local midnight that begins `day`, in SQL."""
    return (
        f"(c.starts_on < {day} AND (c.ends_on IS NULL OR c.ends_on >= {day}) "
        f"AND (c.cancelled_on IS NULL OR c.cancelled_on >= {day}))"
    )


def recurring(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Recurring]:
    """Of those who were customers at the start, from one statement."""
    table, params = windows_table("win", windows, scope)
    at_start, at_end = runs_at("win.first_on"), runs_at("win.until_on")
    x, y, z = as_float("lost"), as_float("opening"), as_float("closing")
    rows = fetch(
        f"""
        WITH {table},
        held AS (
            SELECT i, c.customer_id AS customer_id,
                   COALESCE(SUM(CASE WHEN {at_start} THEN {A_YEAR} ELSE 0 END), 0) AS opening,
                   COALESCE(SUM(CASE WHEN {at_end} AND {active_at("c.customer_id", "win.e")}
                                THEN {A_YEAR} ELSE 0 END), 0) AS closing,
                   SUM(CASE WHEN c.amount_micros IS NULL THEN 1 ELSE 0 END) AS missing
            FROM win CROSS JOIN crm_contract c
            WHERE ({at_start} OR {at_end}) AND {active_at("c.customer_id", "win.s")}
            {within(scope, "c.customer_id")}
            GROUP BY i, c.customer_id
        ),
        each AS (
            SELECT i, opening, closing, missing,
                   CASE WHEN opening > closing THEN opening - closing ELSE 0 END AS lost
            FROM held
        )
        SELECT i, COUNT(*), SUM(missing), SUM(opening), SUM(lost), SUM(closing),
               SUM({x} * {x}), SUM({x} * {y}), SUM({y} * {y}), SUM({z} * {z}), SUM({z} * {y})
        FROM each GROUP BY i
        """,
        params,
    )
    results = [Recurring(NOBODY, NOBODY)] * len(windows)
    for i, n, missing, opening, lost, closing, *products in rows:
        xx, xy, yy, zz, zy = (float(one) / (12 * MICROS) ** 2 for one in products)
        start, gone, kept = (Fraction(int(one), 12 * MICROS) for one in (opening, lost, closing))
        results[i] = Recurring(
            lost=RatioSums(n, gone, start, xx, xy, yy),
            kept=RatioSums(n, kept, start, zz, zy, yy),
            missing_rates=int(missing),
        )
    return results
