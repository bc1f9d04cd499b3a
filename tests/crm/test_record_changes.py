"""Who changed what of one customer, and of what belongs to them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from crm import actions
from crm.actions.custom_fields import add_field
from crm.models import Customer, CustomField
from staff.models import AuditEntry, Business, User
from tests.factories import CustomerFactory


@pytest.fixture
def ada(business: object) -> Customer:
    customer: Customer = CustomerFactory(name="Ada", email="ada@example.com")
    return customer


def page(customer: Customer) -> str:
    return reverse("crm:customer-changes", args=[customer.pk])


def test_an_empty_page_teaches(read_only_client: Client, ada: Customer) -> None:
    AuditEntry.objects.all().delete()

    assertContains(read_only_client.get(page(ada)), "Nothing has been changed yet")


def test_it_tells_of_the_customer_and_of_all_that_belongs_to_them_in_words(
    read_only_client: Client, agent: User, manager: User, ada: Customer
) -> None:
    add_field(label="Sends invoices", kind=CustomField.Kind.YES_NO, by=None)
    grace = CustomerFactory(name="Grace Hopper")
    actions.update_customer(
        customer=ada, by=agent, owner=manager, referred_by=grace, own={"sends_invoices": True}
    )
    person = ada.affiliations.get()
    actions.update_contact(affiliation=person, by=agent, email="lovelace@example.com")
    order = actions.record_order(customer=ada, by=agent, total=Decimal("12.50"))
    actions.correct_order(order=order, by=agent, total=Decimal(15))
    contract = actions.create_contract(
        customer=ada, by=agent, starts_on=timezone.localdate(), amount=Decimal(50)
    )
    actions.cancel_contract(contract=contract, by=agent, reason="moved")
    actions.update_customer(customer=grace, by=agent, city="Arlington")

    response = read_only_client.get(page(ada))

    assertContains(response, "<ins>Marina Luz</ins>")
    assertContains(response, "<ins>Grace Hopper</ins>")
    assertContains(response, "Sends invoices: <ins>yes</ins>")
    assertContains(response, "<del>ada@example.com</del> → <ins>lovelace@example.com</ins>")
    assertContains(response, "<del>12.50</del> → <ins>15.00</ins>")
    assertContains(response, "R$15.00")
    assertContains(response, "Cancelled a contract")
    assertNotContains(response, "Arlington")


def test_a_deleted_order_is_still_told_of(agent_client: Client, agent: User, ada: Customer) -> None:
    order = actions.record_order(customer=ada, by=agent, total=Decimal("12.50"))
    other = actions.record_order(customer=CustomerFactory(), by=agent, total=Decimal(77))

    actions.delete_order(order=order, by=agent)
    actions.delete_order(order=other, by=agent)

    response = agent_client.get(page(ada), {"what": "crm.order:total"})
    assertContains(response, "Deleted an order", count=1)
    assertNotContains(response, "R$77")


def test_filters_combine(
    business: Business, agent_client: Client, agent: User, manager: User, ada: Customer
) -> None:
    AuditEntry.objects.all().delete()
    actions.update_customer(customer=ada, by=agent, city="Paris")
    actions.update_customer(customer=ada, by=manager, city="Madrid", source="web")
    old = actions.update_customer(customer=ada, by=manager, source="fair")
    last_week = timezone.now() - timedelta(days=7)
    AuditEntry.objects.filter(changes__source=["web", "fair"]).update(at=last_week)
    assert old.source == "fair"

    def found(**asked: object) -> list[set[str]]:
        entries = agent_client.get(page(ada), asked).context["entries"]
        return [set(shown.entry.changes) for shown in entries]

    yesterday = (timezone.localdate(timezone=business.zone) - timedelta(days=1)).isoformat()
    assert found() == [{"city", "source"}, {"city"}, {"source"}]
    assert found(by=agent.pk) == [{"city"}]
    assert found(what="crm.customer:source") == [{"city", "source"}, {"source"}]
    assert found(since=yesterday) == [{"city", "source"}, {"city"}]
    assert found(until=yesterday, by=manager.pk) == [{"source"}]
    assertContains(
        agent_client.get(page(ada), {"until": yesterday, "by": agent.pk}), "Nothing matches"
    )
    assertContains(agent_client.get(page(ada), {"what": "crm.user:password"}), "Select a valid")


def test_one_own_field_can_be_asked_for(agent_client: Client, agent: User, ada: Customer) -> None:
    add_field(label="Plan", kind=CustomField.Kind.TEXT, by=None)
    actions.update_customer(customer=ada, by=agent, own={"plan": "Gold"})
    actions.update_customer(customer=ada, by=agent, city="Paris")

    response = agent_client.get(page(ada), {"what": "crm.customer:custom.plan"})

    assertContains(response, "Plan: <ins>Gold</ins>")
    assertNotContains(response, "Paris")


def test_the_cost_does_not_grow_with_the_changes(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            agent_client.get(page(ada))
        return len(queries)

    def change(times: int) -> None:
        for number in range(times):
            person = actions.add_contact(customer=ada, name=f"Person {number} of {times}", by=agent)
            actions.update_contact(affiliation=person, by=agent, role="buyer")
            actions.record_order(customer=ada, by=agent, total=Decimal(number + 1))
            actions.create_task(title="Call", customer=ada, owner=agent, by=agent)
            actions.update_customer(customer=ada, by=agent, city=f"City {number} of {times}")

    change(1)
    # business, session, user, customer, own fields, people to choose from, entries, the names of
    # contacts, orders, tasks, and of the people and customers that values point to
    few = cost()
    assert few <= 12
    change(4)
    assert cost() == few
