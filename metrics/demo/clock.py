"""When things happened: a window that ends now, and the month in which the brakes failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from random import Random
from zoneinfo import ZoneInfo

# So many months ago the faulty brakes were sold, where the window reaches so far.
BAD_MONTHS_AGO = 7
# So many weeks ago invitations became shorter, which helped, and there was coffee, which did not: thirteen
# whole weeks lie on either side of each, and none of those of the brakes.
ASKED_BETTER_WEEKS_AGO, COFFEE_WEEKS_AGO = 15, 50
OPENS, CLOSES = 9.5, 20.0


@dataclass(frozen=True)
class Clock:
    """The demo's time, in the business's zone. Days are counted from the first day of the window."""

    now: datetime
    zone: ZoneInfo
    years: int

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @cached_property
    def first_day(self) -> date:
        return self.today - timedelta(days=365 * self.years)

    @cached_property
    def days(self) -> int:
        return (self.today - self.first_day).days

    @cached_property
    def start(self) -> datetime:
        return self.midnight(self.first_day)

    @cached_property
    def bad_month(self) -> tuple[date, date]:
        """[first day, first day of the next month) of the month of the faulty brakes."""
        back = min(BAD_MONTHS_AGO, 12 * self.years - 2)
        month = self.today.year * 12 + self.today.month - 1 - back
        return date(month // 12, month % 12 + 1, 1), date(
            (month + 1) // 12, (month + 1) % 12 + 1, 1
        )

    @cached_property
    def asked_better_on(self) -> date:
        return self._monday(ASKED_BETTER_WEEKS_AGO)

    @cached_property
    def coffee_on(self) -> date:
        return self._monday(COFFEE_WEEKS_AGO)

    def _monday(self, weeks_ago: int) -> date:
        return self.today - timedelta(days=self.today.weekday() + 7 * weeks_ago)

    @cached_property
    def bad_days(self) -> tuple[int, int]:
        first, last = self.bad_month
        return (first - self.first_day).days, (last - self.first_day).days

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)

    def instant(self, day: float, random: Random) -> datetime:
        """Some moment of that day's opening hours (Sundays: the day after), never after now."""
        on = self.first_day + timedelta(days=int(day))
        if on.weekday() == 6:
            on += timedelta(days=1)
        at = self.midnight(on) + timedelta(hours=random.uniform(OPENS, CLOSES))
        return min(at.replace(microsecond=0), self.now - timedelta(minutes=random.randint(5, 240)))

    def within_hours(self, at: datetime, random: Random) -> datetime:
        """That moment, or one soon after the next opening when the workshop is closed then."""
        local = at.astimezone(self.zone)
        hour = local.hour + local.minute / 60
        day = local.date() + timedelta(days=1 if hour >= CLOSES else 0)
        if day.weekday() == 6:
            day += timedelta(days=1)
        if day == local.date() and hour >= OPENS:
            return at.replace(microsecond=0)
        opens = self.midnight(day) + timedelta(hours=OPENS)
        return (opens + timedelta(minutes=random.uniform(2, 90))).replace(microsecond=0)

    def ago(self, days: int, hour: float = 11) -> datetime:
        """So many days before today, at that local hour."""
        at = self.midnight(self.today - timedelta(days=days)) + timedelta(hours=hour)
        return min(at, self.now - timedelta(minutes=10))

    def ahead(self, days: int, hour: float = 18) -> datetime:
        return self.midnight(self.today + timedelta(days=days)) + timedelta(hours=hour)

    def months(self) -> list[tuple[date, date]]:
        """Each calendar month that the window touches, as [first day, first day of the next)."""
        found = []
        on = self.first_day.replace(day=1)
        while on <= self.today:
            after = (on + timedelta(days=32)).replace(day=1)
            found.append((on, after))
            on = after
        return found

    def season(self, day: float) -> float:
        """How busy that day's season is: bicycles are bought in spring, repaired in summer."""
        month = (self.first_day + timedelta(days=int(day))).month
        return (0.7, 0.75, 1.0, 1.25, 1.35, 1.3, 1.1, 0.8, 1.1, 1.0, 0.8, 0.9)[month - 1]
