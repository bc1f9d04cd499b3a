"""Tickets, their targets and the promises over windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate, groupby

from metrics.formulas.helping import Durations
from metrics.periods import Window
from metrics.scope import Scope, within
from metrics.sql import as_stored, epoch, fetch, later, rows_table, windows_table

# Never counted, whatever is asked (support.querysets.counted).
COUNTED = "t.state NOT IN ('spam', 'merged')"
OPEN = "('new', 'open', 'waiting', 'on_hold')"
# (the instant that dates it, the stored business seconds, a further condition) by what is measured.
MEASURES = {
    "first_reply": ("first_replied_at", "first_reply_business_seconds", ""),
    "first": ("first_resolved_at", "first_resolution_business_seconds", ""),
    "full": (
        "last_resolved_at",
        "last_resolution_business_seconds",
        f"AND t.state NOT IN {OPEN}",
    ),
}
AGES = (("under_1_day", 1), ("under_3_days", 3), ("under_7_days", 7), ("older", None))


def durations(
    windows: Sequence[Window], *, which: str, clock: str, scope: Scope | None = None
) -> list[Durations]:
    """From the opening to the first reply, the first or the last solution, by date of that.

    `clock` is `calendar` or `business`. The two values that a percentile lies between are picked by
    their rank, which both databases do alike and exactly.
    """
    at, business_seconds, condition = MEASURES[which]
    seconds = f"{epoch(f't.{at}')} - {epoch('t.opened_at')}"
    if clock == "business":
        seconds = f"t.{business_seconds}"
    table, params = rows_table("t", "support_ticket", at, windows, scope)
    rows = fetch(
        f"""
        WITH {table},
        measured AS (
            SELECT i, {seconds} AS seconds,
                   CASE WHEN t.{at} < t.opened_at THEN 1 ELSE 0 END AS invalid
            FROM t WHERE {COUNTED} {condition} {within(scope, "t.customer_id")}
        ),
        ranked AS (
            SELECT i, seconds, ROW_NUMBER() OVER (PARTITION BY i ORDER BY seconds) - 1 AS place,
                   COUNT(*) OVER (PARTITION BY i) AS n, SUM(seconds) OVER (PARTITION BY i) AS total
            FROM measured WHERE invalid = 0 AND seconds IS NOT NULL
        )
        SELECT i, n, total, place, seconds, 0 FROM ranked
        WHERE place IN ((n - 1) / 2, n / 2, (n - 1) * 9 / 10, ((n - 1) * 9 + 9) / 10)
        UNION ALL
        SELECT i, 0, 0, -1, 0, SUM(invalid) FROM measured WHERE invalid = 1 GROUP BY i
        """,
        params,
    )
    results = [Durations()] * len(windows)
    for i, own in groupby(sorted(rows), key=lambda row: row[0]):
        found = list(own)
        n, total = max((row[1], row[2]) for row in found)
        at_place = {place: seconds for _i, _n, _total, place, seconds, _invalid in found}
        results[i] = Durations(
            n=n,
            total=Fraction(int(total)),
            median=_percentile(at_place, n, Fraction(1, 2)),
            p90=_percentile(at_place, n, Fraction(9, 10)),
            invalid=sum(row[5] for row in found),
        )
    return results


def _percentile(at_place: dict[int, int], n: int, share: Fraction) -> Fraction | None:
    """Between the two nearest by rank, linearly; None of nothing."""
    if n == 0:
        return None
    place = (n - 1) * share
    low = int(place)
    lower = at_place[low]
    upper = lower if place == low else at_place[low + 1]
    return lower + (place - low) * (upper - lower)


def waiting(windows: Sequence[Window], *, which: str, scope: Scope | None = None) -> list[int]:
    """Tickets opened in each window that have no reply yet, or no solution, as they stand now."""
    missing = {
        "first_reply": f"t.first_replied_at IS NULL AND t.state IN {OPEN}",
        "first": "t.first_resolved_at IS NULL",
        "full": f"t.state IN {OPEN}",
    }[which]
    table, params = rows_table("t", "support_ticket", "opened_at", windows, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, COUNT(*) FROM t
        WHERE {COUNTED} AND {missing} {within(scope, "t.customer_id")}
        GROUP BY i
        """,
        params,
    )
    results = [0] * len(windows)
    for i, count in rows:
        results[i] = count
    return results


