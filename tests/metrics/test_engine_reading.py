"""What pages read: tiles, series and comparisons."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.models import Customer
from metrics import actions, reading
from metrics.definitions import DEFINITIONS, find
from metrics.formulas.change import Verdict
from metrics.models import Grain
from staff.models import Business
from tests.factories import CustomerFactory, ResponseFactory

NOW = datetime(2026, 3, 18, 15, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")


def at(month: int, day: int, hour: int = 15) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def customer(since: datetime, **values: Any) -> Customer:
    found: Customer = CustomerFactory(created_at=since, **values)
    return found


def nps_answer(score: int, when: datetime, **values: Any) -> None:
    ResponseFactory(score=score, answered_at=when, customer=customer(when), **values)


def test_a_tile_compares_a_running_month_with_the_same_part_of_the_last(business: Business) -> None:
    for day in range(1, 25):
        nps_answer(0, at(2, day))
    for day in range(1, 18):
        nps_answer(10, at(3, day))
    actions.refresh(now=NOW)
    [tile] = reading.tiles(grain=Grain.MONTH, now=NOW, zone=ZONE, definitions=[find("nps")])
    assert tile.point.is_partial
    assert (tile.point.value, tile.previous) == (100, -100)
    assert tile.change.verdict is Verdict.UP
    assert tile.is_better
    part = tile.point.parts["previous_part"]
    assert part["n"] == 17  # those before 12:00 there on the eighteenth of February
    assert [point.n for point in tile.series[-3:]] == [0, 24, 17]
    assert tile.series[-3].shown_as == "undefined"


def test_few_answers_are_shown_as_answers(business: Business) -> None:
    for day in range(1, 5):
        nps_answer(9, at(2, day))
    actions.refresh(now=NOW)
    [point] = reading.series(find("nps"), Grain.MONTH, date(2026, 2, 1), date(2026, 3, 1), ZONE)
    assert point.shown_as == "answers"
    nps_answer(9, at(2, 9))
    actions.refresh(now=NOW)
    [point] = reading.series(find("nps"), Grain.MONTH, date(2026, 2, 1), date(2026, 3, 1), ZONE)
    assert (point.shown_as, point.is_early) == ("value", True)


def test_all_tiles_cost_one_query(business: Business, django_assert_num_queries: Any) -> None:
    nps_answer(9, at(2, 10))
    actions.refresh(now=NOW)
    with django_assert_num_queries(1):  # the snapshots
        tiles = reading.tiles(grain=Grain.MONTH, now=NOW, zone=ZONE)
    assert len(tiles) == len([one for one in DEFINITIONS.values() if one.is_stored])
