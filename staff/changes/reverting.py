"""Taking a change set back: backwards, in batches, each its own transaction."""

import copy
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.bulk import save_columns
from staff.changes.registry import DERIVED_COLUMNS, DERIVED_MODELS, HOOKS, Reverted
from staff.columns import from_json
from staff.models import Change, ChangeSet, User
from staff.refusals import Refusal

BATCH = 1000
# How many rows left alone an outcome names; the rest stay readable on their Change rows.
NAMED = 1000

Reason = Change.LeftAlone
Outcome = tuple[list[Reverted], dict[int, Change.LeftAlone]]


class AlreadyReverted(Refusal):
    message = _("This has been taken back already.")


@dataclass(frozen=True)
class RevertOutcome:
    """`left_alone` names the first thousand rows as (model, id, translated reason)."""

    reverted: int
    left_alone_count: int
    left_alone: list[tuple[str, int, str]]


@dataclass(frozen=True)
class Reverting:
    """What is being taken back at this moment, and by whom: what hooks write says so."""

    change_set: ChangeSet
    by: User | None


_NOW: ContextVar[Reverting | None] = ContextVar("reverting", default=None)


def current_revert() -> Reverting | None:
    """For hooks; None outside of a revert."""
    return _NOW.get()


def can_revert(change_set: ChangeSet) -> bool:
    return change_set.reverted_at is None


def revert(*, change_set: ChangeSet, by: User | None) -> RevertOutcome:
    """Take back exactly what the set did; rows changed since are left alone and reported.

    Each batch commits with its place in the set, so a revert that was killed goes on where it
    stopped when asked again, and memory does not grow with the set. Inside a caller's
    transaction it is all or nothing instead. Raises AlreadyReverted the second time.
    """
    outcome = revert_for(change_set=change_set, by=by, seconds=math.inf)
    assert outcome is not None  # noqa: S101 (there is no end to the time)
    return outcome


def revert_for(*, change_set: ChangeSet, by: User | None, seconds: float) -> RevertOutcome | None:
    """`revert`, for about so many seconds; None when there is more: ask again."""
    end = time.monotonic() + seconds
    if not ChangeSet.objects.filter(pk=change_set.pk, reverted_at=None).exists():
        raise AlreadyReverted
    token = _NOW.set(Reverting(change_set, by))
    try:
        while _revert_batch(change_set.pk):
            if time.monotonic() >= end:
                return None
    finally:
        _NOW.reset(token)
    return _finish(change_set, by)


@transaction.atomic
def _finish(change_set: ChangeSet, by: User | None) -> RevertOutcome:
    now = timezone.now()
    open_sets = ChangeSet.objects.filter(pk=change_set.pk, reverted_at=None)
    if open_sets.update(reverted_at=now, reverted_by=by) != 1:
        raise AlreadyReverted
    change_set.refresh_from_db()
    kept = change_set.changes.exclude(left_alone="")
    kept_count = kept.count()
    outcome = RevertOutcome(
        reverted=change_set.changes.count() - kept_count,
        left_alone_count=kept_count,
        left_alone=[
            (change.model, change.object_id, str(Reason(change.left_alone).label))
            for change in kept.order_by("pk")[:NAMED]
        ],
    )
    counts = {"reverted": [None, outcome.reverted], "left_alone": [None, kept_count]}
    audit.record(
        by=by,
        action="change_set.revert",
        target=change_set,
        changes=counts,
        change_set=change_set,
    )
    return outcome


@transaction.atomic
def _revert_batch(change_set_id: int) -> bool:
    """Take back the next thousand changes, latest first; False when none is left."""
    # The lock makes two who revert at once take turns.
    change_set = ChangeSet.objects.select_for_update().get(pk=change_set_id)
    changes = Change.objects.filter(change_set=change_set).order_by("-pk")
    if change_set.revert_cursor is not None:
        changes = changes.filter(pk__lt=change_set.revert_cursor)
    batch = list(changes[:BATCH])
    if not batch:
        return False
    reverted: dict[str, list[Reverted]] = defaultdict(list)
    left_alone: dict[Change.LeftAlone, list[int]] = defaultdict(list)
    for run in _runs(batch):
        done, kept = _REVERT[run[0].operation](apps.get_model(run[0].model), run)
        reverted[run[0].model] += done
        for change_id, reason in kept.items():
            left_alone[reason].append(change_id)
    for label, rows in reverted.items():
        for hook in HOOKS[label] if rows else ():
            hook(rows)
    for reason, change_ids in left_alone.items():
        Change.objects.filter(pk__in=change_ids).update(left_alone=reason)
    change_set.revert_cursor = batch[-1].pk
    change_set.save(update_fields=["revert_cursor"])
    return True


