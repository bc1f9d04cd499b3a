"""Pauses between two purchases of one customer: how long they are, and whom a silence rule loses.

Both databases count them; what comes back is a line for each length, however many purchases there
are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from crm.models import SilenceRule

MOST_DAYS = 3650
DAY = 86_400
# From so many on they tell something.
LEAST_COUNT = 100
# Silences that a business may choose among, beside its own.
SPANS = (30, 60, 90, 120, 180, 270, 365, 540, 730)

Lasted = list[tuple[int, int]]
Losses = list[tuple[int, int, int]]


def rule_on(day: date) -> int:
    """The days that hold for a purchase of this day."""
    rules = SilenceRule.objects.filter(since__lte=day).order_by("-since")
    days = rules.values_list("days", flat=True).first()
    return SilenceRule.DEFAULT_DAYS if days is None else days


def lasted(now: datetime) -> Lasted:
    """(days, rounded up; how many pauses lasted so long), the shortest first."""
    statement = (
        f"WITH {_PURCHASES} SELECT (({_seconds('at')} - {_seconds('before')}) + {DAY - 1}) / {DAY}, "  # noqa: S608
        "COUNT(*) FROM purchase WHERE before IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    return [(int(days), int(number)) for days, number in _fetch(statement, [_stored(now)])]


def suggested(lasted: Lasted) -> int | None:
    """The 90th percentile in whole days: nine in ten pauses were over by then; None of too few."""
    count = sum(number for _days, number in lasted)
    if count < LEAST_COUNT:
        return None
    so_far = 0
    for days, number in lasted:
        so_far += number
        if so_far * 10 >= count * 9:
            return min(max(days, 1), MOST_DAYS)
    return None


def losses(spans: Sequence[int], now: datetime) -> Losses:
    """(days, customers lost by a silence of so many at any time, those of them who bought again).

    By purchases alone: a contract, or a loss that somebody entered, is not looked at.
    """
    counts = ", ".join(
        f"COUNT(CASE WHEN longest > {span * DAY} OR quiet >= {span * DAY} THEN 1 END), "
        f"COUNT(CASE WHEN longest > {span * DAY} THEN 1 END)"
        for span in map(int, spans)
    )
    statement = (
        f"WITH {_PURCHASES}, customer AS (SELECT "  # noqa: S608
        f"MAX({_seconds('at')} - {_seconds('before')}) AS longest, "
        f"%s - MAX({_seconds('at')}) AS quiet FROM purchase GROUP BY customer_id) "
        f"SELECT {counts} FROM customer"
    )
    [row] = _fetch(statement, [_stored(now), int(now.timestamp())])
    numbers = [int(number) for number in row]
    return list(zip(spans, numbers[::2], numbers[1::2], strict=True))


_PURCHASES = (
    "purchase AS (SELECT customer_id, ordered_at AS at, LAG(ordered_at) OVER "
    "(PARTITION BY customer_id ORDER BY ordered_at, id) AS before "
    "FROM crm_order WHERE total > 0 AND ordered_at <= %s)"
)


def _seconds(column: str) -> str:
    """An instant as whole seconds since 1970."""
    if connection.vendor == "postgresql":
        return f"FLOOR(EXTRACT(EPOCH FROM {column}))::bigint"
    return f"CAST(strftime('%%s', {column}) AS INTEGER)"


def _stored(instant: datetime) -> Any:
    """As the column holds it: SQLite keeps UTC as text."""
    if connection.vendor == "postgresql":
        return instant
    return str(instant.astimezone(UTC).replace(tzinfo=None))


def _fetch(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
