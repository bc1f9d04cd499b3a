"""What the change marks add to a write: the same write, with its table's triggers switched off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from statistics import median

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.rows import Row
from crm.models import Customer, Order
from surveys.actions.surveys import stock_survey
from surveys.models import Response, Survey

ROUNDS = 5
SINGLE = 60  # writes of a round, each its own commit
BULK = 3000  # rows of one statement's worth


class Undone(Exception):
    """Takes a round's rows away again."""


def orders(count: int) -> list[Order]:
    """Over two years, as an import has them."""
    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[:1000])
    now = timezone.now()
    return [
        Order(
            customer_id=ids[place % len(ids)],
            ordered_at=now - timedelta(hours=place * 17520 // count),
            total=Decimal(100),
            currency="EUR",
            rate=1,
        )
        for place in range(count)
    ]


def responses(count: int) -> list[Response]:
    survey = stock_survey(Survey.Kind.NPS)
    return [
        Response(
            survey=survey,
            kind="nps",
            customer_id=order.customer_id,
            score=9,
            answered_at=order.ordered_at,
            origin=Response.Origin.IMPORT,
        )
        for order in orders(count)
    ]


def measure() -> Iterator[Row]:
    kinds: list[tuple[str, str, Callable[[int], list[Order] | list[Response]]]] = [
        ("an order", "crm_order", orders),
        ("an answer", "surveys_response", responses),
    ]
    for name, table, made in kinds:
        with_marks, without = interleaved(table, lambda made=made: one_by_one(made(SINGLE)))  # type: ignore[misc]
        yield Row(f"change marks, {name}", with_marks * 1000, without * 1000, "ms", 1.3)
        with_marks, without = interleaved(table, lambda made=made: in_bulk(made(BULK)))  # type: ignore[misc]
        work = f"change marks, {BULK:,} at once ({name})"
        yield Row(work, with_marks * 1000, without * 1000, "ms", 2)


def interleaved(table: str, work: Callable[[], float]) -> tuple[float, float]:
    """(with marks, without), medians."""
    ours, bare = [], []
    work()
    for _ in range(ROUNDS):
        ours.append(work())
        execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            bare.append(work())
        finally:
            execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return median(ours), median(bare)


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def one_by_one(rows: list[Order] | list[Response]) -> float:
    """Seconds for one of these writes; each commits by itself."""
    taken = []
    for row in rows:
        began = time.perf_counter()
        row.save(force_insert=True)
        taken.append(time.perf_counter() - began)
    type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows]).delete()
    return median(taken)


def in_bulk(rows: list[Order] | list[Response]) -> float:
    """Seconds for all of them in a transaction, which is then rolled back."""
    try:
        with transaction.atomic():
            began = time.perf_counter()
            type(rows[0])._default_manager.bulk_create(rows, batch_size=1000)  # type: ignore[arg-type]
            took = time.perf_counter() - began
            raise Undone
    except Undone:
        return took
