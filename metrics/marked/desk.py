"""Tickets, when they were open, their due times, and what was promised."""

from __future__ import annotations

from metrics.marked.mark import Dialect, Marked, MarkOf, instant


def desk(sql: Dialect) -> list[Marked]:
    ticket_columns = ("opened_at", "first_replied_at", "first_resolved_at", "last_resolved_at")
    open_span = MarkOf("backlog", "{r}.ticket_id", "{r}.started_at", "{r}.ended_at")
    # Only what lies between the two places of an edge that moved.
    span_moved = MarkOf(
        "backlog",
        "{n}.ticket_id",
        "CASE WHEN {o}.ticket_id = {n}.ticket_id AND {o}.started_at = {n}.started_at THEN "
        f"{sql.least}(COALESCE({{o}}.ended_at, {{n}}.ended_at), COALESCE({{n}}.ended_at, {{o}}.ended_at))"
        f" ELSE {sql.least}({{o}}.started_at, {{n}}.started_at) END",
        "CASE WHEN {o}.ended_at IS NULL OR {n}.ended_at IS NULL THEN NULL "
        f"ELSE {sql.greatest}({{o}}.ended_at, {{n}}.ended_at) END",
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
    return [
        Marked(
            "support_ticket",
            (
                "customer_id",
                "category_id",
                "channel",
                "kind",
                "state",
                *ticket_columns,
                "first_reopened_at",
                "replies_to_solve",
                "first_reply_business_seconds",
                "first_resolution_business_seconds",
                "last_resolution_business_seconds",
            ),
            (
                *(instant("ticket", column, "{r}.id") for column in ticket_columns),
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
    ]
