"""What is done to a ticket on its page besides writing."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Customer
from staff.models import User
from support.actions import conversation, merging, states
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.models import Category, Message, Ticket, TicketEvent, TicketLink
from tests.factories import (
    CustomerFactory,
)

HTMX = {"HX-Request": "true"}
ADA = Correspondent("ada@example.com", "Ada Lovelace")


def url(ticket: Ticket) -> str:
    return reverse("support:ticket", args=[ticket.pk])


def at(name: str, ticket: Ticket, *args: object) -> str:
    return reverse(f"support:{name}", args=[ticket.pk, *args])


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
