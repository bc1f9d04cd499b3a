"""A column that is one of very many values, given as one parameter."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, CharField, F, Func, TextField
from django.db.models.sql.compiler import SQLCompiler

from staff.copying import array_of


class Among(Func):
    """A condition for `filter`: `Among("external_id", keys)`; keys are all texts or all numbers.

    To compose IN (…) of thousands of parameters takes longer than to look them up.
    """

    output_field = BooleanField()

    def __init__(self, column: str, values: Collection[str] | Collection[int]) -> None:
        super().__init__(F(column))
        self.values = values

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        [source] = self.get_source_expressions()
        column, parameters = compiler.compile(source)
        sql = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 (a column's name)
        return sql, (*parameters, json.dumps(list(self.values)))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        [source] = self.get_source_expressions()
        column, parameters = compiler.compile(source)
        is_text = isinstance(source.output_field, (CharField, TextField))
        kind = "text" if is_text else "bigint"
        # The driver's own way takes a microsecond per value more.
        return f"{column} = ANY(%s::{kind}[])", (*parameters, array_of(self.values))
