"""Orders, contracts and the costs ledger, typed in the reader's own way and taken back."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm import actions
from crm.models import Contract, Cost, Customer, Order
from staff.models import AuditEntry, ChangeSet, User
from tests.factories import ContractFactory, CostFactory, CustomerFactory

COSTS = reverse("crm:cost-list")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ada(business: object) -> Customer:
    customer: Customer = CustomerFactory(name="Ada Lovelace")
    return customer


def page(customer: Customer) -> str:
    return reverse("crm:customer", args=[customer.pk])


# --- Orders -------------------------------------------------------------------------------


def test_an_order_is_typed_in_the_readers_own_way(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    agent.language = "pt-br"
    agent.save()
    new = reverse("crm:order-create", args=[ada.pk])

    lately = f"{timezone.localdate() - timedelta(days=2)}T10:30"
    response = agent_client.post(new, {"total": "1.234,50", "ordered_at": lately})

    assertRedirects(response, page(ada))
    order = Order.objects.get()
    assert (order.total, order.currency) == (Decimal("1234.50"), "BRL")
    assert timezone.localtime(order.ordered_at, timezone.get_fixed_timezone(-180)).hour == 10
    ada.refresh_from_db()
    assert ada.stage == Customer.Stage.CUSTOMER


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"total": "twelve"}, "This is not an amount"),
        ({"total": ""}, "required"),
        ({"total": "5", "ordered_at": "2999-01-01T00:00"}, "in the future"),
        ({"total": "5", "ordered_at": "32/13/2026"}, "valid date"),
    ],
)
def test_a_refused_order_keeps_what_was_typed(
    agent_client: Client, ada: Customer, data: dict[str, str], words: str
) -> None:
    new = reverse("crm:order-create", args=[ada.pk])
    typed = {"ordered_at": "2026-11-01T10:30", "cost": "3.25", **data}

    response = agent_client.post(new, typed)

    assertContains(response, words)
    assertContains(response, 'value="3.25"')
    assert not Order.objects.exists()


def test_a_correction_touches_only_what_was_changed(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    order = actions.record_order(customer=ada, by=agent, total=Decimal(10))
    url = reverse("crm:order-edit", args=[order.pk])
    shown = re.search(r'value="([0-9-]+T[0-9:]+)"', agent_client.get(url).content.decode())
    assert shown

    agent_client.post(url, {"total": "12,50", "ordered_at": shown[1]})

    before = order.ordered_at
    order.refresh_from_db()
    assert order.total == Decimal("12.50")
    assert order.ordered_at == before


def test_a_deleted_order_comes_back_whole(agent_client: Client, agent: User, ada: Customer) -> None:
    order = actions.record_order(customer=ada, by=agent, total=Decimal(10))

    deleted = agent_client.post(reverse("crm:order-delete", args=[order.pk]), follow=True)

    assertContains(deleted, "The order is deleted.")
    ada.refresh_from_db()
    assert (ada.stage, ada.interactions.count()) == (Customer.Stage.LEAD, 0)

    agent_client.post(reverse("crm:undo", args=[ChangeSet.objects.get().pk]))

    ada.refresh_from_db()
    assert (ada.stage, ada.interactions.count()) == (Customer.Stage.CUSTOMER, 1)
    assert Order.objects.get().total == Decimal("10.00")


# --- Contracts ----------------------------------------------------------------------------


def test_a_contract_is_added_and_cancelled_with_its_reason(
    agent_client: Client, ada: Customer
) -> None:
    new = reverse("crm:contract-create", args=[ada.pk])
    data = {"amount": "50", "interval": "month", "starts_on": "2026-01-01"}
    assertContains(
        agent_client.post(new, {**data, "ends_on": "2025-12-31"}), "must be after Jan 1, 2026"
    )

    assertRedirects(agent_client.post(new, data), page(ada))
    contract = Contract.objects.get()
    cancel = reverse("crm:contract-cancel", args=[contract.pk])
    agent_client.post(cancel, {"cancelled_on": "2026-06-01", "reason": "service"})

    contract.refresh_from_db()
    assert (contract.cancelled_on, contract.reason) == (date(2026, 6, 1), "service")
    assertContains(agent_client.get(page(ada)), "service disappointed")
    # Not its code either, beside the contract.
    assertNotContains(agent_client.get(page(ada)), ">service<")
    again = agent_client.post(cancel, {"cancelled_on": "2026-06-01", "reason": "service"})
    assertContains(again, "cancelled already")


def test_a_reason_may_be_in_ones_own_words(agent_client: Client, ada: Customer) -> None:
    contract = ContractFactory(customer=ada)
    cancel = reverse("crm:contract-cancel", args=[contract.pk])

    agent_client.post(cancel, {"cancelled_on": "2026-06-01", "words": "Sold the bakery"})

    contract.refresh_from_db()
    assert contract.reason == "Sold the bakery"


# --- Costs --------------------------------------------------------------------------------


def test_the_ledger_adds_up_each_month_under_its_filters(read_only_client: Client) -> None:
    CostFactory(on=date(2026, 3, 2), amount=Decimal("10.10"))
    CostFactory(on=date(2026, 3, 9), amount=Decimal("20.20"), category="furgoneta")
    CostFactory(on=date(2026, 2, 1), amount=Decimal(5), purpose=Cost.Purpose.SERVICE)

    everything = read_only_client.get(COSTS)
    assert [month.total for month in everything.context["months"]] == [
        Decimal("30.30"),
        Decimal("5.00"),
    ]
    assertContains(everything, "March 2026")
    assertNotContains(everything, "Delete")

    some = read_only_client.get(COSTS, {"category": "furgoneta"}, headers=HTMX)
    assertNotContains(some, "<html")
    assertContains(some, "R$20.20")
    assertNotContains(some, "R$10.10")
    none = read_only_client.get(COSTS, {"purpose": "training"})
    assertContains(none, "No cost matches")


def test_a_cost_over_days_is_shared_by_them(read_only_client: Client) -> None:
    acquisition, service = Cost.Purpose.ACQUISITION, Cost.Purpose.SERVICE
    year = {"on": date(2026, 1, 1), "until": date(2027, 1, 1)}
    CostFactory(purpose=service, amount=Decimal(365), **year)
    CostFactory(purpose=acquisition, amount=Decimal(10), on=date(2026, 2, 28))
    CostFactory(purpose=acquisition, amount=Decimal(99), on=date(2025, 12, 31))
    CostFactory(purpose=Cost.Purpose.TRAINING, currency="USD", rate=None, on=date(2026, 3, 1))

    asked = {"since": "2026-02-01", "until": "2026-03-31"}
    response = read_only_client.get(COSTS, asked)

    spread = response.context["spread"]
    assert spread.months == [
        (date(2026, 3, 1), [0, 31, 0, None, None]),
        (date(2026, 2, 1), [10, 28, 0, 0, 38]),
    ]
    assert spread.totals == [10, 59, 0, None, None]
    assertNotContains(response, "R$99.00")
    assertContains(response, "R$38.00")
    part = read_only_client.get(COSTS, {"since": "2026-02-15", "until": "2026-02-20"})
    assert part.context["spread"].totals == [0, 6, 0, 0, 6]
    assert read_only_client.get(COSTS, {"since": "soon"}).status_code == 200


def test_a_month_with_an_unknown_rate_has_no_sum(read_only_client: Client) -> None:
    CostFactory(currency="USD", rate=None)

    assert read_only_client.get(COSTS).context["months"][0].total is None


def test_a_manager_writes_corrects_deletes_and_takes_back(manager_client: Client) -> None:
    data = {
        "amount": "1.234,56",
        "purpose": "acquisition",
        "category": "Advertising",
        "on": "2026-03-01",
        "until": "2026-03-31",
    }
    assertRedirects(manager_client.post(reverse("crm:cost-create"), data), COSTS)
    cost = Cost.objects.get()
    assert (cost.amount, cost.category) == (Decimal("1234.56"), "advertising")

    edit = reverse("crm:cost-edit", args=[cost.pk])
    assertContains(manager_client.get(edit), 'value="1,234.56"')
    manager_client.post(edit, {**data, "amount": "99", "category": "own word"})
    cost.refresh_from_db()
    assert (cost.amount, cost.category) == (Decimal("99.00"), "own word")

    deleted = manager_client.post(reverse("crm:cost-delete", args=[cost.pk]), follow=True)
    assertContains(deleted, "The cost is deleted.")
    assert not Cost.objects.exists()
    manager_client.post(reverse("crm:undo", args=[ChangeSet.objects.get().pk]))
    assert Cost.objects.get().amount == Decimal("99.00")


def test_another_cost_can_follow_at_once(manager_client: Client) -> None:
    data = {"amount": "5", "purpose": "service", "category": "tools", "on": "2026-03-01"}

    response = manager_client.post(reverse("crm:cost-create"), {**data, "another": "1"})

    assertRedirects(response, reverse("crm:cost-create"))


def test_agents_read_costs_but_write_none(agent_client: Client) -> None:
    cost = CostFactory()

    assertNotContains(agent_client.get(COSTS), "New cost")
    assert agent_client.get(reverse("crm:cost-create")).status_code == 403
    assert agent_client.post(reverse("crm:cost-delete", args=[cost.pk])).status_code == 403


def test_the_ledgers_queries_do_not_grow_with_costs(
    agent_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for month in range(1, 12):
        CostFactory(on=date(2026, month, 1), customer=CustomerFactory())
    # business, session, user, categories in use, page, the months' sums, how many, what days cost
    with django_assert_num_queries(8):
        agent_client.get(COSTS)


# --- Refunds, renewals and second thoughts ------------------------------------------------


def test_a_refund_is_filled_in_and_says_of_which_order(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    order = actions.record_order(
        customer=ada, by=agent, total=Decimal("12.50"), currency="USD", rate=Decimal(5)
    )
    assertContains(
        agent_client.get(reverse("crm:order-edit", args=[order.pk])), "Refund this order"
    )
    url = reverse("crm:order-refund", args=[order.pk])
    assertContains(agent_client.get(url), 'value="12.50"')

    refused = agent_client.post(url, {"total": "13", "ordered_at": "2026-11-01T10:30"})
    assertContains(refused, "at most what was paid", status_code=422)
    response = agent_client.post(
        url, {"total": "5", "ordered_at": timezone.now().isoformat()[:16]}, follow=True
    )

    refund = Order.objects.get(total__lt=0)
    assert (refund.total, refund.currency, refund.rate) == (Decimal(-5), "USD", Decimal(5))
    assertContains(response, "Refund of the order of")
    assertContains(response, "over $12.50")
    of_refund = reverse("crm:order-refund", args=[refund.pk])
    again = agent_client.post(of_refund, {"total": "5", "ordered_at": "2026-11-01T10:30"})
    assertContains(again, "at most what was paid", status_code=422)


def test_a_contract_is_changed_and_its_change_told(agent_client: Client, ada: Customer) -> None:
    contract = ContractFactory(customer=ada, amount=Decimal(50), starts_on=date(2026, 1, 1))
    url = reverse("crm:contract-edit", args=[contract.pk])
    assertContains(agent_client.get(url), 'value="50.00"')
    data = {"amount": "55", "interval": "month", "starts_on": "2026-01-01"}
    refused = agent_client.post(url, {**data, "ends_on": "2025-12-31"})
    assertContains(refused, "must be after Jan 1, 2026")

    agent_client.post(url, {**data, "ends_on": "2027-01-01"})

    contract.refresh_from_db()
    assert (contract.amount, contract.ends_on) == (Decimal(55), date(2027, 1, 1))
    entry = AuditEntry.objects.get(action="contract.update")
    assert set(entry.changes) == {"amount", "ends_on"}


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "next_end"),
    [
        (date(2025, 2, 1), date(2026, 2, 1), date(2027, 2, 1)),
        (date(2025, 11, 30), date(2026, 2, 28), date(2026, 5, 29)),
        (date(2025, 8, 31), date(2026, 1, 31), date(2026, 7, 3)),
        (date(2026, 1, 5), date(2026, 1, 19), date(2026, 2, 2)),
    ],
)
def test_a_renewal_is_filled_in_from_the_old_contract(
    agent_client: Client, ada: Customer, starts_on: date, ends_on: date, next_end: date
) -> None:
    old = ContractFactory(
        customer=ada, amount=Decimal(50), interval="year", starts_on=starts_on, ends_on=ends_on
    )
    url = reverse("crm:contract-renew", args=[old.pk])

    form = agent_client.get(url).context["form"]
    assert form["starts_on"].value() == ends_on
    assert form["ends_on"].value() == next_end
    assert form["interval"].value() == "year"

    data = {"amount": "60", "interval": "year", "starts_on": ends_on.isoformat()}
    assertRedirects(agent_client.post(url, data), page(ada))
    old.refresh_from_db()
    assert (old.renewed_by.amount, old.ends_on) == (Decimal(60), ends_on)
    assertContains(agent_client.post(url, data), "renewed already")


def test_what_renews_a_contract_without_an_end_ends_it(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    old = ContractFactory(customer=ada, starts_on=date(2026, 1, 1), ends_on=None)
    url = reverse("crm:contract-renew", args=[old.pk])
    early = {"amount": "60", "interval": "month", "starts_on": "2026-01-01"}
    assertContains(agent_client.post(url, early), "starts after it")

    agent_client.post(url, {**early, "starts_on": "2026-07-01"})

    old.refresh_from_db()
    assert old.ends_on == date(2026, 7, 1)
    assert old.renewed_by.starts_on == date(2026, 7, 1)
    cancelled = actions.cancel_contract(contract=old.renewed_by, by=agent)
    renew = reverse("crm:contract-renew", args=[cancelled.pk])
    later = {**early, "starts_on": "2030-01-01"}
    assertContains(agent_client.post(renew, later), "cancelled already")


def test_a_cancellation_can_be_taken_back(agent_client: Client, ada: Customer) -> None:
    contract = ContractFactory(customer=ada, starts_on=date(2026, 1, 1), ends_on=None)
    cancel = reverse("crm:contract-cancel", args=[contract.pk])
    data = {"cancelled_on": timezone.localdate().isoformat(), "reason": "service"}

    response = agent_client.post(cancel, data, follow=True)

    undo = reverse("crm:contract-uncancel", args=[contract.pk])
    assertContains(response, undo)
    assertContains(response, "Contract cancelled from")
    agent_client.post(undo)
    assert not ada.interactions.filter(summary__startswith="Contract cancelled").exists()
    contract.refresh_from_db()
    assert (contract.cancelled_on, contract.reason) == (None, "")
    ada.refresh_from_db()
    assert ada.stage == Customer.Stage.CUSTOMER
    assertContains(agent_client.post(undo, follow=True), "is not cancelled")


def test_those_who_only_read_change_no_money(read_only_client: Client, ada: Customer) -> None:
    contract = ContractFactory(customer=ada)
    for name in ("contract-edit", "contract-renew", "contract-uncancel"):
        url = reverse(f"crm:{name}", args=[contract.pk])
        assert read_only_client.post(url).status_code == 403
