"""A list's rows in the order of its key, stretch after stretch, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from staff.exports.lists import Column
from staff.models import User
from staff.pages import ordered

STRETCH = 5_000

Cells = list[Any]


@dataclass(frozen=True)
class Stretch:
    rows: Sequence[Cells]
    # The key of its last row: where the next one begins.
    place: tuple[Any, ...]


def stretches(
    queryset: QuerySet[Any],
    key: Sequence[str],
    columns: Sequence[Column],
    user: User | None,
    *,
    after: Sequence[Any] | None = None,
) -> Iterator[Stretch]:
    """The rows beyond `after`, as lists of values in the order of `columns`."""
    names = [name.removeprefix("-") for name in key]
    paths = list(dict.fromkeys([*names, *(path for column in columns for path in column.paths)]))
    places = {path: number for number, path in enumerate(paths)}
    while True:
        # Read as tuples: model instances would cost more than all the rest.
        found = list(ordered(queryset, key, after=after).values_list(*paths)[:STRETCH])
        if not found:
            return
        by_column = [_values(column, found, places, user) for column in columns]
        after = tuple(found[-1][places[name]] for name in names)
        yield Stretch([list(cells) for cells in zip(*by_column, strict=True)], after)
        if len(found) < STRETCH:
            return


def _values(
    column: Column, rows: Sequence[tuple[Any, ...]], places: dict[str, int], user: User | None
) -> list[Any]:
    """What stands in one column, row by row."""
    if len(column.paths) == 1:
        place = places[column.paths[0]]
        values = [row[place] for row in rows]
    else:
        several = [places[path] for path in column.paths]
        values = [tuple(row[place] for place in several) for row in rows]
    if column.look is not None:
        found = column.look(set(values), user)
        values = [found.get(value) for value in values]
    if column.show is not None:
        show = column.show
        values = [None if value is None else show(value) for value in values]
    return values
