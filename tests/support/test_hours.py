"""Working hours, against a look at the clock on the wall at every single minute."""

from __future__ import annotations

import time as stopwatch
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.holiday_regions import HolidayRegion, UnknownRegion, choices, region_of_zone
from support.hours import Day, Span, WorkingHours, clock_time, minutes, week_of
from tests.support.wall_clock import MINUTE, situations

ALL_DAY = (Span(0, 1440),)
OFFICE: Day = (Span(540, 840), Span(960, 1140))
WORKWEEK = (OFFICE,) * 5 + ((), ())


def madrid(*when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo("Europe/Madrid"))  # type: ignore[arg-type,misc]


def office(zone: str = "Europe/Madrid", *, region: str = "", closed: set[date] | None = None):
    return WorkingHours(
        ZoneInfo(zone), WORKWEEK, HolidayRegion.parse(region), frozenset(closed or ())
    )


@settings(deadline=None, max_examples=80)
@given(situations(), st.data())
def test_working_time_is_what_a_look_at_every_minute_finds(situation, data):
    hours, since, worked = situation
    first = data.draw(st.integers(0, len(worked) - 1))
    last = data.draw(st.integers(0, len(worked) - 1))

    found = hours.seconds_between(since + first * MINUTE, since + last * MINUTE)

    assert found == 60 * sum(worked[first:last])
    assert hours.is_open(since + first * MINUTE) == worked[first]


@settings(deadline=None, max_examples=80)
@given(situations(), st.data())
def test_the_end_of_so_much_work_is_what_a_look_at_every_minute_finds(situation, data):
    hours, since, worked = situation
    first = data.draw(st.integers(0, len(worked) - 1))
    wanted = data.draw(st.integers(0, max(1, sum(worked[first:]))))
    left, at = wanted, first
    while left and at < len(worked):
        left -= worked[at]
        at += 1
    if left:
        return  # it would be found only beyond the days looked at

    assert hours.add(since + first * MINUTE, 60 * wanted) == since + at * MINUTE


@settings(deadline=None, max_examples=40)
@given(situations(), st.data())
def test_the_next_opening_is_the_first_worked_minute(situation, data):
    hours, since, worked = situation
    first = data.draw(st.integers(0, len(worked) - 1))
    if True not in worked[first:]:
        return

    assert hours.next_opening(since + first * MINUTE) == since + worked.index(True, first) * MINUTE


@settings(deadline=None, max_examples=60)
@given(
    situations(), st.timedeltas(timedelta(), timedelta(days=3)), st.integers(0, 8 * 86_400_000_000)
)
def test_adding_and_taking_the_time_between_agree_to_the_microsecond(situation, worked, moment):
    hours, since, _worked = situation
    start = since + moment * timedelta(microseconds=1)

    end = hours.after(start, worked)

    if end is not None:
        assert hours.between(start, end) == worked
        if worked:
            assert hours.between(start, end - timedelta(microseconds=1)) < worked


def test_lunch_and_the_weekend_don_t_count():
    friday, monday = madrid(2026, 11, 20, 13, 30), madrid(2026, 11, 23, 9, 15)

    assert office().seconds_between(friday, monday) == (30 + 180 + 15) * 60
    assert office().add(friday, 31 * 60) == madrid(2026, 11, 20, 16, 1)


def test_work_that_ends_with_the_day_ends_at_closing_not_at_the_next_opening():
    assert office().add(madrid(2026, 11, 20, 18), 3600) == madrid(2026, 11, 20, 19)


def test_nobody_works_backwards():
    assert office().seconds_between(madrid(2026, 11, 24, 12), madrid(2026, 11, 23, 12)) == 0


def test_a_night_shift_reaches_through_midnight():
    night = WorkingHours(ZoneInfo("Europe/Madrid"), ((Span(0, 360), Span(1320, 1440)),) * 7)

    assert night.seconds_between(madrid(2026, 11, 20, 23), madrid(2026, 11, 21, 5)) == 6 * 3600
    assert night.add(madrid(2026, 11, 20, 23), 2 * 3600) == madrid(2026, 11, 21, 1)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 3, 28), 24)]
)
def test_a_day_is_as_long_as_it_really_is(day, hours):
    always = WorkingHours(ZoneInfo("Europe/Madrid"), (ALL_DAY,) * 7)
    start, end = madrid(day.year, day.month, day.day), madrid(day.year, day.month, day.day + 1)

    assert always.seconds_between(start, end) == hours * 3600


