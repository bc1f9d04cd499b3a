"""A contract started: asked about some days later, unless it was cancelled by then.

What renews a contract starts nothing that is new to the customer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from crm.models import Contract
from staff.models import Business
from surveys.asking_hours import midnight
from surveys.models import Invitation, Skip, SurveyTrigger
from surveys.moments.base import LOOKED_BACK, Moment, MomentKind, of_segment, undecided

SUBJECT = "crm.contract"
AT_ONCE = 500


def find(trigger: SurveyTrigger, business: Business, now: datetime) -> list[Moment]:
    """By local days: it starts at midnight, and so many days later is one."""
    waits = timedelta(days=trigger.after_days or 1)
    zone = business.zone
    until = now.astimezone(zone).date() - waits
    since = trigger.active_since.astimezone(zone).date()
    begun = Contract.objects.filter(
        of_segment(trigger, "customer"),
        renews=None,
        starts_on__gte=max(since, until - LOOKED_BACK),
        starts_on__lte=until,
    )
    new = undecided(trigger, begun, subject=SUBJECT)
    rows = new.order_by("starts_on", "pk").values_list(
        "pk", "customer", "starts_on", "cancelled_on"
    )
    return [
        Moment(
            customer_id=customer,
            subject_id=pk,
            occurrence=0,
            at=midnight(starts_on + waits, zone),
            reason=Skip.Reason.SUBJECT_GONE if cancelled_on else "",
        )
        for pk, customer, starts_on, cancelled_on in rows[:AT_ONCE]
    ]


def gone(waiting: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """About contracts that were deleted or cancelled."""
    stands = Contract.objects.filter(pk=OuterRef("subject_id"), cancelled_on=None)
    return waiting.filter(~Exists(stands))


KIND = MomentKind(SUBJECT, find, gone)
