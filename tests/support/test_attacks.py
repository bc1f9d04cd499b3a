"""Ways around: into private queues, into colleagues' mailboxes, and to the edges of what can be counted."""

import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from mail.models import OutgoingEmail
from mail.parsing import is_only_thanks
from staff.models import User
from support import letters, links, notifications
from support.actions import changes, states
from support.actions.conversation import reply
from support.actions.desk import update_queue
from support.answering import _QUOTED, _SIGNATURE
from support.models import Message, Queue, SupportSettings, Ticket
from tests.conftest import signed_in
from tests.factories import OpenedTicketFactory, QueueFactory, UserFactory
from tests.support.mailing import answering, filed, sent_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def insider(private: Ticket) -> User:
    user: User = UserFactory(name="Ines", email="ines@padaria-aurora.example")
    private.queue.members.add(user)
    return user


# --- What is private ----------------------------------------------------------------------------


def test_the_outbox_names_no_private_ticket_to_who_may_not_see_it(
    private: Ticket, insider: User, manager: User, agent: User
) -> None:
    changes.assign(ticket=private, assignee=insider, by=manager)
    reply(ticket=private, text="Between us.", by=insider)
    pages = ["/outbox/", *(f"/outbox/{one.pk}/" for one in OutgoingEmail.objects.all())]

    assert len(pages) == 3
    for page in pages:
        assertNotContains(signed_in(agent).get(page), "Secret")
        assertContains(signed_in(insider).get(page), "Secret")
        assertContains(signed_in(manager).get(page), "Secret")


def test_the_outbox_names_other_tickets(ticket: Ticket, agent: User) -> None:
    reply(ticket=ticket, text="On our way.", by=agent)
    assertContains(signed_in(agent).get("/outbox/"), f"[#{ticket.pk}] Re: The oven")


def test_today_leaves_out_what_somebody_had_before_they_left_a_private_queue(
    private: Ticket, insider: User, manager: User
) -> None:
    changes.assign(ticket=private, assignee=insider, by=manager)
    assertContains(signed_in(insider).get("/today/"), "Secret")

    update_queue(queue=private.queue, by=manager, members=[])

    assertNotContains(signed_in(insider).get("/today/"), "Secret")


def test_what_follows_a_private_ticket_is_private(private: Ticket, insider: User) -> None:
    """Its mail arrives where all mail does, and quotes what was said."""
    reply(ticket=private, text="Between us.", by=insider)
    SupportSettings.objects.update(mail_to_closed=SupportSettings.ClosedTicket.NEW)
    states.close(ticket=private, by=insider)
    [mail] = sent_to("ada@example.com")

    message = filed(**answering(mail))

    QueueFactory(name="All", mailbox=message.inbound.mailbox)  # type: ignore[union-attr]
    again = filed(**answering(mail))
    for one in (message, again):
        assert one.ticket != private
        assert one.ticket.queue == private.queue


# --- Into colleagues' mailboxes -------------------------------------------------------------------


def test_a_program_that_answers_every_mail_does_not_fill_a_colleagues_mailbox(
    ticket: Ticket, agent: User, manager: User
) -> None:
    changes.assign(ticket=ticket, assignee=agent, by=manager)
    for number in range(15):
        filed(sender="ada@example.com", subject=f"[#{ticket.pk}]", text=f"Number {number}")

    told = [mail for mail in sent_to(agent.email) if "The customer wrote" in mail.subject]
    assert ticket.messages.count() == 16
    assert len(told) == letters.MOST_IN_A_WHILE - 1  # that it was given to them was one

    OutgoingEmail.objects.update(created_at=timezone.now() - letters.A_WHILE - timedelta(minutes=1))
    filed(sender="ada@example.com", subject=f"[#{ticket.pk}]", text="Hello?")
    assert len(sent_to(agent.email)) == letters.MOST_IN_A_WHILE + 1


