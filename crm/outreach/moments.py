"""Whose moment has come: each function asks the database once, in the business's time zone.

A moment is (customer, occasion); the occasion makes each of them once, however often it is looked
for. Those born on 29 February, or customers since, have their day on the 28th in other years.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from crm import segments
from crm.models import Contract, Customer, Order, Outreach, Tenure

Moment = Outreach.Moment
Found = Iterator[tuple[int, str]]

# A lost day is caught up within so many days: congratulations that come later are none.
CATCH_UP = timedelta(days=2)
# Nobody is written to by night: the first and the last hour in which a moment is looked for.
HOURS = range(9, 20)


def midnight(day: date) -> datetime:
    """The beginning of a day in the active time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def of_day(outreach: Outreach, day: date, since: datetime) -> Found:
    """The moments of this outreach's customers on `day`, none before `since`.

    The active time zone is the business's.
    """
    customers = segments.customers_of(outreach.segment)
    if day < timezone.localtime(since).date():
        return
    if outreach.moment == Moment.WELCOME:
        yield from _welcome(customers, day, since)
    else:
        yield from FINDERS[Moment(outreach.moment)](customers, day, outreach.days or 0)


def _that_day(column: str, day: date) -> Q:
    return Q(
        **{f"{column}__gte": midnight(day), f"{column}__lt": midnight(day + timedelta(days=1))}
    )


def _calendar_day(column: str, day: date) -> Q:
    """The day and month, whatever the year."""
    own = Q(**{f"{column}__month": day.month, f"{column}__day": day.day})
    if (day.month, day.day) == (2, 28) and not isleap(day.year):
        return own | Q(**{f"{column}__month": 2, f"{column}__day": 29})
    return own


def _welcome(customers: QuerySet[Customer], day: date, since: datetime) -> Found:
    first = Tenure.objects.filter(
        _that_day("started_at", day),
        is_first=True,
        started_at__gte=since,
        started_at__lte=timezone.now(),
    )
    for pk in _keys(first.filter(customer__in=customers), "customer"):
        yield pk, "first"


def _birthday(customers: QuerySet[Customer], day: date, _days: int) -> Found:
    born = customers.filter(_calendar_day("birthday", day), birthday__lt=day)
    for pk in _keys(born, "pk"):
        yield pk, str(day.year)


def _anniversary(customers: QuerySet[Customer], day: date, _days: int) -> Found:
    running = Q(ended_at=None) | Q(ended_at__gt=midnight(day))
    begun = Tenure.objects.filter(
        running, _calendar_day("started_at", day), started_at__lt=midnight(day)
    )
    for pk in _keys(begun.filter(customer__in=customers), "customer"):
        yield pk, str(day.year)


def _purchase(customers: QuerySet[Customer], day: date, days: int) -> Found:
    bought = Order.objects.filter(
        _that_day("ordered_at", day - timedelta(days=days)), total__gt=0, customer__in=customers
    )
    for customer, pk in bought.order_by("pk").values_list("customer", "pk").iterator():
        yield customer, f"order:{pk}"


def _contract_end(customers: QuerySet[Customer], day: date, days: int) -> Found:
    ending = Contract.objects.filter(
        ends_on=day + timedelta(days=days),
        cancelled_on=None,
        renewed_by=None,
        customer__in=customers,
    )
    for customer, pk in ending.order_by("pk").values_list("customer", "pk").iterator():
        yield customer, f"contract:{pk}"


def _quiet(customers: QuerySet[Customer], day: date, days: int) -> Found:
    """Those who were last heard of, or bought last, exactly so many days ago."""
    then = day - timedelta(days=days)
    after = midnight(then + timedelta(days=1))
    nothing_since = {
        column: Q(**{column: None}) | Q(**{f"{column}__lt": after})
        for column in ("last_order_at", "last_inbound_at")
    }
    last = (
        _that_day("last_order_at", then) & nothing_since["last_inbound_at"]
        | _that_day("last_inbound_at", then) & nothing_since["last_order_at"]
        | _that_day("created_at", then) & Q(last_order_at=None, last_inbound_at=None)
    )
    for pk in _keys(customers.filter(last), "pk"):
        yield pk, f"quiet:{then.isoformat()}"


def _keys(rows: QuerySet[Customer] | QuerySet[Tenure], column: str) -> Iterator[int]:
    return rows.order_by(column).values_list(column, flat=True).iterator()


FINDERS: dict[Moment, Callable[[QuerySet[Customer], date, int], Found]] = {
    Moment.BIRTHDAY: _birthday,
    Moment.ANNIVERSARY: _anniversary,
    Moment.PURCHASE: _purchase,
    Moment.CONTRACT_END: _contract_end,
    Moment.QUIET: _quiet,
}
