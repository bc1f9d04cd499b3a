"""How long customers stay: by the month in which they first came, the share still there k months on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from metrics import periods
from metrics.models import Grain
from metrics.periods import Period
from metrics.scope import Scope, within
from metrics.sql import as_stored, fetch, place_in_run, windows_table

MONTHS = 24
EDGES = ("started_at", "ended_at")


@dataclass(frozen=True)
class Cell:
    """Of `n` who came in a month, how many were customers at the end of the k-th month after it."""

    k: int
    kept: int
    n: int

    @property
    def share(self) -> float:
        return self.kept / self.n

    @property
    def shade(self) -> int:
        """In tenths, for the colour."""
        return round(10 * self.share)


@dataclass(frozen=True)
class Cohort:
    """Those whose first tenure began in `month`; a cell for each month that is over since."""

    month: Period
    n: int
    cells: list[Cell]


def grid(
    *, now: datetime, zone: ZoneInfo, months: int = MONTHS, scope: Scope | None = None
) -> list[Cohort]:
    """The cohorts of the last `months` months in which somebody came, the oldest first. One statement.

    Column 0 is the end of the month itself. Somebody who left and came back counts as there.
    """
    columns = _months(now, zone, months)
    windows = [month.window(now) for month in columns]
    table, params = windows_table("win", windows, scope)
    (began, edges), (ended, same_edges) = (place_in_run(f"x.{at}", windows) for at in EDGES)
    rows = fetch(
        f"""
        WITH {table},
        placed AS (
            SELECT x.customer_id AS customer_id, x.is_first AS is_first,
                   {began} AS began, {ended} AS ended
            FROM crm_tenure x WHERE x.started_at >= %s AND x.started_at < %s
            {within(scope, "x.customer_id")}
        )
        SELECT began, began, ended, COUNT(*), COUNT(*) FROM placed
        WHERE is_first GROUP BY began, ended
        UNION ALL
        SELECT came.began, again.began, again.ended, COUNT(*), 0
        FROM placed again JOIN placed came ON came.customer_id = again.customer_id AND came.is_first
        WHERE NOT again.is_first GROUP BY came.began, again.began, again.ended
        """,
        [
            *(*params, *edges, *same_edges),
            *(as_stored(windows[0].start), as_stored(windows[-1].end)),
        ],
    )
    sizes: dict[int, int] = defaultdict(int)
    steps: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for cohort, first, last, count, firsts in rows:
        sizes[cohort] += int(firsts)
        steps[cohort][first] += count
        if last is not None and last < len(columns):
            steps[cohort][last] -= count
    over = [month for month in columns if month.end <= now]
    return [
        Cohort(
            columns[cohort], sizes[cohort], _cells(cohort, sizes[cohort], steps[cohort], len(over))
        )
        for cohort in sorted(sizes)
    ]


def _cells(cohort: int, n: int, steps: dict[int, int], over: int) -> list[Cell]:
    """Who began less who ended by the end of each month that is over."""
    cells, there = [], 0
    for at in range(cohort, over):
        there += steps.get(at, 0)
        cells.append(Cell(at - cohort, there, n))
    return cells


def shown(*, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """What templates/metrics/_cohorts.html draws."""
    found = grid(now=now, zone=zone)
    return {"cohorts": found, "ks": range(max((len(one.cells) for one in found), default=0))}


def _months(now: datetime, zone: ZoneInfo, months: int) -> list[Period]:
    today = periods.local_day(now, zone)
    first: date = periods.plus_months(today.replace(day=1), 1 - months)
    return list(periods.between(first, today, Grain.MONTH, zone))
