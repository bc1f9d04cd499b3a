"""Queries that every request asks, composed once: composing takes Django longer than asking.

CURRENT = Prepared(lambda _: Business.objects.filter(pk=1))
OF_TOKEN = Prepared(lambda digest: Invitation.objects.for_answering().filter(token_hash=digest))
OF_TOKEN.first(digest)
SINCE = Prepared(lambda pk, at: Message.objects.filter(ticket=pk, created_at__gt=at), int, datetime)
SINCE.all(ticket.pk, at)
ADD = PreparedInsert(Interaction)
ADD(interaction)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import local
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query import ModelIterable, get_related_populators

if TYPE_CHECKING:
    from staff.models import User

Row = TypeVar("Row")
Instance = TypeVar("Instance", bound=models.Model)
# The SQL, and the fields whose values it takes.
Insertion = tuple[str, list[models.Field[Any, Any]]]


def _stand_in(kind: type, place: int) -> Any:
    """Stands for a value while the query is composed: nothing that anybody asks for."""
    if kind is int:
        return place - 2**62
    if kind is datetime:
        return datetime(1001 + place, 1, 1, tzinfo=UTC)
    return f"\ue000value {place}\ue000"


class Prepared(Generic[Row]):
    """The rows of `made(*values)`, or the first of them: instances, or tuples of `values_list`.

    The values are of the `kinds` str, int or datetime, one text unless told; they may appear as
    parameters alone, and must not decide how the query is made. Nothing is prefetched.
    """

    def __init__(self, made: Callable[..., models.QuerySet[Any, Row]], *kinds: type) -> None:
        self._made = made
        self._stand_ins = [_stand_in(kind, place) for place, kind in enumerate(kinds or (str,))]
        self._kept = local()  # a statement belongs to its thread's connection

    def first(self, *values: Any) -> Row | None:
        found: list[Row] = self._statement("one", limit=1).rows(values)
        return found[0] if found else None

    def all(self, *values: Any) -> list[Row]:
        found: list[Row] = self._statement("all", limit=None).rows(values)
        return found

    def _statement(self, name: str, *, limit: int | None) -> _Statement:
        connection = connections[DEFAULT_DB_ALIAS]
        statement: _Statement | None = getattr(self._kept, name, None)
        if statement is None or statement.compiler.connection is not connection:
            made = self._made(*self._stand_ins)
            statement = _Statement(made if limit is None else made[:limit], self._stand_ins)
            setattr(self._kept, name, statement)
        return statement


class PreparedFor(Generic[Row]):
    """The same of what a person may see: `made(user, *values)`, composed once for each role.

    Of the user nothing but the role may decide how the query is made, and nothing but the key may
    appear in it.
    """

    def __init__(self, made: Callable[..., models.QuerySet[Any, Row]], *kinds: type) -> None:
        self._made, self._kinds = made, kinds
        self._of_roles: dict[int, Prepared[Row]] = {}

    def all(self, user: User, *values: Any) -> list[Row]:
        role = user.role
        if role not in self._of_roles:
            self._of_roles[role] = Prepared(
                lambda pk, *more: self._made(user.__class__(pk=pk, role=role), *more),
                int,
                *self._kinds,
            )
        return self._of_roles[role].all(user.pk, *values)


class PreparedInsert(Generic[Instance]):
    """Insert one new instance, which gets its key: save(force_insert=True) without signals.

    All its values are plain: no expressions, no defaults of the database's.
    """

    def __init__(self, model: type[Instance]) -> None:
        self.model = model
        self._kept = local()  # a statement names its database's tables as that one quotes them

    def __call__(self, instance: Instance) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        sql, fields = self._statement(connection)
        values = [
            field.get_db_prep_save(field.pre_save(instance, add=True), connection)
            for field in fields
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            [instance.pk] = cursor.fetchone()
        instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS

    def _statement(self, connection: BaseDatabaseWrapper) -> Insertion:
        known: tuple[BaseDatabaseWrapper, Insertion] | None = getattr(self._kept, "statement", None)
        if known is not None and known[0] is connection:
            return known[1]
        meta, quote = self.model._meta, connection.ops.quote_name
        fields = [field for field in meta.local_concrete_fields if not field.primary_key]
        columns = ", ".join(quote(str(field.column)) for field in fields)
        sql = (
            f"INSERT INTO {quote(meta.db_table)} ({columns}) "  # noqa: S608 (names of the model's)
            f"VALUES ({', '.join(['%s'] * len(fields))}) RETURNING {quote(str(meta.pk.column))}"
        )
        self._kept.statement = (connection, (sql, fields))
        return sql, fields


class _Statement:
    """A queryset as SQL, and how its rows become what it gives: as Django's own iterables make them,
    `select_related`, `only` and `annotate` included."""

    def __init__(self, queryset: models.QuerySet[Any, Any], stand_ins: Sequence[Any]) -> None:
        self.compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, params = self.compiler.as_sql()
        self.params = list(params)
        sought = self._adapted(stand_ins)
        # (place among the parameters, which value)
        self.slots = [
            (place, sought.index(given)) for place, given in enumerate(params) if given in sought
        ]
        select = self.compiler.select
        self.converters = self.compiler.get_converters([column for column, *_ in select])
        self.makes_instances = issubclass(queryset._iterable_class, ModelIterable)
        if self.makes_instances:
            self._prepare_instances(self.compiler.klass_info, select)

    def _prepare_instances(self, info: Any, select: Any) -> None:
        self.model: type[models.Model] = info["model"]
        self.first_place, self.end = info["select_fields"][0], info["select_fields"][-1] + 1
        self.names = [column.target.attname for column, *_ in select[self.first_place : self.end]]
        # The stubs are of a Django to come, in which it takes more.
        self.related = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        self.annotated = list((self.compiler.annotation_col_map or {}).items())

    def _adapted(self, values: Sequence[Any]) -> list[Any]:
        """As they are among a statement's parameters."""
        adapt = self.compiler.connection.ops.adapt_datetimefield_value
        return [adapt(value) if isinstance(value, datetime) else value for value in values]

    def rows(self, values: Sequence[Any]) -> list[Any]:
        given, params = self._adapted(values), self.params.copy()
        for place, which in self.slots:
            params[place] = given[which]
        with self.compiler.connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found = cursor.fetchall()
        if self.converters:
            found = list(self.compiler.apply_converters(found, self.converters))
        if not self.makes_instances:
            return [tuple(row) for row in found]
        return [self._instance(row) for row in found]

    def _instance(self, row: Any) -> Any:
        made = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.first_place : self.end])
        for related in self.related:
            related.populate(row, made)
        for name, place in self.annotated:
            setattr(made, name, row[place])
        return made
