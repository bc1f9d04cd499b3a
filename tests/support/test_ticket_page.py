"""The page on which a ticket is worked on."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Customer, Tag
from staff.models import User
from support.actions import changes, conversation, merging, people, states
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.models import Category, Message, Queue, Ticket, TicketEvent, TicketLink
from tests.conftest import signed_in
from tests.factories import (
    ContactFactory,
    CustomerFactory,
    MessageFactory,
    OrderFactory,
    QueueFactory,
    ResponseFactory,
    TaskFactory,
    UserFactory,
)

HTMX = {"HX-Request": "true"}
ADA = Correspondent("ada@example.com", "Ada Lovelace")


def url(ticket: Ticket) -> str:
    return reverse("support:ticket", args=[ticket.pk])


def at(name: str, ticket: Ticket, *args: object) -> str:
    return reverse(f"support:{name}", args=[ticket.pk, *args])


@pytest.fixture
def ada(business: object) -> Customer:
    customer: Customer = CustomerFactory(
        name="Ada Lovelace", email="ada@example.com", phone="+5511987654321"
    )
    return customer


@pytest.fixture
def ticket(ada: Customer) -> Ticket:
    return open_ticket(
        customer=None,
        requester=ADA,
        subject="The oven",
        text="It is cold.\n\nOn Monday you wrote:\n> It will be warm.",
        channel="email",
    )


@pytest.fixture
def private(ada: Customer) -> Ticket:
    queue = QueueFactory(name="Board room", is_private=True)
    return open_ticket(
        customer=None, requester=ADA, subject="Secret", text="Hush", channel="email", queue=queue
    )


def test_the_page_says_who_wrote_what_and_whose_it_is(
    read_only_client: Client, agent: User, ticket: Ticket, ada: Customer
) -> None:
    OrderFactory(customer=ada, total="1234.50")
    changes.assign(ticket=ticket, assignee=agent, by=agent)
    conversation.add_note(ticket=ticket, text="Look at the fuse", by=agent)

    response = read_only_client.get(url(ticket))

    assertContains(response, "The oven")
    assertContains(response, "It is cold.")
    assertContains(response, "Look at the fuse")
    assertContains(response, "Assigned: Ana Reis")
    assertContains(response, "R$1,234.50")
    assertContains(response, 'href="tel:+5511987654321"')
    assertContains(response, "not proven")
    assertContains(response, 'class="strangers-quote"')
    # Who only reads gets nothing to write with.
    assertNotContains(response, 'id="compose"')
    assertNotContains(response, at("ticket-write", ticket))


def test_a_private_ticket_is_not_there_for_others(
    agent_client: Client, agent: User, manager_client: Client, private: Ticket
) -> None:
    assert agent_client.get(url(private)).status_code == 404
    assert agent_client.post(at("ticket-write", private), {"text": "x"}).status_code == 404
    assert manager_client.get(url(private)).status_code == 200
    private.queue.members.add(agent)
    assert agent_client.get(url(private)).status_code == 200


def test_it_takes_no_post(agent_client: Client, ticket: Ticket) -> None:
    assert agent_client.post(url(ticket)).status_code in {403, 405}
