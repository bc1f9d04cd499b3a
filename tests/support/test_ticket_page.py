"""The page on which a ticket is worked on."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Customer
from staff.models import User
from support import first_levels, targets
from support.actions import changes, conversation, merging, people, states
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.models import Category, Message, Ticket, TicketEvent, TicketLink
from tests.factories import (
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


# --- Moves ------------------------------------------------------------------------------------


def test_solving_can_be_taken_back(agent_client: Client, agent: User, ticket: Ticket) -> None:
    states.resume(ticket=ticket, by=agent)
    solved = agent_client.post(at("ticket-move", ticket, "solved"), follow=True)
    assertContains(solved, "solved")
    ticket.refresh_from_db()
    assert ticket.state == "solved"

    undo = at("ticket-move", ticket, "open")
    assertContains(solved, undo)
    agent_client.post(undo)
    ticket.refresh_from_db()
    assert ticket.state == "open"


def test_a_step_that_may_not_follow_is_refused(agent_client: Client, ticket: Ticket) -> None:
    assert agent_client.get(at("ticket-move", ticket, "solved")).status_code in {403, 405}
    assert agent_client.post(at("ticket-move", ticket, "sample")).status_code == 404
    refused = agent_client.post(at("ticket-move", ticket, "merged"), follow=True)
    assertContains(refused, "can’t become")


def test_who_only_reads_moves_nothing(read_only_client: Client, ticket: Ticket) -> None:
    for name, *args in (
        ("ticket-move", "solved"),
        ("ticket-assign",),
        ("ticket-snooze",),
        ("ticket-merge",),
        ("ticket-split",),
        ("ticket-edit",),
        ("ticket-participants",),
    ):
        assert read_only_client.post(at(name, ticket, *args)).status_code == 403


def test_spam_and_back(agent_client: Client, ticket: Ticket) -> None:
    agent_client.post(at("ticket-move", ticket, "spam"))
    response = agent_client.get(url(ticket))
    assertContains(response, "Marked as spam")
    assertNotContains(response, 'id="compose"')

    agent_client.post(at("ticket-not-spam", ticket))
    ticket.refresh_from_db()
    assert ticket.state == "new"


def test_assigning_to_oneself_and_back(agent_client: Client, agent: User, ticket: Ticket) -> None:
    mine = agent_client.post(at("ticket-assign", ticket), {"to": "me"}, follow=True)
    ticket.refresh_from_db()
    assert ticket.assignee == agent
    assertContains(mine, f"{at('ticket-assign', ticket)}?to=")

    agent_client.post(f"{at('ticket-assign', ticket)}?to=")
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_snoozing_and_waking(agent_client: Client, ticket: Ticket) -> None:
    assertContains(agent_client.get(at("ticket-snooze", ticket)), "Tomorrow at nine")
    past = {"until": "2020-01-01T09:00"}
    assert agent_client.post(at("ticket-snooze", ticket), past).status_code == 422

    tomorrow = (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    agent_client.post(at("ticket-snooze", ticket), {"until": tomorrow})
    assertContains(agent_client.get(url(ticket)), "Out of sight until")

    agent_client.post(at("ticket-wake", ticket))
    ticket.refresh_from_db()
    assert ticket.snoozed_until is None


def test_watching(agent_client: Client, agent: User, ticket: Ticket) -> None:
    agent_client.post(at("ticket-watch", ticket))
    assert ticket.watchers.get().user == agent
    assertContains(agent_client.get(url(ticket)), "Stop watching")
    agent_client.post(at("ticket-watch", ticket), {"off": "1"})
    assert not ticket.watchers.exists()


# --- Facts ------------------------------------------------------------------------------------


def test_facts_are_edited_in_place(agent_client: Client, agent: User, ticket: Ticket) -> None:
    category = Category.objects.create(name="Ovens", folded="ovens")
    form = agent_client.get(at("ticket-edit", ticket), headers=HTMX)
    assertContains(form, "Ovens")
    assertNotContains(form, "<html")

    saved = agent_client.post(
        at("ticket-edit", ticket),
        {
            "queue": ticket.queue_id,
            "assignee": agent.pk,
            "priority": 40,
            "category": category.pk,
            "tags": "oven, Warranty",
            # Nobody asks for these.
            "state": "closed",
            "customer": CustomerFactory().pk,
            "version": 99,
            "merged_into": ticket.pk,
        },
        headers=HTMX,
    )

    assert saved["HX-Redirect"] == url(ticket)
    before = ticket
    ticket = Ticket.objects.get()
    assert (ticket.assignee, ticket.priority, ticket.category) == (agent, 40, category)
    assert {tag.name for tag in ticket.tags.all()} == {"oven", "Warranty"}
    assert (ticket.state, ticket.customer, ticket.merged_into) == ("new", before.customer, None)
    kinds = TicketEvent.objects.filter(by=agent).values_list("kind", flat=True)
    assert set(kinds) == {"assigned", "priority", "category", "tags"}


def test_only_queues_that_one_sees_can_be_chosen(
    agent_client: Client, ticket: Ticket, private: Ticket
) -> None:
    said = {"queue": private.queue_id, "priority": 20, "tags": ""}

    assert agent_client.post(at("ticket-edit", ticket), said).status_code == 422
    assertNotContains(agent_client.get(at("ticket-edit", ticket)), "Board room")


def test_the_subject(agent_client: Client, ticket: Ticket) -> None:
    assertNotContains(agent_client.get(at("ticket-subject", ticket), headers=HTMX), "<html")
    assert agent_client.post(at("ticket-subject", ticket), {"subject": " "}).status_code == 422

    response = agent_client.post(at("ticket-subject", ticket), {"subject": "The old oven"})

    assertRedirects(response, url(ticket))
    assertContains(agent_client.get(url(ticket)), "The oven → The old oven")


def test_moving_it_to_another_customer(agent_client: Client, ticket: Ticket) -> None:
    grace = CustomerFactory(name="Grace Hopper")
    assert agent_client.post(at("ticket-customer", ticket), {"customer": "No"}).status_code == 422

    agent_client.post(at("ticket-customer", ticket), {"customer": f"Grace Hopper #{grace.pk}"})

    ticket.refresh_from_db()
    assert ticket.customer == grace


def test_others_are_copied_in_by_hand_only(agent_client: Client, ticket: Ticket) -> None:
    Message.objects.update(also_addressed=[{"address": "eve@example.com", "name": "Eve"}])
    page = agent_client.get(at("ticket-participants", ticket))
    assertContains(page, "eve@example.com")
    assert ticket.participants.count() == 1

    agent_client.post(at("ticket-participants", ticket), {"address": "Eve@example.com"})
    eve = ticket.participants.get(address="eve@example.com")
    assert eve.role == "copied"

    agent_client.post(at("participant-remove", ticket, eve.pk))
    eve.refresh_from_db()
    assert eve.removed_at is not None
    other = open_ticket(customer=None, requester=ADA, subject="B", text="b", channel="email")
    theirs = other.participants.get()
    assert agent_client.post(at("participant-remove", ticket, theirs.pk)).status_code == 404


def test_links_are_given_out_once_and_can_be_ended(
    agent_client: Client, read_only_client: Client, ticket: Ticket
) -> None:
    one = ticket.participants.get()
    made = agent_client.post(at("participant-link", ticket, one.pk))
    link = made.context["fresh"][1]
    assertContains(made, link)
    assert made["Cache-Control"] == "no-store"
    path = link[link.index("/t/") :]
    assert Client().get(path).status_code == 200
    assertNotContains(agent_client.get(at("ticket-participants", ticket)), link)

    agent_client.post(at("links-revoke", ticket))
    assert Client().get(path).status_code == 410
    assert read_only_client.post(at("participant-link", ticket, one.pk)).status_code == 403


# --- Together and apart -----------------------------------------------------------------------


def test_merging_shows_both_first_and_can_be_taken_back(
    agent_client: Client, ada: Customer, ticket: Ticket
) -> None:
    winner = open_ticket(customer=ada, subject="The grill", text="Too hot", channel="email")
    choice = agent_client.get(at("ticket-merge", ticket))
    assertContains(choice, "The grill")
    preview = agent_client.get(at("ticket-merge", ticket), {"into": f"#{winner.pk}"})
    assertContains(preview, "Too hot")
    assert Ticket.objects.get(pk=ticket.pk).state == "new"

    merged = agent_client.post(at("ticket-merge", ticket), {"into": winner.pk}, follow=True)
    assertContains(merged, "It is cold.")
    assertContains(merged, "Take the merge back")
    told = agent_client.get(url(ticket), follow=True)
    assertRedirects(told, url(winner))
    assertContains(told, f"#{ticket.pk} was merged into this ticket.")
    assertContains(told, at("ticket-unmerge", ticket))

    agent_client.post(at("ticket-unmerge", ticket))
    assert Ticket.objects.get(pk=ticket.pk).state == "new"
    assertContains(agent_client.get(url(ticket)), "It is cold.")
    assert agent_client.post(at("ticket-unmerge", ticket)).status_code == 404


def test_merging_across_customers_says_so(agent_client: Client, ticket: Ticket) -> None:
    other = open_ticket(
        customer=CustomerFactory(name="Grace"), subject="B", text="b", channel="email"
    )
    preview = agent_client.get(at("ticket-merge", ticket), {"into": other.pk})
    assertContains(preview, "different customers")

    assert agent_client.post(at("ticket-merge", ticket), {"into": other.pk}).status_code == 422
    agent_client.post(at("ticket-merge", ticket), {"into": other.pk, "across": "1"})
    assert Ticket.objects.get(pk=ticket.pk).state == "merged"


def test_nothing_goes_with_a_ticket_that_one_may_not_see(
    agent_client: Client, ticket: Ticket, private: Ticket
) -> None:
    unseen = agent_client.post(at("ticket-merge", ticket), {"into": private.pk})
    missing = agent_client.post(at("ticket-merge", ticket), {"into": 999_999})
    linked = agent_client.post(at("ticket-link", ticket), {"other": private.pk, "kind": "related"})

    for response in (unseen, missing, linked):
        assert response.status_code == 422
        assertContains(response, "There is no ticket with the number", status_code=422)
        assertNotContains(response, "Secret", status_code=422)
    assert agent_client.post(at("ticket-merge", private), {"into": ticket.pk}).status_code == 404
    assert agent_client.post(at("ticket-unmerge", private)).status_code == 404


def test_a_link_to_what_one_may_not_see_is_not_shown(
    agent_client: Client, manager: User, ticket: Ticket, private: Ticket
) -> None:
    link = merging.link(ticket=ticket, other=private, by=manager)

    assertNotContains(agent_client.get(url(ticket)), "Secret")
    assert agent_client.post(at("ticket-unlink", ticket, link.pk)).status_code == 404


def test_splitting(agent_client: Client, agent: User, ticket: Ticket) -> None:
    second = conversation.receive(ticket=ticket, text="And the grill?", sender=ADA)
    page = agent_client.get(at("ticket-split", ticket))
    assertContains(page, "And the grill?")
    assert agent_client.post(at("ticket-split", ticket), {"subject": "x"}).status_code == 422

    agent_client.post(at("ticket-split", ticket), {"subject": "Grill", "messages": [second.pk]})

    made = Ticket.objects.exclude(pk=ticket.pk).get()
    assert made.subject == "Grill"
    assert made.messages.get() == second
    assert TicketLink.objects.get().kind == "split"


def test_messages_of_another_ticket_are_not_split_off(
    agent_client: Client, ticket: Ticket, private: Ticket
) -> None:
    theirs = private.messages.get()

    said = {"subject": "Mine now", "messages": [theirs.pk]}
    assert agent_client.post(at("ticket-split", ticket), said).status_code == 422
    assert private.messages.count() == 1


def test_linking_and_taking_apart(agent_client: Client, ada: Customer, ticket: Ticket) -> None:
    other = open_ticket(customer=ada, subject="The grill", text="x", channel="email")
    agent_client.post(at("ticket-link", ticket), {"other": other.pk, "kind": "related"})
    assertContains(agent_client.get(url(ticket)), "Belongs together with")

    link = TicketLink.objects.get()
    agent_client.post(at("ticket-unlink", ticket, link.pk))
    assertNotContains(agent_client.get(url(ticket)), "Belongs together with")
