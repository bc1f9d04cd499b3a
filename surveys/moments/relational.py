"""Every so many months each customer is asked on a working day of their own.

Periods begin with the day on which the trigger was switched on. A customer's place in a period is a
hash of their key: the multiples of a golden section, which lie evenly for any stretch of keys; so
every working day asks about as many. Who became a customer less than a month before their day waits
for the next period.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, QuerySet

from crm.models import Customer, Tenure
from staff.models import Business
from support import terms
from support.hours import WorkingHours
from surveys.asking_hours import asking_hours, current_rules, midnight
from surveys.models import Invitation, SurveyTrigger
from surveys.moments.base import LOOKED_BACK, Moment, MomentKind, of_segment, undecided

SUBJECT = "crm.customer"
AT_ONCE = 1000
# How long somebody has been a customer before they are asked how it goes.
SETTLED = timedelta(days=30)
# A prime, and a factor near its golden section.
PLACES, STEP = 1_000_003, 618_033


@dataclass(frozen=True)
class Period:
    """A round: the days on which its customers are asked, in order."""

    first: date
    end: date
    days: tuple[date, ...]

    @property
    def occurrence(self) -> int:
        return self.first.toordinal()

    def day_of(self, customer_id: int) -> date:
        return self.days[place_of(customer_id) * len(self.days) // PLACES]

    def places_of(self, day: date) -> tuple[int, int]:
        """From which place until before which one customers have this day."""
        index, count = bisect_left(self.days, day), len(self.days)
        # The least place with place * count // PLACES == index, by rounding up.
        return -(-index * PLACES // count), -(-(index + 1) * PLACES // count)


def place_of(customer_id: int) -> int:
    return customer_id * STEP % PLACES


def period_of(trigger: SurveyTrigger, business: Business, day: date) -> Period | None:
    """The round that a day lies in; None before the first."""
    zone = business.zone
    start, months = trigger.active_since.astimezone(zone).date(), trigger.every_months or 1
    if day < start:
        return None
    apart = (day.year - start.year) * 12 + day.month - start.month
    if plus_months(start, apart) > day:
        apart -= 1
    first = plus_months(start, apart // months * months)
    end = plus_months(start, (apart // months + 1) * months)
    asking = asking_hours(current_rules(), zone)
    return _period(first, end, terms.agreement().now.hours, asking)


def plus_months(day: date, months: int) -> date:
    """The same day of a later month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=64)
def _period(first: date, end: date, working: WorkingHours, asking: WorkingHours) -> Period:
    days = [first + timedelta(days=number) for number in range((end - first).days)]
    may_ask = [day for day in days if asking.opens_on(day)]
    # Who never works, or at weekends alone, is asked for on the days on which one may ask.
    work = [day for day in may_ask if working.opens_on(day)] or may_ask or days
    return Period(first, end, tuple(work))


def find(trigger: SurveyTrigger, business: Business, now: datetime) -> list[Moment]:
    """Customers at present whose day has come."""
    found: list[Moment] = []
    for period, day in _days(trigger, business, now):
        at = midnight(day, business.zone)
        left = AT_ONCE - len(found)
        pks = _of_day(trigger, period, day, business.zone).values_list("pk", flat=True)[:left]
        found += [Moment(pk, pk, period.occurrence, at) for pk in pks]
        if len(found) >= AT_ONCE:
            break
    return found


def _days(
    trigger: SurveyTrigger, business: Business, now: datetime
) -> Iterator[tuple[Period, date]]:
    today = now.astimezone(business.zone).date()
    period: Period | None = None
    for number in range(LOOKED_BACK.days, -1, -1):
        day = today - timedelta(days=number)
        if period is None or day >= period.end:
            period = period_of(trigger, business, day)
        if period is not None and day in period.days:
            yield period, day


def _of_day(
    trigger: SurveyTrigger, period: Period, day: date, zone: ZoneInfo
) -> QuerySet[Customer]:
    first, end = period.places_of(day)
    newcomer = Tenure.objects.filter(
        customer=OuterRef("pk"), ended_at=None, started_at__gt=midnight(day - SETTLED, zone)
    )
    customers = (
        Customer.objects.active()
        .filter(of_segment(trigger, "pk"), stage=Customer.Stage.CUSTOMER)
        .annotate(place=F("pk") * STEP % PLACES)
        .filter(~Exists(newcomer), place__gte=first, place__lt=end)
    )
    new = undecided(trigger, customers, subject=SUBJECT, occurrence=period.occurrence)
    return new.order_by("pk")


def next_day_of(
    trigger: SurveyTrigger, business: Business, customer_id: int, *, now: datetime
) -> date | None:
    """When they are asked next, if nothing hinders it: a day of this round, or of the next one."""
    today = now.astimezone(business.zone).date()
    joined = (
        Tenure.objects.filter(customer=customer_id, ended_at=None)
        .values_list("started_at", flat=True)
        .first()
    )
    settled = (joined + SETTLED).astimezone(business.zone).date() if joined else today
    period = period_of(trigger, business, max(today, trigger.active_since.date()))
    for _round in range(3):
        if period is None:
            return None
        day = period.day_of(customer_id)
        if day >= max(today, settled) and not _is_decided(trigger, customer_id, period):
            return day
        period = period_of(trigger, business, period.end)
    return None


def _is_decided(trigger: SurveyTrigger, customer_id: int, period: Period) -> bool:
    mine = Customer.objects.filter(pk=customer_id)
    return not undecided(trigger, mine, subject=SUBJECT, occurrence=period.occurrence).exists()


def gone(waiting: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Of those who are no customers any more."""
    still = Customer.objects.active().filter(pk=OuterRef("customer"), stage=Customer.Stage.CUSTOMER)
    return waiting.filter(~Exists(still))


def least_pause(trigger: SurveyTrigger) -> timedelta:
    """A trigger that was paused begins its rounds anew; its customers' patience doesn't.

    A month of play: caps and pauses move a customer's days about.
    """
    return timedelta(days=30 * max((trigger.every_months or 1) - 1, 0))


KIND = MomentKind(SUBJECT, find, gone, least_pause=least_pause)
