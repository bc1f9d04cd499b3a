"""What people decide about findings, and how they take it back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.tasks import END_OF_DAY, create_task, delete_task
from crm.models import Task
from metrics.models import Finding
from staff import audit
from staff.models import User
from staff.refusals import Refusal

State = Finding.State
FIELDS = ("state", "reason", "snoozed_until")
LONGEST_SNOOZE = 366


class AlreadyActedOn(Refusal):
    message = _("There is a task for this already.")


class IsOver(Refusal):
    message = _("This is over: the figures no longer say so.")


class ReasonMissing(Refusal):
    message = _("Say why, so that others know later.")


class UnusableDay(Refusal):
    message = _("Choose a day within the next year.")


class TaskIsDone(Refusal):
    message = _("The task is done already, so this can’t be taken back.")


def can_act(finding: Finding) -> bool:
    return finding.state in {State.OPEN, State.SNOOZED, State.DISMISSED}


def can_decide(finding: Finding) -> bool:
    """Whether it may be dismissed or put off."""
    return finding.state in {State.OPEN, State.SNOOZED, State.DISMISSED}


def can_take_back(finding: Finding) -> bool:
    return finding.state in {State.SNOOZED, State.DISMISSED, State.ACTED}


@transaction.atomic
def act(*, finding: Finding, title: str, due_on: date, by: User, owner: User | None = None) -> Task:
    """Make a task of it. Raises AlreadyActedOn or IsOver: of two who press at once one makes it."""
    current = _locked(finding)
    if current.state == State.ACTED:
        raise AlreadyActedOn
    if not can_act(current):
        raise IsOver
    due_at = datetime.combine(due_on, END_OF_DAY, tzinfo=timezone.get_current_timezone())
    task = create_task(title=title, by=by, owner=owner, due_at=due_at, about=current)
    _decide(current, "finding.act", by, state=State.ACTED, task=task)
    return task


@transaction.atomic
def dismiss(*, finding: Finding, reason: str, by: User) -> Finding:
    """Not to be spoken of again, unless it gets worse. Raises ReasonMissing or what `act` does."""
    current = _decidable(finding)
    reason = " ".join(reason.split())[:500]
    if not reason:
        raise ReasonMissing
    _decide(current, "finding.dismiss", by, state=State.DISMISSED, reason=reason)
    return current


@transaction.atomic
def snooze(*, finding: Finding, until: date, by: User, reason: str = "") -> Finding:
    """To be spoken of again on a day. Raises UnusableDay or what `act` does."""
    current = _decidable(finding)
    if not 0 < (until - timezone.localdate()).days <= LONGEST_SNOOZE:
        raise UnusableDay
    reason = " ".join(reason.split())[:500]
    _decide(current, "finding.snooze", by, state=State.SNOOZED, reason=reason, snoozed_until=until)
    return current


@transaction.atomic
def take_back(*, finding: Finding, by: User) -> Finding:
    """Open again, whatever was decided; its task goes. Raises IsOver or TaskIsDone."""
    current = _locked(finding)
    if current.state == State.GONE:
        raise IsOver
    task = current.task
    if task is not None and task.is_done:
        raise TaskIsDone
    if can_take_back(current):
        _decide(current, "finding.reopen", by, state=State.OPEN)
        if task is not None:
            delete_task(task=task, by=by)
    return current


def _locked(finding: Finding) -> Finding:
    return Finding.objects.select_for_update(of=("self",)).select_related("task").get(pk=finding.pk)


def _decidable(finding: Finding) -> Finding:
    current = _locked(finding)
    if current.state == State.ACTED:
        raise AlreadyActedOn
    if not can_decide(current):
        raise IsOver
    return current


def _decide(finding: Finding, action: str, by: User, **values: Any) -> None:
    before = audit.values(finding, FIELDS)
    is_decided = values["state"] != State.OPEN
    finding.decided_at = timezone.now() if is_decided else None
    finding.decided_by = by if is_decided else None
    finding.task, finding.reason, finding.snoozed_until = None, "", None
    finding.outcome = {}
    for name, value in values.items():
        setattr(finding, name, value)
    finding.save()
    changes = audit.diff(before, finding, FIELDS)
    audit.record(by=by, action=action, target=finding, changes=changes)


def first_due(days: int, today: date) -> date:
    """So many days from today; what would fall on a weekend is due on the Monday after."""
    day = today + timedelta(days=days)
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= 5 else day
