"""What was done in one stroke, row by row, in the transaction that did it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from staff.columns import column_values, own_columns, to_json
from staff.models import Change, ChangeSet, User

Columns = Mapping[str, Any]
BATCH = 1000


def open_change_set(
    kind: str, label: str, by: User | None, facts: dict[str, Any] | None = None
) -> ChangeSet:
    """Begin a set; `kind` is machine's ("import"), `label` the person's ("customers.csv")."""
    return ChangeSet.objects.create(kind=kind, label=label, by=by, facts=facts or {})


def record_created(
    change_set: ChangeSet,
    rows: Iterable[models.Model | tuple[int, Columns]],
    model: type[models.Model] | None = None,
) -> None:
    """Record rows just created: saved instances, or (id, {column: value}) pairs of `model`.

    Pairs need only the columns that were given; a revert compares no others. Record parents
    before what points to them: a revert goes through the set backwards.
    """
    _record(change_set, Change.Operation.CREATED, rows, model)


def record_deleted(
    change_set: ChangeSet,
    rows: Iterable[models.Model | tuple[int, Columns]],
    model: type[models.Model] | None = None,
) -> None:
    """Record rows about to be deleted, whole; what points to others before those others."""
    _record(change_set, Change.Operation.DELETED, rows, model)


def record_updated(
    change_set: ChangeSet,
    model: type[models.Model],
    rows: Iterable[tuple[int, Columns, Columns]],
) -> None:
    """Record (id, before, after) of rows updated: the columns that changed and only those."""
    _store(
        Change(
            change_set=change_set,
            model=model._meta.label_lower,
            object_id=object_id,
            operation=Change.Operation.UPDATED,
            before=_json(before),
            after=_json(after),
        )
        for object_id, before, after in rows
    )


def _record(
    change_set: ChangeSet,
    operation: Change.Operation,
    rows: Iterable[models.Model | tuple[int, Columns]],
    model: type[models.Model] | None,
) -> None:
    side = "after" if operation == Change.Operation.CREATED else "before"

    def change(row: models.Model | tuple[int, Columns]) -> Change:
        if isinstance(row, models.Model):
            kind: type[models.Model] = type(row)
            key, columns = row.pk, column_values(row, own_columns(kind))
        else:
            if model is None:
                raise TypeError("Pairs of id and columns need their model.")
            kind = model
            key, columns = row[0], dict(row[1])
        return Change(
            change_set=change_set,
            model=kind._meta.label_lower,
            object_id=key,
            operation=operation,
            **{side: _json(columns)},
        )

    _store(change(row) for row in rows)


def _json(columns: Columns) -> dict[str, Any]:
    return {name: to_json(value) for name, value in columns.items()}


def _store(changes: Iterable[Change]) -> None:
    batch: list[Change] = []
    for change in changes:
        batch.append(change)
        if len(batch) == BATCH:
            Change.objects.bulk_create(batch)
            batch = []
    Change.objects.bulk_create(batch)
