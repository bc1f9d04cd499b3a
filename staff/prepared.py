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
    """The rows of `made(value)`, or the first of them.

    Only one parameter, a text, may depend on the value.
    """

    def __init__(self, made: Callable[[str], models.QuerySet[Row]]) -> None:
        self._made = made
        self._kept = local()  # a statement belongs to its thread's connection

    def first(self, value: str = "") -> Row | None:
        found: list[Row] = self._statement("one", limit=1).rows(value)
        return found[0] if found else None

    def all(self, value: str = "") -> list[Row]:
        found: list[Row] = self._statement("all", limit=None).rows(value)
        return found

    def _statement(self, name: str, *, limit: int | None) -> _Statement:
        connection = connections[DEFAULT_DB_ALIAS]
        statement: _Statement | None = getattr(self._kept, name, None)
        if statement is None or statement.compiler.connection is not connection:
            statement = _Statement(self._made(_VALUE)[:limit])
            setattr(self._kept, name, statement)
        return statement


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

    def rows(self, value: str) -> list[Any]:
        params = [value if given == _VALUE else given for given in self.params]
        with self.compiler.connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found = cursor.fetchall()
        if self.converters:
            found = list(self.compiler.apply_converters(found, self.converters))
        return [self._instance(row) for row in found]

    def _instance(self, row: Any) -> Any:
        made = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.first_place : self.end])
        for related in self.related:
            related.populate(row, made)
        return made
