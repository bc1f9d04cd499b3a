"""Whom a figure is about: all customers, or some of them, in every statement of metrics.facts.

A statement names its windows and its scope in one place, and says which column is the customer's:

    table, params = windows_table("win", windows, scope)     # WITH {table} …
    … WHERE r.answered_at >= win.s … {within(scope, "r.customer_id")}

Without a scope `within` is nothing, so that the statement for all stays what it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet

from crm.querysets import CustomerQuerySet

NAME = "scoped"


@dataclass(frozen=True)
class Scope:
    """Some customers: `key` says which in addresses and snapshots, `name` to people.

    `source` is set when they are all those of one source and nobody else: what was spent on that
    source is theirs.
    """

    key: str
    name: str
    customers: CustomerQuerySet
    source: str = ""

    def table(self) -> tuple[str, list[Any]]:
        """A common table expression `scoped(id)` and its parameters."""
        try:
            text, params = self.customers.order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:
            return f"{NAME}(id) AS MATERIALIZED (SELECT 0 WHERE 1 = 0)", []
        return f"{NAME}(id) AS MATERIALIZED ({text})", list(params)


def within(scope: Scope | None, column: str) -> str:
    """A condition that `column` is a customer of the scope; nothing when there is no scope."""
    return f" AND {column} IN (SELECT id FROM {NAME})" if scope else ""  # noqa: S608 (ours)
