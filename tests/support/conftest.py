"""A customer with a ticket, and one that only few may see."""

import pytest

from crm.models import Customer
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.models import Ticket
from tests.factories import CustomerFactory, QueueFactory

ADA = Correspondent("ada@example.com", "Ada Lovelace")


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
