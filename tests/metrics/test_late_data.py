"""What comes late: an order of last year, a corrected cost, a merge. Closed periods are revised, and what
they said before stays readable."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from crm import tenures
from crm.actions.costs import correct_cost
from crm.actions.merging import merge_customers, undo_merge
from crm.models import Cost, Customer
from metrics import actions, reading
from metrics.definitions import find
from metrics.models import Grain, Snapshot
from metrics.periods import Period
from staff.models import Business
from tests.factories import CustomerFactory, OrderFactory, ResponseFactory

NOW = datetime(2026, 3, 18, 15, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
A_YEAR_AGO = Period(date(2025, 2, 1), date(2025, 3, 1), ZONE, Grain.MONTH)
LAST_MONTH = Period(date(2026, 2, 1), date(2026, 3, 1), ZONE, Grain.MONTH)
LATER = NOW + timedelta(hours=1)


def customer(since: datetime, name: str = "Ada") -> Customer:
    found: Customer = CustomerFactory(created_at=since, name=name)
    return found


def ordered(who: Customer, when: datetime, total: int) -> None:
    OrderFactory(customer=who, ordered_at=when, total=total)
    tenures.rebuild([who.pk])


@pytest.fixture
def counted(business: Business) -> Customer:
    """A year with an order in two of its months, and an answer; all counted."""
    who = customer(datetime(2025, 1, 10, tzinfo=UTC))
    ordered(who, datetime(2025, 2, 10, tzinfo=UTC), 100)
    ordered(who, datetime(2026, 2, 10, tzinfo=UTC), 300)
    ResponseFactory(score=9, answered_at=datetime(2026, 2, 11, tzinfo=UTC), customer=who)
    actions.refresh(now=NOW)
    return who


def test_an_order_of_last_year_revises_its_month_its_quarter_and_its_year(
    counted: Customer,
) -> None:
    ordered(counted, datetime(2025, 2, 20, tzinfo=UTC), 50)
    actions.refresh(now=LATER)

    latest, before = reading.history(find("average_ticket"), A_YEAR_AGO)
    assert (before.value, before.is_current, before.as_of) == (100, False, NOW)
    assert (latest.value, latest.is_current, latest.is_revision) == (75, True, True)
    revised = Snapshot.objects.filter(kpi="average_ticket", is_revision=True)
    # Its own day and week had none before: a first figure is no revision.
    assert set(revised.values_list("grain", flat=True)) == {"month", "quarter", "year"}
    # What it does not touch is as it was.
    assert len(reading.history(find("average_ticket"), LAST_MONTH)) == 1


def test_a_corrected_cost_revises_the_months_that_it_left_and_that_it_came_to(
    business: Business, counted: Customer
) -> None:
    cost = Cost.objects.create(
        purpose="acquisition",
        category="tools",
        amount=Decimal(60),
        currency=business.currency,
        rate=1,
        on=date(2025, 2, 3),
    )
    actions.refresh(now=NOW)
    assert reading.history(find("cac"), A_YEAR_AGO)[0].value == 60

    correct_cost(cost=cost, by=None, on=date(2026, 2, 3), amount=Decimal(40))
    actions.refresh(now=LATER)
    latest, before = reading.history(find("cac"), A_YEAR_AGO)[:2]
    assert (before.value, latest.value, latest.is_revision) == (60, 0, True)
    spent = reading.history(find("cac"), LAST_MONTH)[0]
    assert (spent.status, spent.numerator) == ("no_new_customers", "40")


def test_a_merge_revises_and_its_undo_revises_again(counted: Customer) -> None:
    twin = customer(datetime(2025, 1, 20, tzinfo=UTC), "Ada B.")
    ordered(twin, datetime(2026, 2, 12, tzinfo=UTC), 100)
    ResponseFactory(score=0, answered_at=datetime(2026, 2, 13, tzinfo=UTC), customer=twin)
    actions.refresh(now=NOW)
    assert reading.history(find("nps"), LAST_MONTH)[0].value == 0

    done = merge_customers(winner=counted, loser=twin, by=None)
    actions.refresh(now=LATER)
    latest, before = reading.history(find("nps"), LAST_MONTH)[:2]
    assert (before.value, before.n) == (0, 2)
    assert (latest.value, latest.n, latest.is_revision) == (-100, 1, True), (
        "the latest answer counts"
    )

    undo_merge(change_set=done, by=None)
    actions.refresh(now=LATER + timedelta(hours=1))
    again = reading.history(find("nps"), LAST_MONTH)
    assert [one.value for one in again[:3]] == [0, -100, 0]
    assert actions.check(now=LATER + timedelta(hours=1)) == []


def test_the_page_of_a_revised_figure_says_what_it_was(
    counted: Customer, read_only_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(counted, datetime(2026, 2, 20, tzinfo=UTC), 100)
    actions.refresh(now=LATER)
    address = reverse("metrics:metric", args=["average_ticket"])
    page = read_only_client.get(
        address, {"grain": "month", "period": LAST_MONTH.starts_on.isoformat()}
    ).content.decode()
    assert "evised" in page
