"""Answers, invitations and leads over windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import as_stored, fetch, later, rows_table


@dataclass
class Answers:
    """Valid scores of customers, and how many of their answers don't count as valid."""

    scores: Counter[int] = field(default_factory=Counter)
    invalid: int = 0


# An answer counts when it is valid or was only set aside for the usual scale, and lies on this one.
COUNTS = """
    (r.validity = 'valid' OR (r.validity = 'invalid' AND r.validity_reason = 'out_of_scale'))
    AND r.score BETWEEN %s AND %s
"""


def answers(
    windows: Sequence[Window],
    *,
    kind: str,
    low: int,
    high: int,
    latest_per_customer: bool,
    scope: Scope | None = None,
) -> list[Answers]:
    """Scores per window, from one statement.

    With `latest_per_customer` only a customer's last valid answer in the window counts. Answers
    without a customer (public links) are no part of it.
    """
    table, params = rows_table("r", "surveys_response", "answered_at", windows, scope)
    last = "AND place = 1" if latest_per_customer else ""
    rows = fetch(
        f"""
        WITH {table},
        given AS (
            SELECT i, r.id AS id, r.customer_id AS customer_id, r.score AS score,
                   r.answered_at AS answered_at,
                   CASE WHEN {COUNTS} THEN 1 ELSE 0 END AS counts
            FROM r
            WHERE r.kind = %s AND r.customer_id IS NOT NULL AND r.validity <> 'held'
            {within(scope, "r.customer_id")}
        ),
        placed AS (
            SELECT i, score, counts, ROW_NUMBER() OVER (
                PARTITION BY i, customer_id, counts ORDER BY answered_at DESC, id DESC
            ) AS place
            FROM given
        )
        SELECT i, counts, CASE WHEN counts = 1 THEN score END, COUNT(*)
        FROM placed WHERE counts = 0 OR (counts = 1 {last})
        GROUP BY i, counts, CASE WHEN counts = 1 THEN score END
        """,
        [*params, low, high, kind],
    )
    results = [Answers() for _ in windows]
    for i, counted, score, count in rows:
        if counted:
            results[i].scores[score] = count
        else:
            results[i].invalid += count
    return results


@dataclass(frozen=True)
class Asked:
    """Invitations delivered (sent and not bounced) in a window, by date of sending."""

    delivered: int = 0
    answered: int = 0


def asked(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Asked]:
    table, params = rows_table("v", "surveys_invitation", "sent_at", windows, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, COUNT(*), SUM(CASE WHEN EXISTS (
            SELECT 1 FROM surveys_response r
            WHERE r.invitation_id = v.id AND r.validity = 'valid'
        ) OR (v.state = 'answered' AND EXISTS (
            SELECT 1 FROM surveys_survey t WHERE t.id = v.survey_id AND t.is_anonymous
        )) THEN 1 ELSE 0 END)
        FROM v WHERE v.bounced_at IS NULL {within(scope, "v.customer_id")}
        GROUP BY i
        """,
        params,
    )
    results = [Asked()] * len(windows)
    for i, delivered, answered in rows:
        results[i] = Asked(delivered, answered)
    return results


@dataclass(frozen=True)
class Leads:
    """Customers created before their first tenure, by date of creation."""

    complete: int = 0
    converted: int = 0
    pending: int = 0


def leads(
    windows: Sequence[Window], *, days: int, as_of: datetime, scope: Scope | None = None
) -> list[Leads]:
    """Leads whose `days` are over at `as_of`, those of them who became customers in time, and the rest."""
    table, params = rows_table("c", "crm_customer", "created_at", windows, scope)
    deadline = later("c.created_at", timedelta(days=days))
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, CASE WHEN c.created_at <= %s THEN 1 ELSE 0 END, COUNT(*),
               SUM(CASE WHEN t.started_at < {deadline} THEN 1 ELSE 0 END)
        FROM c LEFT JOIN crm_tenure t ON t.customer_id = c.id AND t.is_first
        WHERE (t.started_at IS NULL OR t.started_at > c.created_at) {within(scope, "c.id")}
        GROUP BY i, CASE WHEN c.created_at <= %s THEN 1 ELSE 0 END
        """,
        [*params, *[as_stored(as_of - timedelta(days=days))] * 2],
    )
    found = {(i, complete): (count, converted) for i, complete, count, converted in rows}
    return [
        Leads(*found.get((i, 1), (0, 0)), pending=found.get((i, 0), (0, 0))[0])
        for i in range(len(windows))
    ]
