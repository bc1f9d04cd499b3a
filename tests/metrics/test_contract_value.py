"""What contracts keep of their value: worked by hand, from the tables, with the rows behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm import tenures
from crm.models import Contract, Customer, Loss
from metrics import reading
from metrics.definitions import find
from metrics.formulas import RatioSums
from metrics.formulas.contracts import Recurring, revenue_churn_gross, revenue_retention_net
from metrics.periods import Period
from staff.models import Business
from tests.factories import ContractFactory, CustomerFactory, TenureSpanFactory
from tests.metrics.asking import measured

JUNE = Period(date(2026, 6, 1), date(2026, 7, 1), ZoneInfo("UTC"))


@pytest.fixture(autouse=True)
def utc(business: Business) -> None:
    business.time_zone = "UTC"
    business.save()


def holder(**values: Any) -> Customer:
    """A customer with one contract from January on, unless told otherwise."""
    customer: Customer = CustomerFactory()
    contract(customer, **values)
    return customer


def contract(customer: Customer, amount: int | str = 100, **values: Any) -> Contract:
    values = {"starts_on": date(2026, 1, 1), "rebuild": True} | values
    made: Contract = ContractFactory(customer=customer, amount=Decimal(amount), **values)
    return made


def test_worked_by_hand() -> None:
    holder()  # 100 → 100
    holder(amount=240, interval="year")  # 20 → 20: a twelfth of a year
    holder(amount=60, ends_on=date(2026, 6, 15))  # 60 → 0
    holder(amount=80, cancelled_on=date(2026, 7, 1))  # 80 → 80: it ends at the very end
    shrunk = holder(amount=90, ends_on=date(2026, 6, 10))  # 90 → 50
    contract(shrunk, 50, starts_on=date(2026, 6, 10))
    grown = holder(amount=30)  # 30 → 70
    contract(grown, 40, starts_on=date(2026, 6, 20))
    holder(amount=500, starts_on=date(2026, 6, 1))  # begins at the start: new, counts in neither

    gross = measured("revenue_churn_gross", JUNE)
    assert (gross.numerator, gross.denominator) == (60 + 40, 100 + 20 + 60 + 80 + 90 + 30)
    assert gross.value == Fraction(100, 380)
    assert gross.n == 6

    net = measured("revenue_retention_net", JUNE)
    assert (net.numerator, net.denominator) == (100 + 20 + 80 + 50 + 70, 380)
    # The interval is that of a ratio of sums over customers.
    pairs = [(100, 100), (20, 20), (0, 60), (80, 80), (50, 90), (70, 30)]
    sums = RatioSums(
        n=6,
        x=Fraction(320),
        y=Fraction(380),
        xx=sum(x * x for x, _y in pairs),
        xy=sum(x * y for x, y in pairs),
        yy=sum(y * y for _x, y in pairs),
    )
    assert net.ci == pytest.approx(sums.interval())
    assert net.ci_method == "delta_ratio_t95"


def test_a_contract_that_ended_as_the_period_begins_is_a_loss_of_it() -> None:
    holder(amount=10, ends_on=date(2026, 6, 1))
    assert measured("revenue_churn_gross", JUNE).value == 1
    assert measured("revenue_retention_net", JUNE).value == 0


def test_who_left_pays_nothing_though_the_contract_says_so() -> None:
    customer = holder(amount=10)
    holder(amount=30)
    Loss.objects.create(
        customer=customer, lost_at=datetime(2026, 6, 9, tzinfo=UTC), reason="service"
    )
    tenures.rebuild([customer.pk])
    assert measured("revenue_churn_gross", JUNE).value == Fraction(1, 4)
    assert measured("revenue_retention_net", JUNE).value == Fraction(3, 4)


def test_without_contracts_or_a_rate_it_is_undefined() -> None:
    TenureSpanFactory(started_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert measured("revenue_churn_gross", JUNE).status == "no_opening_revenue"
    holder(amount=10)
    holder(amount=10, currency="USD", rate=None)
    result = measured("revenue_retention_net", JUNE)
    assert (result.status, result.value) == ("missing_fx_rate", None)
    assert result.parts["missing_rates"] == 1


def test_the_business_s_own_midnight_decides(business: Business) -> None:
    business.time_zone = "America/Sao_Paulo"
    business.save()
    holder(amount=10, ends_on=date(2026, 5, 31))
    holder(amount=20)
    june = Period(date(2026, 6, 1), date(2026, 7, 1), business.zone)
    assert measured("revenue_churn_gross", june).denominator == 20


def test_a_running_period_ends_now() -> None:
    holder(amount=10, ends_on=date(2026, 6, 20))
    before, after = datetime(2026, 6, 19, 23, tzinfo=UTC), datetime(2026, 6, 20, 0, 1, tzinfo=UTC)
    assert measured("revenue_churn_gross", JUNE, now=before).value == 0
    assert measured("revenue_churn_gross", JUNE, now=after).value == 1


def test_the_rows_carry_money(business: Business) -> None:
    holder(amount=60, ends_on=date(2026, 6, 15))
    now = datetime(2026, 8, 1, tzinfo=UTC)
    for side in ("numerator", "denominator"):
        (rows,) = reading.rows(find("revenue_churn_gross"), JUNE, side, now=now)  # type: ignore[arg-type]
        assert rows.in_money
        assert [added for _row, added in rows] == [60]


def test_formulas_without_a_database() -> None:
    nothing = RatioSums(0, Fraction(0), Fraction(0), 0, 0, 0)
    assert revenue_churn_gross(Recurring(nothing, nothing)).status == "no_opening_revenue"
    one = RatioSums(1, Fraction(30), Fraction(20), 900, 600, 400)
    result = revenue_retention_net(Recurring(nothing, one))
    assert (result.value, result.ci) == (Fraction(3, 2), None)
