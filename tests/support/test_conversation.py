"""What is said in a ticket, and what follows from it."""

import pytest

from staff.models import Business, User
from support.actions.conversation import add_note, receive, reply
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.models import Message, Ticket, TicketEvent

pytestmark = pytest.mark.django_db
ADA = Correspondent("ada@example.com", "Ada Lovelace")


def opened(**values: object) -> Ticket:
    values = {"subject": "The oven", "text": "It is cold.", "channel": "email", **values}
    return open_ticket(customer=None, requester=ADA, **values)


def kinds(ticket: Ticket) -> list[str]:
    return list(TicketEvent.objects.filter(ticket=ticket).order_by("pk").values_list("kind", flat=True))


def test_a_mail_opens_a_ticket_of_a_new_lead(business: Business) -> None:
    ticket = opened()

    assert ticket.customer.name == "Ada Lovelace"
    assert ticket.state == "new"
    assert kinds(ticket) == ["opened", "received"]
    assert ticket.last_inbound_at == ticket.opened_at
    assert [one.address for one in ticket.participants.all()] == ["ada@example.com"]
    assert ticket.customer.interactions.get().summary == f"#{ticket.pk} The oven"


def test_what_the_customer_writes_brings_a_solved_ticket_back(business: Business, agent: User) -> None:
    ticket = opened()
    add_note(ticket=ticket, text="Fuse?", by=agent)
    from support.actions.states import resolve
    resolve(ticket=ticket, by=agent)
    message = receive(ticket=ticket, text="Still cold.", sender=ADA)
    ticket.refresh_from_db()
    assert ticket.state == "open"
    assert kinds(ticket) == ["opened", "received", "noted", "resolved", "received", "reopened"]
    assert ticket.first_reopened_at == message.created_at
