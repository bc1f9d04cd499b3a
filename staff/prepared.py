"""Queries that every request asks, composed once: composing takes Django longer than asking.

CURRENT = Prepared(lambda _: Business.objects.filter(pk=1))
OF_TOKEN = Prepared(lambda digest: Invitation.objects.for_answering().filter(token_hash=digest))
OF_TOKEN.first(digest)
"""

from __future__ import annotations

from collections.abc import Callable
from threading import local
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=models.Model)

# Stands for the value while the query is composed: no text that anybody asks for.
_VALUE = "\ue000value\ue000"


class Prepared(Generic[Row]):
    """The first row of `made(value)`; only one parameter, a text, may depend on the value."""

    def __init__(self, made: Callable[[str], models.QuerySet[Row]]) -> None:
        self._made = made
        self._kept = local()  # a statement belongs to its thread's connection

    def first(self, value: str = "") -> Row | None:
        connection = connections[DEFAULT_DB_ALIAS]
        statement: _Statement | None = getattr(self._kept, "statement", None)
        if statement is None or statement.compiler.connection is not connection:
            statement = self._kept.statement = _Statement(self._made(_VALUE)[:1])
        found: Row | None = statement.first(value)
        return found


class _Statement:
    """A queryset as SQL, and how its rows become instances: as Django's ModelIterable makes them,
    `select_related` and `only` included."""

    def __init__(self, queryset: models.QuerySet[Any]) -> None:
        self.compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, self.params = self.compiler.as_sql()
        info = self.compiler.klass_info
        assert info is not None  # noqa: S101 (it selects instances)
        select = self.compiler.select
        self.model: type[models.Model] = info["model"]
        self.first_place, self.end = info["select_fields"][0], info["select_fields"][-1] + 1
        self.names = [column.target.attname for column, *_ in select[self.first_place : self.end]]
        # The stubs are of a Django to come, in which it takes more.
        self.related = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        self.converters = self.compiler.get_converters([column for column, *_ in select])

    def first(self, value: str) -> Any:
        params = [value if given == _VALUE else given for given in self.params]
        with self.compiler.connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            row = cursor.fetchone()
        if row is None:
            return None
        if self.converters:
            [row] = self.compiler.apply_converters([row], self.converters)
        made = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.first_place : self.end])
        for related in self.related:
            related.populate(row, made)
        return made
