"""Addresses compared without what people spell now so, now otherwise: dots, a +tag, googlemail.

Only some providers ignore dots, but nobody is merged by this: people look at what it finds.
"""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func


def loose(address: str) -> str:
    """The same for "ana.souza+news@googlemail.com" and "anasouza@gmail.com" (lower case)."""
    local, _, domain = address.partition("@")
    mailbox, plus, _tag = local.partition("+")
    name = mailbox if mailbox or not plus else local
    domain = "gmail.com" if domain == "googlemail.com" else domain
    return f"{name.replace('.', '')}@{domain}"


def _sql(find: str) -> str:
    """Literals, never parameters: SQLite takes an index on an expression only for the same text."""
    value = "%(expressions)s"
    at, plus = f"{find}({value}, '@')", f"{find}({value}, '+')"
    end = f"CASE WHEN {plus} > 1 AND {plus} < {at} THEN {plus} ELSE {at} END - 1"
    return (
        f"(CASE WHEN {at} > 0 THEN REPLACE(SUBSTR({value}, 1, {end}), '.', '')"
        f" || REPLACE(SUBSTR({value}, {at}), '@googlemail.com', '@gmail.com') END)"
    )


class LooseEmail(Func):
    """`loose` of an address column, in the database, so that an index serves it; null: no address."""

    output_field = models.TextField(null=True)  # noqa: DJ001 (no column: what an expression gives)
    arity = 1

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=_sql("INSTR"), **context)

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=_sql("STRPOS"), **context)
