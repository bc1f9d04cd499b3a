"""Working hours: how much of them lies between two instants, and when so much will have passed.

An instant is open when the clock on the wall shows a time in one of the day's spans, on a day
that is not closed. So a day on which the clocks change is as long as it really is: an hour that
is skipped is worked by nobody, one that comes twice counts twice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from support.holiday_regions import NO_REGION, HolidayRegion

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = EPOCH.date()
DAY = 24 * 60 * 60
MICROSECOND = timedelta(microseconds=1)
MILLION = 1_000_000
# Who hasn't opened for so many days never will.
HORIZON = 2 * 366
MINUTES_A_DAY = 24 * 60


class Span(NamedTuple):
    """From one time of day until another, in minutes since midnight; 1440 is its end, 24:00."""

    start: int
    end: int

    @classmethod
    def parse(cls, start: str, end: str) -> Span:
        """From "09:00" and "14:00", or "24:00" for the day's end. Raises ValueError."""
        return cls(minutes(start), minutes(end))

    def __str__(self) -> str:
        return f"{clock_time(self.start)}–{clock_time(self.end)}"


Day = tuple[Span, ...]


@dataclass(frozen=True)
class WorkingHours:
    """A week of spans, Monday first, in a time zone, less holidays and other closed days."""

    zone: ZoneInfo
    week: tuple[Day, ...]
    region: HolidayRegion = NO_REGION
    closed: frozenset[date] = frozenset()
    _days: dict[int, list[tuple[int, int]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("A week has seven days.")
        for spans in self.week:
            ends = [0, *(span.end for span in spans)]
            if any(
                not ended <= start < end <= MINUTES_A_DAY
                for ended, (start, end) in zip(ends, spans, strict=False)
            ):
                raise ValueError("Spans come one after another and within a day.")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time in [start, end); none when the end comes first."""
        first, last = _microseconds(start), _microseconds(end)
        found = 0
        for day in range(_day_of(first), _day_of(last) + 1):
            for opens, closes in self._open(day):
                found += max(0, min(closes, last) - max(opens, first))
        return found * MICROSECOND

    def seconds_between(self, start: datetime, end: datetime) -> int:
        """The whole working seconds in [start, end)."""
        return self.between(start, end) // timedelta(seconds=1)

    def after(self, start: datetime, worked: timedelta) -> datetime | None:
        """The first instant by which so much working time has passed since `start`.

        None when it never will: no opening in the two years after the last one. At the end of a
        span it is that end, not the next opening.
        """
        left = worked // MICROSECOND
        if left <= 0:
            return start.astimezone(UTC)
        for opens, closes in self._openings(_microseconds(start)):
            if closes - opens >= left:
                return EPOCH + (opens + left) * MICROSECOND
            left -= closes - opens
        return None

    def add(self, start: datetime, seconds: int) -> datetime | None:
        """The first instant by which so many working seconds have passed since `start`, or None."""
        return self.after(start, timedelta(seconds=seconds))

    def is_open(self, at: datetime) -> bool:
        instant = _microseconds(at)
        return any(opens <= instant < closes for opens, closes in self._open(_day_of(instant)))

    def opens_on(self, day: date) -> bool:
        """Whether there is any working time on this local day."""
        return bool(self._spans(day))

    def next_opening(self, at: datetime) -> datetime | None:
        """`at` itself when it is open then, else when it opens next; None: not within two years."""
        opening = next(self._openings(_microseconds(at)), None)
        return EPOCH + opening[0] * MICROSECOND if opening else None

    def _openings(self, since: int) -> Iterator[tuple[int, int]]:
        """The openings that end after `since`, none of them earlier than it, in order."""
        day = last_open = _day_of(since)
        while day <= min(last_open + HORIZON, LAST_DAY):
            for opens, closes in self._open(day):
                if closes > since:
                    last_open = day
                    yield max(opens, since), closes
            day += 1

    def _open(self, day: int) -> list[tuple[int, int]]:
        """The openings within one day of UTC, in microseconds since the epoch, in order."""
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = [
                (opens * MILLION, closes * MILLION)
                for start, end, offset in self._offsets(day)
                for opens, closes in self._within(start, end, offset)
            ]
        return known

    def _within(self, start: int, end: int, offset: int) -> Iterator[tuple[int, int]]:
        """The openings in [start, end) seconds of UTC, while local time is `offset` ahead of it."""
        for day in range((start + offset) // DAY, (end - 1 + offset) // DAY + 1):
            midnight = day * DAY - offset
            for span in self._spans(FIRST_DAY + timedelta(days=day)):
                opens = max(start, midnight + span.start * 60)
                closes = min(end, midnight + span.end * 60)
                if opens < closes:
                    yield opens, closes

    def _spans(self, day: date) -> Day:
        spans = self.week[day.weekday()]
        return () if not spans or day in self.closed or day in self.region else spans

    def _offsets(self, day: int) -> list[tuple[int, int, int]]:
        """A day of UTC in parts of one offset each: one part, or two when the clocks change."""
        start, end = day * DAY, (day + 1) * DAY
        before, after = self._offset(start), self._offset(end - 1)
        if before == after:
            return [(start, end, before)]
        change = bisect_left(range(start, end), 1, key=lambda at: self._offset(at) != before)
        return [(start, start + change, before), (start + change, end, after)]

    def _offset(self, at: int) -> int:
        offset = datetime.fromtimestamp(at, self.zone).utcoffset() or timedelta()
        return offset // timedelta(seconds=1)


def minutes(text: str) -> int:
    """Minutes since midnight of "09:30"; of "24:00", those of the whole day. Raises ValueError."""
    hour, colon, minute = text.strip().partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2):
        raise ValueError(text)
    found = int(hour) * 60 + int(minute)
    if int(minute) > 59 or found > MINUTES_A_DAY:
        raise ValueError(text)
    return found


def clock_time(since_midnight: int) -> str:
    """As people write it: 570 is "09:30", 1440 "24:00"."""
    return f"{since_midnight // 60:02d}:{since_midnight % 60:02d}"


def week_of(days: Sequence[Sequence[Sequence[str]]]) -> tuple[Day, ...]:
    """A week as it is stored: seven lists of ("09:00", "14:00"), Monday's first."""
    return tuple(tuple(Span.parse(start, end) for start, end in spans) for spans in days)


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _day_of(microseconds: int) -> int:
    return microseconds // (DAY * MILLION)


# The calendar's end, less what a time zone may be ahead.
LAST_DAY = (date.max - FIRST_DAY).days - 2
