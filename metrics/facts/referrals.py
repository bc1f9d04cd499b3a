"""New customers whom somebody brought."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from metrics.facts.over import added
from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import fetch, rows_table


def referred(windows: Sequence[Window], *, scope: Scope | None = None) -> list[int]:
    """Customers whose first tenure starts in each window, and who have a referrer."""
    return added(windows, partial(_referred, scope=scope), 0)


def _referred(windows: Sequence[Window], *, scope: Scope | None) -> list[int]:
    table, params = rows_table("t", "crm_tenure", "started_at", windows, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, COUNT(*) FROM t JOIN crm_customer c ON c.id = t.customer_id
        WHERE t.is_first AND c.referred_by_id IS NOT NULL {within(scope, "c.id")}
        GROUP BY i
        """,
        params,
    )
    found = dict(rows)
    return [found.get(i, 0) for i in range(len(windows))]
