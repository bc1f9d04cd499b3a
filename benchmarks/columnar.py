"""Average tickets of every period, with what their intervals need, by the engine and by two libraries made
for such sums: DuckDB and polars, from an export of the orders.

They are no part of Vínculo: without them these lines are left out (`pip install duckdb polars`).
Their loading is told apart: the engine has nothing to load, and counts rows as they stand.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import connection
from django.utils import timezone

from benchmarks.rows import Row
from metrics import actions, engine
from metrics.definitions import DEFINITIONS
from metrics.engine import recomputing
from metrics.models import Snapshot
from staff.models import Business

KPI = "average_ticket"
EXPORT = """
COPY (
    SELECT customer_id, (EXTRACT(EPOCH FROM ordered_at) * 1000000)::bigint AS at,
           (total > 0)::int AS counts, total_micros AS micros
    FROM crm_order WHERE total_micros IS NOT NULL
) TO STDOUT WITH (FORMAT csv, HEADER)
"""
# Periods by grain, each as (its number, its first instant, its end), in microseconds since 1970.
Windows = dict[str, list[tuple[int, int, int]]]
# Income and orders of each period, by its number.
Sums = dict[int, tuple[int, int]]


@dataclass(frozen=True)
class Run:
    """Seconds to read the export, seconds to add up, and what came of it."""

    loading: float
    adding: float
    sums: Sums


def measure() -> Iterator[Row]:
    runs: dict[str, Callable[[Path, Windows], Run]] = {
        "duckdb": by_duckdb,
        "polars": by_polars,
    }
    there = {name: run for name, run in runs.items() if find_spec(name)}
    if not there:
        return
    now = timezone.now()
    ours, stored = by_engine(now)
    windows, cells = periods(now)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        exporting = export(path)
        for name, run in there.items():
            done = run(path, windows)
            alike = all(
                done.sums.get(i, (0, 0))[1] == stored.get(cell, 0) for i, cell in cells.items()
            )
            broken = "" if alike else "other numbers of orders"
            work = f"average ticket of {len(cells):,} periods, beside {name}"
            note = f"{name} without loading, {KPI} alone"
            yield Row(work, ours, done.adding, "s", None, note=note, broken=broken)
            whole = exporting + done.loading + done.adding
            note = f"export {exporting:.2f} s, reading {done.loading:.2f} s, adding {done.adding:.2f} s"
            yield Row(f"{work} and its loading", ours, whole, "s", None, note=note, broken=broken)


def by_engine(now: datetime) -> tuple[float, dict[tuple[str, str], int]]:
    """Seconds that a recompute of this KPI takes, and the orders counted by (grain, first day)."""
    Snapshot.objects.filter(kpi=KPI).delete()
    with mock.patch.object(recomputing, "STORED", [DEFINITIONS[KPI]]):
        began = time.perf_counter()
        actions.recompute_full(now=now)
        took = time.perf_counter() - began
    found = Snapshot.objects.filter(kpi=KPI, is_current=True)
    rows = found.values_list("grain", "starts_on", "denominator")
    return took, {(grain, str(on)): int(count or 0) for grain, on, count in rows}


def periods(now: datetime) -> tuple[Windows, dict[int, tuple[str, str]]]:
    windows: Windows = {}
    cells: dict[int, tuple[str, str]] = {}
    for grain, some in engine.all_periods(Business.objects.get(pk=1).zone, now):
        for one in some:
            number, window = len(cells), one.window(now)
            cells[number] = (grain.value, str(one.starts_on))
            edges = (micros(window.start), micros(window.end))
            windows.setdefault(grain.value, []).append((number, *edges))
    return windows, cells


def micros(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000_000)


def export(path: Path) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor, path.open("wb") as file, cursor.copy(EXPORT) as rows:
        for block in rows:
            file.write(block)
    return time.perf_counter() - began


def by_duckdb(path: Path, windows: Windows) -> Run:
    duckdb: Any = import_module("duckdb")
    with duckdb.connect() as database:
        began = time.perf_counter()
        database.execute("CREATE TABLE orders AS SELECT * FROM read_csv(?)", [str(path)])
        loaded = time.perf_counter()
        sums: Sums = {}
        for some in windows.values():
            database.execute("CREATE OR REPLACE TABLE win (i INTEGER, s BIGINT, e BIGINT)")
            database.executemany("INSERT INTO win VALUES (?, ?, ?)", some)
            rows = database.execute(
                """
                WITH customers AS (
                    SELECT w.i, o.customer_id, SUM(o.micros)::DOUBLE AS x, SUM(o.counts)::DOUBLE AS y
                    FROM orders o ASOF JOIN win w ON o.at >= w.s WHERE o.at < w.e
                    GROUP BY w.i, o.customer_id
                )
                SELECT i, SUM(x), SUM(y), COUNT(*), SUM(x * x), SUM(x * y), SUM(y * y)
                FROM customers GROUP BY i
                """
            ).fetchall()
            sums |= {row[0]: (int(row[1]), int(row[2])) for row in rows}
        return Run(loaded - began, time.perf_counter() - loaded, sums)


def by_polars(path: Path, windows: Windows) -> Run:
    polars: Any = import_module("polars")
    began = time.perf_counter()
    orders = polars.read_csv(path).sort("at")
    loaded = time.perf_counter()
    sums: Sums = {}
    for some in windows.values():
        win = polars.DataFrame(some, schema=["i", "s", "e"], orient="row").sort("s")
        x, y = polars.col("x"), polars.col("y")
        totals: Any = (
            orders.lazy()
            .join_asof(win.lazy(), left_on="at", right_on="s", strategy="backward")
            .filter(polars.col("at") < polars.col("e"))
            .group_by("i", "customer_id")
            .agg(polars.col("micros").sum().alias("x"), polars.col("counts").sum().alias("y"))
            .with_columns(x.cast(polars.Float64), y.cast(polars.Float64))
            .group_by("i")
            .agg(
                x.sum().alias("income"),
                y.sum().alias("orders"),
                polars.len().alias("customers"),
                (x * x).sum().alias("xx"),
                (x * y).sum().alias("xy"),
                (y * y).sum().alias("yy"),
            )
            .collect()
        )
        sums |= {i: (int(a), int(b)) for i, a, b in totals.select("i", "income", "orders").rows()}
    return Run(loaded - began, time.perf_counter() - loaded, sums)
