"""Answers that name no customer: by public links, kiosks and widgets, and anonymous ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from metrics.facts.answers import Answers
from metrics.facts.over import added, fieldwise
from metrics.periods import Window
from metrics.sql import fetch, rows_table


def unnamed(windows: Sequence[Window], *, kind: str, low: int, high: int) -> list[Answers]:
    """Their scores in each window; every answer counts, because nobody knows who gave two."""
    return added(windows, partial(_given, kind=kind, low=low, high=high), Answers(), fieldwise)


def _given(windows: Sequence[Window], *, kind: str, low: int, high: int) -> list[Answers]:
    table, params = rows_table("r", "surveys_response", "answered_at", windows)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, r.score, r.validity, COUNT(*) FROM r
        WHERE r.kind = %s AND r.customer_id IS NULL AND r.validity <> 'held'
        GROUP BY i, r.score, r.validity
        """,
        [*params, kind],
    )
    results = [Answers() for _ in windows]
    for i, score, validity, count in rows:
        if validity == "valid" and low <= score <= high:
            results[i].scores[score] += count
        else:
            results[i].invalid += count
    return results
