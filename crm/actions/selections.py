"""Many customers in one stroke, which can be taken back as one (staff.changes)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import segments
from crm.actions.strokes import ACTIONS, Stroke
from crm.batches import batches
from crm.models import BulkEdit, Customer
from staff import audit
from staff.access import Role
from staff.models import ChangeSet, User
from staff.refusals import Refusal

State = BulkEdit.State
UNDO = "undo"
AT_WORK = (State.WAITING, State.RUNNING)


class NothingToUndo(Refusal):
    message = _("There is nothing to take back any more.")


class NotAtWork(Refusal):
    message = _("This is over already.")


# --- While one waits ------------------------------------------------------------------------


def archive_customers(*, customer_ids: Iterable[int], by: User | None) -> ChangeSet | None:
    """Out of lists and surveys, those who are not already; None when there was nobody."""
    return _stroke("archive", {}, customer_ids, by)


def restore_customers(*, customer_ids: Iterable[int], by: User | None) -> ChangeSet | None:
    """Back into lists, those who are archived; None when there was nobody."""
    return _stroke("restore", {}, customer_ids, by)


def change_customers(
    *, customer_ids: Iterable[int], values: Mapping[str, Any], by: User | None
) -> ChangeSet | None:
    """The same for each of them (crm.actions.strokes says what `values` may have); None when nothing
    changes in any. Raises OwnerGone or TagTooLong.
    """
    return _stroke("change", values, customer_ids, by)


@transaction.atomic
def _stroke(
    action: str, values: Mapping[str, Any], ids: Iterable[int], by: User | None
) -> ChangeSet | None:
    stroke = Stroke(action, values, by)
    changed = sum(stroke.change(batch) for batch in batches(ids))
    return stroke.finish(changed)


# --- In the background ----------------------------------------------------------------------


@transaction.atomic
def begin_bulk_edit(
    *,
    action: str,
    by: User | None,
    values: Mapping[str, Any] | None = None,
    customer_ids: Iterable[int] | None = None,
    query: str = "",
) -> BulkEdit:
    """Have these customers changed, or all whom a list's query finds now, by the worker."""
    if action not in ACTIONS:
        raise ValueError(f"{action} is nothing that is done to many customers")
    bulk_edit = BulkEdit(action=action, values=dict(values or {}), by=by)
    if customer_ids is not None:
        bulk_edit.customer_ids = sorted(set(customer_ids))
        bulk_edit.total = len(bulk_edit.customer_ids)
    else:
        bulk_edit.query = segments.canonical(query)
        found = segments.question(bulk_edit.query).qs.order_by()
        bulk_edit.up_to = Customer.objects.aggregate(last=Max("pk"))["last"] or 0
        bulk_edit.total = found.filter(pk__lte=bulk_edit.up_to).count()
    bulk_edit.save(force_insert=True)
    _nudge(bulk_edit.pk)
    return bulk_edit


def can_see(bulk_edit: BulkEdit, user: User) -> bool:
    """One's own; managers everybody's. Who sees it may stop it and take it back."""
    return bulk_edit.by_id == user.pk or user.has_role(Role.MANAGER)


def can_cancel(bulk_edit: BulkEdit) -> bool:
    return bulk_edit.state in AT_WORK and bulk_edit.action != UNDO


def cancel_bulk_edit(*, bulk_edit: BulkEdit) -> BulkEdit:
    """Stop after the batch on its way; what is changed stays until it is taken back."""
    asked = BulkEdit.objects.filter(pk=bulk_edit.pk, state__in=AT_WORK, cancel_asked_at=None)
    if not can_cancel(bulk_edit) or not asked.update(cancel_asked_at=timezone.now()):
        raise NotAtWork
    bulk_edit.refresh_from_db()
    _nudge(bulk_edit.pk)
    return bulk_edit


def can_undo(bulk_edit: BulkEdit) -> bool:
    over = bulk_edit.state not in AT_WORK and bulk_edit.action != UNDO
    change_set = bulk_edit.change_set
    return over and change_set is not None and change_set.reverted_at is None


@transaction.atomic
def undo_bulk_edit(*, bulk_edit: BulkEdit, by: User) -> BulkEdit:
    """Have it taken back by the worker; asked again meanwhile, it is the same taking back."""
    bulk_edit = BulkEdit.objects.select_for_update(of=("self",)).get(pk=bulk_edit.pk)
    if not can_undo(bulk_edit) or bulk_edit.change_set is None:
        raise NothingToUndo
    same = BulkEdit.objects.filter(action=UNDO, values__of=bulk_edit.pk, state__in=AT_WORK).first()
    if same is not None:
        return same
    undo = BulkEdit.objects.create(
        action=UNDO,
        values={"of": bulk_edit.pk},
        query=bulk_edit.query,
        by=by,
        total=bulk_edit.change_set.changes.count(),
    )
    audit.record(by=by, action="bulk_edit.undo", target=bulk_edit.change_set)
    _nudge(undo.pk)
    return undo


def _nudge(bulk_edit_id: int) -> None:
    from crm.bulk import tasks  # they walk edits, whose strokes are actions

    transaction.on_commit(lambda: tasks.work.delay(bulk_edit_id), robust=True)
