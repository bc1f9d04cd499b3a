"""Why customers were lost, and how many of the silent came back: worked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from crm import pauses, tenures
from crm.models import Customer, Loss, SilenceRule
from metrics import actions, reading
from metrics.definitions import find
from metrics.formulas.losses import churn_reasons, false_lost_rate
from metrics.models import Mark, Snapshot
from metrics.periods import Period
from staff.models import Business
from tests.factories import ContractFactory, CustomerFactory, OrderFactory, TenureSpanFactory
from tests.metrics.asking import LATER, measured

JUNE = Period(date(2026, 6, 1), date(2026, 7, 1), ZoneInfo("UTC"))


@pytest.fixture(autouse=True)
def utc(business: Business) -> None:
    business.time_zone = "UTC"
    business.save()


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def customer(*bought: datetime) -> Customer:
    """Somebody who bought then; from January on a customer when nothing is said."""
    made: Customer = CustomerFactory(created_at=at(1, 1))
    for when in bought:
        buy(made, when)
    if not bought:
        TenureSpanFactory(customer=made, started_at=at(1, 1))
    return made


def buy(customer: Customer, when: datetime) -> None:
    OrderFactory(customer=customer, ordered_at=when, total=Decimal(10), rebuild=True)


def lose(customer: Customer, when: datetime, reason: str, note: str = "") -> None:
    Loss.objects.create(customer=customer, lost_at=when, reason=reason, note=note)
    tenures.rebuild([customer.pk])


def test_each_loss_counts_by_its_reason_once() -> None:
    lose(customer(), at(6, 5), "service", "Nobody called me back")
    lose(customer(), at(6, 9), "service")
    lose(customer(), at(6, 10), "moved")
    customer()  # stays
    back = customer()  # lost, and back before the end
    lose(back, at(6, 3), "product")
    buy(back, at(6, 20))
    twice = customer()  # of two losses the last one counts
    lose(twice, at(6, 3), "product")
    buy(twice, at(6, 8))
    lose(twice, at(6, 25), "competitor_price")
    lose(customer(at(6, 2)), at(6, 12), "no_need")  # came and went: none at the start

    result = measured("churn_reasons", JUNE)

    assert result.value == 4
    assert result.parts["by_reason"] == {"competitor_price": 1, "moved": 1, "service": 2}
    assert result.value == measured("customer_churn", JUNE).numerator
    (rows,) = reading.rows(find("churn_reasons"), JUNE, "numerator", now=LATER)
    assert next(row.end_note for row, _added in rows) == "Nobody called me back"


def test_nobody_lost_is_none_and_nobody_to_lose_is_undefined() -> None:
    assert measured("churn_reasons", JUNE).status == "no_customers_at_start"
    customer()
    assert measured("churn_reasons", JUNE).value == 0


def test_who_bought_again_was_not_lost() -> None:
    SilenceRule.objects.create(since=date(2020, 1, 1), days=30)
    customer(at(5, 10))  # gone on 9 June
    customer(at(5, 11), at(8, 1))  # gone on 10 June, bought again
    customer(at(5, 12), at(6, 5))  # gone on 5 July
    customer(at(4, 2), at(5, 20))  # in May, and in June again: once
    lose(customer(at(5, 15)), at(6, 2), "service")  # not by silence

    result = measured("false_lost_rate", JUNE)

    assert (result.numerator, result.denominator) == (1, 3)
    quarter = Period(date(2026, 4, 1), date(2026, 7, 1), ZoneInfo("UTC"))
    assert measured("false_lost_rate", quarter).value == Fraction(2, 3)


def test_what_happened_is_another_share_than_what_a_choice_of_days_would_have_said(
    agent_client: Client,
) -> None:
    """The figure takes the rule as it was and contracts too; the table any rule, and orders alone."""
    SilenceRule.objects.create(since=date(2020, 1, 1), days=30)
    customer(at(5, 10))
    back = customer(at(5, 11))
    ContractFactory(customer=back, starts_on=date(2026, 8, 1), rebuild=True)
    assert measured("false_lost_rate", JUNE).value == Fraction(1, 2)
    assert pauses.losses([30], at(8, 2)) == [(30, 2, 0)]
    page = agent_client.get("/metrics/false_lost_rate/")
    assertContains(page, "the table beside the silence rule tells what each choice of days")


def test_a_purchase_revises_the_month_of_the_silence_before_it() -> None:
    SilenceRule.objects.create(since=date(2020, 1, 1), days=30)
    gone = customer(at(5, 10))
    actions.refresh(now=at(8, 2))
    assert _stored("false_lost_rate").numerator == "0"
    buy(gone, at(8, 1))
    assert Mark.objects.filter(fact="loss", from_at=at(5, 10) + timedelta(days=30)).exists()
    actions.refresh(now=at(8, 2))
    assert _stored("false_lost_rate").numerator == "1"
    assert _stored("false_lost_rate").is_revision


def test_a_reason_told_later_revises_its_month() -> None:
    left = customer()
    lose(left, at(6, 5), "unknown")
    actions.refresh(now=at(8, 2))
    Loss.objects.update(reason="moved")
    tenures.rebuild([left.pk])
    actions.refresh(now=at(8, 2))
    assert _stored("churn_reasons").parts["by_reason"] == {"moved": 1}


def _stored(kpi: str) -> Snapshot:
    return Snapshot.objects.get(kpi=kpi, grain="month", starts_on="2026-06-01", is_current=True)


def test_formulas_without_a_database() -> None:
    assert churn_reasons({"moved": 2, "service": 1}, customers_at_start=9).value == 3
    assert churn_reasons({}, customers_at_start=0).status == "no_customers_at_start"
    assert false_lost_rate(1, 4).value == Fraction(1, 4)
    assert false_lost_rate(0, 0).status == "none_lost_by_silence"