@dataclass(frozen=True)
class Solved:
    """First solutions (or first replies) of a window, by what became of them."""

    complete: int = 0
    recontacted: int = 0
    at_first_contact: int = 0
    pending: int = 0


def came_back(at: str, days: int, *, same_topic: bool) -> str:
    """Whether the customer of ticket `t` came back within `days` after `t.<at>`, in SQL."""
    end = later(f"t.{at}", timedelta(days=days))
    topic = "AND o.category_id = t.category_id" if same_topic else ""
    return f"""(
        (t.first_reopened_at > t.{at} AND t.first_reopened_at < {end})
        OR EXISTS (
            SELECT 1 FROM support_ticket o
            WHERE o.customer_id = t.customer_id AND o.id <> t.id
            AND o.opened_at > t.{at} AND o.opened_at < {end}
            AND o.state NOT IN ('spam', 'merged') {topic}
        ))"""


# Solved with one public reply, or on the phone, where nothing needed to be written.
ONE_CONTACT = "(t.replies_to_solve = 1 OR (t.replies_to_solve = 0 AND t.channel = 'phone'))"


def solved(
    windows: Sequence[Window],
    *,
    days: int,
    same_topic: bool,
    at: str,
    as_of: datetime,
    scope: Scope | None = None,
) -> list[Solved]:
    """What followed the first solutions (`at`: the column) of each window within `days`.

    Complete are those whose days are over at `as_of`; the rest are pending. A solution before its
    opening is invalid and in neither.
    """
    table, params = rows_table("t", "support_ticket", at, windows, scope)
    back = came_back(at, days, same_topic=same_topic)
    rows = fetch(
        f"""
        WITH {table},
        ended AS (
            SELECT i, CASE WHEN t.{at} <= %s THEN 1 ELSE 0 END AS complete,
                   CASE WHEN {back} THEN 1 ELSE 0 END AS back,
                   CASE WHEN {ONE_CONTACT} THEN 1 ELSE 0 END AS one_contact
            FROM t WHERE t.{at} >= t.opened_at AND {COUNTED} {within(scope, "t.customer_id")}
        )
        SELECT i, SUM(complete), SUM(complete * back), SUM(complete * (1 - back) * one_contact),
               SUM(1 - complete)
        FROM ended GROUP BY i
        """,
        [*params, as_stored(as_of - timedelta(days=days))],
    )
    results = [Solved()] * len(windows)
    for i, complete, recontacted, at_first_contact, pending in rows:
        results[i] = Solved(complete, recontacted, at_first_contact, pending)
    return results


def decided_at(as_of: str) -> str:
    """When a target was decided: missed at its due time, met before it, overdue as of `as_of`."""
    return (
        "COALESCE(g.missed_at, g.met_at, "
        f"CASE WHEN g.cancelled_at IS NULL AND g.due_at <= {as_of} THEN g.due_at END)"
    )


def targets(
    windows: Sequence[Window], *, as_of: datetime, scope: Scope | None = None
) -> list[dict[str, tuple[int, int]]]:
    """(met, missed) by kind of service-level target, by the date on which that was decided."""
    table, params = rows_table("d", "decided", "at", windows, scope)
    instant = as_stored(as_of)
    rows = fetch(
        f"""
        WITH decided AS (
            SELECT g.kind AS kind, g.ticket_id AS ticket_id, {decided_at("%s")} AS at,
                   CASE WHEN g.met_at IS NOT NULL AND g.missed_at IS NULL THEN 1 ELSE 0 END AS met
            FROM support_slatarget g
        ),
        {table}
        SELECT i, d.kind, SUM(d.met), SUM(1 - d.met)
        FROM d JOIN support_ticket t ON t.id = d.ticket_id
        WHERE {COUNTED} {within(scope, "t.customer_id")}
        GROUP BY i, d.kind
        """,
        [instant, *params],
    )
    results: list[dict[str, tuple[int, int]]] = [{} for _ in windows]
    for i, kind, met, missed in rows:
        results[i][kind] = (met, missed)
    return results