def test_an_opening_in_the_hour_that_is_skipped_is_when_the_clocks_jump():
    early = WorkingHours(ZoneInfo("Europe/Madrid"), ((Span(150, 300),),) * 7)

    opening = early.next_opening(madrid(2026, 3, 29, 1))

    assert opening == datetime(2026, 3, 29, 1, tzinfo=UTC)  # 02:00, which becomes 03:00


def test_holidays_of_the_region_and_own_closed_days_are_off():
    hours = office(region="ES-VC", closed={date(2026, 10, 13)})
    # 9 October is Valencia's own day, a Friday; Monday the 12th Spain's; the 13th the business's.
    assert hours.next_opening(madrid(2026, 10, 8, 19)) == madrid(2026, 10, 14, 9)
    assert not hours.is_open(madrid(2026, 10, 9, 10))
    assert office(region="ES-MD").is_open(madrid(2026, 10, 9, 10))


def test_who_never_opens_never_gets_it_done():
    never = WorkingHours(ZoneInfo("UTC"), ((),) * 7)

    assert never.next_opening(madrid(2026, 1, 1)) is None
    assert never.add(madrid(2026, 1, 1), 1) is None
    assert never.add(madrid(2026, 1, 1), 0) == madrid(2026, 1, 1)
    assert office().next_opening(datetime(9999, 12, 31, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "day",
    [((Span(60, 60)),), ((Span(120, 60)),), (Span(0, 1441),), (Span(60, 120), Span(90, 180))],
)
def test_spans_that_make_no_day_are_refused(day):
    with pytest.raises(ValueError, match="Spans"):
        WorkingHours(ZoneInfo("UTC"), (day, *((),) * 6))


def test_times_of_day_are_read_and_written_as_people_do():
    assert [minutes("9:00"), minutes("00:00"), minutes("24:00")] == [540, 0, 1440]
    assert [clock_time(540), clock_time(1440)] == ["09:00", "24:00"]
    assert week_of([[("09:00", "14:00")], *[[]] * 6])[0] == (Span(540, 840),)
    for wrong in ("24:01", "9", "09:60", "9h", "", "-1:00", "12:5"):
        with pytest.raises(ValueError, match=r".*"):
            minutes(wrong)


def test_regions_are_known_by_country_and_part():
    assert str(HolidayRegion.parse("ES-VC")) == "ES-VC"
    assert HolidayRegion.parse("") == HolidayRegion()
    for wrong in ("XX", "ES-", "ES-XX", "-VC", "PT-99"):
        with pytest.raises(UnknownRegion):
            HolidayRegion.parse(wrong)


def test_regions_to_choose_from_have_names_in_the_reader_s_language(settings):
    from django.utils.translation import override

    with override("es"):
        groups = dict(choices())
    spain = dict(groups["España"])
    assert spain["ES"] == "España"
    assert spain["ES-VC"] == "España · Valenciana"
    assert groups["MX"] == "México"
    with override("pt-br"):
        assert dict(dict(choices())["Brasil"])["BR-SP"] == "Brasil · São Paulo"


def test_coming_holidays_are_named_in_the_reader_s_language():
    from django.utils.translation import override

    with override("es"):
        coming = HolidayRegion.parse("ES-VC").coming(date(2026, 12, 10), 3)

    assert coming == [
        (date(2026, 12, 25), "Natividad del Señor"),
        (date(2027, 1, 1), "Año Nuevo"),
        (date(2027, 1, 6), "Epifanía del Señor"),
    ]


def test_a_time_zone_suggests_its_country():
    assert str(region_of_zone("America/Sao_Paulo")) == "BR"
    assert str(region_of_zone("UTC")) == ""


def test_a_year_of_work_is_counted_at_once():
    hours = office(region="ES-VC")
    hours.seconds_between(madrid(2025, 1, 1), madrid(2026, 1, 1))  # each day is looked up once

    began = stopwatch.process_time()
    for _time in range(100):
        hours.seconds_between(madrid(2025, 1, 1), madrid(2026, 1, 1))

    assert stopwatch.process_time() - began < 1
