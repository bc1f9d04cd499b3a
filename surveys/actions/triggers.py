"""Which survey is sent by itself, how long after what, and what a low answer sets going."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.models import User
from staff.refusals import Refusal
from surveys.actions.surveys import stock_survey
from surveys.models import Survey, SurveyTrigger

FIELDS = ("survey", "is_active", "after_hours", "follows_up_at")
Moment = SurveyTrigger.Moment
# A score that needs somebody: dissatisfied of 1–5, disagreed of 1–7, detractors of 0–10.
LOW = {Survey.Kind.CSAT: 2, Survey.Kind.CES: 3, Survey.Kind.NPS: 6}


class OutsideTheScale(Refusal):
    message = _("This score is not on the scale of the survey.")


def can_set_trigger(user: User) -> bool:
    return user.has_role(Role.MANAGER)


def stock_triggers() -> None:
    """After a ticket is solved, ask how satisfied they are; made when missing, in use at once."""
    SurveyTrigger.objects.get_or_create(
        moment=Moment.TICKET_SOLVED,
        defaults={
            "survey": stock_survey(Survey.Kind.CSAT),
            "follows_up_at": LOW[Survey.Kind.CSAT],
        },
    )


@transaction.atomic
def set_trigger(
    *,
    moment: str,
    survey: Survey,
    is_active: bool,
    after_hours: int,
    follows_up_at: int | None,
    by: User,
) -> SurveyTrigger:
    """What happened while it was not sent is not asked about afterwards. Raises OutsideTheScale."""
    low, high = survey.scale
    if follows_up_at is not None and not low <= follows_up_at <= high:
        raise OutsideTheScale
    trigger = SurveyTrigger.objects.select_for_update().get(moment=moment)
    before = audit.values(trigger, FIELDS)
    if is_active and not trigger.is_active:
        trigger.active_since = timezone.now()
    trigger.survey, trigger.is_active = survey, is_active
    trigger.after_hours, trigger.follows_up_at = after_hours, follows_up_at
    trigger.save()
    if changes := audit.diff(before, trigger, FIELDS):
        audit.record(by=by, action="survey.trigger", target=survey, changes=changes)
    return trigger
