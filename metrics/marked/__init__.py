"""The tables whose changes leave marks, and what each change marks (metrics.engine.triggers installs it)."""

from __future__ import annotations

from metrics.marked.answers import answers
from metrics.marked.business import business
from metrics.marked.customers import customers, money, tenures
from metrics.marked.desk import desk
from metrics.marked.mark import Dialect, Marked, MarkOf

__all__ = ["MarkOf", "Marked", "marked_tables"]

GROUPS = (tenures, customers, money, answers, desk, business)


def marked_tables(vendor: str) -> list[Marked]:
    sql = Dialect(is_postgresql=vendor == "postgresql")
    return [marked for group in GROUPS for marked in group(sql)]
