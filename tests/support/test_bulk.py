"""Many tickets changed in one stroke from the list, and taken back."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from crm.models import Customer
from staff.models import AuditEntry, ChangeSet, User
from support.models import Category, Ticket
from tests.factories import CustomerFactory, QueueFactory, TicketFactory

LIST = reverse("support:ticket-list")
ACT = reverse("support:tickets-selected")
CHANGE = reverse("support:tickets-change")
MERGE = reverse("support:tickets-merge")
State = Ticket.State


def chosen(*tickets: Any, **values: Any) -> dict[str, Any]:
    return {"ticket": [ticket.pk for ticket in tickets], "next": f"{LIST}?view=open", **values}


def undo_url(response: Any) -> str:
    """Of the first message on the page that follows."""
    [*_rest, tags] = [str(message.extra_tags) for message in response.context["messages"]]
    return tags.removeprefix("undo:")


def test_solved_in_one_stroke_and_taken_back(agent_client: Client, agent: User) -> None:
    one, other, _third = TicketFactory.create_batch(3)
    response = agent_client.post(ACT, chosen(one, other, do="solve"), follow=True)

    assertRedirects(response, f"{LIST}?view=open")
    assertContains(response, "2 tickets changed.")
    states = Ticket.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [State.SOLVED, State.SOLVED, State.NEW]
    assert one.events.filter(kind="resolved", by=agent).count() == 1
    assert AuditEntry.objects.filter(action="ticket.change_many").count() == 1

    back = agent_client.post(undo_url(response), follow=True)
    assertContains(back, "Taken back.")
    assert set(Ticket.objects.values_list("state", flat=True)) == {State.NEW}
    assertContains(agent_client.post(undo_url(response), follow=True), "already")


def test_take_spam_and_no_spam(agent_client: Client, agent: User) -> None:
    ticket = TicketFactory()
    agent_client.post(ACT, chosen(ticket, do="take"))
    ticket.refresh_from_db()
    assert ticket.assignee == agent
    agent_client.post(ACT, chosen(ticket, do="spam"))
    ticket.refresh_from_db()
    assert ticket.state == State.SPAM
    agent_client.post(ACT, chosen(ticket, do="not-spam"))
    ticket.refresh_from_db()
    assert ticket.state == State.NEW


def test_change_more_at_once(agent_client: Client, agent: User) -> None:
    one, other = TicketFactory.create_batch(2)
    queue = QueueFactory(name="Returns")
    category = Category.objects.create(name="Repairs", folded="repairs")
    to_form = agent_client.post(ACT, chosen(one, other, do="change"))
    page = agent_client.get(to_form["Location"])
    assertContains(page, "Change 2 tickets")
    assertContains(page, f'name="ticket" value="{one.pk}"')

    said = chosen(
        one,
        other,
        assignee=agent.pk,
        queue=queue.pk,
        category=category.pk,
        priority=40,
        state="on_hold",
        add_tags="vip, oven",
        snoozed_until="2090-01-01T08:00",
    )
    assertRedirects(agent_client.post(CHANGE, said), f"{LIST}?view=open")

    one.refresh_from_db()
    assert (one.assignee, one.queue, one.category) == (agent, queue, category)
    assert (one.priority, one.state) == (40, State.ON_HOLD)
    assert {tag.name for tag in one.tags.all()} == {"vip", "oven"}
    assert one.snoozed_until is not None
    agent_client.post(CHANGE, chosen(one, assignee="none", category="none", remove_tags="vip"))
    one.refresh_from_db()
    assert (one.assignee, one.category, one.tags.count()) == (None, None, 1)


def test_nothing_chosen_or_in_the_past_is_said(agent_client: Client) -> None:
    ticket = TicketFactory()

    nothing = agent_client.post(CHANGE, chosen(ticket))
    assertContains(nothing, "Choose what is to change", status_code=422)
    past = agent_client.post(CHANGE, chosen(ticket, snoozed_until="2020-01-01T08:00"))
    assertContains(past, "still to come", status_code=422)
    assertContains(agent_client.post(ACT, {"do": "solve"}, follow=True), "No ticket was selected")
    assertContains(agent_client.post(CHANGE, {}, follow=True), "No ticket was selected")


def test_everything_that_the_list_shows_and_no_more(agent_client: Client) -> None:
    TicketFactory.create_batch(60, priority=40, queue=QueueFactory(), customer=CustomerFactory())
    TicketFactory(subject="Spared")
    assertContains(agent_client.get(LIST, {"priority": 40}), 'name="everything"')

    agent_client.post(ACT, {"do": "solve", "everything": "1", "query": "priority=40"})

    assert Ticket.objects.filter(state=State.SOLVED).count() == 60
    assert Ticket.objects.get(subject="Spared").state == State.NEW


def test_what_one_may_not_see_one_does_not_change(
    agent_client: Client, manager_client: Client, agent: User
) -> None:
    private = QueueFactory(name="Staff matters", is_private=True)
    hidden = TicketFactory(subject="About Ana", queue=private)
    seen = TicketFactory()

    agent_client.post(ACT, chosen(hidden, do="solve"))
    agent_client.post(ACT, {"do": "solve", "everything": "1", "query": f"queue={private.pk}"})
    agent_client.post(CHANGE, chosen(hidden, priority=40))
    response = agent_client.post(ACT, chosen(hidden, seen, do="merge"), follow=True)
    assertContains(response, "Select from 2 to")
    agent_client.post(MERGE, chosen(hidden, seen, into=hidden.pk))
    agent_client.post(MERGE, chosen(seen, hidden, into=seen.pk))
    hidden.refresh_from_db()
    assert (hidden.state, hidden.priority, hidden.merged_into) == (State.NEW, 20, None)

    manager_client.post(ACT, chosen(hidden, do="solve"))
    stroke = ChangeSet.objects.get(kind="support.change", facts__tickets=1, by__role=30)
    url = reverse("support:tickets-undo", args=[stroke.pk])
    assert agent_client.post(url).status_code == 403


def test_an_import_or_another_rooms_stroke_is_not_taken_back_here(manager_client: Client) -> None:
    stroke = ChangeSet.objects.create(kind="import", label="x")

    assert manager_client.post(reverse("support:tickets-undo", args=[stroke.pk])).status_code == 404


def test_merged_into_the_chosen_one_and_taken_back(agent_client: Client) -> None:
    customer = CustomerFactory()
    one, other, third = TicketFactory.create_batch(3, customer=customer)
    to_form = agent_client.post(ACT, chosen(one, other, third, do="merge"))
    assertContains(agent_client.get(to_form["Location"]), "Keep this one")

    response = agent_client.post(MERGE, chosen(one, other, third, into=other.pk), follow=True)

    assertContains(response, f"2 tickets are part of #{other.pk} now.")
    for ticket in (one, third):
        ticket.refresh_from_db()
        assert (ticket.state, ticket.merged_into) == (State.MERGED, other)
    agent_client.post(undo_url(response))
    for ticket in (one, third):
        ticket.refresh_from_db()
        assert (ticket.state, ticket.merged_into) == (State.NEW, None)


def test_tickets_of_different_customers_only_when_that_is_meant(agent_client: Client) -> None:
    one, other = TicketFactory(), TicketFactory()
    assert Customer.objects.count() == 2
    page = agent_client.get(MERGE, chosen(one, other))
    assertContains(page, "of different customers")

    refused = agent_client.post(MERGE, chosen(one, other, into=one.pk))
    assertContains(refused, "Say that this is meant", status_code=422)
    agent_client.post(MERGE, chosen(one, other, into=one.pk, across_customers="1"))
    other.refresh_from_db()
    assert other.merged_into == one


@pytest.mark.parametrize("url", [ACT, CHANGE, MERGE])
def test_read_only_people_change_nothing(read_only_client: Client, url: str) -> None:
    ticket = TicketFactory()

    assert read_only_client.post(url, chosen(ticket, do="solve")).status_code == 403
    ticket.refresh_from_db()
    assert ticket.state == State.NEW


def test_a_strange_selection_is_left_out(agent_client: Client) -> None:
    ticket = TicketFactory()
    agent_client.post(ACT, {"do": "solve", "ticket": ["x", "-1", "9" * 30, str(ticket.pk)]})
    agent_client.post(ACT, {"do": "explode", "ticket": [ticket.pk]})

    ticket.refresh_from_db()
    assert ticket.state == State.SOLVED
