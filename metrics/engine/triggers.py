"""Database triggers that leave a mark of every changed fact, in the transaction that changes it.

Signals would miss bulk paths; a trigger misses nothing, by whatever path a row is written. SQLite
has one per row; PostgreSQL one per statement, which leaves a mark per day however many rows there
were. Only where columns seldom change is it one per row there too: that one knows at once that it
has nothing to do, and every other update of the table comes by it. They are installed after every
migrate, because a table rebuild on SQLite drops its triggers; a trigger's name ends in a digest of
its text, so installing again changes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from metrics.marked import Marked, marked_tables

PREFIX = "metrics_mark_"
COLUMNS = "fact, entity, from_at, until_at"


@dataclass(frozen=True)
class Trigger:
    """A trigger as it is to be; `statements` make it, for the table it is on."""

    name: str
    table: str
    statements: tuple[str, ...]


def _named(table: str, event: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{PREFIX}{table}_{event}_{digest}"


def _of_one_row(marked: Marked, event: str) -> str:
    """What a trigger per row does."""
    if event == "update" and marked.changed:
        selects = [
            mark.select("").replace("{o}", "OLD").replace("{n}", "NEW") for mark in marked.changed
        ]
    else:
        rows = {"insert": ["NEW"], "delete": ["OLD"], "update": ["OLD", "NEW"]}[event]
        selects = [mark.select(row) for mark in marked.marks for row in rows]
    return f"INSERT INTO metrics_mark ({COLUMNS}) {' UNION '.join(selects)};"


def _sqlite(marked: Marked, event: str) -> Trigger:
    body = _of_one_row(marked, event)
    timing = f"AFTER {event.upper()}"
    when = ""
    if event == "update":
        columns = [f'"{column}"' for column in marked.columns]
        timing += " OF " + ", ".join(columns)
        when = "WHEN " + " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    text = f"{timing} ON {marked.table} FOR EACH ROW {when} BEGIN {body} END"
    name = _named(marked.table, event, text)
    return Trigger(name, marked.table, (f"CREATE TRIGGER {name} {text}",))


def _postgresql(marked: Marked, event: str) -> Trigger:
    if event == "update" and marked.seldom:
        return _postgresql_by_row(marked)
    if event != "update":
        selects = [mark.select("r", "changed_rows r") for mark in marked.marks]
        tables = {"insert": "NEW", "delete": "OLD"}[event] + " TABLE AS changed_rows"
    else:
        tables = "OLD TABLE AS rows_before NEW TABLE AS rows_after"
        both = "rows_before o JOIN rows_after n ON n.id = o.id"
        before = ", ".join(f'o."{column}"' for column in marked.columns)
        after = ", ".join(f'n."{column}"' for column in marked.columns)
        differs = f"({before}) IS DISTINCT FROM ({after})"
        if marked.changed:
            selects = [
                mark.select("", both, differs).replace("{o}", "o").replace("{n}", "n")
                for mark in marked.changed
            ]
        else:
            selects = [
                mark.select(row, both, differs) for mark in marked.marks for row in ("o", "n")
            ]
    body = (
        f"INSERT INTO metrics_mark ({COLUMNS}) "  # noqa: S608
        "SELECT fact, CASE WHEN MIN(entity) = MAX(entity) THEN MIN(entity) END, "
        "MIN(from_at), MAX(until_at) "
        f"FROM ({' UNION ALL '.join(selects)}) AS marks ({COLUMNS}) "
        "GROUP BY fact, date_trunc('day', from_at), date_trunc('day', until_at);"
    )
    return _calling(marked.table, event, f"REFERENCING {tables} FOR EACH STATEMENT", body)


def _postgresql_by_row(marked: Marked) -> Trigger:
    columns = [f'"{column}"' for column in marked.columns]
    before, after = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    when = f"FOR EACH ROW WHEN (({before}) IS DISTINCT FROM ({after}))"
    return _calling(marked.table, "update", when, _of_one_row(marked, "update"))


def _calling(table: str, event: str, text: str, body: str) -> Trigger:
    name = _named(table, event, text + body)
    function = (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$mark$ BEGIN {body} RETURN NULL; END $mark$"
    )
    trigger = (
        f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} {text} EXECUTE FUNCTION {name}()"
    )
    return Trigger(name, table, (function, trigger))


def wanted(vendor: str) -> list[Trigger]:
    """Every trigger that there should be."""
    make = _postgresql if vendor == "postgresql" else _sqlite
    return [make(marked, event) for marked in marked_tables(vendor) for event in marked.events]


def present(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Our triggers that there are, with the table that each is on."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname, tgrelid::regclass::text FROM pg_trigger "
                "WHERE NOT tgisinternal AND starts_with(tgname::text, %s)",
                [PREFIX],
            )
        else:
            cursor.execute(
                "SELECT name, tbl_name FROM sqlite_master "
                "WHERE type = 'trigger' AND substr(name, 1, length(%s)) = %s",
                [PREFIX, PREFIX],
            )
        return dict(cursor.fetchall())


def install(using: str = "default", **_signal: object) -> None:
    """Make the triggers that are missing, drop those that are no longer wanted; twice is once."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if "metrics_mark" not in tables:
        return
    there = present(connection)
    missing = [
        one for one in wanted(connection.vendor) if one.name not in there and one.table in tables
    ]
    names = {one.name for one in wanted(connection.vendor)}
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for name, table in there.items():
            if name not in names:
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER {name}{on}")
                if connection.vendor == "postgresql":
                    cursor.execute(f"DROP FUNCTION {name}()")
        for one in missing:
            for statement in one.statements:
                cursor.execute(statement)
