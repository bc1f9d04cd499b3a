"""Something was bought: asked about some days later, unless it was given back by then."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from crm.models import Order
from staff.models import Business
from surveys.models import Invitation, Skip, SurveyTrigger
from surveys.moments.base import LOOKED_BACK, Moment, MomentKind, of_segment, undecided

SUBJECT = "crm.order"
AT_ONCE = 500


def find(trigger: SurveyTrigger, _business: Business, now: datetime) -> list[Moment]:
    """By the day of the purchase, however it came here: an import's past is past."""
    waits = timedelta(days=trigger.after_days or 1)
    until = now - waits
    bought = Order.objects.filter(
        of_segment(trigger, "customer"),
        total__gt=0,
        ordered_at__gt=max(trigger.active_since, until - LOOKED_BACK),
        ordered_at__lte=until,
    ).annotate(is_given_back=Exists(_refunds()))
    new = undecided(trigger, bought, subject=SUBJECT)
    rows = new.order_by("ordered_at", "pk").values_list(
        "pk", "customer", "ordered_at", "is_given_back"
    )
    return [
        Moment(
            customer_id=customer,
            subject_id=pk,
            occurrence=0,
            at=ordered_at + waits,
            reason=Skip.Reason.SUBJECT_GONE if is_given_back else "",
        )
        for pk, customer, ordered_at, is_given_back in rows[:AT_ONCE]
    ]


def _refunds() -> QuerySet[Order]:
    """Of the order around it. A refund names no purchase: it is the same customer's, later, of all
    that this one cost."""
    return Order.objects.filter(
        customer=OuterRef("customer"),
        currency=OuterRef("currency"),
        ordered_at__gte=OuterRef("ordered_at"),
        total=-OuterRef("total"),
    )


def gone(waiting: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """About purchases that were deleted or given back."""
    bought = Order.objects.filter(pk=OuterRef("subject_id"), total__gt=0)
    stands = bought.filter(~Exists(_refunds()))
    return waiting.filter(~Exists(stands))


KIND = MomentKind(SUBJECT, find, gone)
