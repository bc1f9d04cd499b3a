"""What the help desk puts on a person's Today."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from staff.models import User
from support.actions import changes, conversation
from support.models import Mention, Ticket
from tests.factories import OpenedTicketFactory, QueueFactory

TODAY = reverse("crm:today")


def test_tickets_of_mine_that_press(agent_client: Client, agent: User) -> None:
    late = OpenedTicketFactory(subject="Late one", assignee=agent)
    later = OpenedTicketFactory(subject="Next week", assignee=agent)
    others = OpenedTicketFactory(subject="Not mine")
    now = timezone.now()
    Ticket.objects.filter(pk__in=[late.pk, others.pk]).update(
        next_due_at=now - timedelta(hours=2), last_inbound_at=None
    )
    Ticket.objects.filter(pk=later.pk).update(
        next_due_at=now + timedelta(days=7), last_inbound_at=None
    )

    response = agent_client.get(TODAY)

    assertContains(response, "Tickets late or due today")
    assertContains(response, "Late one")
    assertNotContains(response, "Next week")
    assertNotContains(response, "Not mine")


def test_customers_who_wait_for_my_reply(agent_client: Client, agent: User) -> None:
    waiting = OpenedTicketFactory(subject="Waits", assignee=agent)
    answered = OpenedTicketFactory(subject="Answered", assignee=agent)
    conversation.reply(ticket=answered, text="Here you are.", by=agent)
    Ticket.objects.update(next_due_at=None)

    response = agent_client.get(TODAY)

    assertContains(response, "Customers who wait for your reply")
    assertContains(response, waiting.subject)
    assertNotContains(response, "Answered")


def test_being_mentioned_until_one_has_seen_it(
    agent_client: Client, agent: User, manager: User
) -> None:
    ticket = OpenedTicketFactory(subject="The oven")
    conversation.add_note(ticket=ticket, text="@Ana look", by=manager, mentioned=[agent])
    assertContains(agent_client.get(TODAY), "You were mentioned")

    # Looking changes nothing; being there does.
    agent_client.get(reverse("support:ticket", args=[ticket.pk]))
    assert Mention.objects.get().seen_at is None
    agent_client.post(reverse("support:ticket-presence", args=[ticket.pk]))

    assertNotContains(agent_client.get(TODAY), "You were mentioned")


def test_a_mention_in_what_one_may_no_longer_see_is_silent(
    agent_client: Client, agent: User, manager: User
) -> None:
    ticket = OpenedTicketFactory(subject="The oven")
    conversation.add_note(ticket=ticket, text="@Ana look", by=manager, mentioned=[agent])
    changes.set_queue(
        ticket=ticket, queue=QueueFactory(name="Board room", is_private=True), by=manager
    )

    assertNotContains(agent_client.get(TODAY), "The oven")
