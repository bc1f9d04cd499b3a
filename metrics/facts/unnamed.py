"""Answers that name no customer: by public links, kiosks and widgets, and anonymous ones."""

from __future__ import annotations

from collections.abc import Sequence

from metrics.facts.answers import Answers
from metrics.periods import Window
from metrics.sql import fetch, windows_table


def unnamed(windows: Sequence[Window], *, kind: str, low: int, high: int) -> list[Answers]:
    """Their scores in each window; every answer counts, because nobody knows who gave two."""
    table, params = windows_table("win", windows)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, r.score,
               CASE WHEN r.validity = 'valid' AND r.score BETWEEN %s AND %s THEN 1 ELSE 0 END,
               COUNT(*)
        FROM win CROSS JOIN surveys_response r
        WHERE r.kind = %s AND r.answered_at >= win.s AND r.answered_at < win.e
        AND r.customer_id IS NULL AND r.validity <> 'held'
        GROUP BY i, r.score, 3
        """,
        [*params, low, high, kind],
    )
    results = [Answers() for _ in windows]
    for i, score, counts, count in rows:
        if counts:
            results[i].scores[score] = count
        else:
            results[i].invalid += count
    return results
