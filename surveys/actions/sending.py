"""Asking: the audience is frozen into rows at once; the mails follow from those rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.bulk import insert_rows
from staff.models import Business, User
from staff.refusals import Refusal
from surveys.actions.surveys import latest_version
from surveys.asking_hours import current_rules, leaves_at
from surveys.audience import Audience, Decision, decide
from surveys.models import Invitation, Skip, Survey, SurveyRun


class SurveyClosed(Refusal):
    message = _("This survey takes no answers. Open it again before sending it.")


class NobodyToAsk(Refusal):
    message = _("None of these customers exist any more. Choose whom to ask again.")


class SendingRefused(Refusal):
    message = _("Asking a whole list is for managers. Choose customers, or ask a manager.")


def can_send(user: User, audience: Audience) -> bool:
    """Agents ask those whom they choose; a whole list at once is a manager's decision."""
    return user.has_role(Role.AGENT if audience.is_chosen else Role.MANAGER)


@transaction.atomic
def send_survey(
    *, survey: Survey, audience: Audience, once_key: str, by: User, now: datetime | None = None
) -> SurveyRun:
    """Freeze the audience into invitations and skips; the sweep queues their mails after commit.

    The same `once_key` again returns the first run. Raises SurveyClosed, SendingRefused or
    NobodyToAsk.
    """
    # One sending at a time: the throttle must see what the one before it wrote.
    business = Business.objects.select_for_update().get(pk=1)
    sent_before = SurveyRun.objects.filter(once_key=once_key).first()
    if sent_before:
        return sent_before
    if not can_send(by, audience):
        raise SendingRefused
    survey = Survey.objects.get(pk=survey.pk)
    if not survey.is_active:
        raise SurveyClosed
    run = SurveyRun.objects.create(
        survey=survey,
        version=latest_version(survey),
        audience=audience.as_json(),
        once_key=once_key,
        by=by,
    )
    now = now or timezone.now()
    rules = current_rules()
    due_at = leaves_at(business, now, rules)
    for batch in decide(survey=survey, audience=audience, business=business, now=now, rules=rules):
        _freeze(run, batch, now, due_at)
    if not (run.invited or run.skipped):
        raise NobodyToAsk
    run.save(update_fields=["invited", "skipped"])
    counts = {"invited": [None, run.invited], "skipped": [None, run.skipped]}
    audit.record(by=by, action="survey.send", target=survey, changes=counts)
    _nudge_after_commit()
    return run


def _freeze(run: SurveyRun, decisions: Sequence[Decision], now: datetime, due_at: datetime) -> None:
    asked = [one for one in decisions if one.person is not None and not one.reason]
    left_out = [one for one in decisions if one.person is None or one.reason]
    insert_rows(
        Invitation,
        ("customer_id", "contact_id", "address", "language"),
        (
            (one.customer_id, one.person.contact_id, one.person.address, one.language)
            for one in asked
            if one.person is not None
        ),
        constant=_same_for_all(run, now, due_at),
    )
    insert_rows(
        Skip,
        ("customer_id", "contact_id", "reason", "until"),
        (
            (
                one.customer_id,
                one.person.contact_id if one.person else None,
                str(one.reason),
                one.until,
            )
            for one in left_out
        ),
        constant={"run_id": run.pk, "created_at": now, "subject_model": ""},
    )
    run.invited += len(asked)
    run.skipped += len(left_out)


def _same_for_all(run: SurveyRun, now: datetime, due_at: datetime) -> dict[str, Any]:
    return {
        "run_id": run.pk,
        "survey_id": run.survey_id,
        "state": Invitation.State.PENDING.value,
        "subject_model": "",
        "token_hash": "",
        "reminder_hash": "",
        "created_at": now,
        "due_at": due_at,
        "expires_at": due_at + timedelta(days=run.survey.expires_after_days),
    }


def _nudge_after_commit() -> None:
    from surveys import tasks  # tasks call the actions: imported when both are there

    # Broker down? The sweep finds the invitations a minute later.
    transaction.on_commit(tasks.queue_invitations.delay, robust=True)
