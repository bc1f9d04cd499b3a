"""What another silence rule would change, and would have changed: nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from crm.models import Customer, LossReason, Pauses, SilenceRule, Tenure
from staff.pages import Count, capped_count


@dataclass(frozen=True)
class Preview:
    """How many would count as lost at once, and how many would count as customers again."""

    lost: Count
    back: Count


@dataclass(frozen=True)
class Choice:
    """A silence that might be the rule: whom it would have lost, and who of them bought again."""

    days: int
    lost: int
    again: int
    longer: int  # pauses that lasted longer

    @property
    def false_lost(self) -> float | None:
        """The share of those counted as lost who bought again; None when nobody was lost."""
        return self.again / self.lost if self.lost else None


@dataclass(frozen=True)
class Bucket:
    """Pauses over `above` and up to `until` days; the last has no end."""

    above: int
    until: int | None
    count: int


EDGES = (7, 14, 30, 60, 90, 120, 180, 270, 365)


def choices(counted: Pauses) -> list[Choice]:
    return [
        Choice(days, lost, again, sum(n for length, n in counted.lasted if length > days))
        for days, lost, again in counted.losses
    ]


def buckets(counted: Pauses) -> list[Bucket]:
    """How long pauses lasted, for people to see."""
    edges = [0, *EDGES]
    found = []
    for above, until in zip(edges, [*EDGES, None], strict=True):
        inside = (
            number
            for length, number in counted.lasted
            if max(length, 1) > above and (until is None or length <= until)
        )
        found.append(Bucket(above, until, sum(inside)))
    return found


def half_within(counted: Pauses) -> int:
    """The days within which half of the pauses were over."""
    so_far = 0
    for length, number in counted.lasted:
        so_far += number
        if so_far * 2 >= counted.count:
            return max(int(length), 1)
    return 0


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
