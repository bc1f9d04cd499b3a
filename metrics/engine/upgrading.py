"""Out of the way of migrations: SQLite rebuilds a table only if no trigger names it meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections, transaction

from metrics.engine.triggers import present


def step_aside(using: str = "default", plan: Sequence[object] = (), **_signal: object) -> None:
    """Drop the triggers before migrations are applied; `triggers.install` makes them again after."""
    connection = connections[using]
    if connection.vendor != "sqlite" or not plan:
        return
    there = present(connection)
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for name in there:
            cursor.execute(f"DROP TRIGGER {name}")
