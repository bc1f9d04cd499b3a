"""Rows as the text that PostgreSQL's COPY reads, column by column: the driver's own way, value by
value in Python, takes longer than the database needs to write them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from json import dumps
from typing import Any, cast

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

NULL = r"\N"
BLOCK = 500
_SIGNS = ("\\", "\t", "\n", "\r")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})

Column = Callable[[Sequence[Any]], list[str]]


class JsonText(str):
    """JSON that is written already, for a column of JSON."""

    __slots__ = ()


def blocks(
    fields: Sequence[models.Field[Any, Any]],
    rows: Iterable[Sequence[Any]],
    connection: BaseDatabaseWrapper,
    *,
    constant: Mapping[models.Field[Any, Any], Any] | None = None,
) -> Iterator[str]:
    """The text of these rows, some hundreds at a time; each ends with what is `constant`."""
    columns = [_column(field, connection) for field in fields]
    same = [_column(field, connection)([value])[0] for field, value in (constant or {}).items()]
    end = "".join(f"\t{text}" for text in same) + "\n"
    remaining = iter(rows)
    while batch := list(islice(remaining, BLOCK)):
        written = [
            column(values) for column, values in zip(columns, zip(*batch, strict=True), strict=True)
        ]
        yield end.join([*map("\t".join, zip(*written, strict=True)), ""])


def _column(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Column:
    if isinstance(field, models.JSONField):
        own = field

        def written(value: Any) -> str:
            # Its own signs are escaped already, by a backslash.
            return NULL if value is None else json_of(own, value).replace("\\", r"\\")

    else:

        def written(value: Any) -> str:
            write = _PLAIN.get(type(value))
            if write is None:
                # A member of an enumeration, an interval, an address: as the database reads it.
                value = field.get_db_prep_save(value, connection)
                write = _PLAIN.get(type(value), _escaped)
            return write(value)

    def column(values: Sequence[Any]) -> list[str]:
        kinds = set(map(type, values))
        if kinds == {str}:
            together = "".join(values)
            if not any(sign in together for sign in _SIGNS):
                return list(values)
        elif kinds == {int}:
            return list(map(str, values))
        return [written(value) for value in values]

    return column


def _escaped(value: object) -> str:
    if isinstance(value, (bytes, memoryview)):
        raise TypeError("Bytes are not copied as text.")
    return str(value).translate(_ESCAPES)


_PLAIN: dict[type, Callable[[Any], str]] = {
    type(None): lambda _value: NULL,
    str: lambda value: value.translate(_ESCAPES),
    bool: lambda value: "t" if value else "f",
    int: str,
    float: str,
    Decimal: str,
    datetime: datetime.isoformat,
    date: date.isoformat,
}
# What needs no quotes in an array.
_NUMBERS = frozenset({bool, int, float, Decimal})


def array(
    field: models.Field[Any, Any], values: Sequence[Any], connection: BaseDatabaseWrapper
) -> str:
    """Values of this column as PostgreSQL reads an array of them."""
    kinds = set() if isinstance(field, models.JSONField) else set(map(type, values))
    if kinds in ({str}, {int}):
        return array_of(values)
    return "{" + ",".join([_element(field, value, connection) for value in values]) + "}"


def array_of(values: Collection[str] | Collection[int]) -> str:
    """An array of nothing but texts, or nothing but whole numbers."""
    if not values or isinstance(next(iter(values)), int):
        return "{" + ",".join(map(str, values)) + "}"
    texts = cast("Collection[str]", values)
    together = "".join(texts)
    if "\\" in together or '"' in together:
        return "{" + ",".join(map(quoted, texts)) + "}"
    return '{"' + '","'.join(texts) + '"}'


def _element(field: models.Field[Any, Any], value: Any, connection: BaseDatabaseWrapper) -> str:
    if value is None:
        return "NULL"
    if isinstance(field, models.JSONField):
        return quoted(json_of(field, value))
    if type(value) in _NUMBERS:
        return _PLAIN[type(value)](value)
    if type(value) not in _PLAIN:
        value = field.get_db_prep_save(value, connection)
    if isinstance(value, (bytes, memoryview)):
        raise TypeError("Bytes are not written as text.")
    return quoted(value.isoformat() if isinstance(value, date) else str(value))


def quoted(text: str) -> str:
    """A text as a member of an array."""
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def json_of(field: models.JSONField[Any, Any], value: Any) -> str:
    """The JSON of a value of this column, which may be written already."""
    return str(value) if type(value) is JsonText else dumps(value, cls=field.encoder)
