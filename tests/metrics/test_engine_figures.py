"""Figures from the tables, worked out by hand beside them; and their rows add up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from crm import tenures
from crm.models import Customer, Order
from metrics import actions, reading
from metrics.definitions import find
from metrics.facts import Facts
from metrics.models import Grain, Snapshot
from metrics.periods import Period, Window, containing
from staff.models import Business
from tests.factories import (
    CostFactory,
    CustomerFactory,
    InvitationFactory,
    OrderFactory,
    ResponseFactory,
    TenureSpanFactory,
)
from tests.metrics import tables
from tests.metrics.test_formulas import count_tenures

NOW = datetime(2026, 3, 18, 15, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1), ZONE, Grain.MONTH)


def at(month: int, day: int, hour: int = 15) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def customer(since: datetime, **values: Any) -> Customer:
    found: Customer = CustomerFactory(created_at=since, **values)
    return found


def nps_answer(score: int, when: datetime, **values: Any) -> None:
    ResponseFactory(score=score, answered_at=when, customer=customer(when), **values)


def stored(kpi: str, period: Period) -> Snapshot:
    return Snapshot.objects.get(
        kpi=kpi, grain=period.grain, starts_on=period.starts_on, is_current=True
    )


def measured(kpi: str, period: Period = FEBRUARY, now: datetime = NOW, **params: str) -> Any:
    definition = find(kpi)
    return reading.measured(definition, period, now=now, params=definition.parse(params))


def added(kpi: str, side: Any, period: Period = FEBRUARY, now: datetime = NOW) -> Fraction:
    sections = reading.rows(find(kpi), period, side, now=now)
    return sum((section.total() for section in sections), Fraction(0))


def test_a_cost_over_several_days_counts_by_days(business: Business) -> None:
    TenureSpanFactory(customer=customer(at(2, 5)), started_at=at(2, 5))
    # 40 days from 20 January: 12 of them in January, 28 in February.
    CostFactory(amount=Decimal(400), on=date(2026, 1, 20), until=date(2026, 3, 1))
    assert measured("cac").value == 280
    assert added("cac", "numerator") == 280
    CostFactory(amount=Decimal("0.10"), on=date(2026, 2, 27), until=date(2026, 3, 2))
    assert measured("cac").value == 280 + Fraction(2, 30)
    assert added("cac", "numerator") == 280 + Fraction(2, 30)


def test_a_cost_ends_before_its_until(business: Business) -> None:
    TenureSpanFactory(customer=customer(at(2, 5)), started_at=at(2, 5))
    CostFactory(amount=Decimal(10), on=date(2026, 1, 22), until=date(2026, 2, 1))
    CostFactory(amount=Decimal(7), on=date(2026, 2, 28))
    CostFactory(amount=Decimal(5), on=date(2026, 3, 1))
    assert measured("cac").numerator == 7


def test_a_missing_rate_undoes_every_figure_that_it_touches(business: Business) -> None:
    buyer = customer(at(2, 5))
    OrderFactory(customer=buyer, ordered_at=at(2, 5), cost=Decimal(1), rate=None, currency="USD")
    OrderFactory(customer=buyer, ordered_at=at(2, 6), cost=Decimal(1))
    tenures.rebuild([buyer.pk])
    CostFactory(on=date(2026, 2, 3), rate=None, currency="USD")
    kpis = ("average_ticket", "income_per_customer", "ltv_margin", "ltv_annual", "cps", "cac")
    for kpi in kpis:
        result = measured(kpi)
        assert (result.status, result.value) == ("missing_fx_rate", None), kpi
    actions.refresh(now=NOW)
    assert stored("average_ticket", FEBRUARY).status == "missing_fx_rate"


def test_a_refund_lowers_income_and_is_no_order(business: Business) -> None:
    buyer = customer(at(2, 5))
    OrderFactory(customer=buyer, ordered_at=at(2, 5), total=Decimal(100))
    OrderFactory(customer=buyer, ordered_at=at(2, 6), total=Decimal(50))
    OrderFactory(customer=buyer, ordered_at=at(2, 7), total=Decimal("-30.50"))
    OrderFactory(customer=buyer, ordered_at=at(2, 8), total=Decimal(0))
    ticket = measured("average_ticket")
    assert (ticket.numerator, ticket.denominator) == (Fraction(239, 2), 2)
    assert ticket.parts["refunds"] == Fraction(-61, 2)
    assert added("average_ticket", "numerator") == ticket.numerator
    assert added("average_ticket", "denominator") == 2


def test_income_of_others_is_shown_as_the_remainder(business: Business) -> None:
    buyer, gone = customer(at(2, 1)), customer(at(1, 1))
    OrderFactory(customer=buyer, ordered_at=at(2, 5), total=Decimal(80))
    tenures.rebuild([buyer.pk])
    OrderFactory(customer=gone, ordered_at=at(2, 5), total=Decimal(-30))
    result = measured("income_per_customer")
    assert (result.value, result.parts["income_of_others"]) == (80, -30)
    assert added("income_per_customer", "numerator") == 80


def test_the_latest_valid_answer_of_a_customer_counts(business: Business) -> None:
    one, two = customer(at(1, 1)), customer(at(1, 1))
    for who, score, when in ((one, 0, at(2, 3)), (one, 10, at(2, 9)), (two, 3, at(2, 9))):
        ResponseFactory(customer=who, score=score, answered_at=when)
    ResponseFactory(
        customer=one,
        score=None,
        answered_at=at(2, 20),
        validity="invalid",
        validity_reason="no_score",
    )
    ResponseFactory(customer=two, score=10, answered_at=at(2, 20), validity="held")
    ResponseFactory(customer=None, score=0, answered_at=at(2, 20), origin="public_link")
    result = measured("nps")
    assert (result.value, result.n, result.parts["invalid"]) == (0, 2, 1)
    every = measured("nps", one_per_customer="false")
    assert (every.value, every.n) == (Fraction(-100, 3), 3)


def test_of_two_answers_at_the_same_instant_the_later_row_counts(business: Business) -> None:
    one = customer(at(1, 1))
    for score in (0, 10):
        ResponseFactory(customer=one, score=score, answered_at=at(2, 3))
    assert measured("nps").value == 100
    assert added("nps", "numerator") == 1


def test_another_scale_reads_what_the_usual_one_set_aside(business: Business) -> None:
    given = [
        {"customer": f"c{score}", "at": "2026-02-10T12:00:00Z", "score": score}
        for score in (2, 8, 9, 10, 11)
    ]
    tables.add_responses("csat", given)
    usual = measured("csat")
    assert (usual.n, usual.parts["invalid"]) == (1, 4)
    wide = measured("csat", scale="10", satisfied_from="9")
    assert (wide.value, wide.n, wide.parts["invalid"]) == (Fraction(1, 2), 4, 1)


def test_the_response_rate_counts_by_date_of_sending(business: Business) -> None:
    answered, _silent, bounced = (InvitationFactory(created_at=at(2, 27)) for _ in range(3))
    type(bounced).objects.filter(pk=bounced.pk).update(bounced_at=at(2, 28))
    ResponseFactory(customer=answered.customer, invitation=answered, answered_at=at(3, 2))
    InvitationFactory(created_at=at(2, 27), sent_at=None)
    result = measured("response_rate")
    assert (result.value, result.n) == (Fraction(1, 2), 2)
    assert added("response_rate", "numerator") == 1
    assert added("response_rate", "denominator") == 2


def test_profitability_takes_service_costs_of_a_customer_and_of_nobody(business: Business) -> None:
    one, two = customer(at(2, 1)), customer(at(2, 1))
    OrderFactory(customer=one, ordered_at=at(2, 5), total=Decimal(300), cost=Decimal(100))
    OrderFactory(customer=two, ordered_at=at(2, 5), total=Decimal(90), cost=Decimal(50))
    common = {"purpose": "service", "on": date(2026, 2, 20)}
    CostFactory(**common, amount=Decimal(20), until=date(2026, 3, 8), customer=two)  # 9 of 16 days
    CostFactory(**common, amount=Decimal(10))
    result = measured("cps")
    cost = 150 + 20 * Fraction(9, 16) + 10
    assert (result.numerator, result.denominator) == (390 - cost, cost)
    assert result.n == 2
    assert result.ci is not None
    assert added("cps", "numerator") == result.numerator
    assert added("cps", "denominator") == result.denominator


def test_an_unknown_cost_of_goods_undoes_what_needs_it(business: Business) -> None:
    buyer = customer(at(2, 1))
    OrderFactory(customer=buyer, ordered_at=at(2, 5), cost=None)
    assert measured("ltv_margin").status == "missing_costs"
    assert measured("cps").status == "no_costs"
    OrderFactory(customer=buyer, ordered_at=at(2, 6), cost=Decimal(5))
    assert measured("cps").status == "missing_costs"
    assert measured("average_ticket").value == 100


def test_lifetime_value_from_the_tables(business: Business) -> None:
    """Annual income per customer × mean years so far − CAC."""
    stayed, left = customer(at(1, 1)), customer(at(1, 1))
    TenureSpanFactory(customer=stayed, started_at=datetime(2025, 3, 1, 3, tzinfo=UTC))
    TenureSpanFactory(
        customer=left,
        started_at=datetime(2025, 3, 1, 3, tzinfo=UTC),
        ended_at=datetime(2025, 8, 30, 15, tzinfo=UTC),  # half of the other's 365 days
    )
    newcomer = customer(at(2, 1))
    TenureSpanFactory(customer=newcomer, started_at=datetime(2026, 2, 28, 3, tzinfo=UTC))
    OrderFactory(customer=stayed, ordered_at=at(2, 5), total=Decimal(900))
    OrderFactory(customer=stayed, ordered_at=datetime(2025, 2, 5, tzinfo=UTC), total=Decimal(900))
    CostFactory(amount=Decimal(40), on=date(2026, 2, 3))
    result = measured("ltv_annual")
    seconds = 365 * 86400 + 365 * 43200 + 86400
    years = Fraction(seconds, 3 * 31_556_952)
    assert result.parts["years"] == years
    assert (result.numerator, result.denominator) == (900, 3)
    assert result.value == 300 * years - 40
    assert added("ltv_annual", "numerator") == 900
    assert added("ltv_annual", "denominator") == 3
    assert measured("ltv_annual", years="10").value == 3000 - 40


def test_lifetime_value_says_which_term_is_missing(business: Business) -> None:
    assert measured("ltv_annual").status == "no_customers_served"
    result = measured("ltv_annual", annual_revenue="5000", years="10")
    assert (result.status, result.parts["cac_status"]) == ("cac_undefined", "no_new_customers")


def test_value_by_churn_is_a_lower_bound_without_churn(business: Business) -> None:
    one = customer(at(1, 1))
    TenureSpanFactory(customer=one, started_at=at(1, 1))
    OrderFactory(customer=one, ordered_at=at(2, 5), total=Decimal(120))
    result = measured("ltv_churn")
    assert (result.status, result.parts["lower_bound"]) == ("zero_churn", 120)
    assert measured("ltv_churn", churn="0.05").value == 2400


def test_who_was_served_in_twelve_months_counts_once(business: Business) -> None:
    """Against a plain count over sets: customers who came, went and came back."""
    spans = [
        ("a", "2024-05-01", "2024-09-01"),
        ("a", "2025-06-01", "2025-07-01"),
        ("a", "2025-09-01", None),
        ("b", "2024-01-01", "2025-02-28"),
        ("b", "2026-02-10", "2026-02-20"),
        ("c", "2025-01-01", "2025-03-05"),
        ("c", "2025-12-01", "2026-01-01"),
        ("d", "2024-01-01", "2024-02-01"),
    ]
    rows = [
        {"customer": who, "start": f"{a}T12:00:00Z", "end": f"{z}T12:00:00Z" if z else None}
        for who, a, z in spans
    ]
    tables.add_spans(rows)
    days = [date(2025, 1, 1) + timedelta(days=9 * n) for n in range(50)]
    windows = [containing(day, Grain.DAY, ZONE).window(NOW) for day in days]
    windows[3], windows[30] = windows[30], windows[3]

    counted = [year.served for year in Facts(windows, as_of=NOW).years_behind]

    assert counted == [_served(rows, window.year_to_end()) for window in windows]


def _served(rows: list[dict[str, Any]], window: Window) -> int:
    return len(
        {
            row["customer"]
            for row in rows
            if tables.instant(row["start"]) < window.end
            and (row["end"] is None or tables.instant(row["end"]) >= window.start)
        }
    )


def test_money_is_exact_on_both_databases(business: Business) -> None:
    buyer = customer(at(2, 1))
    Order.objects.bulk_create(
        Order(
            customer=buyer,
            ordered_at=at(2, 5),
            total=Decimal("0.10"),
            rate=Decimal("5.4321"),
            currency="USD",
        )
        for _ in range(30)
    )
    assert measured("average_ticket").value == Fraction("0.54321"), connection.vendor


@pytest.mark.parametrize("seed", range(6))
def test_tenure_counts_agree_with_plain_sets(business: Business, seed: int) -> None:
    """Random comings and goings, over nested, overlapping and neighbouring windows."""
    random = Random(seed)
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    rows = []
    for who in range(25):
        day = random.randrange(60)
        for _ in range(random.randrange(1, 5)):
            length, gap = random.randrange(1, 60), random.randrange(1, 50)
            ended = None if random.random() < 0.1 else begin + timedelta(days=day + length)
            rows.append(
                {
                    "customer": f"c{who}",
                    "start": (begin + timedelta(days=day)).isoformat(),
                    "end": ended.isoformat() if ended else None,
                }
            )
            if ended is None:
                break
            day += length + gap
    tables.add_spans(rows)
    utc = ZoneInfo("UTC")  # so that many edges of tenures are edges of windows
    days = [(begin + timedelta(days=9 * n)).date() for n in range(20)]
    windows = [containing(day, grain, utc).window(NOW) for day in days for grain in Grain]

    counted = Facts(windows, as_of=NOW).tenure_counts

    assert counted == [count_tenures(rows, window.start, window.end) for window in windows]
