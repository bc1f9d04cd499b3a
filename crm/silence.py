"""What another silence rule would change at once: a look ahead, nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from crm.models import Customer, LossReason, SilenceRule, Tenure
from staff.pages import Count, capped_count


@dataclass(frozen=True)
class Preview:
    """How many would count as lost at once, and how many would count as customers again."""

    lost: Count
    back: Count


def current(today: date) -> int:
    """The days that hold for a purchase of today."""
    rules = SilenceRule.objects.filter(since__lte=today).order_by("-since")
    days = rules.values_list("days", flat=True).first()
    return SilenceRule.DEFAULT_DAYS if days is None else days


def preview(*, since: date, days: int) -> Preview:
    """For purchases from `since` until the next rule's day."""
    now = timezone.now()
    later = SilenceRule.objects.filter(since__gt=since).order_by("since")
    until = later.values_list("since", flat=True).first()
    end = _midnight(until) if until else now + timedelta(days=1)
    bought = Customer.objects.active().bought_between(_midnight(since), end)
    border = now - timedelta(days=days)
    ended = Tenure.objects.filter(customer=OuterRef("pk"), end_reason=LossReason.SILENCE)
    return Preview(
        lost=capped_count(
            bought.filter(
                Exists(ended.filter(ended_at__gt=now)),
                stage=Customer.Stage.CUSTOMER,
                last_order_at__lt=border,
            )
        ),
        back=capped_count(
            bought.filter(
                Exists(ended.filter(ended_at__lte=now, started_at__lte=OuterRef("last_order_at"))),
                stage=Customer.Stage.LOST,
                last_order_at__gte=border,
            )
        ),
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
