"""Periods of the business's calendar, clock changes included."""

from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from metrics import periods
from metrics.models import Grain
from metrics.periods import Period, Window, containing, midnight, plus_months

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
MADRID = ZoneInfo("Europe/Madrid")
HAVANA = ZoneInfo("America/Havana")


@pytest.mark.parametrize(
    ("grain", "first", "until"),
    [
        (Grain.DAY, date(2026, 3, 29), date(2026, 3, 30)),
        (Grain.WEEK, date(2026, 3, 23), date(2026, 3, 30)),
        (Grain.MONTH, date(2026, 3, 1), date(2026, 4, 1)),
        (Grain.QUARTER, date(2026, 1, 1), date(2026, 4, 1)),
        (Grain.YEAR, date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_day_lies_in_one_period_of_each_grain(grain: Grain, first: date, until: date) -> None:
    period = containing(date(2026, 3, 29), grain, MADRID)
    assert (period.starts_on, period.ends_on) == (first, until)
    assert period.previous().following() == period
    assert period.previous().ends_on == first


def test_weeks_are_iso_weeks_across_a_new_year() -> None:
    week = containing(date(2026, 1, 1), Grain.WEEK, MADRID)
    assert (week.starts_on, week.ends_on) == (date(2025, 12, 29), date(2026, 1, 5))


def test_edges_are_local_midnights_as_instants() -> None:
    january = containing(date(2026, 1, 15), Grain.MONTH, SAO_PAULO)
    assert january.start == datetime(2026, 1, 1, 3, tzinfo=UTC)
    assert january.end == datetime(2026, 2, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_of_a_clock_change_have_another_length(day: date, hours: int) -> None:
    period = containing(day, Grain.DAY, MADRID)
    assert (period.end - period.start).total_seconds() == hours * 3600


def test_a_day_whose_midnight_is_skipped_begins_at_the_skip() -> None:
    """In São Paulo clocks went from 00:00 to 01:00 on 2018-11-04."""
    assert midnight(date(2018, 11, 4), SAO_PAULO) == datetime(2018, 11, 4, 3, tzinfo=UTC)
    day = containing(date(2018, 11, 4), Grain.DAY, SAO_PAULO)
    assert (day.end - day.start).total_seconds() == 23 * 3600


def test_a_midnight_that_comes_twice_begins_the_day_the_first_time() -> None:
    """In Havana clocks go from 01:00 back to 00:00."""
    assert midnight(date(2026, 11, 1), HAVANA) == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_a_running_period_is_cut_at_now_and_a_closed_one_is_not() -> None:
    month = containing(date(2026, 3, 10), Grain.MONTH, MADRID)
    now = datetime(2026, 3, 10, 11, tzinfo=UTC)
    assert month.is_running(now)
    assert month.window(now).end == now
    assert month.window(now).until_on == date(2026, 3, 11)
    assert month.previous().window(now).end == month.start
    assert month.following().window(now).end == month.following().end


def test_a_running_period_is_compared_with_the_same_part_of_the_one_before() -> None:
    month = containing(date(2026, 4, 10), Grain.MONTH, MADRID)
    part = month.same_part_of_previous(datetime(2026, 4, 10, 10, tzinfo=UTC))  # 12:00 there
    assert part.start == month.previous().start
    # Before the clocks changed, 12:00 in Madrid was 11:00 UTC.
    assert part.end == datetime(2026, 3, 10, 11, tzinfo=UTC)


def test_the_same_part_never_reaches_into_the_running_period() -> None:
    march = containing(date(2026, 3, 31), Grain.MONTH, MADRID)
    part = march.same_part_of_previous(datetime(2026, 3, 31, 12, tzinfo=UTC))
    assert part.end == march.start


def test_custom_periods_go_by_their_length() -> None:
    custom = Period(date(2026, 1, 10), date(2026, 1, 20), MADRID)
    assert custom.previous() == Period(date(2025, 12, 31), date(2026, 1, 10), MADRID)
    assert custom.following().starts_on == date(2026, 1, 20)
    with pytest.raises(ValueError, match="after"):
        Period(date(2026, 1, 2), date(2026, 1, 2), MADRID)


def test_months_have_their_own_lengths() -> None:
    assert plus_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert plus_months(date(2024, 2, 29), -12) == date(2023, 2, 28)
    assert plus_months(date(2026, 11, 30), 2) == date(2027, 1, 30)


def test_a_window_knows_its_months_and_the_year_behind_it() -> None:
    quarter = containing(date(2026, 2, 1), Grain.QUARTER, MADRID)
    window = quarter.window(datetime(2026, 9, 1, tzinfo=UTC))
    assert window.months == 3
    year = window.year_to_end()
    assert (year.first_on, year.until_on) == (date(2025, 4, 1), date(2026, 4, 1))
    ten_days = Window.between(window.start, midnight(date(2026, 1, 11), MADRID), MADRID)
    assert ten_days.months == Fraction(10 * 86400 * 12, periods.GREGORIAN_YEAR)


def test_every_period_between_two_days() -> None:
    months = list(periods.between(date(2025, 11, 30), date(2026, 2, 1), Grain.MONTH, MADRID))
    assert [one.starts_on.month for one in months] == [11, 12, 1, 2]
