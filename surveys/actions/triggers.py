"""Which survey is sent by itself, and how long after what."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from staff import audit
from staff.access import Role
from staff.models import User
from surveys.actions.surveys import stock_survey
from surveys.models import Survey, SurveyTrigger

FIELDS = ("survey", "is_active", "after_hours")
Moment = SurveyTrigger.Moment


def can_set_trigger(user: User) -> bool:
    return user.has_role(Role.MANAGER)


def stock_triggers() -> None:
    """After a ticket is solved, ask how satisfied they are; made when missing, in use at once."""
    SurveyTrigger.objects.get_or_create(
        moment=Moment.TICKET_SOLVED,
        defaults={"survey": stock_survey(Survey.Kind.CSAT)},
    )


@transaction.atomic
def set_trigger(
    *,
    moment: str,
    survey: Survey,
    is_active: bool,
    after_hours: int,
    by: User,
) -> SurveyTrigger:
    """What happened while it was not sent is not asked about afterwards."""
    trigger = SurveyTrigger.objects.select_for_update().get(moment=moment)
    before = audit.values(trigger, FIELDS)
    if is_active and not trigger.is_active:
        trigger.active_since = timezone.now()
    trigger.survey, trigger.is_active, trigger.after_hours = survey, is_active, after_hours
    trigger.save()
    if changes := audit.diff(before, trigger, FIELDS):
        audit.record(by=by, action="survey.trigger", target=survey, changes=changes)
    return trigger
