"""Every figure computed anew, beside SQL written by hand that makes the same cells.

The floor covers ten of the stored KPIs, and the engine is held to the same ten; what both made is
compared, cell by cell, before any ratio is told. Of the cells of running periods the floor leaves
out the comparison with the period before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from statistics import median
from unittest import mock

from django.db import connection
from django.utils import timezone

from benchmarks import columnar
from benchmarks.rows import Row
from crm.models import Order
from metrics import actions, engine
from metrics.definitions import DEFINITIONS
from metrics.engine import recomputing
from metrics.models import Waiting
from staff.models import Business

ROUNDS = 2
CHANGED = 100

WINDOWS = """
CREATE TEMP TABLE win (id serial PRIMARY KEY, grain text, starts_on date, ends_on date,
                       s timestamptz, e timestamptz, is_partial boolean)
"""
Z = "1.959963984540054"
WILSON = f"""
    (a::float8 / n + {Z}^2 / (2 * n)) / (1 + {Z}^2 / n) {{sign}} {Z} / (1 + {Z}^2 / n)
    * sqrt(greatest(0, a::float8 / n * (1 - a::float8 / n) / n + {Z}^2 / (4.0 * n * n)))
"""
LOW, HIGH = WILSON.format(sign="-"), WILSON.format(sign="+")
# What every cell has; each statement below ends in rows of (win id, kpi, a, n, value, low, high, parts).
INTO = """
INSERT INTO bench_snapshot (id, kpi, grain, starts_on, ends_on, segment, definition_version, status,
    numerator, denominator, n, parts, value, ci_low, ci_high, ci_method, is_partial, is_current,
    is_revision, as_of, computed_at)
SELECT nextval('metrics_snapshot_id_seq'), made.kpi, w.grain, w.starts_on, w.ends_on, '', 1, 'ok',
    made.a::text, made.n::text, made.n, made.parts, made.value, made.low, made.high, 'by hand',
    w.is_partial, true, false, now(), now()
FROM ({made}) AS made (win, kpi, a, n, value, low, high, parts) JOIN win w ON w.id = made.win
"""
SHARE = f"SELECT id, {{kpi}}, a, n, a::float8 / n, {LOW}, {HIGH}, {{parts}} FROM {{of}} WHERE n > 0"

ANSWERS = """
SELECT id, count(*) AS n, sum(score) AS total, sum(score * score) AS squares,
       count(*) FILTER (WHERE score >= 9) AS high, count(*) FILTER (WHERE score <= 6) AS low,
       count(*) FILTER (WHERE score >= 4) AS a
FROM (
    SELECT w.id, r.score, row_number() OVER (
        PARTITION BY w.id, {each} ORDER BY r.answered_at DESC, r.id DESC) AS place
    FROM win w JOIN surveys_response r ON r.answered_at >= w.s AND r.answered_at < w.e
    WHERE r.kind = '{kind}' AND r.validity = 'valid' AND r.customer_id IS NOT NULL
) AS given WHERE place = 1 GROUP BY id
"""
NPS = f"""
SELECT id, 'nps', high - low, n, 100.0::float8 * (high - low) / n,
       100 * (share - {Z} * sqrt(spread)), 100 * (share + {Z} * sqrt(spread)),
       jsonb_build_object('promoters', high, 'passives', n - high - low, 'detractors', low)
FROM (
    SELECT *, (high - low)::float8 / (n + 3) AS share,
           ((high + low + 1.5) / (n + 3) - ((high - low)::float8 / (n + 3))^2) / (n + 3) AS spread
    FROM ({ANSWERS.format(kind="nps", each="r.customer_id")}) AS summed
) AS shares
"""
CES = f"""
SELECT id, 'ces', total, n, total::float8 / n,
       total::float8 / n - {Z} * sqrt(spread), total::float8 / n + {Z} * sqrt(spread),
       jsonb_build_object('sum_of_squares', squares)
