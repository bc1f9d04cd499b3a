"""Database triggers that leave a mark of every changed fact, in the transaction that changes it.

Signals would miss bulk paths; a trigger misses nothing, by whatever path a row is written. SQLite
has one per row; PostgreSQL one per statement, which leaves a mark per day however many rows there
were. They are installed after every migrate, because a table rebuild on SQLite drops its triggers;
a trigger's name ends in a digest of its text, so installing again changes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "metrics_mark_"
EVENTS = ("insert", "update", "delete")
COLUMNS = "fact, entity, from_at, until_at"


@dataclass(frozen=True)
class MarkOf:
    """A mark that a row leaves, in SQL in which `{r}` is the row.

    `source` and `where` join another table, for a fact that is counted by another one's date.
    """

    fact: str
    entity: str
    from_at: str
    until_at: str
    source: str = ""
    where: str = ""

    def select(self, row: str, table: str = "", condition: str = "") -> str:
        """The mark of `row`; on PostgreSQL `table` is where the row comes from."""
        values = ", ".join([f"'{self.fact}'", self.entity, self.from_at, self.until_at])
        sources = ", ".join(part for part in (table, self.source) if part)
        conditions = " AND ".join(part for part in (self.where, condition) if part)
        text = f"SELECT {values}"
        text += f" FROM {sources}" if sources else ""
        text += f" WHERE {conditions}" if conditions else ""
        return text.replace("{r}", row)


@dataclass(frozen=True)
class Marked:
    """A table whose changes leave marks: when a row comes or goes, or one of `columns` changes.

    `changed` replaces, for updates, the marks of the row before and after: SQL from `{o}` to `{n}`.
    """

    table: str
    columns: tuple[str, ...]
    marks: tuple[MarkOf, ...]
    changed: tuple[MarkOf, ...] = field(default=())
    events: tuple[str, ...] = EVENTS


ON_THE_LIST = "{r}.purpose = 'outreach'"
LEAVES_THE_LIST = "{r}.type IN ('unsubscribe', 'hard_bounce', 'complaint', 'inactive')"


def _instant(fact: str, column: str, entity: str = "{r}.customer_id") -> MarkOf:
    at = f"{{r}}.{column}"
    return MarkOf(fact, entity, at, at, where=f"{at} IS NOT NULL")


def _tables(vendor: str) -> list[Marked]:
    postgresql = vendor == "postgresql"
    least, greatest = ("LEAST", "GREATEST") if postgresql else ("MIN", "MAX")
    same = "IS NOT DISTINCT FROM" if postgresql else "IS"

    def day(expression: str, shift: str) -> str:
        """A local date as an instant that surely lies before (or after) it, in any zone."""
        if postgresql:
            return (
                f"(({expression})::timestamp AT TIME ZONE 'UTC' {shift[0]} interval '{shift[1:]}')"
            )
        return f"datetime({expression}, '{shift}')"

    kept = f"{{o}}.customer_id = {{n}}.customer_id AND {{o}}.is_first {same} {{n}}.is_first"
    # Where only one edge of a tenure moved, only what lies between its two places is touched.
    moved = MarkOf(
        "tenure",
        "{n}.customer_id",
        f"CASE WHEN {kept} AND {{o}}.started_at = {{n}}.started_at THEN "
        f"{least}(COALESCE({{o}}.ended_at, {{n}}.ended_at), COALESCE({{n}}.ended_at, {{o}}.ended_at))"
        f" ELSE {least}({{o}}.started_at, {{n}}.started_at) END",
        f"CASE WHEN {kept} AND {{o}}.ended_at {same} {{n}}.ended_at THEN "
        f"{greatest}({{o}}.started_at, {{n}}.started_at) "
        f"WHEN {{o}}.ended_at IS NULL OR {{n}}.ended_at IS NULL THEN NULL "
        f"ELSE {greatest}({{o}}.ended_at, {{n}}.ended_at) END",
    )
    # Lead conversion counts by the day on which the customer was created.
    lead = MarkOf(
        "customer",
        "c.id",
        "c.created_at",
        "c.created_at",
        source="crm_customer c",
        where="c.id = {r}.customer_id AND {r}.is_first",
    )
    lead_changed = MarkOf(
        "customer",
        "c.id",
        "c.created_at",
        "c.created_at",
        source="crm_customer c",
        where=(
            "(c.id = {o}.customer_id OR c.id = {n}.customer_id) AND ({o}.is_first OR {n}.is_first) "
            f"AND NOT ({kept} AND {{o}}.started_at = {{n}}.started_at)"
        ),
    )
    # The response rate counts by the day on which the invitation was sent.
    answered = MarkOf(
        "invitation",
        "v.customer_id",
        "v.sent_at",
        "v.sent_at",
        source="surveys_invitation v",
        where="v.id = {r}.invitation_id AND v.sent_at IS NOT NULL",
    )
    cost = MarkOf(
        "cost",
        "{r}.customer_id",
        day('{r}."on"', "-1 day"),
        day('COALESCE({r}.until, {r}."on")', "+2 days"),
    )
    ticket_columns = ("opened_at", "first_replied_at", "first_resolved_at", "last_resolved_at")
    open_span = MarkOf("backlog", "{r}.ticket_id", "{r}.started_at", "{r}.ended_at")
    # Only what lies between the two places of an edge that moved.
    span_moved = MarkOf(
        "backlog",
        "{n}.ticket_id",
        "CASE WHEN {o}.ticket_id = {n}.ticket_id AND {o}.started_at = {n}.started_at THEN "
        f"{least}(COALESCE({{o}}.ended_at, {{n}}.ended_at), COALESCE({{n}}.ended_at, {{o}}.ended_at))"
        f" ELSE {least}({{o}}.started_at, {{n}}.started_at) END",
        "CASE WHEN {o}.ended_at IS NULL OR {n}.ended_at IS NULL THEN NULL "
        f"ELSE {greatest}({{o}}.ended_at, {{n}}.ended_at) END",
    )
    target_decided = [
        MarkOf(
            "target",
            "{r}.ticket_id",
            f"{{r}}.{column}",
            f"{{r}}.{column}",
            where=f"{{r}}.{column} IS NOT NULL",
        )
        for column in ("due_at", "met_at", "missed_at")
    ]
    # Whether a target counts follows its ticket's state.
    target_of = MarkOf(
        "target",
        "{r}.id",
        "COALESCE(g.missed_at, g.met_at, g.due_at)",
        "COALESCE(g.missed_at, g.met_at, g.due_at)",
        source="support_slatarget g",
        where="g.ticket_id = {r}.id AND COALESCE(g.missed_at, g.met_at, g.due_at) IS NOT NULL",
    )
    promise = MarkOf(
        "promise",
        "{r}.customer_id",
        "{r}.due_at",
        "{r}.due_at",
        where="{r}.is_promise AND {r}.due_at IS NOT NULL",
    )
    everything = MarkOf("business", "NULL", day("'0001-01-03'", "-1 day"), "NULL")
    if postgresql:
        everything = MarkOf(
            "business", "NULL::bigint", "'0001-01-02 00:00+00'::timestamptz", "NULL::timestamptz"
        )
    return [
        Marked(
            "crm_tenure",
            ("customer_id", "started_at", "ended_at", "is_first"),
            (MarkOf("tenure", "{r}.customer_id", "{r}.started_at", "{r}.ended_at"), lead),
            changed=(moved, lead_changed),
        ),
        Marked(
            "crm_order",
            ("customer_id", "ordered_at", "total", "cost", "rate"),
            (_instant("order", "ordered_at"),),
        ),
        Marked(
            "crm_cost",
            ("purpose", "category", "amount", "rate", "on", "until", "customer_id"),
            (cost,),
        ),
        Marked("crm_customer", ("created_at",), (_instant("customer", "created_at", "{r}.id"),)),
        Marked(
            "surveys_response",
            (
                "kind",
                "customer_id",
                "invitation_id",
                "score",
                "answered_at",
                "validity",
                "validity_reason",
            ),
            (_instant("response", "answered_at"), answered),
        ),
        Marked(
            "crm_consent",
            ("contact_id", "purpose", "given", "at"),
            (MarkOf("subscriber", "{r}.contact_id", "{r}.at", "{r}.at", where=ON_THE_LIST),),
        ),
        Marked(
            "mail_deliveryevent",
            ("address", "type", "at", "detail"),
            (MarkOf("subscriber", "{r}.id", "{r}.at", "{r}.at", where=LEAVES_THE_LIST),),
        ),
        # Whose address it is that a mailer heard of.
        Marked(
            "crm_contactpoint",
            ("contact_id", "kind", "value"),
            (
                MarkOf(
                    "subscriber",
                    "{r}.contact_id",
                    "heard.at",
                    "heard.at",
                    source="mail_deliveryevent heard",
                    where="heard.address = {r}.value AND {r}.kind = 'email' "
                    "AND heard.type IN ('unsubscribe', 'hard_bounce', 'complaint', 'inactive')",
                ),
            ),
        ),
        Marked(
            "surveys_invitation",
            ("customer_id", "sent_at", "bounced_at", "state"),
            (_instant("invitation", "sent_at"),),
        ),
        Marked(
            "support_ticket",
            (
                "customer_id",
                "category_id",
                "channel",
                "state",
                *ticket_columns,
                "first_reopened_at",
                "replies_to_solve",
                "first_reply_business_seconds",
                "first_resolution_business_seconds",
                "last_resolution_business_seconds",
            ),
            (
                *(_instant("ticket", column, "{r}.id") for column in ticket_columns),
                target_of,
            ),
        ),
        Marked(
            "support_openspan",
            ("ticket_id", "started_at", "ended_at"),
            (open_span,),
            changed=(span_moved,),
        ),
        Marked(
            "support_slatarget",
            ("ticket_id", "kind", "due_at", "met_at", "missed_at", "cancelled_at"),
            tuple(target_decided),
        ),
        Marked("crm_task", ("is_promise", "due_at", "done_at", "customer_id"), (promise,)),
        # Another time zone moves every edge of every period.
        Marked("staff_business", ("time_zone",), (everything,), events=("update",)),
    ]


@dataclass(frozen=True)
class Trigger:
    """A trigger as it is to be; `statements` make it, for the table it is on."""

    name: str
    table: str
    statements: tuple[str, ...]


def _named(table: str, event: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{PREFIX}{table}_{event}_{digest}"


def _sqlite(marked: Marked, event: str) -> Trigger:
    if event == "update" and marked.changed:
        selects = [
            mark.select("").replace("{o}", "OLD").replace("{n}", "NEW") for mark in marked.changed
        ]
    else:
        rows = {"insert": ["NEW"], "delete": ["OLD"], "update": ["OLD", "NEW"]}[event]
        selects = [mark.select(row) for mark in marked.marks for row in rows]
    body = f"INSERT INTO metrics_mark ({COLUMNS}) {' UNION '.join(selects)};"
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
    text = f"REFERENCING {tables} FOR EACH STATEMENT"
    name = _named(marked.table, event, text + body)
    function = (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$mark$ BEGIN {body} RETURN NULL; END $mark$"
    )
    trigger = (
        f"CREATE TRIGGER {name} AFTER {event.upper()} ON {marked.table} "
        f"{text} EXECUTE FUNCTION {name}()"
    )
    return Trigger(name, marked.table, (function, trigger))


def wanted(vendor: str) -> list[Trigger]:
    """Every trigger that there should be."""
    make = _postgresql if vendor == "postgresql" else _sqlite
    return [make(marked, event) for marked in _tables(vendor) for event in marked.events]


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
