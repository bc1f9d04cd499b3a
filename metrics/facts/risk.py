"""Income of twelve months that may leave: of detractors, of the silent, of contracts that end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from metrics.facts.contracts import runs_at
from metrics.facts.listening import SPOKEN, one_for_each_end, quiet_before_end
from metrics.facts.orders import money
from metrics.facts.standing import active_at
from metrics.periods import DAY, Window
from metrics.scope import Scope, within
from metrics.sql import fetch, windows_table

RISKS = ("detractors", "quiet", "ending")


@dataclass(frozen=True)
class AtRisk:
    """Of customers at the end of a window who bought in the twelve months to it."""

    income: Fraction = Fraction(0)
    at_risk: Fraction = Fraction(0)
    by_risk: dict[str, Fraction] = field(default_factory=lambda: dict.fromkeys(RISKS, Fraction(0)))
    customers: int = 0
    missing_rates: int = 0


def ahead(windows: Sequence[Window], days: int) -> list[Window]:
    """The days after the end of each window: only their dates are asked for."""
    return [
        Window(
            window.end,
            window.end,
            window.until_on,
            window.until_on + days * DAY,
            window.zone,
        )
        for window in windows
    ]


def at_risk(
    windows: Sequence[Window],
    *,
    silent_days: int,
    ahead_days: int,
    scope: Scope | None = None,
) -> list[AtRisk]:
    """From one statement for the ends of all windows: where they begin doesn't matter.

    A detractor's latest answer of the twelve months was 0–6; a silent one had no word with us for
    `silent_days`; a contract ends within `ahead_days` and nothing follows it. A customer whom several
    of these concern counts once in the total.
    """
    ends = one_for_each_end(windows)
    table, params = windows_table("year", [window.year_to_end() for window in ends], scope)
    for name, others in (
        ("quiet", quiet_before_end(ends, silent_days)),
        ("ahead", ahead(ends, ahead_days)),
    ):
        another, more = windows_table(name, others)
        table, params = f"{table}, {another}", [*params, *more]
    rows = fetch(
        f"""
        WITH {table},
        earned AS (
            SELECT year.i AS i, o.customer_id AS customer_id,
                   COALESCE(SUM(o.total_micros), 0) AS income,
                   SUM(CASE WHEN o.total_micros IS NULL THEN 1 ELSE 0 END) AS missing
            FROM year CROSS JOIN crm_order o
            WHERE o.ordered_at >= year.s AND o.ordered_at < year.e
            AND {active_at("o.customer_id", "year.e")} {within(scope, "o.customer_id")}
            GROUP BY year.i, o.customer_id
        ),
        lately AS (
            SELECT DISTINCT quiet.i AS i, x.customer_id AS customer_id
            FROM quiet CROSS JOIN crm_interaction x
            WHERE x.occurred_at >= quiet.s AND x.occurred_at < quiet.e AND {SPOKEN}
            {within(scope, "x.customer_id")}
        ),
        answered AS (
            SELECT year.i AS i, r.customer_id AS customer_id, r.score AS score, ROW_NUMBER() OVER (
                PARTITION BY year.i, r.customer_id ORDER BY r.answered_at DESC, r.id DESC
            ) AS place
            FROM year CROSS JOIN surveys_response r
            WHERE r.kind = 'nps' AND r.validity = 'valid' AND r.customer_id IS NOT NULL
            AND r.answered_at >= year.s AND r.answered_at < year.e {within(scope, "r.customer_id")}
        ),
        ending AS (
            SELECT DISTINCT ahead.i AS i, c.customer_id AS customer_id
            FROM ahead CROSS JOIN crm_contract c
            WHERE {runs_at("ahead.first_on")} AND NOT {runs_at("ahead.until_on")}
            AND c.renewed_by_id IS NULL {within(scope, "c.customer_id")}
        ),
        judged AS (
            SELECT e.i AS i, e.income AS income, e.missing AS missing,
                   CASE WHEN a.score <= 6 THEN 1 ELSE 0 END AS detractor,
                   CASE WHEN l.customer_id IS NULL THEN 1 ELSE 0 END AS is_quiet,
                   CASE WHEN n.customer_id IS NULL THEN 0 ELSE 1 END AS is_ending
            FROM earned e
            LEFT JOIN answered a ON a.i = e.i AND a.customer_id = e.customer_id AND a.place = 1
            LEFT JOIN lately l ON l.i = e.i AND l.customer_id = e.customer_id
            LEFT JOIN ending n ON n.i = e.i AND n.customer_id = e.customer_id
        ),
        told AS (
            SELECT judged.*,
                   CASE WHEN detractor + is_quiet + is_ending > 0 THEN 1 ELSE 0 END AS is_at_risk
            FROM judged
        )
        SELECT i, SUM(income), SUM(is_at_risk * income), SUM(detractor * income),
               SUM(is_quiet * income), SUM(is_ending * income), SUM(is_at_risk), SUM(missing)
        FROM told GROUP BY i
        """,
        params,
    )
    found: dict[datetime, AtRisk] = {}
    for i, income, total, detractors, quiet, ending, customers, missing in rows:
        amounts = [money(one) for one in (detractors, quiet, ending)]
        found[ends[i].end] = AtRisk(
            income=money(income),
            at_risk=money(total),
            by_risk=dict(zip(RISKS, amounts, strict=True)),
            customers=int(customers),
            missing_rates=int(missing),
        )
    return [found.get(window.end, AtRisk()) for window in windows]