FROM (
    SELECT *, CASE WHEN n > 1 THEN (n * squares - total * total)::float8 / (n * n * (n - 1)) END AS spread
    FROM ({ANSWERS.format(kind="ces", each="r.id")}) AS summed
) AS spreads
"""
CSAT = SHARE.format(
    kpi="'csat'",
    parts="jsonb_build_object('mean', total::float8 / n)",
    of=f"({ANSWERS.format(kind='csat', each='r.id')}) AS summed",
)
RESPONSE_RATE = SHARE.format(
    kpi="'response_rate'",
    parts="jsonb_build_object()",
    of="""(
        SELECT w.id, count(*) AS n, count(r.id) AS a
        FROM win w JOIN surveys_invitation v ON v.sent_at >= w.s AND v.sent_at < w.e
        LEFT JOIN surveys_response r ON r.invitation_id = v.id AND r.validity = 'valid'
        WHERE v.bounced_at IS NULL GROUP BY w.id
    ) AS asked""",
)
LEAD_CONVERSION = SHARE.format(
    kpi="'lead_conversion'",
    parts="jsonb_build_object('pending', pending)",
    of="""(
        SELECT id, count(*) FILTER (WHERE over) AS n,
               count(*) FILTER (WHERE over AND started_at < created_at + interval '90 days') AS a,
               count(*) FILTER (WHERE NOT over) AS pending
        FROM (
            SELECT w.id, c.created_at, t.started_at, c.created_at <= %(now)s - interval '90 days' AS over
            FROM win w JOIN crm_customer c ON c.created_at >= w.s AND c.created_at < w.e
            LEFT JOIN crm_tenure t ON t.customer_id = c.id AND t.is_first
            WHERE t.started_at IS NULL OR t.started_at > c.created_at
        ) AS leads GROUP BY id
    ) AS counted""",
)
AVERAGE_TICKET = f"""
SELECT id, 'average_ticket', income, n, income::float8 / 1000000 / n,
       (income::float8 / n - {Z} * error) / 1000000, (income::float8 / n + {Z} * error) / 1000000,
       jsonb_build_object('customers', customers, 'refunds', refunds, 'standard_error', error)
FROM (
    SELECT id, sum(x) AS income, sum(y) AS n, count(*) AS customers, sum(refunds) AS refunds,
           sqrt(greatest(0, sum(x * x) - 2 * sum(x) / nullif(sum(y), 0) * sum(x * y)
                + (sum(x) / nullif(sum(y), 0))^2 * sum(y * y))) / nullif(sum(y), 0) AS error
    FROM (
        SELECT w.id, o.customer_id, sum(o.total_micros)::float8 AS x,
               count(*) FILTER (WHERE o.total > 0)::float8 AS y,
               sum(o.total_micros) FILTER (WHERE o.total < 0) AS refunds
        FROM win w JOIN crm_order o ON o.ordered_at >= w.s AND o.ordered_at < w.e
        GROUP BY w.id, o.customer_id
    ) AS each_customer GROUP BY id
) AS summed WHERE n > 0
"""

# How many are customers at each edge, as running totals of starts and ends; then who moved.
TENURES = """
CREATE TEMP TABLE counted ON COMMIT DROP AS
WITH moments AS (
    SELECT started_at AS at, 1 AS step, is_first::int AS first, 1 AS kind FROM crm_tenure
    UNION ALL SELECT ended_at, -1, 0, 1 FROM crm_tenure WHERE ended_at IS NOT NULL
    UNION ALL SELECT edge, 0, 0, 0 FROM (SELECT s FROM win UNION SELECT e FROM win) AS edges (edge)
), totals AS (
    SELECT at, kind, sum(step) OVER places AS active, sum(first) OVER places AS ever
    FROM moments WINDOW places AS (ORDER BY at, kind ROWS UNBOUNDED PRECEDING)
), lost AS (
    SELECT w.id, count(*) AS n FROM win w
    JOIN crm_tenure t ON t.ended_at >= w.s AND t.ended_at < w.e AND t.started_at < w.s
    WHERE NOT EXISTS (SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id
                      AND x.started_at < w.e AND (x.ended_at IS NULL OR x.ended_at >= w.e))
    GROUP BY w.id
), back AS (
    SELECT w.id, count(DISTINCT t.customer_id) AS n FROM win w
    JOIN crm_tenure t ON t.started_at >= w.s AND t.started_at < w.e AND NOT t.is_first
    WHERE NOT EXISTS (SELECT 1 FROM crm_tenure x WHERE x.customer_id = t.customer_id
                      AND x.started_at < w.e AND x.id <> t.id
                      AND (x.is_first AND x.started_at >= w.s
                           OR x.started_at < w.s AND (x.ended_at IS NULL OR x.ended_at >= w.s)))
    GROUP BY w.id
)
SELECT w.id, s.active AS opened, e.active AS closed, e.ever - s.ever AS fresh,
       COALESCE(lost.n, 0) AS lost, s.active + e.ever - s.ever + COALESCE(back.n, 0) AS served
