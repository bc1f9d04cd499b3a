"""Customers counted from tenures, at edges and over windows.

A tenure is active at b ⇔ started_at < b ≤ ended_at, or no end; a customer's tenures neither
overlap nor touch. So who is active at an edge is the number of starts before it less the number
of ends before it, and both are running totals over the stretches between edges.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from django.db import connection

from metrics.formulas import TenureCounts
from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import as_stored, epoch, fetch, rows_table

BEGINNING = datetime(1, 1, 2, tzinfo=UTC)  # leaves room for any offset of a time zone


@dataclass(frozen=True)
class AtEdge:
    """Running totals of all that happened before an instant."""

    active: int = 0
    ever: int = 0  # customers whose first tenure has begun
    seconds: int = 0  # as customers, all of them together


def stretches(edges: Sequence[datetime], like: Window, since: datetime = BEGINNING) -> list[Window]:
    """The windows between consecutive edges, in order; the first begins at `since`."""
    starts = [since, *edges[:-1]]
    # Their dates are never asked for.
    return [
        Window(start, end, like.first_on, like.until_on, like.zone)
        for start, end in zip(starts, edges, strict=True)
    ]


def at_edges(windows: Sequence[Window], *, scope: Scope | None = None) -> dict[datetime, AtEdge]:
    """Totals at the start and the end of every window."""
    edges = sorted({edge for window in windows for edge in (window.start, window.end)})
    if not edges:
        return {}
    steps = stretches(edges, windows[0])
    changes = {}
    for column, sign, first in (
        ("started_at", 1, "CASE WHEN t.is_first THEN 1 ELSE 0 END"),
        ("ended_at", -1, "0"),
    ):
        table, params = rows_table("t", "crm_tenure", column, steps, scope)
        rows = fetch(
            f"""
            WITH {table}
            SELECT i, COUNT(*), SUM({first}), SUM({epoch(f"t.{column}")})
            FROM t WHERE 1 = 1 {within(scope, "t.customer_id")} GROUP BY i
            """,
            params,
        )
        changes.update({(i, sign): row for i, *row in rows})
    totals: dict[datetime, AtEdge] = {}
    active = ever = started = ended = 0
    for i, edge in enumerate(edges):
        starts, firsts, started_seconds = changes.get((i, 1), (0, 0, 0))
        ends, _, ended_seconds = changes.get((i, -1), (0, 0, 0))
        active += starts - ends
        ever += firsts
        started += int(started_seconds)
        ended += int(ended_seconds)
        seconds = ended + active * int(edge.timestamp()) - started
        totals[edge] = AtEdge(active, ever, seconds)
    return totals


# After a tenure that ended in the window: so by another, which is not the first.
ACTIVE_AT_END = """
    SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id AND NOT x.is_first
    AND x.started_at < t.e AND (x.ended_at IS NULL OR x.ended_at >= t.e)
"""

# Back in the window: not there when it began, though a customer before it.
NOT_YET_SERVED = """
    NOT EXISTS (
        SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id
        AND x.started_at < t.started_at AND x.ended_at >= t.s
    )
"""
LOST = f"""
    SELECT i, 'lost', COUNT(*) FROM t
    WHERE t.started_at < t.s AND NOT EXISTS ({ACTIVE_AT_END}) {{own}} GROUP BY i
"""
CAME = f"""
    SELECT i, 'new_and_lost', COUNT(*) FROM t
    WHERE t.is_first AND t.ended_at < t.e AND NOT EXISTS ({ACTIVE_AT_END}) {{own}}
    GROUP BY i
    UNION ALL
    SELECT i, 'reactivated', COUNT(*) FROM t
    WHERE NOT t.is_first AND (t.ended_at IS NULL OR t.ended_at >= t.e) {{own}}
    AND NOT EXISTS (
        SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id
        AND x.started_at < t.started_at
        AND ((x.started_at < t.s AND x.ended_at >= t.s) OR (x.is_first AND x.started_at >= t.s))
    )
    GROUP BY i
    UNION ALL
    SELECT i, 'back', COUNT(*) FROM t WHERE NOT t.is_first AND {NOT_YET_SERVED} {{own}} GROUP BY i
"""


def served(
    windows: Sequence[Window], edges: dict[datetime, AtEdge], *, scope: Scope | None = None
) -> list[int]:
    """Customers active at any time of each of many long, overlapping windows.

    Those at its start, those new in it, and those back in it: whose gap between two tenures holds
    the window's start, and ends in it. Gaps are few; each touches a run of consecutive windows,
    because the windows, ordered by end, are ordered by start as well.
    """
    order = sorted(range(len(windows)), key=lambda i: windows[i].end)
    starts = [as_stored(windows[i].start) for i in order]
    ends = [as_stored(windows[i].end) for i in order]
    steps = [0] * (len(windows) + 1)
    for left, returned in _gaps(windows, scope):
        first = max(bisect_right(starts, left), bisect_right(ends, returned))
        last = bisect_right(starts, returned)
        if first < last:
            steps[first] += 1
            steps[last] -= 1
    results = [0] * len(windows)
    for i, back in zip(order, accumulate(steps), strict=False):
        start, end = edges[windows[i].start], edges[windows[i].end]
        results[i] = start.active + end.ever - start.ever + back
    return results


def _gaps(windows: Sequence[Window], scope: Scope | None) -> Iterator[tuple[Any, Any]]:
    """(end of a tenure, start of the customer's next) where the next starts within the windows."""
    if not windows:
        return
    table, params = scope.table() if scope else ("", [])
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            {f"WITH {table}" if scope else ""}
            SELECT MAX(x.ended_at), MAX(t.started_at)
            FROM crm_tenure t
            JOIN crm_tenure x ON x.customer_id = t.customer_id AND x.started_at < t.started_at
            WHERE NOT t.is_first AND t.started_at >= %s AND t.started_at < %s
            {within(scope, "t.customer_id")}
            GROUP BY t.id
            """,
            [
                *params,
                as_stored(min(window.start for window in windows)),
                as_stored(max(window.end for window in windows)),
            ],
        )
        while some := cursor.fetchmany(2000):
            yield from some


def moves(windows: Sequence[Window], *, scope: Scope | None = None) -> list[dict[str, int]]:
    """Who was lost, new and lost, reactivated or back in each window: how many."""
    own = within(scope, "t.customer_id")
    results: list[dict[str, int]] = [{} for _ in windows]
    for statement, column in ((LOST, "ended_at"), (CAME, "started_at")):
        table, params = rows_table("t", "crm_tenure", column, windows, scope)
        for i, name, count in fetch(f"WITH {table} {statement.format(own=own)}", params):
            results[i][name] = count
    return results


def counts(
    windows: Sequence[Window], edges: dict[datetime, AtEdge], moved: Sequence[dict[str, int]]
) -> list[TenureCounts]:
    """What happened to customers over each window; raises ValueError if the counts disagree."""
    results = []
    for window, found in zip(windows, moved, strict=True):
        start, end = edges[window.start], edges[window.end]
        lost = found.get("lost", 0)
        new = end.ever - start.ever
        reached = start.active + new + found.get("back", 0)
        results.append(
            TenureCounts(
                start=start.active,
                end=end.active,
                new=new,
                lost=lost,
                retained=start.active - lost,
                new_and_lost=found.get("new_and_lost", 0),
                reactivated=found.get("reactivated", 0),
                served=reached,
                left=reached - end.active,
            )
        )
    return results
