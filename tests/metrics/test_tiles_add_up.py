"""Every number of the demo's dashboards is the sum of the rows behind it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from django.utils import timezone

from metrics import periods, reading
from metrics.dashboards import DASHBOARDS
from metrics.definitions import Definition
from metrics.demo.loading import Loader
from metrics.models import Grain
from metrics.periods import Period
from metrics.points import Tile
from staff.models import Business
from tests.metrics.counting import count

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)


@pytest.fixture
def periods_of_the_demo(db: None, monkeypatch: pytest.MonkeyPatch) -> list[Period]:
    """Its last month that is over, the one that is running, and a quarter."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    Loader(120, 2, 1, lambda _line: None).load()
    zone = Business.objects.get().zone
    running = periods.containing(periods.local_day(NOW, zone), Grain.MONTH, zone)
    quarter = periods.containing(running.starts_on, Grain.QUARTER, zone).previous()
    own = {Grain.MONTH: [running.previous(), running], Grain.QUARTER: [quarter]}
    for some in own.values():
        count(some, NOW, list(shown().values()))
    return [period for some in own.values() for period in some]


def shown() -> dict[str, Definition]:
    return {d.kpi: d for one in DASHBOARDS.values() for d in one.read}


def all_tiles(period: Period) -> Iterator[Tile]:
    assert period.grain
    yield from reading.tiles(
        grain=period.grain,
        now=NOW,
        zone=period.zone,
        definitions=list(shown().values()),
        period=period,
        periods_shown=2,
    )


def test_the_rows_behind_every_tile_add_up_to_it(periods_of_the_demo: list[Period]) -> None:
    known, looked_at, with_rows = set(), set(), set()
    for period in periods_of_the_demo:
        for tile in all_tiles(period):
            definition, point = tile.definition, tile.point
            known |= {definition.kpi} if point.snapshot else set()
            sides = {"numerator": point.numerator, "denominator": point.denominator}
            for side, number in sides.items():
                if number is None or not getattr(definition, side):
                    continue
                found = reading.rows(definition, period, side, now=NOW)  # type: ignore[arg-type]
                total = sum((rows.total() for rows in found), Fraction(0))
                assert total == number, (definition.kpi, side, period)
                looked_at.add(definition.kpi)
                if total:
                    with_rows.add(definition.kpi)
    assert looked_at == known
    # Most of them are about something in the demo: the walk is not over empty tables.
    assert len(with_rows) > len(shown()) * 2 / 3, shown().keys() - with_rows


def test_a_ratio_is_its_numerator_over_its_denominator(periods_of_the_demo: list[Period]) -> None:
    for period in periods_of_the_demo:
        for tile in all_tiles(period):
            point = tile.point
            if point.value is None or not point.denominator or point.numerator is None:
                continue
            if tile.definition.kpi in NOT_A_RATIO:
                continue
            scale = 100 if tile.definition.unit == "points" else 1
            ratio = scale * point.numerator / point.denominator
            assert point.value == pytest.approx(float(ratio)), (tile.definition.kpi, period)


# Medians, and values that are made of more than two numbers.
NOT_A_RATIO = {"first_response_time", "resolution_time", "ltv_annual"}
