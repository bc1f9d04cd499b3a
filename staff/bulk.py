"""Many rows updated in one statement, each to its own values.

Django's bulk_update writes a CASE per column and row, which takes most of the time of a large
import; UPDATE … FROM (VALUES …) says the same, and both databases read it at once.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db import connections, models, router

# SQLite takes at most 32,766 parameters in one statement.
MOST_PARAMETERS = 30_000


def save_columns(instances: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these columns (field names or attnames) of saved instances of one model.

    Inside the caller's transaction. Neither save() nor signals are called; database triggers are.
    """
    if not instances or not columns:
        return
    model = type(instances[0])
    connection = connections[router.db_for_write(model)]
    fields = [field_of(model, name) for name in ("pk", *columns)]
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(str(fields[0].column))
    settings = ", ".join(
        f"{quote(str(field.column))} = v.column{place}" for place, field in enumerate(fields[1:], 2)
    )
    # PostgreSQL can't tell a parameter's type within VALUES; SQLite needs none.
    typed = connection.vendor == "postgresql"
    one = ", ".join(f"%s::{field.rel_db_type(connection)}" if typed else "%s" for field in fields)
    remaining = iter(instances)
    with connection.cursor() as cursor:
        while batch := list(islice(remaining, MOST_PARAMETERS // len(fields))):
            values = ", ".join([f"({one})"] * len(batch))
            cursor.execute(
                f"UPDATE {table} SET {settings} FROM (VALUES {values}) AS v"  # noqa: S608
                f" WHERE {table}.{key} = v.column1",
                [
                    field.get_db_prep_save(getattr(instance, field.attname), connection)
                    for instance in batch
                    for field in fields
                ],
            )


def field_of(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    """The column of this name, attname or "pk"."""
    for field in model._meta.concrete_fields:
        if name in {field.name, field.attname} or (name == "pk" and field.primary_key):
            return field
    raise ValueError(f"{model._meta.label} has no column {name}")
