"""The page on which a ticket is worked on."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from crm.models import Customer
from staff.models import User
from support import first_levels, targets
from support.actions import changes, conversation, merging, people
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.models import Message, Ticket, TicketEvent
from tests.factories import (
    MessageFactory,
    OrderFactory,
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


def test_a_number_that_no_ticket_has_is_not_there(agent_client: Client) -> None:
    assert agent_client.get("/tickets/404/").status_code == 404
    assert agent_client.get(f"/tickets/{2**63}/").status_code == 404


def test_it_takes_no_post(agent_client: Client, ticket: Ticket) -> None:
    assert agent_client.post(url(ticket)).status_code in {403, 405}


def test_queries_do_not_grow_with_what_was_said(
    agent_client: Client,
    agent: User,
    ticket: Ticket,
    ada: Customer,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    others = [
        open_ticket(customer=ada, subject=f"Other {n}", text="x", channel="email") for n in range(8)
    ]
    for number in range(8):
        conversation.add_note(ticket=ticket, text=f"Note {number}", by=UserFactory())
        people.add_participant(ticket=ticket, address=f"copy{number}@example.com", by=agent)
        people.be_present(ticket=ticket, by=UserFactory())
        TaskFactory(customer=ada)
        ResponseFactory(customer=ada)
        merging.link(ticket=ticket, other=others[number], by=agent)
    MessageFactory.create_batch(60, ticket=ticket)
    changes.set_tags(ticket=ticket, tags=["oven", "warranty"], by=agent)
    # business, session, user, ticket with its customer, tags, messages, their files, events,
    # who takes part, due times, tasks, other tickets, links; the surveys room's panel
    with django_assert_num_queries(14):
        response = agent_client.get(url(ticket))
    assertContains(response, "copy7@example.com")


def test_a_long_thread_shows_its_end_and_the_way_to_what_came_before(
    agent_client: Client, ticket: Ticket
) -> None:
    now = timezone.now()
    for number in range(60):
        MessageFactory(
            ticket=ticket, text=f"Line {number:02}.", created_at=now + timedelta(seconds=number + 1)
        )

    last = agent_client.get(url(ticket))
    assertContains(last, "Line 59.")
    assertNotContains(last, "Line 09.")

    earlier = agent_client.get(url(ticket) + last.context["thread"].earlier_url, headers=HTMX)
    assertContains(earlier, "Line 09.")
    assertContains(earlier, "It is cold.")
    assertNotContains(earlier, "Line 10.")
    assertNotContains(earlier, "<html")
    assert "HX-Request" in earlier["Vary"]
    # Without scripts the same address is a page with a way back.
    assertContains(agent_client.get(url(ticket) + last.context["thread"].earlier_url), "Later")


def test_what_is_late_is_said_in_words(agent_client: Client, ticket: Ticket) -> None:
    first_levels.install_now()
    targets.rebuild([ticket.pk])
    ticket.targets.filter(kind="first_reply").update(due_at=timezone.now() - timedelta(hours=3))

    response = agent_client.get(url(ticket))

    assertContains(response, '<strong class="ticket-late">First reply is late: was due <time')
    assertContains(response, "3 hours ago")
    assertContains(response, "Solution due")


def test_what_happened_is_told_in_words(agent_client: Client, ticket: Ticket) -> None:
    for kind, before, after in (
        ("missed", "", "first_reply"),
        ("due_changed", "", "solution 2026-11-23T16:00:00+00:00, next_reply"),
        ("rated", "", "CSAT 2"),
        ("split", "#3", ""),
        ("linked", "#4", ""),
        ("assigned", "Ana", ""),
        ("snoozed", "", "<b>not a date</b>"),
    ):
        TicketEvent.objects.create(ticket=ticket, kind=kind, before=before, after=after)
    Message.objects.update(notes=["from_staff", "truncated", "no such note"])

    response = agent_client.get(url(ticket))

    for words in (
        "Due time missed: first reply",
        "Due times changed: solution Nov 23, 2026, 13:00, next reply —",
        "CSAT 2",
        "Split off: #3",
        "No longer linked: #4",
        "Assigned: Ana → nobody",
        "&lt;b&gt;not a date&lt;/b&gt;",
        "It says that it comes from one of us",
        "only its beginning is here",
    ):
        assertContains(response, words)


def test_what_happened_can_be_left_out(agent_client: Client, agent: User, ticket: Ticket) -> None:
    changes.set_priority(ticket=ticket, priority=40, by=agent)

    assertContains(agent_client.get(url(ticket)), "normal → urgent")
    assertNotContains(agent_client.get(url(ticket), {"events": "off"}), "normal → urgent")


def test_what_a_stranger_wrote_does_nothing(agent_client: Client, business: object) -> None:
    nasty = Correspondent("eve@example.com", '"><script>alert(1)</script>')
    ticket = open_ticket(
        customer=None,
        requester=nasty,
        subject="</title><script>alert(2)</script>",
        text="<img src=x onerror=alert(3)> javascript:alert(4)\n> <svg onload=alert(5)>",
        html="<p onclick=alert(6)>Hi</p><scr<script>ipt>alert(7)</script>",
        channel="email",
    )

    response = agent_client.get(url(ticket))

    html = response.content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "<svg onload" not in html
    assertContains(response, "&lt;img src=x onerror=alert(3)&gt;")
    assertNotContains(response, 'href="javascript')


def test_who_else_has_it_open_is_said_without_scripts(
    agent_client: Client, manager: User, ticket: Ticket
) -> None:
    people.be_present(ticket=ticket, by=manager, is_typing=True)

    assertContains(agent_client.get(url(ticket)), "Marina Luz is writing")
