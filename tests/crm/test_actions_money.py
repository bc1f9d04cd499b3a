"""Orders, contracts and costs: kept exactly, corrected in view, with tenures that follow."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from crm import actions, money
from crm.actions.contracts import (
    AlreadyCancelled,
    AlreadyEnded,
    AlreadyRenewed,
    AmountBelowZero,
    EndsBeforeStart,
)
from crm.actions.costs import CostGone, UntilBeforeOn
from crm.actions.orders import CostBelowZero, OrderedInFuture, OrderGone, OrderKnown
from crm.models import Contract, Cost, Customer, Interaction, Order
from staff.currency import currency_is_fixed
from staff.models import AuditEntry, User
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def customer(agent: User) -> Customer:
    return CustomerFactory(name="Padaria do João", owner=agent)


def audited(action: str) -> AuditEntry:
    [entry] = AuditEntry.objects.filter(action=action)
    return entry


# --- Orders --------------------------------------------------------------------------------


def test_a_purchase_makes_a_customer_at_once_and_is_on_the_timeline(
    customer: Customer, agent: User
) -> None:
    at = timezone.now() - timedelta(days=2)
    order = actions.record_order(
        customer=customer, total=D("99.99"), cost=D(40), ordered_at=at, by=agent
    )
    order.refresh_from_db()
    assert (order.currency, order.rate, order.total_micros, order.cost_micros) == (
        "BRL",
        1,
        99_990_000,
        40_000_000,
    )
    assert (customer.stage, customer.last_order_at) == ("customer", at)
    [logged] = Interaction.objects.all()
    assert (logged.kind, logged.direction, logged.about_id) == ("order", "in", order.pk)
    assert logged.occurred_at == at
    assert audited("order.create").changes["total"] == [None, "99.99"]


def test_a_refund_is_no_purchase(customer: Customer, agent: User) -> None:
    actions.record_order(customer=customer, total=D(-5), by=agent)
    assert (customer.stage, customer.last_order_at) == ("lead", None)
    assert Interaction.objects.get().direction == ""


def test_a_foreign_order_keeps_its_rate_or_that_it_is_unknown(
    customer: Customer, agent: User
) -> None:
    known = actions.record_order(
        customer=customer, total=D(10), currency="eur", rate=D("6.15"), by=agent
    )
    unknown = actions.record_order(customer=customer, total=D(10), currency="EUR", by=agent)
    for order in (known, unknown):
        order.refresh_from_db()
    assert (known.currency, known.total_micros) == ("EUR", 61_500_000)
    assert (unknown.rate, unknown.total_micros) == (None, None)


@pytest.mark.parametrize(
    ("refusal", "values"),
    [
        (money.AmountTooLarge, {"total": D("1e9")}),
        (money.AmountTooLarge, {"total": D("NaN")}),
        (money.AmountTooLarge, {"total": D("1e8"), "currency": "EUR", "rate": D(100)}),
        (money.AmountTooLarge, {"total": D(1), "currency": "EUR", "rate": D("1e6")}),
        (money.RateNotPositive, {"total": D(1), "currency": "EUR", "rate": D(0)}),
        (money.RateNotPositive, {"total": D(1), "currency": "EUR", "rate": D("0.000000001")}),
        (money.OwnCurrencyHasNoRate, {"total": D(1), "currency": "BRL", "rate": D(2)}),
        (OrderedInFuture, {"total": D(1), "ordered_at": datetime(2100, 1, 1, tzinfo=UTC)}),
        (CostBelowZero, {"total": D(1), "cost": D(-1)}),
    ],
    ids=str,
)
def test_what_can_not_be_kept_is_refused(
    customer: Customer, agent: User, refusal: type[Exception], values: dict[str, Any]
) -> None:
    with pytest.raises(refusal):
        actions.record_order(customer=customer, by=agent, **values)
    assert not Order.objects.exists()


def test_the_largest_amount_is_kept_exactly(customer: Customer, agent: User) -> None:
    order = actions.record_order(customer=customer, total=money.MOST, by=agent)
    order.refresh_from_db()
    assert order.total_micros == 999_999_999_990_000


def test_the_same_order_is_recorded_once(customer: Customer, agent: User) -> None:
    key = {"external_source": "shop", "external_id": "1", "total": D(1)}
    actions.record_order(customer=customer, by=agent, **key)
    with pytest.raises(OrderKnown):
        actions.record_order(customer=customer, by=agent, **key)
    assert Interaction.objects.count() == 1


def test_a_correction_moves_the_tenure_and_is_audited(customer: Customer, agent: User) -> None:
    order = actions.record_order(customer=customer, total=D(10), by=agent)
    earlier = order.ordered_at - timedelta(days=400)
    actions.correct_order(order=order, ordered_at=earlier, by=agent)
    customer.refresh_from_db()
    assert (customer.stage, customer.first_order_at) == ("lost", earlier)
    assert list(audited("order.correct").changes) == ["ordered_at"]
    actions.correct_order(order=order, ordered_at=earlier, by=agent)
    assert audited("order.correct")


def test_deleting_an_order_takes_it_out_of_everything(customer: Customer, agent: User) -> None:
    order = actions.record_order(customer=customer, total=D(10), by=agent)
    actions.delete_order(order=order, by=agent)
    customer.refresh_from_db()
    assert (customer.stage, customer.last_order_at) == ("lead", None)
    assert not Interaction.objects.exists()
    assert audited("order.delete").changes["total"] == ["10.00", None]
    for again in (actions.delete_order, actions.correct_order):
        with pytest.raises(OrderGone):
            again(order=order, by=agent)


# --- Contracts -----------------------------------------------------------------------------


def test_a_contract_makes_a_customer_while_it_runs(customer: Customer, agent: User) -> None:
    today = timezone.localdate()
    contract = actions.create_contract(
        customer=customer, starts_on=today - timedelta(days=40), amount=D(80), by=agent
    )
    assert customer.stage == "customer"
    assert actions.can_cancel(contract)
    contract = actions.cancel_contract(
        contract=contract,
        cancelled_on=today - timedelta(days=1),
        reason="competitor_price",
        by=agent,
    )
    customer.refresh_from_db()
    [tenure] = customer.tenures.all()
    assert (customer.stage, tenure.end_reason) == ("lost", "competitor_price")
    assert not actions.can_cancel(contract)
    with pytest.raises(AlreadyCancelled):
        actions.cancel_contract(contract=contract, by=agent)
    assert audited("contract.cancel").changes["reason"] == ["", "competitor_price"]
    begun, ended = Interaction.objects.filter(kind="contract").order_by("pk")
    assert "cancelled" not in begun.summary
    assert ended.summary.startswith("Contract cancelled from ")


def test_contracts_that_can_not_be_are_refused(customer: Customer, agent: User) -> None:
    today = timezone.localdate()
    for refusal, values in [
        (EndsBeforeStart, {"amount": D(1), "ends_on": today}),
        (AmountBelowZero, {"amount": D(-1)}),
        (money.AmountTooLarge, {"amount": D("1e13")}),
    ]:
        with pytest.raises(refusal):
            actions.create_contract(customer=customer, starts_on=today, by=agent, **values)
    assert not Contract.objects.exists()


def test_a_renewal_follows_one_contract_once(customer: Customer, agent: User) -> None:
    today = timezone.localdate()
    first = actions.create_contract(
        customer=customer,
        starts_on=today - timedelta(days=365),
        ends_on=today,
        amount=D(80),
        by=agent,
    )
    second = actions.create_contract(
        customer=customer, starts_on=today, amount=D(90), renews=first, by=agent
    )
    first.refresh_from_db()
    assert first.renewed_by == second
    assert customer.tenures.count() == 1
    with pytest.raises(AlreadyRenewed):
        actions.create_contract(
            customer=customer, starts_on=today, amount=D(90), renews=first, by=agent
        )
    with pytest.raises(AlreadyEnded):
        actions.cancel_contract(contract=first, by=agent)


def test_a_changed_contract_moves_the_tenure(customer: Customer, agent: User) -> None:
    today = timezone.localdate()
    contract = actions.create_contract(
        customer=customer, starts_on=today - timedelta(days=9), amount=D(80), by=agent
    )
    actions.update_contract(contract=contract, ends_on=today - timedelta(days=1), by=agent)
    customer.refresh_from_db()
    assert customer.stage == "lost"
    assert list(audited("contract.update").changes) == ["ends_on"]


# --- Costs ---------------------------------------------------------------------------------


def test_costs_are_recorded_corrected_and_deleted(customer: Customer, agent: User) -> None:
    on = date(2026, 1, 1)
    cost = actions.record_cost(
        purpose="acquisition", amount=D("120.50"), on=on, source="web", customer=customer, by=agent
    )
    cost.refresh_from_db()
    assert (cost.category, cost.amount_micros, cost.currency) == ("other", 120_500_000, "BRL")
    actions.correct_cost(cost=cost, amount=D(100), until=date(2026, 2, 1), by=agent)
    assert audited("cost.correct").changes == {
        "amount": ["120.50", "100.00"],
        "until": [None, "2026-02-01"],
    }
    with pytest.raises(UntilBeforeOn):
        actions.correct_cost(cost=cost, until=on, by=agent)
    actions.delete_cost(cost=cost, by=agent)
    assert audited("cost.delete").changes["amount"] == ["100.00", None]
    with pytest.raises(CostGone):
        actions.delete_cost(cost=cost, by=agent)
    assert not Cost.objects.exists()


def test_the_first_amount_fixes_the_currency(agent: User) -> None:
    assert not currency_is_fixed()
    actions.record_cost(purpose="training", amount=D(1), on=date(2026, 1, 1), by=agent)
    assert currency_is_fixed()
