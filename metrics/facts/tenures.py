"""Customers counted from tenures, at edges and over windows.

A tenure is active at b ⇔ started_at < b ≤ ended_at, or no end; a customer's tenures neither
overlap nor touch. So who is active at an edge is the number of starts before it less the number
of ends before it, and both are running totals over the stretches between edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from metrics.formulas import TenureCounts
from metrics.periods import Window
from metrics.sql import epoch, fetch, windows_table

BEGINNING = datetime(1, 1, 2, tzinfo=UTC)  # leaves room for any offset of a time zone


@dataclass(frozen=True)
class AtEdge:
    """Running totals of all that happened before an instant."""

    active: int = 0
    ever: int = 0  # customers whose first tenure has begun
    seconds: int = 0  # as customers, all of them together


def stretches(edges: Sequence[datetime], like: Window) -> list[Window]:
    """The windows between consecutive edges, the first from the beginning of time."""
    starts = [BEGINNING, *edges[:-1]]
    # Their dates are never asked for.
    return [
        Window(start, end, like.first_on, like.until_on, like.zone)
        for start, end in zip(starts, edges, strict=True)
    ]


def at_edges(windows: Sequence[Window]) -> dict[datetime, AtEdge]:
    """Totals at the start and the end of every window, from one statement."""
    edges = sorted({edge for window in windows for edge in (window.start, window.end)})
    if not edges:
        return {}
    table, params = windows_table("stretch", stretches(edges, windows[0]))
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, 1, COUNT(*), SUM(CASE WHEN t.is_first THEN 1 ELSE 0 END),
               SUM({epoch("t.started_at")})
        FROM stretch CROSS JOIN crm_tenure t
        WHERE t.started_at >= stretch.s AND t.started_at < stretch.e
        GROUP BY i
        UNION ALL
        SELECT i, -1, COUNT(*), 0, SUM({epoch("t.ended_at")})
        FROM stretch CROSS JOIN crm_tenure t
        WHERE t.ended_at >= stretch.s AND t.ended_at < stretch.e
        GROUP BY i
        """,
        params,
    )
    changes = {(i, sign): row for i, sign, *row in rows}
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


ACTIVE_AT_END = """
    SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id
    AND x.started_at < win.e AND (x.ended_at IS NULL OR x.ended_at >= win.e)
"""

# Of those who came back: whose earlier tenures all ended before the window began.
CAME_BACK = """
    SELECT i, 'back', COUNT(*) FROM crm_tenure t CROSS JOIN win
    WHERE NOT t.is_first AND t.started_at >= win.s AND t.started_at < win.e
    AND NOT EXISTS (
        SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id
        AND x.started_at < t.started_at AND x.ended_at >= win.s
    )
    GROUP BY i
"""


def served(windows: Sequence[Window], edges: dict[datetime, AtEdge]) -> list[int]:
    """Customers active at any time of each window: at its start, new in it, or back in it."""
    table, params = windows_table("win", windows)
    back = {i: count for i, _, count in fetch(f"WITH {table} {CAME_BACK}", params)}
    return [
        edges[window.start].active
        + edges[window.end].ever
        - edges[window.start].ever
        + back.get(i, 0)
        for i, window in enumerate(windows)
    ]


def counts(windows: Sequence[Window], edges: dict[datetime, AtEdge]) -> list[TenureCounts]:
    """What happened to customers over each window; raises ValueError if the counts disagree."""
    table, params = windows_table("win", windows)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, 'lost', COUNT(*) FROM win CROSS JOIN crm_tenure t
        WHERE t.ended_at >= win.s AND t.ended_at < win.e AND t.started_at < win.s
        AND NOT EXISTS ({ACTIVE_AT_END})
        GROUP BY i
        UNION ALL
        SELECT i, 'new_and_lost', COUNT(*) FROM win CROSS JOIN crm_tenure t
        WHERE t.is_first AND t.started_at >= win.s AND t.started_at < win.e
        AND t.ended_at < win.e AND NOT EXISTS ({ACTIVE_AT_END})
        GROUP BY i
        UNION ALL
        SELECT i, 'reactivated', COUNT(*) FROM crm_tenure t CROSS JOIN win
        WHERE NOT t.is_first AND t.started_at >= win.s AND t.started_at < win.e
        AND (t.ended_at IS NULL OR t.ended_at >= win.e)
        AND NOT EXISTS (
            SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id
            AND x.started_at < t.started_at
            AND ((x.started_at < win.s AND x.ended_at >= win.s)
                 OR (x.is_first AND x.started_at >= win.s))
        )
        GROUP BY i
        UNION ALL
        {CAME_BACK}
        """,
        params,
    )
    found = {(i, name): count for i, name, count in rows}
    results = []
    for i, window in enumerate(windows):
        start, end = edges[window.start], edges[window.end]
        lost = found.get((i, "lost"), 0)
        new = end.ever - start.ever
        reached = start.active + new + found.get((i, "back"), 0)
        results.append(
            TenureCounts(
                start=start.active,
                end=end.active,
                new=new,
                lost=lost,
                retained=start.active - lost,
                new_and_lost=found.get((i, "new_and_lost"), 0),
                reactivated=found.get((i, "reactivated"), 0),
                served=reached,
                left=reached - end.active,
            )
        )
    return results
