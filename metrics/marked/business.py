"""The business itself: its clock, its people, and what they learn."""

from __future__ import annotations

from metrics.marked.mark import Dialect, Marked, MarkOf


def business(sql: Dialect) -> list[Marked]:
    everything = MarkOf("business", "NULL", sql.day("'0001-01-03'", "-1 day"), "NULL")
    if sql.is_postgresql:
        everything = MarkOf(
            "business", "NULL::bigint", "'0001-01-02 00:00+00'::timestamptz", sql.no_instant
        )
    held = MarkOf("training", "{r}.id", *sql.days("{r}.held_on"), where="{r}.held_on IS NOT NULL")
    took_part = MarkOf(
        "training",
        "g.id",
        *sql.days("g.held_on"),
        source="metrics_training g",
        where="g.id = {r}.training_id AND g.held_on IS NOT NULL",
    )
    return [
        # Another time zone moves every edge of every period.
        Marked("staff_business", ("time_zone",), (everything,), events=("update",)),
        Marked(
            "staff_user",
            ("role", "is_active", "created_at"),
            (MarkOf("people", "{r}.id", "{r}.created_at", sql.no_instant),),
        ),
        Marked("metrics_training", ("held_on",), (held,)),
        Marked("metrics_traininghours", ("training_id", "user_id", "hours"), (took_part,)),
    ]
