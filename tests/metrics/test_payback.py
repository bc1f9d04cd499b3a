"""What winning a customer costs against what one brings: worked by hand, with the rows behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from crm import tenures
from crm.models import Customer
from metrics import actions
from metrics.checks import beside, of_cac
from metrics.definitions import find
from metrics.formulas import OrderSums, cac, undefined
from metrics.formulas.payback import cac_payback, ltv_cac
from metrics.formulas.results import Result
from metrics.models import Grain
from metrics.periods import Period
from staff.models import Business
from tests.factories import (
    ContractFactory,
    CostFactory,
    CustomerFactory,
    InteractionFactory,
    OrderFactory,
    ResponseFactory,
    TenureSpanFactory,
)
from tests.metrics.asking import measured

JUNE = Period(date(2026, 6, 1), date(2026, 7, 1), ZoneInfo("UTC"))


@pytest.fixture(autouse=True)
def utc(business: Business) -> None:
    business.time_zone = "UTC"
    business.save()


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def customer(since: datetime, **values: object) -> Customer:
    made: Customer = CustomerFactory(created_at=since, **values)
    TenureSpanFactory(customer=made, started_at=since)
    return made


def buy(customer: Customer, when: datetime, total: int, cost: int | None = 0) -> None:
    OrderFactory(
        customer=customer,
        ordered_at=when,
        total=Decimal(total),
        cost=None if cost is None else Decimal(cost),
        rebuild=True,
    )


@pytest.mark.parametrize("kpi", ["cac_payback", "contact_frequency", "ltv_churn", "ltv_cac"])
def test_a_period_that_has_only_just_begun_is_no_fault(kpi: str) -> None:
    """A refresh may come in the first second of a day."""
    buy(customer(at(5, 1)), at(6, 10), 100)
    for later in (timedelta(0), timedelta(milliseconds=300)):
        assert measured(kpi, JUNE, now=JUNE.start + later).value is None


def test_the_share_of_new_customers_whom_somebody_brought() -> None:
    old = customer(at(1, 1))
    customer(at(6, 2), referred_by=old)
    customer(at(6, 3))
    customer(at(6, 4))
    customer(at(5, 4), referred_by=old)
    result = measured("referral_share", JUNE)
    assert (result.numerator, result.denominator) == (1, 3)
    none = Period(date(2026, 8, 1), date(2026, 9, 1), JUNE.zone)
    assert measured("referral_share", none).status == "no_new_customers"


def test_months_until_a_customer_has_paid_back() -> None:
    old, new = customer(at(1, 1)), customer(at(6, 2))
    CostFactory(amount=Decimal(300), on=date(2026, 6, 3))
    CostFactory(amount=Decimal(60), on=date(2026, 6, 20), until=date(2026, 7, 20))
    buy(old, at(6, 5), 150, 60)
    buy(new, at(6, 6), 50, 40)
    # CAC 300 + 60 × 11/30 = 322 for one; 200 ÷ 2 customers a month at a margin of one half: 50.
    result = measured("cac_payback", JUNE)
    assert result.parts["cac"] == 322
    assert result.parts["gross_margin"] == Fraction(1, 2)
    assert result.value == Fraction(322, 50)

    quarter = Period(date(2026, 4, 1), date(2026, 7, 1), JUNE.zone)
    assert measured("cac_payback", quarter).parts["monthly_income"] == Fraction(200, 2 * 3)


def test_lifetime_value_against_cac() -> None:
    first = datetime(2025, 7, 1, tzinfo=UTC)
    old = customer(first)
    customer(datetime(2026, 6, 1, tzinfo=UTC))
    CostFactory(amount=Decimal(200), on=date(2026, 6, 3))
    buy(old, at(3, 1), 900)
    buy(old, at(6, 5), 300)
    result = measured("ltv_cac", JUNE)
    ltv = measured("ltv_annual", JUNE)
    assert ltv.value is not None
    assert ltv.parts["annual_revenue"] == 600
    assert result.value == ltv.value / 200
    assert result.parts == {"ltv": ltv.value, "cac": 200}


def money(amount: int) -> Result:
    return Result("ok", Fraction(amount), "money", Fraction(amount), Fraction(1), 1)


@pytest.mark.parametrize(
    ("cost", "income", "orders", "status"),
    [
        (undefined("no_new_customers", unit="money"), money(5), (100, 0), "cac_undefined"),
        (undefined("missing_fx_rate", unit="money"), money(5), (100, 0), "missing_fx_rate"),
        (money(5), undefined("no_customers_served", unit="money"), (100, 0), "no_customers_served"),
        (money(5), money(5), (100, 100), "no_margin"),
        (money(5), money(5), (100, 130), "no_margin"),
        (money(5), money(5), (0, 0), "no_income"),
        (money(0), money(5), (100, 0), "ok"),
    ],
)
def test_payback_is_undefined_for_a_reason(
    cost: Result, income: Result, orders: tuple[int, int], status: str
) -> None:
    own = OrderSums(Fraction(orders[0]), 1, 1, Fraction(orders[1]))
    result = cac_payback(cost, income, own)
    assert result.status == status
    assert (result.value is None) == (status != "ok")


def test_without_costs_of_goods_the_margin_is_unknown() -> None:
    own = OrderSums(Fraction(10), 1, 1, missing_costs=1)
    assert cac_payback(money(5), money(5), own).status == "missing_costs"
    assert cac_payback(money(5), money(5), OrderSums(Fraction(0), 0, 0)).status == "no_orders"


def test_the_founding_example_against_its_cac() -> None:
    assert ltv_cac(money(47_000), money(3_000)).value == Fraction(47, 3)
    assert ltv_cac(money(47_000), money(0)).status == "zero_cac"
    assert ltv_cac(money(47_000), cac({}, new_customers=0)).status == "cac_undefined"
    assert ltv_cac(undefined("missing_fx_rate", unit="money"), money(1)).status == "missing_fx_rate"


def test_cac_is_held_against_the_average_ticket_and_lifetime_value() -> None:
    ticket, value = of_cac(Fraction(300), average_ticket=Fraction(200), ltv=Fraction(900))
    assert (ticket.holds, value.holds) == (False, True)
    unknown, equal = of_cac(300.0, average_ticket=None, ltv=300.0)
    assert (unknown.holds, equal.holds) == (None, False)


def test_the_checks_of_a_period_stored_or_not() -> None:
    one = customer(at(6, 2))
    CostFactory(amount=Decimal(300), on=date(2026, 6, 3))
    buy(one, at(6, 5), 200)
    june = replace(JUNE, grain=Grain.MONTH)
    actions.refresh(now=at(8, 2))
    for period in (june, JUNE):
        checks = beside(find("cac"), period, now=at(8, 2))
        assert [(check.limit_of.kpi, check.holds) for check in checks] == [
            ("average_ticket", False),
            ("ltv_annual", False),
        ]
        assert checks[0].limit == 200
    assert beside(find("nps"), june, now=at(8, 2)) == []


# --- Income at risk ---------------------------------------------------------------------------


def in_touch(*customers: Customer) -> None:
    for one in customers:
        InteractionFactory(customer=one, occurred_at=at(6, 15))


def test_income_at_risk_counts_each_customer_once() -> None:
    unhappy, quiet, ending, safe, gone = (customer(at(1, 1)) for _ in range(5))
    for one, total in ((unhappy, 100), (quiet, 50), (ending, 30), (safe, 1000), (gone, 7)):
        buy(one, at(2, 1), total)
    buy(safe, datetime(2025, 6, 30, 12, tzinfo=UTC), 5000)  # longer ago than twelve months
    in_touch(unhappy, ending, safe, gone)
    ResponseFactory(customer=unhappy, score=10, answered_at=at(3, 1))
    ResponseFactory(customer=unhappy, score=3, answered_at=at(6, 1))
    ResponseFactory(customer=safe, score=3, answered_at=at(3, 1))
    ResponseFactory(customer=safe, score=9, answered_at=at(6, 1))  # has come round
    for one, until in ((ending, date(2026, 9, 28)), (safe, date(2026, 9, 29))):
        ContractFactory(customer=one, ends_on=until, rebuild=True)
    ContractFactory(customer=unhappy, ends_on=date(2026, 8, 1), rebuild=True)  # two risks in one
    gone.tenure_spans.update(ended_at=at(6, 20))
    gone.orders.update(ordered_at=datetime(2025, 12, 1, tzinfo=UTC))
    tenures.rebuild([gone.pk])

    result = measured("income_at_risk", JUNE)

    assert result.value == 100 + 50 + 30
    assert result.n == 3
    assert result.parts["from_detractors"] == 100
    assert result.parts["from_quiet"] == 50
    assert result.parts["from_ending"] == 130
    assert result.parts["share_at_risk"] == Fraction(180, 1180)


def test_a_renewed_contract_is_no_risk_and_nobody_at_risk_is_none() -> None:
    assert measured("income_at_risk", JUNE).status == "no_customers_at_end"
    one = customer(at(1, 1))
    buy(one, at(2, 1), 100)
    in_touch(one)
    old = ContractFactory(customer=one, ends_on=date(2026, 8, 1), rebuild=True)
    assert measured("income_at_risk", JUNE).value == 100
    old.renewed_by = ContractFactory(customer=one, starts_on=date(2026, 8, 1))
    old.save()
    assert measured("income_at_risk", JUNE).value == 0
    assert measured("income_at_risk", JUNE, silent_days="5").value == 100


def test_whole_days_decide_who_is_silent() -> None:
    one = customer(at(1, 1))
    buy(one, at(2, 1), 100)
    # Ninety days before 1 July begin with 2 April.
    call = InteractionFactory(customer=one, occurred_at=datetime(2026, 4, 2, tzinfo=UTC))
    assert measured("income_at_risk", JUNE).value == 0
    call.occurred_at -= timedelta(seconds=1)
    call.save()
    assert measured("income_at_risk", JUNE).value == 100
