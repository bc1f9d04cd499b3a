"""Triggers in words."""

from __future__ import annotations

from django.utils.translation import ngettext

from surveys.models import SurveyTrigger

Moment = SurveyTrigger.Moment
# What each moment waits for: the field of its trigger.
WAITS = {
    Moment.TICKET_SOLVED: "after_hours",
    Moment.ORDERED: "after_days",
    Moment.CONTRACT_STARTED: "after_days",
    Moment.RELATIONAL: "every_months",
}


def words_of(trigger: SurveyTrigger) -> str:
    """ "3 days after something is bought"."""
    number = getattr(trigger, WAITS[Moment(trigger.moment)]) or 0
    if trigger.moment == Moment.RELATIONAL:
        rhythm = ngettext("every month", "every %(number)s months", number)
        return rhythm % {"number": number}
    if trigger.moment == Moment.TICKET_SOLVED:
        after = ngettext(
            "%(number)s hour after %(moment)s", "%(number)s hours after %(moment)s", number
        )
    else:
        after = ngettext(
            "%(number)s day after %(moment)s", "%(number)s days after %(moment)s", number
        )
    return after % {"number": number, "moment": trigger.get_moment_display()}
