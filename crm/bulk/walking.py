"""A slice of a bulk edit: some batches, each with its changes and its place in one transaction."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import override

from crm import segments
from crm.actions.strokes import BATCH, Stroke
from crm.models import BulkEdit
from staff.changes import AlreadyReverted, revert_for
from staff.models import Business
from staff.refusals import Refusal

log = logging.getLogger(__name__)
State = BulkEdit.State


def slice_of(bulk_edit_id: int, *, seconds: float) -> bool:
    """Work for about this long; whether there is more to do. The caller holds the lease."""
    row = BulkEdit.objects.select_related("by", "change_set").get(pk=bulk_edit_id)
    if row.state not in {State.WAITING, State.RUNNING}:
        return False
    business = Business.current()
    language = (row.by and row.by.language) or (business.language if business else "en")
    with override(language):
        try:
            return _undo(row, seconds) if row.action == "undo" else _change(row, seconds)
        except DatabaseError:
            raise  # asked again by the next sweep
        except Refusal as refusal:
            _end(row, State.FAILED, problem=str(refusal))
        except Exception:
            log.exception("Bulk edit %s failed.", row.pk)
            _end(row, State.FAILED)
    return False


# --- Changing -------------------------------------------------------------------------------


def _change(row: BulkEdit, seconds: float) -> bool:
    end = time.monotonic() + seconds
    stroke = Stroke(row.action, row.values, row.by, at=row.created_at, change_set=row.change_set)
    while _batch(row, stroke):
        if time.monotonic() >= end:
            return True
    return False


@transaction.atomic
def _batch(row: BulkEdit, stroke: Stroke) -> bool:
    """The next thousand; False once there is none, or somebody asked to stop."""
    row.refresh_from_db(from_queryset=BulkEdit.objects.select_for_update(of=("self",)))
    if row.cancel_asked_at is not None:
        _finish(row, stroke, State.CANCELLED)
        return False
    ids = _next(row)
    if not ids:
        _finish(row, stroke, State.DONE)
        return False
    row.changed += stroke.change(ids)
    row.state, row.change_set = State.RUNNING, stroke.change_set
    row.cursor, row.done = ids[-1], row.done + len(ids)
    row.save(update_fields=["state", "change_set", "cursor", "done", "changed"])
    return True


def _next(row: BulkEdit) -> list[int]:
    if row.customer_ids is not None:
        return [pk for pk in row.customer_ids if pk > row.cursor][:BATCH]
    asked = segments.question(row.query)
    found = asked.qs if asked.is_understood else asked.qs.none()
    # Whoever it has dealt with is below the cursor, so it does not matter that they match no more.
    ahead = found.filter(pk__gt=row.cursor, pk__lte=row.up_to).order_by("pk")
    return list(ahead.values_list("pk", flat=True)[:BATCH])


def _finish(row: BulkEdit, stroke: Stroke, state: State) -> None:
    row.state, row.finished_at = state, timezone.now()
    stroke.finish(row.changed)
    row.save(update_fields=["state", "finished_at"])


@transaction.atomic
def _end(row: BulkEdit, state: State, **values: Any) -> None:
    """What went wrong leaves what is changed so far whole, to be taken back."""
    row.refresh_from_db()
    row.state, row.finished_at = state, timezone.now()
    row.values = {**row.values, **values}
    if row.change_set is not None and row.changed:
        stroke = Stroke(row.action, {}, row.by, change_set=row.change_set)
        stroke.finish(row.changed)
    row.save(update_fields=["state", "finished_at", "values"])


# --- Taking back ----------------------------------------------------------------------------


def _undo(row: BulkEdit, seconds: float) -> bool:
    change_set = BulkEdit.objects.select_related("change_set").get(pk=row.values["of"]).change_set
    if change_set is None:
        _end(row, State.DONE)
        return False
    try:
        outcome = revert_for(change_set=change_set, by=row.by, seconds=seconds)
    except AlreadyReverted:
        _end(row, State.DONE)
        return False
    if outcome is None:
        change_set.refresh_from_db(fields=["revert_cursor"])
        done = change_set.changes.filter(pk__gte=change_set.revert_cursor).count()
        BulkEdit.objects.filter(pk=row.pk).update(state=State.RUNNING, done=done)
        return True
    BulkEdit.objects.filter(pk=row.pk).update(done=row.total, changed=outcome.reverted)
    _end(row, State.DONE, left_alone=outcome.left_alone_count)
    return False