FROM win w JOIN totals s ON s.kind = 0 AND s.at = w.s JOIN totals e ON e.kind = 0 AND e.at = w.e
LEFT JOIN lost ON lost.id = w.id LEFT JOIN back ON back.id = w.id
"""
PARTS = "jsonb_build_object('start', opened, 'end', closed, 'new', fresh, 'lost', lost, 'served', served)"
OF_TENURES = [
    ("customer_churn", "lost", "opened"),
    ("retention", "opened - lost", "opened"),
    ("retention_as_published", "closed - fresh", "closed"),
    ("turnover", "served - closed", "served"),
]
KEEPING = [
    SHARE.format(
        kpi=f"'{kpi}'",
        parts=PARTS,
        of=f"(SELECT *, {a} AS a, {n} AS n FROM counted) AS tenures",
    )
    for kpi, a, n in OF_TENURES
]
CELLS = [NPS, CSAT, CES, RESPONSE_RATE, LEAD_CONVERSION, AVERAGE_TICKET, *KEEPING]
KPIS = ["nps", "csat", "ces", "response_rate", "lead_conversion", "average_ticket"]
KPIS += [kpi for kpi, _a, _n in OF_TENURES]

DIFFERENT = """
SELECT count(*) FROM bench_snapshot f
FULL JOIN (SELECT * FROM metrics_snapshot WHERE status = 'ok' AND is_current) s
    ON (s.kpi, s.grain, s.starts_on) = (f.kpi, f.grain, f.starts_on)
WHERE s.n IS DISTINCT FROM f.n OR NOT abs(s.value - f.value) < 1e-6
"""


def measure() -> Iterator[Row]:
    chosen = [DEFINITIONS[kpi] for kpi in KPIS]
    ours, bare = [], []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_snapshot (LIKE metrics_snapshot INCLUDING ALL)")
    for _ in range(ROUNDS):
        now = timezone.now()
        run("TRUNCATE bench_snapshot", "TRUNCATE metrics_snapshot")
        bare.append(by_hand(now))
        with mock.patch.object(recomputing, "STORED", chosen):
            ours.append(full(now))
    [(different,)] = asked(DIFFERENT)
    [(cells,)] = asked("SELECT count(*) FROM bench_snapshot")
    broken = f"{different} of {cells} cells differ" if different else ""
    yield Row(
        f"recompute {cells:,} cells of ten KPIs",
        median(ours),
        median(bare),
        "s",
        1.5,
        large_only=True,
        note="the same cells" if not different else "",
        broken=broken,
    )
    run("DROP TABLE bench_snapshot")
    yield from columnar.measure()
    yield from refreshing()


def refreshing() -> Iterator[Row]:
    """What a hundred changed orders cost, beside computing everything; all KPIs.

    First with every figure counted, which tells each theme how long its own take; then as workers do
    it, where those that take long wait for their turn (metrics.engine.pacing).
    """
    whole = full(timezone.now())
    taken = {everything: refreshed(everything=everything) for everything in (True, False)}
    themes = sorted(set(Waiting.objects.values_list("theme", flat=True)))
    actions.refresh()
    yield Row(
        f"refresh after {CHANGED} changed facts",
        median(taken[False]),
        whole,
        "s",
        1 / 200,
        large_only=True,
        note=f"latest orders; waiting for their turn: far figures of {', '.join(themes) or 'none'}",
    )
    yield Row(
        f"the same {CHANGED}, with all that takes turns",
        median(taken[True]),
        whole,
        "s",
        None,
        note="each theme at most a twentieth of the time",
    )


def refreshed(*, everything: bool) -> list[float]:
    taken = []
    for _ in range(ROUNDS):
        latest = Order.objects.order_by("-ordered_at", "-pk").values_list("pk", flat=True)
        change(list(latest[:CHANGED]))
        began = time.perf_counter()
        actions.refresh(everything=everything)
        taken.append(time.perf_counter() - began)
    return taken


def change(orders: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_order SET total = total + 1 WHERE id = ANY(%s)", [orders])


def full(now: datetime) -> float:
    began = time.perf_counter()
    actions.recompute_full(now=now)
    return time.perf_counter() - began


def by_hand(now: datetime) -> float:
    """Seconds that the statements take; the list of periods is made beforehand."""
    business = Business.objects.get(pk=1)
    shown = [
        (grain.value, one.starts_on, one.ends_on, window.start, window.end, one.is_running(now))
        for grain, some in engine.all_periods(business.zone, now)
        for one in some
        for window in [one.window(now)]
    ]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS win")
        cursor.execute(WINDOWS)
        cursor.executemany(
            "INSERT INTO win (grain, starts_on, ends_on, s, e, is_partial)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            shown,
        )
        cursor.execute("ANALYZE win")
        began = time.perf_counter()
        cursor.execute("BEGIN")
        cursor.execute(TENURES)
        for made in CELLS:
            cursor.execute(INTO.replace("{made}", made), {"now": now})
        cursor.execute("COMMIT")
        return time.perf_counter() - began


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def asked(query: str) -> list[tuple[int]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
