"""The clock on the wall, looked at minute by minute: what working hours are checked against."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from support.holiday_regions import HolidayRegion
from support.hours import Day, Span, WorkingHours

MINUTE = timedelta(minutes=1)
# Zones, each with a moment near which its clocks change: either way, both hemispheres, at midnight.
PLACES = {
    "Europe/Madrid": [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)],
    "America/Sao_Paulo": [
        datetime(2018, 11, 4, 3, tzinfo=UTC),
        datetime(2018, 2, 18, 2, tzinfo=UTC),
        datetime(2026, 4, 20, 12, tzinfo=UTC),
    ],
    "America/Santiago": [datetime(2026, 4, 5, 3, tzinfo=UTC), datetime(2026, 9, 6, 4, tzinfo=UTC)],
    "America/Havana": [datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)],
    "Australia/Lord_Howe": [datetime(2026, 4, 4, 15, tzinfo=UTC)],
    "UTC": [datetime(2026, 12, 24, tzinfo=UTC)],
}
# How much of the year around such a moment is looked at.
BEFORE, AFTER = timedelta(days=2), timedelta(days=8)


@lru_cache(maxsize=64)
def on_the_wall(zone: str, since: datetime) -> list[datetime]:
    """What the clock shows at each minute of the days looked at."""
    whole = (BEFORE + AFTER) // MINUTE
    return [(since + k * MINUTE).astimezone(ZoneInfo(zone)) for k in range(whole)]


def looked_at(hours: WorkingHours, since: datetime) -> list[bool]:
    """The oracle: whether each minute is worked, by nothing but what the clock shows."""
    return [
        at.date() not in hours.closed
        and at.date() not in hours.region
        and any(s.start <= at.hour * 60 + at.minute < s.end for s in hours.week[at.weekday()])
        for at in on_the_wall(str(hours.zone), since)
    ]


@st.composite
def days(draw: st.DrawFn) -> Day:
    edges = draw(st.lists(st.integers(0, 48), unique=True, max_size=6).map(sorted))
    shifts = draw(st.sampled_from([0, 7, 15]))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple(Span(s * 30, min(1440, e * 30 + (shifts if e < 48 else 0))) for s, e in pairs)


def in_order(day: Day) -> bool:
    return all(a.end <= b.start for a, b in pairwise(day))


@st.composite
def situations(draw: st.DrawFn) -> tuple[WorkingHours, datetime, list[bool]]:
    """Working hours, the first minute looked at, and whether each minute from it on is worked."""
    zone = draw(st.sampled_from(sorted(PLACES)))
    moment = draw(st.sampled_from(PLACES[zone]))
    week = tuple(draw(days().filter(in_order)) for _day in range(7))
    closed = draw(st.sets(st.integers(-2, 8), max_size=3))
    region = draw(st.sampled_from(["", "ES-VC", "BR-SP", "CL"]))
    hours = WorkingHours(
        ZoneInfo(zone),
        week,
        HolidayRegion.parse(region),
        frozenset(moment.date() + timedelta(days=k) for k in closed),
    )
    return hours, moment - BEFORE, looked_at(hours, moment - BEFORE)
