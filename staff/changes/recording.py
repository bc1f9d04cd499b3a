"""What was done in one stroke, row by row, in the transaction that did it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import models

from staff.bulk import insert_rows
from staff.columns import column_values, own_columns, to_json
from staff.copying import JsonText
from staff.models import Change, ChangeSet, User

Columns = Mapping[str, Any]
COLUMNS = "change_set_id model object_id operation before after left_alone".split()
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
    label = model._meta.label_lower
    _store(
        (change_set.pk, label, object_id, Change.Operation.UPDATED, _json(before), _json(after))
        for object_id, before, after in rows
    )


def _record(
    change_set: ChangeSet,
    operation: Change.Operation,
    rows: Iterable[models.Model | tuple[int, Columns]],
    model: type[models.Model] | None,
) -> None:
    _store(_whole(change_set, operation, row, model) for row in rows)


def _whole(
    change_set: ChangeSet,
    operation: Change.Operation,
    row: models.Model | tuple[int, Columns],
    model: type[models.Model] | None,
) -> tuple[Any, ...]:
    """All that is known of a row that came or goes."""
    columns: Columns
    if isinstance(row, models.Model):
        kind: type[models.Model] = type(row)
        key, columns = row.pk, column_values(row, own_columns(kind))
    else:
        if model is None:
            raise TypeError("Pairs of id and columns need their model.")
        kind = model
        key, columns = row
    content = _json(columns)
    before, after = (None, content) if operation == Change.Operation.CREATED else (content, None)
    return change_set.pk, kind._meta.label_lower, key, operation, before, after


def _json(columns: Columns) -> JsonText:
    return JsonText(_ENCODER.encode(columns))


# `to_json` for what JSON has no type for, without a second look at what it has.
_ENCODER = json.JSONEncoder(default=to_json, ensure_ascii=False)


def _store(changes: Iterable[tuple[Any, ...]]) -> None:
    remaining = iter(changes)
    while batch := list(islice(remaining, BATCH)):
        insert_rows(Change, COLUMNS, ((*change, "") for change in batch))


def forget_changes(model_label: str, ids: Sequence[int]) -> int:
    """Let go what change sets hold of these rows: a person was erased, and no revert brings them back."""
    return Change.objects.filter(model=model_label.lower(), object_id__in=ids).delete()[0]
