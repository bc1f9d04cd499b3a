"""Writing down a call, or writing to a customer first."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Contact, Customer
from mail.models import OutgoingEmail
from staff.models import User
from support.models import Message, Ticket
from tests.factories import ContactFactory, CustomerFactory, QueueFactory

URL = reverse("support:ticket-create")


@pytest.fixture
def ada(business: object) -> Customer:
    customer: Customer = CustomerFactory(name="Ada Lovelace", email="ada@example.com")
    return customer


def said(by: Customer, **fields: object) -> dict[str, object]:
    return {
        "channel": "phone",
        "customer": f"{by.name} #{by.pk}",
        "subject": "The oven",
        "text": "It is cold, she says.",
        "priority": 30,
        "once_key": "once",
        **fields,
    }


def test_a_call_is_written_down(agent_client: Client, agent: User, ada: Customer) -> None:
    response = agent_client.post(URL, said(ada, assignee=agent.pk))

    ticket = Ticket.objects.get()
    assertRedirects(response, reverse("support:ticket", args=[ticket.pk]))
    assert (ticket.customer, ticket.channel, ticket.priority) == (ada, "phone", 30)
    assert (ticket.assignee, ticket.opened_by) == (agent, agent)
    message = ticket.messages.get()
    assert (message.kind, message.author) == ("received", agent)
    assert not OutgoingEmail.objects.filter(to_address="ada@example.com").exists()
    assert ticket.first_replied_at is None


def test_what_we_begin_is_a_mail_to_them(agent_client: Client, ada: Customer) -> None:
    letter = SimpleUploadedFile("letter.pdf", b"%PDF-1.4", "application/pdf")
    response = agent_client.post(
        URL,
        said(ada, channel="staff", text="Your oven is ready.", attachments=[letter]),
        follow=True,
    )

    ticket = Ticket.objects.get()
    reply = ticket.messages.get(kind="reply")
    assert reply.text == "Your oven is ready."
    assert reply.attachments.get().name == "letter.pdf"
    assert OutgoingEmail.objects.get(about_id=reply.pk).to_address == "ada@example.com"
    assert ticket.state == "waiting"
    # It can still be taken back.
    assert response.content.decode().count('<article class="said') == 1
    assertContains(response, "Take back")


def test_twice_is_once(agent_client: Client, ada: Customer) -> None:
    for channel in ("phone", "staff"):
        form = said(ada, channel=channel, once_key=channel)
        agent_client.post(URL, form)
        agent_client.post(URL, form)

    assert Ticket.objects.count() == 2
    assert Message.objects.filter(kind="reply").count() == 1


def test_nobody_to_write_to(agent_client: Client, business: object) -> None:
    silent = CustomerFactory(name="Grace Hopper", phone="+5511987654321")

    refused = agent_client.post(URL, said(silent, channel="staff"))

    assertContains(refused, "No e-mail is known", status_code=422)
    assertContains(refused, "It is cold, she says.", status_code=422)
    assert not Ticket.objects.exists()


def test_the_contact_is_one_of_theirs(agent_client: Client, ada: Customer) -> None:
    second: Contact = ContactFactory(name="Charles", customer=ada)
    stranger: Contact = ContactFactory(name="Eve Moneypenny", customer=CustomerFactory())
    address = f"{URL}?customer={ada.pk}"
    assertContains(agent_client.get(address), "Charles")
    fragment = agent_client.get(
        URL, {"customer": f"Ada Lovelace #{ada.pk}"}, headers={"HX-Request": "true"}
    )
    assertContains(fragment, "Charles")
    assertNotContains(fragment, "Moneypenny")
    assertNotContains(fragment, "<html")

    assert agent_client.post(URL, said(ada, contact=stranger.pk)).status_code == 422
    agent_client.post(URL, said(ada, contact=second.pk))
    assert Ticket.objects.get().contact == second


def test_extra_fields_change_nothing(agent_client: Client, ada: Customer) -> None:
    private = QueueFactory(name="Board room", is_private=True)
    refused = agent_client.post(URL, said(ada, queue=private.pk))
    assert refused.status_code == 422
    assertNotContains(refused, "Board room", status_code=422)

    agent_client.post(URL, said(ada, state="closed", opened_at="2020-01-01", version=9))

    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.version) == ("new", 1)
    assert ticket.opened_at.year > 2020


def test_an_unknown_customer_is_said_so(agent_client: Client, ada: Customer) -> None:
    refused = agent_client.post(URL, said(ada, customer="Nobody of this name"))

    assertContains(refused, "No customer matches", status_code=422)


def test_who_only_reads_opens_nothing(read_only_client: Client, ada: Customer) -> None:
    assert read_only_client.get(URL).status_code == 403
    assert read_only_client.post(URL, said(ada)).status_code == 403
