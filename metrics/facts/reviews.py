"""What customers said elsewhere: reviews of 1 to 5 stars, by site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from metrics.facts.over import added
from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import fetch, rows_table

Given = Counter[tuple[str, int]]


def stars(
    windows: Sequence[Window], *, site: str = "", scope: Scope | None = None
) -> list[dict[str, Counter[int]]]:
    """{site: {stars: reviews}} of each window; with `site` of that one alone."""
    results: list[dict[str, Counter[int]]] = []
    for given in added(windows, partial(_given, scope=scope), Given()):
        by_site: dict[str, Counter[int]] = {}
        for (name, rating), count in given.items():
            if site in {"", name}:
                by_site.setdefault(name, Counter())[rating] = count
        results.append(by_site)
    return results


def _given(windows: Sequence[Window], *, scope: Scope | None) -> list[Given]:
    table, params = rows_table("r", "surveys_review", "at", windows, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, r.site, r.rating, COUNT(*) FROM r WHERE 1 = 1 {within(scope, "r.customer_id")}
        GROUP BY i, r.site, r.rating
        """,
        params,
    )
    results = [Given() for _ in windows]
    for i, name, rating, count in rows:
        results[i][name, rating] = count
    return results
