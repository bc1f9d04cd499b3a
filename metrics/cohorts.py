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
from metrics.sql import fetch, windows_table

MONTHS = 24


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
    table, params = windows_table("win", [month.window(now) for month in columns], scope)
    rows = fetch(
        f"""
        WITH {table},
        came AS (
            SELECT win.i AS cohort, f.customer_id AS customer
            FROM win CROSS JOIN crm_tenure f
            WHERE f.is_first AND f.started_at >= win.s AND f.started_at < win.e
            {within(scope, "f.customer_id")}
        )
        SELECT came.cohort, began.i, ended.i, COUNT(*), SUM(CASE WHEN x.is_first THEN 1 ELSE 0 END)
        FROM came
        JOIN crm_tenure x ON x.customer_id = came.customer
        JOIN win began ON x.started_at >= began.s AND x.started_at < began.e
        LEFT JOIN win ended ON x.ended_at >= ended.s AND x.ended_at < ended.e
        GROUP BY came.cohort, began.i, ended.i
        """,
        params,
    )
    sizes: dict[int, int] = defaultdict(int)
    steps: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for cohort, began, ended, count, firsts in rows:
        sizes[cohort] += int(firsts)
        steps[cohort][began] += count
        if ended is not None:
            steps[cohort][ended] -= count
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