def test_a_flood_of_new_tickets_does_not_fill_a_colleagues_mailbox(
    business: object, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "MOST_NOTICES", 3)
    queue = QueueFactory(name="In turn", is_round_robin=True)
    queue.members.add(agent)
    OpenedTicketFactory.create_batch(5, queue=queue)
    assert Ticket.objects.filter(assignee=agent).count() == 5
    assert len(sent_to(agent.email)) == 3


def test_the_page_of_a_ticket_is_no_longer_than_can_be_read(ticket: Ticket, client: Client) -> None:
    Message.objects.filter(ticket=ticket).update(text="a" * 900_000)
    path = links.new_link(ticket.participants.get()).removeprefix(settings.BASE_URL)
    page = client.get(path)
    assert page.status_code == 200
    assert 100_000 < len(page.content) < 150_000


# --- The edges ------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_days_at_the_edge_of_the_calendar_are_no_days(
    ticket: Ticket, agent_client: Client, day: str
) -> None:
    path = f"/tickets/{ticket.pk}/"
    assert agent_client.get("/tickets/", {"since": day, "until": day}).status_code == 200
    said = {"kind": "reply", "text": "Soon.", "promise": "Repair", "promise_until": day}
    assert agent_client.post(f"{path}write/", said).status_code == 422
    assert agent_client.post(f"{path}snooze/", {"until": f"{day}T12:00"}).status_code == 422
    call = {"kind": "call", "summary": "Rang", "promise": "Repair", "promise_until": day}
    logged = agent_client.post(f"/customers/{ticket.customer_id}/log/", call)
    assert logged.status_code == 422
    assert not ticket.messages.filter(kind="reply").exists()


def test_numbers_that_no_row_can_have_are_refused(ticket: Ticket, manager_client: Client) -> None:
    number = "9" * 20
    split = {"subject": "Apart", "messages": number}
    assert manager_client.post(f"/tickets/{ticket.pk}/split/", split).status_code == 422
    queue = {"name": "Wholesale", "members": number}
    assert manager_client.post("/settings/desk/queues/new/", queue).status_code == 422
    assert not Queue.objects.filter(name="Wholesale").exists()


def test_a_tag_with_a_nul_byte_is_refused(ticket: Ticket, agent_client: Client) -> None:
    facts = {"queue": ticket.queue_id, "priority": 20, "tags": "a\0b"}
    assert agent_client.post(f"/tickets/{ticket.pk}/edit/", facts).status_code == 422
    chosen = {"ticket": ticket.pk, "add_tags": "a\0b"}
    assert agent_client.post("/tickets/change/", chosen).status_code == 422
    assert not ticket.tags.exists()


def test_facts_are_changed_together_or_not_at_all(
    ticket: Ticket, private: Ticket, insider: User, manager_client: Client, agent: User
) -> None:
    """Somebody who can't answer there can't be given it, and so it stays where it was."""
    facts = {"queue": private.queue_id, "assignee": agent.pk, "priority": 40, "tags": ""}
    assert manager_client.post(f"/tickets/{ticket.pk}/edit/", facts).status_code == 422
    before = (ticket.queue_id, ticket.version, ticket.priority)
    ticket.refresh_from_db()
    assert (ticket.queue_id, ticket.version, ticket.priority) == before


def test_many_empty_lines_cost_next_to_nothing() -> None:
    """Each of these once took some 20 seconds."""
    lines = "x" + "\n" * 19_000 + "x"
    began = time.process_time()
    assert not is_only_thanks(lines)
    assert _QUOTED.search(lines) is None
    assert _SIGNATURE.search(lines) is None
    assert time.process_time() - began < 2


def test_what_is_cut_off_a_colleagues_mail_is_found_behind_blanks() -> None:
    assert _QUOTED.search("new\n \t> quoted")
    assert _SIGNATURE.sub("", "\nnew\n\n \t-- \nAna\nPadaria") == "\nnew\n"
    assert is_only_thanks("Thank you\n\n\n  -- \nAda, 12345")
