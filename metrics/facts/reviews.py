"""What customers said elsewhere: reviews of 1 to 5 stars, by site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import fetch, windows_table


def stars(
    windows: Sequence[Window], *, site: str = "", scope: Scope | None = None
) -> list[dict[str, Counter[int]]]:
    """{site: {stars: reviews}} of each window; with `site` of that one alone."""
    table, params = windows_table("win", windows, scope)
    only = "AND r.site = %s" if site else ""
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, r.site, r.rating, COUNT(*) FROM win CROSS JOIN surveys_review r
        WHERE r.at >= win.s AND r.at < win.e {only} {within(scope, "r.customer_id")}
        GROUP BY i, r.site, r.rating
        """,
        [*params, *([site] if site else [])],
    )
    results: list[dict[str, Counter[int]]] = [{} for _ in windows]
    for i, name, rating, count in rows:
        results[i].setdefault(name, Counter())[rating] = count
    return results
