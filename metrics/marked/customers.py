"""Customers: when they are such, what they buy and have agreed, what passes with them."""

from __future__ import annotations

from metrics.marked.mark import Dialect, Marked, MarkOf, instant


def tenures(sql: Dialect) -> list[Marked]:
    kept = f"{{o}}.customer_id = {{n}}.customer_id AND {{o}}.is_first {sql.same} {{n}}.is_first"
    # Where only one edge of a tenure moved, only what lies between its two places is touched.
    moved = MarkOf(
        "tenure",
        "{n}.customer_id",
        f"CASE WHEN {kept} AND {{o}}.started_at = {{n}}.started_at THEN {sql.least}("
        "COALESCE({o}.ended_at, {n}.ended_at), COALESCE({n}.ended_at, {o}.ended_at))"
        f" ELSE {sql.least}({{o}}.started_at, {{n}}.started_at) END",
        f"CASE WHEN {kept} AND {{o}}.ended_at {sql.same} {{n}}.ended_at THEN "
        f"{sql.greatest}({{o}}.started_at, {{n}}.started_at) "
        f"WHEN {{o}}.ended_at IS NULL OR {{n}}.ended_at IS NULL THEN NULL "
        f"ELSE {sql.greatest}({{o}}.ended_at, {{n}}.ended_at) END",
    )
    # Lead conversion counts by the day on which the customer was created.
    created = ("customer", "c.id", "c.created_at", "c.created_at", "crm_customer c")
    lead = MarkOf(*created, where="c.id = {r}.customer_id AND {r}.is_first")
    lead_changed = MarkOf(
        *created,
        where=(
            "(c.id = {o}.customer_id OR c.id = {n}.customer_id) AND ({o}.is_first OR {n}.is_first) "
            f"AND NOT ({kept} AND {{o}}.started_at = {{n}}.started_at)"
        ),
    )
    # Who comes back wasn't lost: the silence before is counted by its own day.
    came_back = MarkOf(
        "loss",
        "x.customer_id",
        "x.ended_at",
        "x.ended_at",
        source="crm_tenure x",
        where=(
            "x.customer_id = {r}.customer_id AND x.end_reason = 'silence' "
            "AND x.ended_at < {r}.started_at"
        ),
    )
    return [
        Marked(
            "crm_tenure",
            ("customer_id", "started_at", "ended_at", "is_first"),
            (MarkOf("tenure", "{r}.customer_id", "{r}.started_at", "{r}.ended_at"), lead),
            changed=(moved, lead_changed),
        ),
        # Why somebody left, by the day on which they did.
        Marked("crm_tenure", ("end_reason",), (instant("loss", "ended_at"),), events=("update",)),
        Marked("crm_tenure", ("customer_id", "started_at", "cause"), (came_back,)),
    ]


def customers(_sql: Dialect) -> list[Marked]:
    # New customers who were brought count by the start of their first tenure.
    brought = MarkOf(
        "referral",
        "{r}.id",
        "x.started_at",
        "x.started_at",
        source="crm_tenure x",
        where="x.customer_id = {r}.id AND x.is_first",
    )
    return [
        Marked(
            "crm_customer",
            ("created_at",),
            (instant("customer", "created_at", "{r}.id"),),
            seldom=True,
        ),
        Marked("crm_customer", ("referred_by_id",), (brought,), events=("update",), seldom=True),
        Marked(
            "crm_interaction",
            ("customer_id", "kind", "direction", "channel", "occurred_at"),
            (instant("contact", "occurred_at"),),
        ),
    ]


def money(sql: Dialect) -> list[Marked]:
    cost = MarkOf("cost", "{r}.customer_id", *sql.days('{r}."on"', 'COALESCE({r}.until, {r}."on")'))
    # The first day on which it no longer runs; none while it has no end.
    one, other = "{r}.ends_on", "{r}.cancelled_on"
    end = f"COALESCE({sql.least}({one}, {other}), {one}, {other})"
    contract = MarkOf("contract", "{r}.customer_id", *sql.days("{r}.starts_on", end))
    terms = ("starts_on", "ends_on", "cancelled_on", "amount", "interval", "rate", "renewed_by_id")
    return [
        Marked(
            "crm_order",
            ("customer_id", "ordered_at", "total", "cost", "rate"),
            (instant("order", "ordered_at"),),
        ),
        Marked(
            "crm_cost",
            ("purpose", "category", "amount", "rate", "on", "until", "customer_id"),
            (cost,),
        ),
        Marked("crm_contract", ("customer_id", *terms), (contract,)),
    ]
