"""The rows of a subquery as one JSON list in a column of another query: a query less than a prefetch.

Customer.objects.annotate(
    found=gathered(Tag.objects.filter(customers=OuterRef("pk")), "customers", "folded", "name")
)

makes `found` a list of [folded, name] in no particular order, or None where there is no row.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, JSONField, QuerySet, Subquery
from django.db.models.functions import JSONArray
from django.db.models.sql.compiler import SQLCompiler


class _List(Aggregate):
    name = "List"
    output_field = JSONField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Any:
        return super().as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **extra)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Any:
        return super().as_sql(compiler, connection, function="JSONB_AGG", **extra)


def gathered(rows: QuerySet[Any, Any], by: str, *columns: str) -> Subquery:
    """These columns of `rows`, which an OuterRef narrows to those of one `by`; few of them."""
    lists = rows.order_by().values(by).annotate(gathered=_List(JSONArray(*columns)))
    return Subquery(lists.values("gathered"), output_field=JSONField())
