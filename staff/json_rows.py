"""A few rows of another table beside a row, as JSON in one of its columns: no query of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Aggregate, F, JSONField, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject


class _JSONArray(Aggregate):
    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **extra)


def rows_beside(rows: QuerySet[Any], columns: Mapping[str, str], *, group: str = "") -> Subquery:
    """An annotation: the `rows` as a list of mappings, in no order; None or [] when there are none.

    `columns` are names by the paths that they are read from; `group` is the column by which the
    rows belong to the outer row, when `rows` speaks of that one with OuterRef.
    """
    one = F(group) if group else Value(1)
    found = rows.order_by().annotate(beside_what=one).values("beside_what")
    listed = found.annotate(rows_beside=_JSONArray(JSONObject(**dict(columns))))
    return Subquery(listed.values("rows_beside"), output_field=JSONField())


def moment_of(text: str) -> datetime:
    """An instant as either database writes it into JSON."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
