"""Which survey is sent by itself after what, and the rules that all asking follows."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.models import User
from staff.refusals import Refusal
from surveys.actions.surveys import stock_survey
from surveys.asking_hours import current_rules
from surveys.models import AskingRules, Survey, SurveyTrigger

FIELDS = (
    "survey",
    "is_active",
    "segment",
    "after_hours",
    "after_days",
    "every_months",
    "daily_cap",
)
RULES = (
    "quiet_until",
    "quiet_from",
    "asks_on_weekends",
    "daily_cap",
    "nps_pause_days",
    "csat_pause_days",
    "ces_pause_days",
    "reminder_after_days",
)
Moment = SurveyTrigger.Moment


class SentAlready(Refusal):
    message = _(
        "This survey is sent at this moment already. Change that, or choose another survey."
    )


def can_set_trigger(user: User) -> bool:
    return user.has_role(Role.MANAGER)


def stock_triggers() -> None:
    """After a ticket is solved, ask how satisfied they are; made when missing, in use at once."""
    if not SurveyTrigger.objects.filter(moment=Moment.TICKET_SOLVED).exists():
        survey = stock_survey(Survey.Kind.CSAT)
        SurveyTrigger.objects.create(moment=Moment.TICKET_SOLVED, survey=survey)


@transaction.atomic
def create_trigger(*, moment: str, survey: Survey, by: User, **values: Any) -> SurveyTrigger:
    """Ask about what happens from now on; `values` among FIELDS. Raises SentAlready."""
    _refuse_taken(moment, survey)
    trigger = SurveyTrigger.objects.create(moment=moment, survey=survey, **values)
    changes = audit.diff({}, trigger, FIELDS)
    audit.record(by=by, action="survey.trigger_create", target=survey, changes=changes)
    return trigger


@transaction.atomic
def change_trigger(*, trigger: SurveyTrigger, by: User, **values: Any) -> SurveyTrigger:
    """Set what is among FIELDS; what happened while it was paused is not asked about afterwards.

    Another rhythm begins its rounds anew. Raises SentAlready.
    """
    trigger = SurveyTrigger.objects.select_for_update().get(pk=trigger.pk)
    _refuse_taken(trigger.moment, values.get("survey", trigger.survey), but=trigger)
    before = audit.values(trigger, FIELDS)
    was_active, rhythm = trigger.is_active, trigger.every_months
    for name in set(values) & set(FIELDS):
        setattr(trigger, name, values[name])
    if trigger.is_active and (not was_active or trigger.every_months != rhythm):
        trigger.active_since = timezone.now()
    trigger.save()
    if changes := audit.diff(before, trigger, FIELDS):
        audit.record(by=by, action="survey.trigger", target=trigger.survey, changes=changes)
    return trigger


def _refuse_taken(moment: str, survey: Survey, but: SurveyTrigger | None = None) -> None:
    others = SurveyTrigger.objects.filter(moment=moment, survey=survey)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise SentAlready


@transaction.atomic
def set_asking_rules(*, by: User, **values: Any) -> AskingRules:
    """When nobody is asked, how many and how often; `values` among RULES. They hold at once."""
    rules = AskingRules.objects.select_for_update().filter(pk=1).first() or current_rules()
    before = audit.values(rules, RULES)
    for name in set(values) & set(RULES):
        setattr(rules, name, values[name])
    rules.save()
    if changes := audit.diff(before, rules, RULES):
        audit.record(by=by, action="survey.asking_rules", target=rules, changes=changes)
    return rules