def _runs(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Split into neighbours of one model and operation, no row twice: each goes in one stroke."""
    run: list[Change] = []
    seen: set[int] = set()
    for change in changes:
        same_kind = run and (change.model, change.operation) == (run[0].model, run[0].operation)
        if run and (not same_kind or change.object_id in seen):
            yield run
            run, seen = [], set()
        run.append(change)
        seen.add(change.object_id)
    if run:
        yield run


def _revert_created(model: type[models.Model], changes: Sequence[Change]) -> Outcome:
    rows, kept = _unchanged_rows(model, changes)
    by_row = {change.object_id: change for change in changes}
    for object_id in _in_use(model, set(rows)):
        kept[by_row[object_id].pk] = Reason.IN_USE
        del rows[object_id]

    done = _apply(partial(_delete, model), list(rows.values()))
    kept |= {by_row[row.pk].pk: Reason.BLOCKED for row in rows.values() if row.pk not in done}
    return [Reverted(pk, was=rows[pk], now=None) for pk in done], kept


def _delete(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Delete rows that only derived rows point to (`_in_use` made sure), with those.

    Not by a queryset's delete(), which would look for pointing rows all over again.
    """
    ids = {row.pk for row in rows}
    for relation in _relations(model):
        if _goes_along(relation, model):
            _pointing(relation, ids).filter(**{f"{relation.field.name}__in": ids}).delete()
    doomed = model._base_manager.filter(pk__in=ids)
    doomed._raw_delete(using=doomed.db)


def _revert_updated(model: type[models.Model], changes: Sequence[Change]) -> Outcome:
    rows, kept = _unchanged_rows(model, changes)
    missing = _missing_targets(model, changes)
    groups: dict[tuple[str, ...], list[models.Model]] = defaultdict(list)
    was: dict[int, models.Model] = {}
    for change in changes:
        row = rows.get(change.object_id)
        if row is None:
            continue
        if change.pk in missing:
            kept[change.pk] = Reason.GONE
            continue
        was[row.pk] = copy.copy(row)
        for name, value in _python(model, change.before).items():
            setattr(row, name, value)
        groups[tuple(sorted(change.before or {}))].append(row)
    done: set[int] = set()
    for columns, group in groups.items():
        done |= _apply(partial(save_columns, columns=columns), group)
    for change in changes:
        if change.object_id in was and change.object_id not in done:
            kept[change.pk] = Reason.BLOCKED
    return [Reverted(pk, was=was[pk], now=rows[pk]) for pk in was if pk in done], kept


def _revert_deleted(model: type[models.Model], changes: Sequence[Change]) -> Outcome:
    kept: dict[int, Change.LeftAlone] = {}
    ids = [change.object_id for change in changes]
    taken = set(model._base_manager.filter(pk__in=ids).values_list("pk", flat=True))
    missing: set[int] = set()
    emptied: dict[int, dict[str, None]] = defaultdict(dict)
    for field, without in _without_target(model, changes):
        if field.remote_field.on_delete is models.SET_NULL:
            # As it would be now, had the row been there when what it points to went.
            for pk in without:
                emptied[pk][field.attname] = None
        else:
            missing |= without
    rows: dict[int, models.Model] = {}
    for change in changes:
        if change.object_id in taken:
            kept[change.pk] = Reason.BLOCKED
        elif change.pk in missing:
            kept[change.pk] = Reason.GONE
        else:
            columns = _python(model, change.before) | emptied[change.pk]
            rows[change.object_id] = model(pk=change.object_id, **columns)
    done = _apply(model._base_manager.bulk_create, list(rows.values()))
    for change in changes:
        if change.object_id in rows and change.object_id not in done:
            kept[change.pk] = Reason.BLOCKED
    return [Reverted(pk, was=None, now=rows[pk]) for pk in rows if pk in done], kept


_REVERT: dict[str, Callable[[type[models.Model], Sequence[Change]], Outcome]] = {
    Change.Operation.CREATED: _revert_created,
    Change.Operation.UPDATED: _revert_updated,
    Change.Operation.DELETED: _revert_deleted,
}


def _apply(act: Callable[[Sequence[models.Model]], Any], rows: Sequence[models.Model]) -> set[int]:
    """Act on all rows at once, or one by one when the database refuses; the keys that went well."""
    if not rows:
        return set()
    try:
        with transaction.atomic():
            act(rows)
    except IntegrityError:
        if len(rows) == 1:
            return set()
        return {row.pk for row in rows if _apply(act, [row])}
    return {row.pk for row in rows}


def _python(model: type[models.Model], columns: dict[str, Any] | None) -> dict[str, Any]:
    return {
        name: from_json(model._meta.get_field(name), value)  # type: ignore[arg-type]
        for name, value in (columns or {}).items()
    }


def _unchanged_rows(
    model: type[models.Model], changes: Sequence[Change]
) -> tuple[dict[int, models.Model], dict[int, Change.LeftAlone]]:
    """The rows, locked, that are still as the set left them; and why each other one is not."""
    ids = [change.object_id for change in changes]
    rows = {row.pk: row for row in model._base_manager.select_for_update().filter(pk__in=ids)}
    kept: dict[int, Change.LeftAlone] = {}
    derived = DERIVED_COLUMNS[model._meta.label_lower]
    for change in changes:
        row = rows.get(change.object_id)
        if row is None:
            kept[change.pk] = Reason.GONE
        elif any(
            getattr(row, name) != value
            for name, value in _python(model, change.after).items()
            if name not in derived
        ):
            kept[change.pk] = Reason.CHANGED
            del rows[change.object_id]
    return rows, kept


def _in_use(model: type[models.Model], ids: set[int]) -> set[int]:
    """Those of `ids` that a row which is to stay points to."""
    used: set[int] = set()
    # Again while something was found: a row that stays may point to another of these.
    while found := _pointed_at(model, ids - used):
        used |= found
    return used


def _pointed_at(model: type[models.Model], ids: set[int]) -> set[int]:
    found: set[int] = set()
    for relation in _relations(model) if ids else ():
        if _goes_along(relation, model):
            continue
        rows = _pointing(relation, ids)
        if relation.related_model is model:
            pairs = rows.values_list("pk", relation.field.name)
            found.update(target for pk, target in pairs if pk not in ids)
        else:
            found.update(rows.values_list(relation.field.name, flat=True).distinct())
    return found & ids


def _relations(model: type[models.Model]) -> list[models.ForeignObjectRel]:
    """Every way in which rows of any model point to rows of this one."""
    fields = model._meta.get_fields(include_hidden=True)
    return [field for field in fields if isinstance(field, models.ForeignObjectRel)]


def _goes_along(relation: models.ForeignObjectRel, model: type[models.Model]) -> bool:
    """Whether what points here is rebuilt from facts, or belongs to the row itself (its tags)."""
    pointing: Any = relation.related_model
    own_pairs = pointing._meta.auto_created is model
    return own_pairs or pointing._meta.label_lower in DERIVED_MODELS


def _pointing(relation: models.ForeignObjectRel, ids: set[int]) -> models.QuerySet[Any]:
    """Rows that point to one of `ids`; where these lie close together, to one between them.

    A stroke's keys mostly follow each other, and a range costs two comparisons, not a thousand.
    """
    pointing: Any = relation.related_model
    rows: models.QuerySet[Any] = pointing._base_manager.all()
    name, low, high = relation.field.name, min(ids), max(ids)
    if high - low < 4 * len(ids):
        return rows.filter(**{f"{name}__gte": low, f"{name}__lte": high})
    return rows.filter(**{f"{name}__in": ids})


def _missing_targets(model: type[models.Model], changes: Sequence[Change]) -> set[int]:
    """Changes whose earlier values point to a row that is there no more."""
    return {pk for _field, without in _without_target(model, changes) for pk in without}


def _without_target(
    model: type[models.Model], changes: Sequence[Change]
) -> Iterator[tuple[models.ForeignKey[Any, Any], set[int]]]:
    """Each key of the model with the changes whose earlier value of it points to nothing now."""
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey):
            continue
        wanted = {c.pk: (c.before or {}).get(field.attname) for c in changes}
        targets = {value for value in wanted.values() if value is not None}
        if not targets:
            continue
        name = field.target_field.attname
        target: Any = field.related_model
        there = set(
            target._base_manager.filter(**{f"{name}__in": targets}).values_list(name, flat=True)
        )
        yield field, {pk for pk, value in wanted.items() if value in targets - there}
