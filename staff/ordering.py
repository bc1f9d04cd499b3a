"""Orders that an index can serve on either database."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import OrderBy
from django.db.models.indexes import IndexExpression
from django.utils.deconstruct import deconstructible


@deconstructible(path="staff.ordering.EmptyAsLeast")
class EmptyAsLeast(OrderBy):
    """Empty values come after all others of a descending order, before all of an ascending one.

    On SQLite that is so anyway, and saying it would keep it from walking an index. PostgreSQL
    puts them at the other end, so there both the order and its index must say it.
    """

    def __init__(self, expression: Any, descending: bool = False) -> None:
        end = {"nulls_last": True} if descending else {"nulls_first": True}
        super().__init__(expression, descending=descending, **end)

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper) -> Any:
        return OrderBy(self.expression, self.descending).as_sql(compiler, connection)


# An index takes only the wrappers that it knows.
IndexExpression.register_wrappers(EmptyAsLeast, *IndexExpression.wrapper_classes)
