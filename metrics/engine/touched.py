"""Which cells a change touches: marks and the passing of time, turned into periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Min, QuerySet

from crm.models import Consent, Cost, Customer, Interaction, Order, Task, Tenure
from mail.models import DeliveryEvent
from metrics import periods
from metrics.definitions import Definition, Reach
from metrics.definitions.acquisition import LEAD_DAYS
from metrics.definitions.helping import WINDOW_DAYS as RECONTACT_DAYS
from metrics.definitions.listening import REPLY_DAYS
from metrics.facts.subscribers import CAUSES
from metrics.models import Grain, Snapshot, Training
from metrics.periods import DAY, Period, local_day
from staff.models import User
from support.models import OpenSpan, SlaTarget, Ticket
from surveys.models import Invitation, Response, Review

# A change of the business itself touches every figure.
BUSINESS = "business"
EARLIEST = date(1970, 1, 1)
LEAD_TIME = timedelta(days=LEAD_DAYS)
RECONTACT_TIME = timedelta(days=RECONTACT_DAYS)
REPLY_TIME = timedelta(days=REPLY_DAYS)


@dataclass
class Touched:
    """Local days by kind of fact, as ranges [first, last]; `last` None: and all that follows."""

    zone: ZoneInfo
    today: date
    ranges: dict[str, set[tuple[date, date | None]]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def add(self, fact: str, from_at: datetime, until_at: datetime | None) -> None:
        first = self._day(from_at)
        if first < EARLIEST:
            first = self._beginning or self.today
        last = self._day(until_at) if until_at else None
        if first <= self.today:
            self.ranges[fact].add((first, last))

    def _day(self, instant: datetime) -> date:
        # The first and last years that Python knows have no room for an offset.
        if not 2 <= instant.year <= 9998:
            return instant.date()
        return local_day(instant, self.zone)

    @cached_property
    def _beginning(self) -> date | None:
        return beginning(self.zone, self.today)

    def copy(self) -> Touched:
        ranges = {fact: set(days) for fact, days in self.ranges.items()}
        return Touched(self.zone, self.today, defaultdict(set, ranges))

    def days(self, definition: Definition) -> list[tuple[date, date]]:
        """Disjoint ranges of days, none after today, in which this KPI may have changed."""
        found = []
        for fact, reach in (*definition.facts.items(), (BUSINESS, Reach.OWN)):
            for first, last in self.ranges.get(fact, ()):
                if last is not None and reach is Reach.YEAR:
                    last = min(last, self.today) + 367 * DAY  # noqa: PLW2901
                if reach is Reach.WEEK_BEFORE:
                    first = max(EARLIEST, first - (RECONTACT_DAYS + 1) * DAY)  # noqa: PLW2901
                if last is None or reach is Reach.LATER:
                    last = self.today  # noqa: PLW2901
                found.append((first, min(last, self.today)))
        return merged(found)

    def cells(self, definition: Definition, grains: Iterable[Grain]) -> tuple[Period, ...]:
        """The periods to compute again, grain by grain."""
        days = self.days(definition)
        return tuple(cell for grain in grains for cell in self._cells(days, grain))

    def _cells(self, days: list[tuple[date, date]], grain: Grain) -> list[Period]:
        """The running period too when what it is compared with is touched."""
        found = {
            period
            for first, last in days
            for period in periods.between(first, last, grain, self.zone)
        }
        running = periods.containing(self.today, grain, self.zone)
        if running.previous() in found:
            found.add(running)
        return sorted(found, key=lambda period: period.starts_on)


def merged(ranges: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """The union of ranges of days, in order; neighbours become one."""
    union: list[tuple[date, date]] = []
    for first, last in sorted(ranges):
        if union and first <= union[-1][1] + DAY:
            union[-1] = (union[-1][0], max(union[-1][1], last))
        else:
            union.append((first, last))
    return union


# --- Time itself ---------------------------------------------------------------------------


def by_time(touched: Touched, since: datetime, now: datetime) -> None:
    """Add what happened between `since` and `now` without any change of a row.

    Days that ended, tenures that began or ended, facts dated ahead, due times that came, leads and
    solutions whose time was over.
    """
    if local_day(since, touched.zone) != local_day(now, touched.zone):
        touched.add(BUSINESS, since, now)
    spans = [(fact, _between(rows(), column, since, now)) for fact, rows, column in DATED]
    spans += [
        (fact, _between(rows(), column, since - time, now - time))
        for fact, rows, column, time in GIVEN_TIME
    ]
    for fact, (low, high) in spans:
        if low and high:
            touched.add(fact, low, high)


def _running_targets() -> QuerySet[SlaTarget]:
    return SlaTarget.objects.filter(met_at=None, missed_at=None, cancelled_at=None)


def _consents() -> QuerySet[Consent]:
    return Consent.objects.filter(purpose=Consent.Purpose.OUTREACH)


def _left_lists() -> QuerySet[DeliveryEvent]:
    return DeliveryEvent.objects.filter(type__in=CAUSES)


def _promises() -> QuerySet[Task]:
    return Task.objects.filter(is_promise=True)


def _feedback() -> QuerySet[Ticket]:
    return Ticket.objects.counted().exclude(channel=Ticket.Channel.SURVEY)


def _detractors() -> QuerySet[Response]:
    return Response.objects.counted().filter(kind="nps", score__lte=6)


Span = tuple[datetime | None, datetime | None]
Facts = Callable[[], "QuerySet[Any]"]
# Instants of facts, by the kind of mark that they would leave. A fact may be dated ahead, if only by
# the moment between its writing and the `now` of a refresh; then its mark is gone before it counts.
DATED: tuple[tuple[str, Facts, str], ...] = (
    ("tenure", Tenure.objects.all, "started_at"),
    ("tenure", Tenure.objects.all, "ended_at"),
    ("order", Order.objects.all, "ordered_at"),
    ("customer", Customer.objects.all, "created_at"),
    ("response", Response.objects.all, "answered_at"),
    ("invitation", Invitation.objects.all, "sent_at"),
    ("subscriber", _consents, "at"),
    ("subscriber", _left_lists, "at"),
    ("ticket", Ticket.objects.all, "opened_at"),
    ("ticket", Ticket.objects.all, "first_replied_at"),
    ("ticket", Ticket.objects.all, "first_resolved_at"),
    ("ticket", Ticket.objects.all, "last_resolved_at"),
    ("backlog", OpenSpan.objects.all, "started_at"),
    ("backlog", OpenSpan.objects.all, "ended_at"),
    ("target", _running_targets, "due_at"),
    ("promise", _promises, "due_at"),
    ("contact", Interaction.objects.all, "occurred_at"),
    ("review", Review.objects.all, "at"),
    ("people", User.objects.all, "created_at"),
)
# What is undecided for a time after its date, and for how long.
GIVEN_TIME: tuple[tuple[str, Facts, str, timedelta], ...] = (
    ("customer", Customer.objects.all, "created_at", LEAD_TIME),
    ("ticket", Ticket.objects.all, "first_resolved_at", RECONTACT_TIME),
    ("feedback", _feedback, "opened_at", REPLY_TIME),
    ("feedback", _detractors, "answered_at", REPLY_TIME),
)


def _between(rows: QuerySet[Any], column: str, low: datetime, high: datetime) -> Span:
    inside = rows.filter(**{f"{column}__gte": low, f"{column}__lte": high})
    found = inside.aggregate(low=Min(column), high=Max(column))
    return found["low"], found["high"]


def _first_from(rows: QuerySet[Any], column: str, instant: datetime) -> datetime | None:
    ahead = rows.filter(**{f"{column}__gte": instant})
    found: datetime | None = ahead.aggregate(at=Min(column))["at"]
    return found


def next_change_at(zone: ZoneInfo, now: datetime) -> datetime:
    """The next instant past which time alone changes a figure; the next midnight at the latest."""
    ahead = [_first_from(rows(), column, now) for _fact, rows, column in DATED]
    for _fact, rows, column, time in GIVEN_TIME:
        if first := _first_from(rows(), column, now - time + timedelta.resolution):
            ahead.append(first + time)
    midnight = periods.midnight(local_day(now, zone) + DAY, zone)
    return min([midnight, *(instant for instant in ahead if instant)])


def beginning(zone: ZoneInfo, today: date) -> date | None:
    """The local day of the earliest fact or stored figure; None when there are none by today."""
    firsts = [rows().aggregate(at=Min(column)) for _fact, rows, column in DATED]
    days = [local_day(first["at"], zone) for first in firsts if first["at"]]
    dated = (
        Cost.objects.aggregate(on=Min("on"))["on"],
        Training.objects.aggregate(on=Min("held_on"))["on"],
        Snapshot.objects.aggregate(on=Min("starts_on"))["on"],
    )
    days += [day for day in dated if day]
    known = [max(EARLIEST, day) for day in days if day <= today]
    return min(known, default=None)
