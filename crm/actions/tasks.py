"""Tasks, and promises made to customers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.interactions import interactions_about, log_interaction, unlog_interactions
from crm.models import Customer, Interaction, Task
from staff import audit
from staff.changes import open_change_set, record_deleted
from staff.models import ChangeSet, User
from staff.refusals import Refusal

# What has no hour holds until the day ends.
END_OF_DAY = time(23, 59)
FIELDS = ("title", "customer", "owner", "due_at", "is_promise")


class TitleMissing(Refusal):
    message = _("Say what is to be done.")


class PromiseNeedsDue(Refusal):
    message = _("A promise needs a day until which it is kept.")


class PromiseNeedsCustomer(Refusal):
    message = _("A promise is made to a customer. Say to whom.")


class AlreadyDone(Refusal):
    message = _("This is done already.")


class NotDone(Refusal):
    message = _("This is still open.")


@transaction.atomic
def create_task(
    *,
    title: str,
    by: User | None,
    customer: Customer | None = None,
    owner: User | None = None,
    due_at: datetime | None = None,
    is_promise: bool = False,
    about: models.Model | None = None,
) -> Task:
    """Something to do, `by`'s own unless it has another owner; a promise goes on the timeline.

    `about` is a record that it serves, such as a deal. Raises TitleMissing, PromiseNeedsDue or
    PromiseNeedsCustomer.
    """
    title = " ".join(title.split())
    if not title:
        raise TitleMissing
    if is_promise and due_at is None:
        raise PromiseNeedsDue
    if is_promise and customer is None:
        raise PromiseNeedsCustomer
    task = Task.objects.create(
        title=title[:250],
        customer=customer,
        owner=owner or by,
        due_at=due_at,
        is_promise=is_promise,
        created_by=by,
        about_model=about._meta.label_lower if about else "",
        about_id=about.pk if about else None,
    )
    if is_promise and customer is not None:
        log_interaction(
            customer=customer,
            kind=Interaction.Kind.PROMISE,
            by=by,
            summary=title,
            direction=Interaction.Direction.OUT,
            about=task,
        )
    audit.record(by=by, action="task.create", target=task, changes=audit.diff({}, task, FIELDS))
    return task


def promise(
    *,
    customer: Customer,
    title: str,
    due_at: datetime | None,
    by: User | None,
    owner: User | None = None,
) -> Task:
    """Something promised to the customer until `due_at`. Raises TitleMissing or PromiseNeedsDue."""
    return create_task(
        title=title, by=by, customer=customer, owner=owner, due_at=due_at, is_promise=True
    )


@transaction.atomic
def withdraw_promise(*, task: Task, by: User | None) -> None:
    """It was never made: what promised it has been taken back before it left."""
    unlog_interactions(about=task)
    audit.record(by=by, action="task.withdraw", target=task, changes={"title": [task.title, None]})
    task.delete()


def can_complete(task: Task) -> bool:
    return task.done_at is None


@transaction.atomic
def complete_task(*, task: Task, by: User | None) -> Task:
    """Done now, by `by`. Of two who press at once one gets AlreadyDone."""
    now = timezone.now()
    if not Task.objects.filter(pk=task.pk, done_at=None).update(done_at=now, done_by=by):
        raise AlreadyDone
    task.done_at, task.done_by = now, by
    changes = {"done_at": [None, now.isoformat()]}
    audit.record(by=by, action="task.complete", target=task, changes=changes)
    return task


def can_reopen(task: Task) -> bool:
    return task.done_at is not None


@transaction.atomic
def reopen_task(*, task: Task, by: User | None) -> Task:
    """Not done after all. Raises NotDone."""
    done = Task.objects.filter(pk=task.pk, done_at__isnull=False)
    before = done.values_list("done_at", flat=True).first()
    if before is None or not done.update(done_at=None, done_by=None):
        raise NotDone
    task.done_at = task.done_by = None
    changes = {"done_at": [before.isoformat(), None]}
    audit.record(by=by, action="task.reopen", target=task, changes=changes)
    return task


@transaction.atomic
def update_task(
    *,
    task: Task,
    by: User | None,
    title: str | None = None,
    owner: User | None = None,
) -> Task:
    """Other words, or somebody else to do it; None leaves as it is. Raises TitleMissing."""
    current = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    before = audit.values(current, FIELDS)
    if title is not None:
        current.title = " ".join(title.split())[:250]
        if not current.title:
            raise TitleMissing
    if owner is not None:
        current.owner = owner
    return _save(current, before, "task.update", by)


@transaction.atomic
def reschedule_task(*, task: Task, due_at: datetime | None, by: User | None) -> Task:
    """Another due time. Raises AlreadyDone, or PromiseNeedsDue: a promise keeps one."""
    current = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    if current.is_done:
        raise AlreadyDone
    if current.is_promise and due_at is None:
        raise PromiseNeedsDue
    before = audit.values(current, FIELDS)
    current.due_at = due_at
    return _save(current, before, "task.reschedule", by)


def move_task(*, task: Task, days: int, by: User | None) -> Task:
    """To the day that is `days` from today, at the same hour. Raises AlreadyDone."""
    day = timezone.localdate() + timedelta(days=days)
    at = timezone.localtime(task.due_at).time() if task.due_at else END_OF_DAY
    due_at = datetime.combine(day, at, tzinfo=timezone.get_current_timezone())
    return reschedule_task(task=task, due_at=due_at, by=by)


@transaction.atomic
def delete_task(*, task: Task, by: User | None) -> ChangeSet:
    """It need not be done after all; what a promise told the timeline goes with it.

    Returns the change set that takes it back.
    """
    current = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    told = interactions_about(Task, [current.pk])
    change_set = open_change_set(kind="crm.task_delete", label=current.title, by=by)
    record_deleted(change_set, [*told, current])
    changes: dict[str, list[Any]] = {
        "title": [current.title, None],
        "customer": [current.customer_id, None],
    }
    audit.record(
        by=by, action="task.delete", target=current, changes=changes, change_set=change_set
    )
    told.delete()
    current.delete()
    return change_set


def _save(task: Task, before: Mapping[str, Any], action: str, by: User | None) -> Task:
    changes = audit.diff(before, task, FIELDS)
    if "due_at" in changes or "owner" in changes:
        task.reminded_at = None  # whoever has it now is told of the new time
    if changes:
        task.save(update_fields=[*changes, "reminded_at"])
        audit.record(by=by, action=action, target=task, changes=changes)
    return task
