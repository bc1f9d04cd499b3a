"""Many rows written at once, as each database takes them fastest.

Django's bulk_update writes a CASE per column and row, which takes most of the time of a large
import; UPDATE … FROM a table of values says the same, and both databases read it at once. Its
bulk_create writes 999 values a statement on SQLite; PostgreSQL has COPY. Neither save() nor
signals are called here; database triggers are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby, islice
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

from staff.copying import array, blocks, json_of

# SQLite takes at most 32,766 parameters in one statement.
MOST_PARAMETERS = 30_000


def save_columns(instances: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these columns (field names or attnames) of saved instances of one model.

    Inside the caller's transaction.
    """
    if not instances or not columns:
        return
    model = type(instances[0])
    names = [field_of(model, name).attname for name in ("pk", *columns)]
    save_rows(model, columns, ([getattr(one, name) for name in names] for one in instances))


def save_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Write these columns of rows that are there: each its key, then a value per column.

    Returns how many were there.
    """
    connection = connections[router.db_for_write(model)]
    fields = [field_of(model, name) for name in ("pk", *columns)]
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(str(fields[0].column))
    settings = ", ".join(
        f"{quote(str(field.column))} = v.column{place}" for place, field in enumerate(fields[1:], 2)
    )
    remaining, found = iter(rows), 0
    with connection.cursor() as cursor:
        while batch := list(islice(remaining, MOST_PARAMETERS // len(fields))):
            values, params = _values(connection, fields, batch)
            which = f"{table}.{key} = v.column1"
            if connection.vendor == "postgresql":
                # Said again, because for so many rows to join, it would read the table whole.
                which += f" AND {table}.{key} = ANY(%s::{_kind(fields[0], connection)}[])"
                params.append(params[0])
            cursor.execute(
                f"UPDATE {table} SET {settings} FROM {values} WHERE {which}",  # noqa: S608
                params,
            )
            found += cursor.rowcount
    return found


def _values(
    connection: BaseDatabaseWrapper,
    fields: "Sequence[models.Field[Any, Any]]",
    rows: Sequence[Sequence[Any]],
) -> tuple[str, list[Any]]:
    """Rows as a table v (column1, column2, …), with its parameters."""
    if connection.vendor != "postgresql":
        one = f"({', '.join(['%s'] * len(fields))})"
        ready = [
            field.get_db_prep_save(value, connection)
            for row in rows
            for field, value in zip(fields, row, strict=True)
        ]
        return f"(VALUES {', '.join([one] * len(rows))}) AS v", ready
    # One parameter a column: to compose a statement of thousands takes longer than to run it.
    arrays = ", ".join(f"%s::{_kind(field, connection)}[]" for field in fields)
    names = ", ".join(f"column{place}" for place in range(1, len(fields) + 1))
    columns = zip(*rows, strict=True)
    content = [
        array(field, values, connection) for field, values in zip(fields, columns, strict=True)
    ]
    return f"unnest({arrays}) AS v({names})", content


def _kind(field: "models.Field[Any, Any]", connection: BaseDatabaseWrapper) -> str:
    """The type that values are read as; a text too long for its column is refused, not cut."""
    kind = str(field.rel_db_type(connection))
    return "text" if kind.startswith("varchar") else kind


def add_keys(model: type[models.Model], column: str, keys: Sequence[int]) -> None:
    """Rows that are nothing but a key, for those of `keys` that have none yet."""
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    is_postgresql = connection.vendor == "postgresql"
    source = "unnest(%s::bigint[]) AS v(value)" if is_postgresql else "json_each(%s) AS v"
    content = ",".join(map(str, keys))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)}"  # noqa: S608
            f" ({quote(str(field_of(model, column).column))})"
            f" SELECT value FROM {source} WHERE true ON CONFLICT DO NOTHING",
            [f"{{{content}}}" if is_postgresql else f"[{content}]"],
        )


def field_of(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    """The column of this name, attname or "pk"."""
    for field in model._meta.concrete_fields:
        if name in {field.name, field.attname} or (name == "pk" and field.primary_key):
            return field
    raise ValueError(f"{model._meta.label} has no column {name}")


def insert(instances: Sequence[models.Model]) -> None:
    """Write unsaved instances of one model, which get their keys here; inside a transaction."""
    if not instances:
        return
    model = type(instances[0])
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    using = router.db_for_write(model)
    key = model._meta.pk
    if key.auto_created:
        for instance, pk in zip(instances, _new_keys(model, len(instances)), strict=True):
            instance.pk = pk
    insert_rows(
        model,
        [field.attname for field in fields],
        ([getattr(one, field.attname) for field in fields] for one in instances),
    )
    for instance in instances:
        instance._state.adding, instance._state.db = False, using


def give_keys(instances: Sequence[models.Model]) -> None:
    """Their keys before they are written, so that others can be made that refer to them.

    One query on PostgreSQL. Inside a transaction that writes no others of these models until then.
    """
    wanted = Counter(type(one) for one in instances)
    keys = {model: iter(found) for model, found in new_keys_of(wanted).items()}
    for one in instances:
        one.pk = next(keys[type(one)])


def insert_together(instances: Sequence[models.Model]) -> None:
    """Write unsaved instances of several models; on PostgreSQL in one statement.

    For a few rows that one change makes. Those of a model stand together; either all of them have
    been given keys or none, and none get any here.
    """
    if not instances:
        return
    connection = connections[router.db_for_write(type(instances[0]))]
    parts, params = [], []
    for model, rows in groupby(instances, type):
        made = list(rows)
        into, one_row, fields = _inserting(model, made[0].pk is not None)
        parts.append(f"{into} VALUES {', '.join([one_row] * len(made))}")
        params.append(
            [
                field.get_db_prep_save(getattr(one, field.attname), connection)
                for one in made
                for field in fields
            ]
        )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            *first, last = parts
            before = ", ".join(f"part{place} AS ({part})" for place, part in enumerate(first))
            cursor.execute(f"WITH {before} {last}" if before else last, list(chain(*params)))
        else:
            for part, own in zip(parts, params, strict=True):
                cursor.execute(part, own)
    for one in instances:
        one._state.adding, one._state.db = False, connection.alias


@lru_cache(maxsize=256)
def _inserting(
    model: type[models.Model], has_key: bool
) -> "tuple[str, str, list[models.Field[Any, Any]]]":
    """What stands before and after VALUES, and the fields in that order."""
    quote = connections[router.db_for_write(model)].ops.quote_name
    fields = [
        field
        for field in model._meta.concrete_fields
        if not field.generated and (has_key or not field.primary_key)
    ]
    names = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    return f"INSERT INTO {table} ({names})", f"({places})", fields


def insert_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    constant: Mapping[str, Any] | None = None,
) -> None:
    """Write rows of these columns (field names or attnames); a key that is left out is made.

    `constant` has what stands in further columns of every row.
    """
    connection = connections[router.db_for_write(model)]
    fields = [field_of(model, name) for name in columns]
    same = {field_of(model, name): value for name, value in (constant or {}).items()}
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in (*fields, *same))
    target = f"{quote(model._meta.db_table)} ({names})"
    if connection.vendor == "postgresql":
        # The driver's copy goes past Django's cursor, and so would its errors.
        with (
            connection.wrap_database_errors,
            connection.cursor() as cursor,
            cursor.copy(f"COPY {target} FROM STDIN") as into,
        ):
            for block in blocks(fields, rows, connection, constant=same):
                into.write(block)
        return
    ending = [_prepared(field, value, connection) for field, value in same.items()]
    ready = (
        [
            *(
                value if type(value) in PLAIN else _prepared(field, value, connection)
                for field, value in zip(fields, row, strict=True)
            ),
            *ending,
        ]
        for row in rows
    )
    _insert(connection, target, len(fields) + len(ending), ready)


# What every database takes as it is.
PLAIN = frozenset({int, bool, float, type(None)})


def _prepared(field: "models.Field[Any, Any]", value: Any, connection: BaseDatabaseWrapper) -> Any:
    if isinstance(field, models.JSONField):
        return json_of(field, value)
    return value if type(value) is str else field.get_db_prep_save(value, connection)


def _insert(
    connection: BaseDatabaseWrapper, target: str, width: int, rows: Iterator[Sequence[Any]]
) -> None:
    one = f"({', '.join(['%s'] * width)})"
    with connection.cursor() as cursor:
        while batch := list(islice(rows, MOST_PARAMETERS // width)):
            cursor.execute(
                f"INSERT INTO {target} VALUES {', '.join([one] * len(batch))}",  # noqa: S608
                [value for row in batch for value in row],
            )


def _new_keys(model: type[models.Model], count: int) -> list[int]:
    return new_keys_of({model: count})[model]


def new_keys_of(wanted: Mapping[type[models.Model], int]) -> dict[type[models.Model], list[int]]:
    """Keys that nobody else will get: from the sequences, or under SQLite's lock for writing."""
    connection = connections[router.db_for_write(next(iter(wanted)))]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Within a SELECT of its own, the sequence is looked up once instead of for each key.
            one = (
                "ARRAY(SELECT nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass))"
                " FROM generate_series(1, %s))"
            )
            cursor.execute(
                f"SELECT {', '.join([one] * len(wanted))}",
                [
                    value
                    for model, count in wanted.items()
                    for value in (quote(model._meta.db_table), model._meta.pk.column, count)
                ],
            )
            return dict(zip(wanted, cursor.fetchone(), strict=True))
        tables = {model._meta.db_table: model for model in wanted}
        named = ", ".join(["%s"] * len(tables))
        cursor.execute(
            f"SELECT name, seq FROM sqlite_sequence WHERE name IN ({named})",  # noqa: S608
            list(tables),
        )
        last = dict(cursor.fetchall())
        return {
            model: list(range(last.get(table, 0) + 1, last.get(table, 0) + 1 + wanted[model]))
            for table, model in tables.items()
        }
