"""Figures that read far wait for their turn; what is near is counted at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Order
from metrics import actions, freshness
from metrics.definitions import STORED, Theme, find
from metrics.engine import pacing
from metrics.models import Grain, Mark, Pace, Snapshot, Waiting
from staff.models import Business
from tests.factories import CustomerFactory, OrderFactory, ResponseFactory

NOW = datetime(2026, 3, 18, 15, tzinfo=UTC)
TURN = NOW + timedelta(minutes=10)
LONG_AGO = NOW - timedelta(days=1)


@pytest.fixture
def order(business: Business) -> Order:
    """A counted one, of yesterday; the figures of what was sold rest until `TURN`."""
    made = OrderFactory(customer=CustomerFactory(created_at=LONG_AGO), ordered_at=LONG_AGO)
    actions.refresh(now=NOW)
    for theme in (Theme.WORTH, Theme.ACQUISITION):
        Pace.objects.update_or_create(theme=theme, defaults={"seconds": 30, "next_at": TURN})
    return Order.objects.get(pk=made.pk)


def change(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(total=order.total * 2)


def orders_income(grain: Grain) -> Any:
    return Snapshot.objects.get(kpi="average_ticket", grain=grain, is_current=True).value


def paced(now: datetime) -> actions.Refreshed:
    done = actions.refresh(now=now, everything=False)
    assert done is not None
    return done


def test_months_follow_at_once_and_years_when_their_turn_comes(order: Order) -> None:
    before = orders_income(Grain.YEAR)
    change(order)
    paced(NOW + timedelta(minutes=1))

    assert not Mark.objects.exists()
    for near in (Grain.WEEK, Grain.MONTH):
        assert orders_income(near) == before * 2
    assert orders_income(Grain.QUARTER) == orders_income(Grain.YEAR) == before
    assert {row.theme for row in Waiting.objects.all()} == {"worth", "acquisition"}

    later = TURN + timedelta(seconds=1)
    assert actions.is_due(later, everything=False)
    paced(later)
    assert orders_income(Grain.QUARTER) == orders_income(Grain.YEAR) == before * 2
    assert not Waiting.objects.exists()
    assert actions.check(now=later) == []


def test_what_waits_makes_no_refresh_due_before_its_turn(order: Order) -> None:
    change(order)
    paced(NOW + timedelta(minutes=1))
    assert not actions.is_due(NOW + timedelta(minutes=2), everything=False)
    assert actions.is_due(NOW + timedelta(minutes=2))
    assert paced(NOW + timedelta(minutes=2)) == actions.Refreshed()


def test_other_themes_dont_wait(order: Order) -> None:
    ResponseFactory(score=9, answered_at=LONG_AGO, customer=order.customer)
    paced(NOW + timedelta(minutes=1))
    assert Snapshot.objects.get(kpi="nps", grain=Grain.YEAR, is_current=True).value == 100
    assert not Waiting.objects.filter(theme="feeling").exists()


def test_whoever_asks_for_everything_doesnt_wait(order: Order) -> None:
    change(order)
    paced(NOW + timedelta(minutes=1))
    assert actions.check(now=NOW + timedelta(minutes=2)) == []
    assert not Waiting.objects.exists()


def test_computing_everything_leaves_nothing_waiting(order: Order) -> None:
    before = orders_income(Grain.YEAR)
    change(order)
    paced(NOW + timedelta(minutes=1))
    actions.recompute_full(now=NOW + timedelta(minutes=2))
    assert orders_income(Grain.YEAR) == before * 2
    assert not Waiting.objects.exists()


def test_only_what_takes_long_rests_and_twenty_times_as_long(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(order)
    paced(TURN + timedelta(seconds=1))
    quick = Pace.objects.get(theme="worth")
    assert quick.next_at == TURN + timedelta(seconds=1), "a small business never waits"

    monkeypatch.setattr(pacing, "BRIEF", 0.0)
    change(order)
    Order.objects.filter(pk=order.pk).update(total=7)
    paced(TURN + timedelta(minutes=1))
    slow = Pace.objects.get(theme="worth")
    assert slow.seconds > 0
    rest = slow.next_at - TURN - timedelta(minutes=1)
    assert rest.total_seconds() == pytest.approx(slow.seconds * pacing.REST, abs=1e-3)


def test_a_crash_keeps_the_marks_and_what_waited(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(order)
    paced(NOW + timedelta(minutes=1))
    waiting = set(Waiting.objects.values_list("theme", "fact", "first_on", "last_on"))
    Order.objects.filter(pk=order.pk).update(total=7)

    def crash(*_args: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(actions, "note", crash)
        with pytest.raises(RuntimeError):
            paced(TURN + timedelta(seconds=1))
    assert Mark.objects.exists()
    assert set(Waiting.objects.values_list("theme", "fact", "first_on", "last_on")) == waiting
    paced(TURN + timedelta(seconds=1))
    assert orders_income(Grain.YEAR) == 7


def test_days_that_wait_become_one_row(order: Order) -> None:
    for minute in range(1, 4):
        OrderFactory(customer=order.customer, ordered_at=LONG_AGO - timedelta(days=minute))
        change(order)
        paced(NOW + timedelta(minutes=minute))
    [row] = Waiting.objects.filter(theme="worth", fact="order")
    assert (row.first_on, row.last_on) == (date(2026, 3, 14), date(2026, 3, 17))


def test_ranges_without_an_end_take_in_what_follows() -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 9)
    assert pacing.united([(first, last), (date(2026, 1, 5), None)]) == [
        (first, last),
        (date(2026, 1, 5), None),
    ]
    assert pacing.united([(last, date.max), (date(2026, 2, 1), None)]) == [(last, None)]
    assert pacing.united([]) == []


def test_every_figure_is_near_or_far_in_each_of_its_grains() -> None:
    for one in STORED:
        assert (*one.near_grains, *one.far_grains) == one.grains
    assert Grain.YEAR not in find("average_ticket").near_grains
    for kpi in ("ltv_annual", "income_at_risk", "silent_customers", "customer_churn"):
        assert find(kpi).near_grains == ()


def test_pages_say_by_when_everything_will_have_followed(
    order: Order, owner_client: Client
) -> None:
    assert freshness.current().all_by is None
    change(order)
    paced(NOW + timedelta(minutes=1))
    state = freshness.current()
    assert (state.is_waiting, state.all_by) == (False, TURN)
    page = owner_client.get(reverse("metrics:metric", args=["average_ticket"])).content.decode()
    assert "follow by" in page
