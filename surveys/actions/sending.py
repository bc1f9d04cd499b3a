"""Asking: the audience is frozen into rows at once; the mails follow from those rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.models import Business, User
from staff.refusals import Refusal
from surveys.actions.surveys import latest_version
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
def send_survey(*, survey: Survey, audience: Audience, once_key: str, by: User) -> SurveyRun:
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
    now = timezone.now()
    for batch in decide(survey=survey, audience=audience, business=business, now=now):
        _freeze(run, batch, now)
    if not (run.invited or run.skipped):
        raise NobodyToAsk
    run.save(update_fields=["invited", "skipped"])
    counts = {"invited": [None, run.invited], "skipped": [None, run.skipped]}
    audit.record(by=by, action="survey.send", target=survey, changes=counts)
    _nudge_after_commit()
    return run


def _freeze(run: SurveyRun, decisions: Sequence[Decision], now: datetime) -> None:
    expires_at = now + timedelta(days=run.survey.expires_after_days)
    invitations = []
    skips = []
    for decision in decisions:
        person = decision.person
        if decision.reason or person is None:
            skips.append(
                Skip(
                    run=run,
                    customer_id=decision.customer_id,
                    contact_id=person.contact_id if person else None,
                    reason=decision.reason,
                    until=decision.until,
                    created_at=now,
                )
            )
            continue
        invitations.append(
            Invitation(
                run=run,
                survey_id=run.survey_id,
                customer_id=decision.customer_id,
                contact_id=person.contact_id,
                address=person.address,
                language=decision.language,
                created_at=now,
                expires_at=expires_at,
            )
        )
    Invitation.objects.bulk_create(invitations, batch_size=2000)
    Skip.objects.bulk_create(skips, batch_size=2000)
    run.invited += len(invitations)
    run.skipped += len(skips)


def _nudge_after_commit() -> None:
    from surveys import tasks  # tasks call the actions: imported when both are there

    # Broker down? The sweep finds the invitations a minute later.
    transaction.on_commit(tasks.queue_invitations.delay, robust=True)
