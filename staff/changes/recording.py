"""What was done in one stroke, row by row, in the transaction that did it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from django.db import models

from staff.bulk import insert_rows
from staff.columns import column_values, own_columns, to_json
from staff.copying import JsonText
from staff.models import Change, ChangeSet, User

Columns = Mapping[str, Any]
BATCH = 5000
# Stands between the rows of a batch where those are made JSON of at once.
_BETWEEN = "\x1e\x1e"


def open_change_set(
    kind: str, label: str, by: User | None, facts: dict[str, Any] | None = None
) -> ChangeSet:
    """Begin a set; `kind` is machine's ("import"), `label` the person's ("customers.csv")."""
    return ChangeSet.objects.create(kind=kind, label=label, by=by, facts=facts or {})


def record_created(
    change_set: ChangeSet,
    rows: Iterable[models.Model | tuple[int, Columns]],
    model: type[models.Model] | None = None,
    *,
    constant: Columns | None = None,
) -> None:
    """Record rows just created: saved instances, or (id, {column: value}) pairs of `model`.

    Pairs need only the columns that were given, and `constant` has those that are the same in
    all of them; a revert compares no others. Record parents before what points to them: a revert
    goes through the set backwards.
    """
    _record(change_set, Change.Operation.CREATED, rows, model, constant or {})


def record_deleted(
    change_set: ChangeSet,
    rows: Iterable[models.Model | tuple[int, Columns]],
    model: type[models.Model] | None = None,
) -> None:
    """Record rows about to be deleted, whole; what points to others before those others."""
    _record(change_set, Change.Operation.DELETED, rows, model, {})


def record_updated(
    change_set: ChangeSet,
    model: type[models.Model],
    rows: Iterable[tuple[int, Columns, Columns]],
) -> None:
    """Record (id, before, after) of rows updated: the columns that changed and only those."""
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        ids, before, after = zip(*batch, strict=True)
        insert_rows(
            Change,
            ["object_id", "before", "after"],
            zip(ids, _json(before), _json(after), strict=True),
            constant=_about(change_set, Change.Operation.UPDATED, model),
        )


def _record(
    change_set: ChangeSet,
    operation: Change.Operation,
    rows: Iterable[models.Model | tuple[int, Columns]],
    model: type[models.Model] | None,
    constant: Columns,
) -> None:
    """All that is known of rows that came or go."""
    is_new = operation == Change.Operation.CREATED
    holds, lacks = ("after", "before") if is_new else ("before", "after")
    for kind, pairs in groupby((_pair(row, model) for row in rows), lambda one: one[0]):
        while batch := list(islice(pairs, BATCH)):
            content = _json([columns for _kind, _key, columns in batch], constant)
            insert_rows(
                Change,
                ["object_id", holds],
                zip([key for _kind, key, _columns in batch], content, strict=True),
                constant={lacks: None, **_about(change_set, operation, kind)},
            )


def _pair(
    row: models.Model | tuple[int, Columns], model: type[models.Model] | None
) -> tuple[type[models.Model], int, Columns]:
    if isinstance(row, models.Model):
        kind = type(row)
        return kind, row.pk, column_values(row, own_columns(kind))
    if model is None:
        raise TypeError("Pairs of id and columns need their model.")
    return model, *row


def _about(
    change_set: ChangeSet, operation: Change.Operation, model: type[models.Model]
) -> dict[str, Any]:
    return {
        "change_set_id": change_set.pk,
        "model": model._meta.label_lower,
        "operation": operation.value,
        "left_alone": "",
    }


# `to_json` for what JSON has no type for, without a second look at what it has.
_ENCODER = json.JSONEncoder(default=to_json, ensure_ascii=False)


def _json(rows: Sequence[Columns], constant: Columns | None = None) -> list[JsonText]:
    """Each row as JSON, with `constant` in it; in one go, because a call costs as much as a row.

    What stands between them stands in no text of theirs: its quotes would be escaped there.
    """
    parts: list[Any] = [part for row in rows for part in (row, _BETWEEN)]
    between = f", {_ENCODER.encode(_BETWEEN)}, "
    found = _ENCODER.encode(parts[:-1])[1:-1].split(between)
    if len(found) != len(rows):  # somebody's list has it as its member
        found = [_ENCODER.encode(row) for row in rows]
    if not constant:
        return list(map(JsonText, found))
    end = _ENCODER.encode(constant)
    return [JsonText(f"{text[:-1]}, {end[1:]}" if text != "{}" else end) for text in found]


def forget_changes(model_label: str, ids: Sequence[int]) -> int:
    """Let go what change sets hold of these rows: a person was erased, and no revert brings them back."""
    return Change.objects.filter(model=model_label.lower(), object_id__in=ids).delete()[0]
