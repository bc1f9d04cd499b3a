"""Periods of the business's calendar: half-open, from local midnight to local midnight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from metrics.models import Grain

DAY = timedelta(days=1)
GREGORIAN_YEAR = 31_556_952  # seconds, on average


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` begins, in UTC; the first one when a clock change repeats it.

    Where the clock skips midnight, the day begins at the skip.
    """
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def plus_months(day: date, months: int) -> date:
    """The same day `months` later, or the last of that month when it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - DAY).day))


@dataclass(frozen=True)
class Period:
    """[starts_on, ends_on) in the business's zone; `grain` is None for a custom one."""

    starts_on: date
    ends_on: date
    zone: ZoneInfo
    grain: Grain | None = None

    def __post_init__(self) -> None:
        if self.ends_on <= self.starts_on:
            raise ValueError("A period ends after it starts.")

    @property
    def start(self) -> datetime:
        return midnight(self.starts_on, self.zone)

    @property
    def end(self) -> datetime:
        return midnight(self.ends_on, self.zone)

    def is_running(self, now: datetime) -> bool:
        """It has begun and is not over: its figures are partial."""
        return self.start <= now < self.end

    def previous(self) -> Period:
        """The period of the same grain before this one; of a custom one, as many days before."""
        if self.grain is None:
            return replace(
                self,
                starts_on=self.starts_on - (self.ends_on - self.starts_on),
                ends_on=self.starts_on,
            )
        return containing(self.starts_on - DAY, self.grain, self.zone)

    def following(self) -> Period:
        """The period of the same grain after this one; of a custom one, as many days after."""
        if self.grain is None:
            return replace(
                self, starts_on=self.ends_on, ends_on=self.ends_on + (self.ends_on - self.starts_on)
            )
        return containing(self.ends_on, self.grain, self.zone)

    def window(self, as_of: datetime) -> Window:
        """What of the period is over at `as_of`; all of it when that is later, or when it lies ahead.

        A period that lies wholly ahead is told as it is planned.
        """
        end = self.end
        if self.is_running(as_of):
            end = as_of
        return Window.between(self.start, end, self.zone)

    def same_part_of_previous(self, as_of: datetime) -> Window:
        """As much of the previous period, by the local clock, as of this one is over at `as_of`."""
        before = self.previous()
        begun = datetime.combine(self.starts_on, time())
        elapsed = as_of.astimezone(self.zone).replace(tzinfo=None) - begun
        local = datetime.combine(before.starts_on, time()) + elapsed
        end = min(local.replace(tzinfo=self.zone).astimezone(UTC), before.end)
        return Window.between(before.start, end, self.zone)


@dataclass(frozen=True)
class Window:
    """[start, end) as instants in UTC, and [first_on, until_on): the local days begun in it."""

    start: datetime
    end: datetime
    first_on: date
    until_on: date
    zone: ZoneInfo

    @classmethod
    def between(cls, start: datetime, end: datetime, zone: ZoneInfo) -> Window:
        first = start.astimezone(zone).date()
        until = end.astimezone(zone).date()
        if midnight(until, zone) < end:
            until += DAY
        return cls(start, end, first, until, zone)

    @property
    def months(self) -> Fraction:
        """How many months it spans: whole ones when it starts and ends on the same day of a month."""
        first, until = self.first_on, self.until_on
        if first.day == until.day and self.end == midnight(until, self.zone):
            return Fraction((until.year - first.year) * 12 + until.month - first.month)
        return Fraction(int((self.end - self.start).total_seconds()), GREGORIAN_YEAR) * 12

    def year_to_end(self) -> Window:
        """The twelve months that end with this window."""
        local = self.end.astimezone(self.zone)
        year_ago = datetime.combine(plus_months(local.date(), -12), local.time(), tzinfo=self.zone)
        return Window.between(year_ago.astimezone(UTC), self.end, self.zone)


def containing(day: date, grain: Grain, zone: ZoneInfo) -> Period:
    """The period of `grain` that `day` lies in. Weeks are ISO weeks, from Monday."""
    match grain:
        case Grain.DAY:
            first, until = day, day + DAY
        case Grain.WEEK:
            first = day - day.weekday() * DAY
            until = first + 7 * DAY
        case Grain.MONTH:
            first = day.replace(day=1)
            until = plus_months(first, 1)
        case Grain.QUARTER:
            first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            until = plus_months(first, 3)
        case _:
            first, until = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return Period(first, until, zone, grain)


def named(period: Period) -> Period | None:
    """The period of a grain that has exactly these days; None where there is none."""
    alike = (containing(period.starts_on, grain, period.zone) for grain in Grain)
    days = period.starts_on, period.ends_on
    return next((one for one in alike if (one.starts_on, one.ends_on) == days), None)


def between(first: date, last: date, grain: Grain, zone: ZoneInfo) -> Iterator[Period]:
    """The periods of `grain` that any day of [first, last] lies in, in order."""
    period = containing(first, grain, zone)
    while period.starts_on <= last:
        yield period
        period = period.following()


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()
