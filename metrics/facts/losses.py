"""Why customers were lost, and which of those lost by silence bought again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from metrics.facts.over import in_runs
from metrics.facts.standing import active_at
from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import fetch, rows_table


def lost_by_reason(
    windows: Sequence[Window], *, scope: Scope | None = None
) -> list[dict[str, int]]:
    """Customers at the start and not at the end, by the reason of the last tenure that ended.

    A tenure that began later and before the end would be active at it, or have ended last.
    """
    return in_runs(windows, partial(_lost_by_reason, scope=scope))


def _lost_by_reason(windows: Sequence[Window], *, scope: Scope | None) -> list[dict[str, int]]:
    table, params = rows_table("t", "crm_tenure", "ended_at", windows, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, t.end_reason, COUNT(*) FROM t
        WHERE NOT EXISTS (
            SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id
            AND x.started_at > t.started_at AND x.started_at < t.e
        )
        AND {active_at("t.customer_id", "t.s")} {within(scope, "t.customer_id")}
        GROUP BY i, t.end_reason
        """,
        params,
    )
    results: list[dict[str, int]] = [{} for _ in windows]
    for i, reason, count in rows:
        results[i][reason or "unknown"] = results[i].get(reason or "unknown", 0) + count
    return results


# A tenure that a purchase or a contract began after `t` was over.
BOUGHT_AGAIN = """
    EXISTS (
        SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id
        AND x.started_at > t.ended_at AND x.cause IN ('order', 'contract')
    )
"""


def lost_by_silence(
    windows: Sequence[Window], *, scope: Scope | None = None
) -> list[tuple[int, int]]:
    """(bought again since, customers whose tenure the silence rule ended) in each window."""
    return in_runs(windows, partial(_lost_by_silence, scope=scope))


def _lost_by_silence(windows: Sequence[Window], *, scope: Scope | None) -> list[tuple[int, int]]:
    table, params = rows_table("t", "crm_tenure", "ended_at", windows, scope)
    rows = fetch(
        f"""
        WITH {table},
        gone AS (
            SELECT i, t.customer_id, MAX(CASE WHEN {BOUGHT_AGAIN} THEN 1 ELSE 0 END) AS again
            FROM t WHERE t.end_reason = 'silence' {within(scope, "t.customer_id")}
            GROUP BY i, t.customer_id
        )
        SELECT i, SUM(again), COUNT(*) FROM gone GROUP BY i
        """,
        params,
    )
    results = [(0, 0)] * len(windows)
    for i, again, count in rows:
        results[i] = (int(again), count)
    return results