def targets_together(
    one: dict[str, tuple[int, int]], other: dict[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """Of two stretches of time."""
    total = dict(one)
    for kind, (met, missed) in other.items():
        before = total.get(kind, (0, 0))
        total[kind] = (before[0] + met, before[1] + missed)
    return total


@dataclass(frozen=True)
class Backlog:
    """Tickets open at the end of a window by age, and whether there had been any ticket by then."""

    ages: dict[str, int]
    ever: bool


def backlog(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Backlog]:
    """Open at b ⇔ started_at < b ≤ ended_at, or no end: the state after all events before b.

    The total is what began before b less what ended before it, counted once for all windows;
    only the young ones are looked at one by one.
    """
    begun, ended = (_before_ends(windows, column, scope) for column in ("started_at", "ended_at"))
    results = []
    for window, young in zip(windows, _young(windows, scope), strict=True):
        total = begun[window.end] - ended[window.end]
        ages = {name: young.get(name, 0) for name, days in AGES if days is not None}
        ages[AGES[-1][0]] = total - sum(ages.values())
        results.append(Backlog(ages, ever=begun[window.end] > 0))
    return results


def _before_ends(
    windows: Sequence[Window], column: str, scope: Scope | None
) -> dict[datetime, int]:
    """How many spans have `column` before the end of each window."""
    ends = sorted({window.end for window in windows})
    edges = [datetime(1, 1, 2, tzinfo=UTC), *ends]
    steps = [
        Window(start, end, start.date(), end.date(), windows[0].zone)
        for start, end in zip(edges, ends, strict=False)
    ]
    table, params = rows_table("o", "support_openspan", column, steps, scope)
    of_ticket = "JOIN support_ticket t ON t.id = o.ticket_id" if scope else ""
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, COUNT(*) FROM o {of_ticket} WHERE 1 = 1 {within(scope, "t.customer_id")}
        GROUP BY i
        """,
        params,
    )
    found = dict(rows)
    return dict(zip(ends, accumulate(found.get(i, 0) for i in range(len(ends))), strict=True))


def _young(windows: Sequence[Window], scope: Scope | None) -> list[dict[str, int]]:
    """Tickets open at the end of each window that were opened in the days before it, by age."""
    table, params = windows_table("win", windows, scope)
    young = [(name, timedelta(days=days)) for name, days in AGES if days is not None]
    ages = " ".join(
        f"WHEN t.opened_at >= {later('win.e', -age)} THEN '{name}'" for name, age in young
    )
    since = later("win.e", -young[-1][1])
    rows = fetch(
        f"""
        WITH {table},
        aged AS (
            SELECT i, CASE {ages} END AS age
            FROM win CROSS JOIN support_ticket t JOIN support_openspan o ON o.ticket_id = t.id
            WHERE t.opened_at >= {since} AND t.opened_at < win.e
            AND o.started_at < win.e AND (o.ended_at IS NULL OR o.ended_at >= win.e)
            {within(scope, "t.customer_id")}
        )
        SELECT i, age, COUNT(*) FROM aged GROUP BY i, age
        """,
        params,
    )
    results: list[dict[str, int]] = [{} for _ in windows]
    for i, name, count in rows:
        results[i][name] = count
    return results


def promises(windows: Sequence[Window], *, scope: Scope | None = None) -> list[tuple[int, int]]:
    """(kept by their due time, due) in each window; a window ends now at the latest."""
    table, params = rows_table("p", "crm_task", "due_at", windows, scope)
    rows = fetch(
        f"""
        WITH {table}
        SELECT i, SUM(CASE WHEN p.done_at <= p.due_at THEN 1 ELSE 0 END), COUNT(*)
        FROM p WHERE p.is_promise {within(scope, "p.customer_id")}
        GROUP BY i
        """,
        params,
    )
    results = [(0, 0)] * len(windows)
    for i, kept, due in rows:
        results[i] = (kept, due)
    return results
