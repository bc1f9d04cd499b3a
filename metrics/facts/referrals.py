"""New customers whom somebody brought."""

from __future__ import annotations

from collections.abc import Sequence

from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import fetch, windows_table


def referred(windows: Sequence[Window], *, scope: Scope | None = None) -> list[int]:
    """Customers whose first tenure starts in each window, and who have a referrer."""
    table, params = windows_table("win", windows, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, COUNT(*) FROM win CROSS JOIN crm_tenure t JOIN crm_customer c ON c.id = t.customer_id
        WHERE t.is_first AND t.started_at >= win.s AND t.started_at < win.e
        AND c.referred_by_id IS NOT NULL {within(scope, "c.id")}
        GROUP BY i
        """,
        params,
    )
    results = [0] * len(windows)
    for i, count in rows:
        results[i] = count
    return results
