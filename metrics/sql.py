"""The few words that SQLite and PostgreSQL say differently, and lists of windows as one parameter.

Every statement of metrics.facts is written once, with these words filled in.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import OperationalError, connection, transaction

from metrics.periods import Window
from metrics.scope import Scope


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def as_stored(instant: datetime) -> Any:
    """An instant as the column holds it: SQLite keeps UTC as text, which sorts as time does."""
    return instant if is_postgresql() else _as_text(instant)


def _as_text(instant: datetime) -> str:
    return str(instant.astimezone(UTC).replace(tzinfo=None))


UNNESTED = (
    "AS MATERIALIZED (SELECT place - 1, s, e, first_on, until_on FROM unnest("
    "%s::timestamptz[], %s::timestamptz[], %s::date[], %s::date[]) WITH ORDINALITY "
    "AS given(s, e, first_on, until_on, place))"
)
FROM_JSON = (
    "AS MATERIALIZED (SELECT key, json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
    "json_extract(value, '$[2]'), json_extract(value, '$[3]') FROM json_each(%s))"
)


def windows_table(
    name: str, windows: Sequence[Window], scope: Scope | None = None
) -> tuple[str, list[Any]]:
    """A common table expression `name(i, s, e, first_on, until_on)` and its parameters.

    With a scope, that of its customers stands before it (metrics.scope).
    """
    table, params = _windows(name, windows)
    if scope is None:
        return table, params
    customers, given = scope.table()
    return f"{customers}, {table}", [*given, *params]


def _windows(name: str, windows: Sequence[Window]) -> tuple[str, list[Any]]:
    head = f"{name}(i, s, e, first_on, until_on) "
    if is_postgresql():
        rows = [(one.start, one.end, one.first_on, one.until_on) for one in windows]
        return head + UNNESTED, [list(column) for column in zip(*rows, strict=True)]
    texts = [
        (_as_text(one.start), _as_text(one.end), str(one.first_on), str(one.until_on))
        for one in windows
    ]
    return head + FROM_JSON, [json.dumps(texts)]


# The place among the edges given, counted from 1, after which an instant lies (PostgreSQL).
BUCKET = "width_bucket({column}, %s::timestamptz[])"


def rows_table(
    name: str, table: str, at: str, windows: Sequence[Window], scope: Scope | None = None
) -> tuple[str, list[Any]]:
    """Common table expressions, the last of which is `name(i, s, e, …)`: the rows of `table` whose
    instant `at` lies in the window `i`, which goes from `s` to `e`; and their parameters.

    Windows that follow one another are told apart by their edges, in one reading of the table; others
    are looked up one by one.
    """
    if is_postgresql() and is_run(windows):
        edges = _edges(windows)
        customers, params = scope.table() if scope else ("", [])
        place = BUCKET.format(column=f"r.{at}")
        text = (
            f"{name} AS NOT MATERIALIZED (SELECT {place} - 1 AS i, "  # noqa: S608 (ours)
            f"(%s::timestamptz[])[{place}] AS s, (%s::timestamptz[])[{place} + 1] AS e, r.* FROM {table} r "
            f"WHERE r.{at} >= %s AND r.{at} < %s)"
        )
        given = [*params, *[edges] * 5, edges[0], edges[-1]]
        return f"{customers}, {text}" if customers else text, given
    head, params = windows_table("win", windows, scope)
    text = (
        f"{name} AS NOT MATERIALIZED (SELECT win.i AS i, win.s AS s, win.e AS e, r.* "  # noqa: S608
        f"FROM win CROSS JOIN {table} r WHERE r.{at} >= win.s AND r.{at} < win.e)"
    )
    return f"{head}, {text}", params


def is_run(windows: Sequence[Window]) -> bool:
    """Each begins where the one before it ends."""
    return bool(windows) and all(before.end == after.start for before, after in pairwise(windows))


def place_in_run(column: str, windows: Sequence[Window]) -> tuple[str, list[Any]]:
    """Which of windows that follow one another an instant lies in, and parameters; beside `win`.

    Of one after them all it is null, or one more than there are.
    """
    if not is_postgresql():
        return f"(SELECT win.i FROM win WHERE {column} >= win.s AND {column} < win.e)", []  # noqa: S608
    return f"{BUCKET.format(column=column)} - 1", [_edges(windows)]


def _edges(windows: Sequence[Window]) -> list[datetime]:
    """Of windows that follow one another."""
    return [windows[0].start, *(window.end for window in windows)]


@contextmanager
def much_room() -> Iterator[None]:
    """Let PostgreSQL sort and hash more in memory: for statements over everything, one at a time."""
    if not is_postgresql():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '96MB'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET work_mem")


class TookTooLong(Exception):
    """What is asked takes longer than there is time for it."""


_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TookTooLong when what the block reads takes longer: a statement is broken off, and none
    begins. Nothing is to be written in it."""
    until = time.monotonic() + seconds
    token = _UNTIL.set(until)
    try:
        with _broken_off_after(seconds, until):
            yield
    except OperationalError as error:
        if time.monotonic() >= until:
            raise TookTooLong from error
        raise
    finally:
        _UNTIL.reset(token)


@contextmanager
def _broken_off_after(seconds: float, until: float) -> Iterator[None]:
    connection.ensure_connection()
    if not is_postgresql():
        connection.connection.set_progress_handler(lambda: time.monotonic() > until, 50_000)
        try:
            yield
        finally:
            connection.connection.set_progress_handler(None, 0)
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}")
        yield
        # Where the transaction goes on, nothing else is to be broken off; an error rolls this back.
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


def keep_to_time() -> None:
    """Between two steps of something long: raises TookTooLong when there is no time for more."""
    until = _UNTIL.get()
    if until is not None and time.monotonic() > until:
        raise TookTooLong


def least(one: str, other: str) -> str:
    return f"{'LEAST' if is_postgresql() else 'MIN'}({one}, {other})"


def greatest(one: str, other: str) -> str:
    return f"{'GREATEST' if is_postgresql() else 'MAX'}({one}, {other})"


def epoch(column: str) -> str:
    """An instant as whole seconds since 1970."""
    if is_postgresql():
        return f"FLOOR(EXTRACT(EPOCH FROM {column}))::bigint"
    return f"CAST(strftime('%%s', {column}) AS INTEGER)"


def days_between(earlier: str, later_one: str) -> str:
    """The number of days from one date to a later one."""
    if is_postgresql():
        return f"({later_one} - {earlier})"
    return f"CAST(julianday({later_one}) - julianday({earlier}) AS INTEGER)"


def next_day(column: str) -> str:
    if is_postgresql():
        return f"({column} + 1)"
    return f"date({column}, '+1 day')"


def as_float(expression: str) -> str:
    return f"CAST({expression} AS {'double precision' if is_postgresql() else 'REAL'})"


def later(column: str, span: timedelta) -> str:
    """`column` plus a span, as an instant that compares with columns."""
    if is_postgresql():
        return f"({column} + interval '{int(span.total_seconds())} seconds')"
    return f"django_format_dtdelta('+', {column}, {int(span / timedelta(microseconds=1))})"


def fetch(statement: str, params: Iterable[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement of ours; values go in as parameters, never into the text."""
    keep_to_time()
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return list(cursor.fetchall())
