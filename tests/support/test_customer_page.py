"""What the help desk adds to a customer's page and timeline."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from crm.models import Customer
from staff.models import User
from support import customer_page
from support.actions import conversation, states
from support.models import Ticket
from tests.factories import CustomerFactory, OpenedTicketFactory, QueueFactory


def url(customer: Customer) -> str:
    return reverse("crm:customer", args=[customer.pk])


@pytest.fixture
def ada(business: object) -> Customer:
    customer: Customer = CustomerFactory(name="Ada Lovelace", email="ada@example.com")
    return customer


def test_open_tickets_and_a_way_to_a_new_one(
    agent_client: Client, read_only_client: Client, ada: Customer
) -> None:
    late = OpenedTicketFactory(customer=ada, subject="The oven")
    Ticket.objects.filter(pk=late.pk).update(next_due_at=timezone.now() - timedelta(hours=1))
    OpenedTicketFactory(customer=ada, subject="Long done", state="solved")
    new_ticket = f"{reverse('support:ticket-create')}?customer={ada.pk}"

    response = agent_client.get(url(ada))

    assertContains(response, f'href="{reverse("support:ticket", args=[late.pk])}"')
    assertContains(response, "1 ticket open, 1 of them late")
    assertContains(response, new_ticket)
    assertNotContains(read_only_client.get(url(ada)), new_ticket)


def test_the_timeline_tells_what_was_written_and_that_it_was_solved(
    agent_client: Client, agent: User, ada: Customer
) -> None:
    ticket = OpenedTicketFactory(customer=ada, subject="The oven", text="It is <b>cold</b>.")
    conversation.reply(ticket=ticket, text="A man comes on Thursday.", by=agent)
    states.resolve(ticket=ticket, by=agent)

    response = agent_client.get(url(ada))

    assertContains(response, "It is &lt;b&gt;cold&lt;/b&gt;.")
    assertContains(response, "A man comes on Thursday.")
    assertContains(response, "solved")


def test_what_is_private_is_a_number_and_nothing_else(
    agent_client: Client, manager_client: Client, ada: Customer
) -> None:
    queue = QueueFactory(name="Board room", is_private=True)
    ticket = OpenedTicketFactory(
        customer=ada, subject="Secret", text="Hush, not a word.", queue=queue
    )

    response = agent_client.get(url(ada))

    assertContains(response, f"#{ticket.pk}")
    assertNotContains(response, "Secret")
    assertNotContains(response, "not a word")
    # Managers see it among the open ones; the timeline, which cannot know its reader, stays silent.
    assertContains(manager_client.get(url(ada)), "Secret")


def test_the_marks_of_a_timeline_take_one_query(
    ada: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tickets = [OpenedTicketFactory(customer=ada) for _number in range(4)]
    ids = [message.pk for ticket in tickets for message in ticket.messages.all()]
    with django_assert_num_queries(1):
        assert len(customer_page.message_marks(ids)) == 4
    with django_assert_num_queries(0):
        assert len(customer_page.ticket_marks([ticket.pk for ticket in tickets])) == 4
