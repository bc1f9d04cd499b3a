"""The list of tickets: views, filters, order, and who sees what of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from staff.models import Business, User
from support import search
from support.filters import SORTS, VIEWS
from support.models import Category, Queue, SavedView, Ticket
from tests.factories import CustomerFactory, QueueFactory, TagFactory, TicketFactory

URL = reverse("support:ticket-list")
HTMX = {"HX-Request": "true"}
State = Ticket.State


def subjects(response: object) -> list[str]:
    return [ticket.subject for ticket in response.context["page"]]  # type: ignore[attr-defined]


def counted(response: object) -> dict[str, int]:
    tabs = response.context["tabs"]  # type: ignore[attr-defined]
    return {tab.label: int(tab.count) for tab in tabs.views if tab.count is not None}


def test_everyone_who_may_sign_in_reads_it_and_strangers_sign_in_first(
    read_only_client: Client, client: Client
) -> None:
    TicketFactory(subject="Oven is cold")
    response = read_only_client.get(URL)

    assertContains(response, "Oven is cold")
    assertNotContains(response, "data-select-all")
    assert client.get(URL)["Location"].startswith(reverse("account_login"))
    assert read_only_client.post(URL).status_code in {403, 405}


def test_an_empty_desk_teaches_where_tickets_come_from(
    manager_client: Client, read_only_client: Client
) -> None:
    response = manager_client.get(URL)

    assertContains(response, "Connect a mailbox")
    assertContains(response, "Write one down")
    assertContains(response, "manage.py import tickets")
    assertNotContains(read_only_client.get(URL), "Write one down")


def test_views_show_what_they_say_and_count_it(agent_client: Client, agent: User) -> None:
    now = timezone.now()
    TicketFactory(subject="mine", assignee=agent, state=State.OPEN)
    TicketFactory(subject="nobody’s")
    TicketFactory(subject="late", assignee=agent, next_due_at=now - timedelta(hours=2))
    TicketFactory(subject="waits", state=State.WAITING)
    TicketFactory(subject="sleeps", assignee=agent, snoozed_until=now + timedelta(days=1))
    TicketFactory(subject="awake", snoozed_until=now - timedelta(days=1))
    TicketFactory(subject="solved", state=State.SOLVED, assignee=agent)
    TicketFactory(subject="closed", state=State.CLOSED)
    TicketFactory(subject="spam", state=State.SPAM)
    TicketFactory(subject="merged", state=State.MERGED)

    shown = {view: set(subjects(agent_client.get(URL, {"view": view}))) for view in VIEWS}

    assert shown == {
        "mine": {"mine", "late"},
        "unassigned": {"nobody’s", "waits", "awake"},
        "late": {"late"},
        "waiting": {"waits"},
        "open": {"mine", "nobody’s", "late", "waits", "awake"},
        "snoozed": {"sleeps"},
        "done": {"solved", "closed"},
        "spam": {"spam"},
    }
    response = agent_client.get(URL)
    assert set(subjects(response)) == shown["open"], "what is open is what one comes for"
    assert counted(response) == {
        "Mine": 2,
        "Unassigned": 3,
        "Late": 1,
        "Waiting": 1,
        "All open": 5,
        "Snoozed": 1,
    }


def test_filters_combine_and_read_as_a_sentence(
    business: Business, agent_client: Client, agent: User
) -> None:
    today = timezone.localdate(timezone=business.zone).isoformat()
    repairs = Category.objects.create(name="Repairs", folded="repairs")
    customer = CustomerFactory(name="Ada")
    ticket = TicketFactory(
        subject="Oven",
        assignee=agent,
        category=repairs,
        priority=Ticket.Priority.URGENT,
        kind=Ticket.Kind.COMPLAINT,
        customer=customer,
    )
    ticket.tags.add(TagFactory(name="VIP", folded="vip"))
    TicketFactory(subject="Bread", assignee=agent, category=repairs)

    query = {
        "assignee": agent.pk,
        "category": repairs.pk,
        "priority": 40,
        "kind": "complaint",
        "channel": "email",
        "tag": "vip",
        "queue": ticket.queue_id,
        "customer": customer.pk,
        "since": today,
        "until": today,
    }
    response = agent_client.get(URL, query)

    assert subjects(response) == ["Oven"]
    for words in (
        "that are urgent",
        "assigned to Ana Reis",
        "about “Repairs”",
        "tagged “VIP”",
        "that complain",
        "come by e-mail",
        "of Ada",
        "opened until",
    ):
        assertContains(response, words)
    chip = next(chip for chip in response.context["chips"] if "urgent" in chip.text)
    assert "priority" not in chip.without
    assert f"assignee={agent.pk}" in chip.without
    assert set(subjects(agent_client.get(URL, {"assignee": "none"}))) == set()


def test_who_searches_looks_everywhere_but_in_spam(agent_client: Client) -> None:
    for state in (State.OPEN, State.CLOSED, State.SPAM):
        TicketFactory(subject=f"Forno {state}", state=state)
    search.index(Ticket.objects.values_list("pk", flat=True))

    assert set(subjects(agent_client.get(URL, {"q": "FORNO"}))) == {"Forno open", "Forno closed"}
    assert subjects(agent_client.get(URL, {"q": "forno", "view": "spam"})) == ["Forno spam"]
    assert subjects(agent_client.get(URL, {"q": "forno", "state": "spam"})) == ["Forno spam"]
    number = Ticket.objects.get(state=State.CLOSED).pk
    assert subjects(agent_client.get(URL, {"q": f"#{number}"})) == ["Forno closed"]


def test_a_private_queue_is_not_there_for_those_outside(
    agent_client: Client, manager_client: Client, agent: User
) -> None:
    private = QueueFactory(name="Staff matters", is_private=True)
    ticket = TicketFactory(subject="About Ana", queue=private, assignee=agent)
    TicketFactory(subject="Oven")
    search.index([ticket.pk])

    for query in (
        {},
        {"q": f"#{ticket.pk}"},
        {"q": "ana"},
        {"queue": private.pk},
        {"view": "mine"},
    ):
        response = agent_client.get(URL, query)
        assertNotContains(response, "About Ana")
        assertNotContains(response, "Staff matters")
    assert counted(agent_client.get(URL))["All open"] == 1
    assert counted(manager_client.get(URL))["All open"] == 2
    assertContains(manager_client.get(URL, {"queue": private.pk}), "About Ana")


@pytest.mark.parametrize(
    "query",
    [{"assignee": "x"}, {"state": "y"}, {"view": "z"}, {"since": "soon"}, {"after": "forged"}],
)
def test_what_cannot_be_understood_is_left_out(agent_client: Client, query: dict[str, str]) -> None:
    TicketFactory(subject="Oven")

    assert subjects(agent_client.get(URL, query)) == ["Oven"]


def test_orders(agent_client: Client) -> None:
    now = timezone.now()
    for hours, name, priority in ((1, "a", 20), (2, "b", 40), (3, "c", 10)):
        TicketFactory(
            subject=name,
            priority=priority,
            last_activity_at=now - timedelta(hours=hours),
            opened_at=now - timedelta(hours=9 - hours),
            next_due_at=now + timedelta(hours=5 - hours) if name != "a" else None,
        )

    assert subjects(agent_client.get(URL)) == ["a", "b", "c"]
    assert subjects(agent_client.get(URL, {"sort": "opened"})) == ["c", "b", "a"]
    assert subjects(agent_client.get(URL, {"sort": "due"})) == ["c", "b", "a"]
    assert subjects(agent_client.get(URL, {"sort": "priority"})) == ["b", "a", "c"]


@pytest.mark.parametrize("sort", SORTS)
def test_pages_follow_each_other_in_every_order(agent_client: Client, sort: str) -> None:
    TicketFactory.create_batch(60, customer=CustomerFactory(), queue=QueueFactory())
    first = agent_client.get(URL, {"sort": sort})
    second = agent_client.get(f"{URL}{first.context['page'].next_url}")

    assert len(subjects(first)) == 50
    assert len({*subjects(first), *subjects(second)}) == 60
    back = agent_client.get(f"{URL}{second.context['page'].previous_url}")
    assert subjects(back) == subjects(first)


def test_due_times_are_said_in_words(agent_client: Client) -> None:
    now = timezone.now()
    TicketFactory(next_due_at=now + timedelta(minutes=20, seconds=10))
    assertContains(agent_client.get(URL), "in 20 minutes")
    Ticket.objects.update(next_due_at=now - timedelta(hours=3))
    assertContains(agent_client.get(URL), "late by 3 hours")


def test_the_fragment_carries_rows_tabs_and_filters_without_the_frame(
    agent_client: Client,
) -> None:
    TicketFactory(subject="Oven")
    response = agent_client.get(URL, headers=HTMX)

    assertContains(response, "Oven")
    assertContains(response, 'id="list-tabs" hx-swap-oob="true"')
    assertNotContains(response, "<html")
    assert "HX-Request" in response["Vary"]


def test_a_strange_subject_is_only_text(agent_client: Client) -> None:
    TicketFactory(subject="<script>alert(1)</script>")
    assertContains(agent_client.get(URL), "&lt;script&gt;alert(1)")


def test_queries_are_few_and_do_not_grow(
    agent_client: Client, agent: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    QueueFactory(name="Second")
    SavedView.objects.create(name="Urgent ones", query="priority=40")
    category = Category.objects.create(name="Repairs", folded="repairs")

    def some(count: int) -> None:
        for _ in range(count):
            ticket = TicketFactory(category=category, assignee=agent)
            ticket.tags.add(TagFactory(name="VIP", folded="vip"))

    some(2)
    agent_client.get(URL)
    # session, user, business; tickets, their tags; queues, saved views, all counters
    with django_assert_num_queries(8):
        agent_client.get(URL)
    some(20)
    with django_assert_num_queries(8):
        agent_client.get(URL)
    # one by which it is filtered, how many match
    with CaptureQueriesContext(connection) as captured:
        agent_client.get(URL, {"category": category.pk, "q": "question"})
    assert len(captured) <= 10


def test_the_filter_panel_offers_what_there_is(agent_client: Client) -> None:
    Queue.objects.create(name="Staff matters", is_private=True)
    QueueFactory(name="Front desk")
    response = agent_client.get(reverse("support:ticket-filter"), {"priority": "40"}, headers=HTMX)

    assertContains(response, "Front desk")
    assertNotContains(response, "Staff matters")
    assertContains(response, '<option value="40" selected>')


def test_a_number_is_looked_up_at_once_and_nothing_else_is_counted(
    agent_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ticket = TicketFactory(subject="Forno")
    TicketFactory(subject="Another")
    agent_client.get(URL)

    # session, user, business; the ticket, its tags; queues, saved views
    with django_assert_num_queries(7):
        response = agent_client.get(URL, {"q": f"#{ticket.pk}"})

    assert subjects(response) == ["Forno"]
    assertContains(response, "1 match")
    assert counted(response) == {}
