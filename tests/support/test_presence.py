"""Who else has a ticket open, and what is new there."""

from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from staff.models import User
from support.actions import conversation, people
from support.models import Message, Ticket, TicketPresence
from tests.factories import MessageFactory, OpenedTicketFactory, QueueFactory

HTMX = {"HX-Request": "true"}


def url(ticket: Ticket, name: str = "ticket-presence") -> str:
    return reverse(f"support:{name}", args=[ticket.pk])


def test_being_there_is_said_and_heard(
    agent_client: Client, agent: User, manager: User, business: object
) -> None:
    ticket = OpenedTicketFactory()
    people.be_present(ticket=ticket, by=manager)

    heard = agent_client.post(url(ticket), {"typing": "1", "seen": "0"}, headers=HTMX)

    assertContains(heard, "Marina Luz has it open")
    own = TicketPresence.objects.get(user=agent)
    assert own.typed_at is not None
    assertNotContains(heard, "Ana Reis")
    assertNotContains(heard, "<html")


def test_nothing_new_is_not_read_out_again(agent_client: Client, manager: User) -> None:
    ticket = OpenedTicketFactory()
    people.be_present(ticket=ticket, by=manager)
    seen = ticket.messages.get().pk
    first = agent_client.post(url(ticket), {"seen": seen}, headers=HTMX)
    announced = first.context["announced"]

    again = {"seen": seen, "announced": announced}
    assert agent_client.post(url(ticket), again, headers=HTMX).status_code == 204
    people.be_present(ticket=ticket, by=manager, is_typing=True)
    assertContains(agent_client.post(url(ticket), again, headers=HTMX), "is writing")


def test_new_messages_of_others_appear_at_the_end(
    agent_client: Client, agent: User, manager: User
) -> None:
    ticket = OpenedTicketFactory()
    seen = ticket.messages.get().pk
    conversation.add_note(ticket=ticket, text="Mine", by=agent)
    conversation.add_note(ticket=ticket, text="Theirs", by=manager)

    polled = agent_client.post(url(ticket), {"seen": seen}, headers=HTMX)
    assertContains(polled, "1 new message — show")

    new = agent_client.get(url(ticket, "ticket-new"), {"seen": seen}, headers=HTMX)
    assertContains(new, "Theirs")
    assertNotContains(new, "<html")
    newest = Message.objects.order_by("-pk")[0].pk
    ticket.refresh_from_db()
    assertContains(new, f'id="presence-seen" value="{newest}"')
    assertContains(new, f'id="id_version" value="{ticket.version}"')
    # Whoever comes without scripts gets the page.
    assertRedirects(
        agent_client.get(url(ticket, "ticket-new"), {"seen": seen}), url(ticket, "ticket")
    )


def test_only_those_who_may_see_it(agent_client: Client, business: object) -> None:
    ticket = OpenedTicketFactory(queue=QueueFactory(name="Board room", is_private=True))

    assert agent_client.post(url(ticket), headers=HTMX).status_code == 404
    assert agent_client.get(url(ticket, "ticket-new"), headers=HTMX).status_code == 404
    assert not TicketPresence.objects.exists()


def test_looking_takes_a_post(agent_client: Client, business: object) -> None:
    assert agent_client.get(url(OpenedTicketFactory())).status_code in {403, 405}


def test_nonsense_is_nothing_seen(agent_client: Client, business: object) -> None:
    ticket = OpenedTicketFactory()
    for seen in ("x", "-1", "9" * 40, ""):
        polled = agent_client.post(url(ticket), {"seen": seen}, headers=HTMX)
        assertContains(polled, "1 new message")


def test_the_poll_is_cheap(
    agent_client: Client, manager: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ticket = OpenedTicketFactory()
    MessageFactory.create_batch(20, ticket=ticket)
    people.be_present(ticket=ticket, by=manager)
    agent_client.post(url(ticket), headers=HTMX)
    # business, session, user, ticket, own presence, mentions seen, who is there, what is new;
    # the writes' savepoint or none
    with django_assert_num_queries(8):
        agent_client.post(url(ticket), {"seen": "0"}, headers=HTMX)
