"""Today: what is due, quickly added, done and taken back."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm import actions
from crm.agenda import SHOWN
from crm.models import Task
from staff.models import User
from tests.factories import ContractFactory, CustomerFactory, OrderFactory, TaskFactory

URL = reverse("crm:today")
HTMX = {"HX-Request": "true"}


def test_ones_own_tasks_by_how_pressing_they_are(agent_client: Client, agent: User) -> None:
    now = timezone.now()
    TaskFactory(title="Late one", owner=agent, due_at=now - timedelta(days=2), is_promise=True)
    TaskFactory(title="Next week", owner=agent, due_at=now + timedelta(days=3))
    TaskFactory(title="Far off", owner=agent, due_at=now + timedelta(days=60))
    TaskFactory(title="Some day", owner=agent, due_at=None)
    TaskFactory(title="Another's")
    done = TaskFactory(title="Done one", owner=agent)
    actions.complete_task(task=done, by=agent)

    response = agent_client.get(URL)

    sections = response.context["agenda"].sections
    assert [(one.name, [task.title for task in one.tasks]) for one in sections] == [
        ("late", ["Late one"]),
        ("ahead", ["Next week"]),
        ("some-day", ["Some day"]),
    ]
    assertContains(response, "1 late")
    assertContains(response, "1 more later on")


def test_of_many_tasks_the_first_are_shown_and_the_rest_on_request(
    agent_client: Client, agent: User
) -> None:
    due = timezone.now() - timedelta(days=2)
    Task.objects.bulk_create(
        Task(title=f"Task <{n}>", owner=agent, due_at=due + timedelta(minutes=n))
        for n in range(SHOWN + 2)
    )
    whole = f"{URL}?all=late"
    last = f"Task &lt;{SHOWN + 1}&gt;"

    response = agent_client.get(URL)

    assertContains(response, 'class="task"', count=SHOWN)
    assertContains(response, f'href="{whole}#agenda-late"')
    assertContains(response, f"Show all ({SHOWN + 2})")
    assertContains(response, f"{SHOWN + 2} late")
    assertNotContains(response, last)
    for headers in ({}, HTMX):
        response = agent_client.get(whole, headers=headers)
        assertContains(response, last)
        assertNotContains(response, f"{whole}#agenda-late")


def test_a_clear_day_says_so(read_only_client: Client) -> None:
    response = read_only_client.get(URL)

    assertContains(response, "Nothing waits for you.")
    assertNotContains(response, '<form class="quick-task"')


def test_a_task_is_added_with_and_without_scripts(agent_client: Client, agent: User) -> None:
    add = reverse("crm:task-add")
    tomorrow = timezone.localdate() + timedelta(days=1)

    assertRedirects(agent_client.post(add, {"title": "Bake"}), URL)
    response = agent_client.post(
        add, {"title": "Deliver", "due_on": tomorrow.isoformat()}, headers=HTMX
    )

    assertContains(response, "Deliver")
    assertNotContains(response, "<html")
    assert set(Task.objects.values_list("title", "owner")) == {
        ("Bake", agent.pk),
        ("Deliver", agent.pk),
    }


def test_a_refused_task_keeps_what_was_typed(agent_client: Client) -> None:
    for headers in ({}, HTMX):
        response = agent_client.post(
            reverse("crm:task-add"), {"title": "Bake", "due_on": "soon"}, headers=headers
        )
        assertContains(response, 'value="Bake"', status_code=422)
        assertContains(response, "Enter a valid date", status_code=422)


def test_done_is_one_press_and_a_second_one_takes_it_back(
    agent_client: Client, agent: User
) -> None:
    task = TaskFactory(owner=agent)
    done, reopen = (reverse(f"crm:task-{verb}", args=[task.pk]) for verb in ("complete", "reopen"))

    fragment = agent_client.post(done, {"with_customer": "1"}, headers=HTMX)
    assertContains(fragment, reopen)
    assertContains(fragment, task.customer.name)
    task.refresh_from_db()
    assert task.done_by == agent
    # Twice, from two windows: the line is still true.
    assertContains(agent_client.post(done, headers=HTMX), reopen)

    assertContains(agent_client.post(reopen, headers=HTMX), done)
    task.refresh_from_db()
    assert task.done_at is None


def test_done_without_scripts_offers_undo(agent_client: Client, agent: User) -> None:
    task = TaskFactory(owner=agent)
    url = reverse("crm:customer", args=[task.customer_id])

    response = agent_client.post(
        reverse("crm:task-complete", args=[task.pk]), {"next": url}, follow=True
    )

    assertRedirects(response, url)
    assertContains(response, f"Done: {task.title}")
    assertContains(response, reverse("crm:task-reopen", args=[task.pk]))
    again = agent_client.post(reverse("crm:task-complete", args=[task.pk]), follow=True)
    assertContains(again, "done already")


def test_a_promise_needs_to_whom_and_until_when(agent_client: Client, agent: User) -> None:
    url = reverse("crm:task-create")
    customer = CustomerFactory()
    data = {"title": "Send the quote", "owner": agent.pk, "is_promise": "on"}

    response = agent_client.post(url, data)
    assertContains(response, "To whom was it promised?")
    assertContains(response, "until which it is kept")

    asked = agent_client.get(url, {"customer": customer.pk})
    assertContains(asked, f"#{customer.pk}")
    day = timezone.localdate() + timedelta(days=1)
    kept = agent_client.post(
        url, {**data, "customer": f"#{customer.pk}", "due_on": day.isoformat()}
    )
    assertRedirects(kept, reverse("crm:customer", args=[customer.pk]))
    assert Task.objects.get().is_promise


def test_read_only_people_finish_nothing(read_only_client: Client) -> None:
    task = TaskFactory()

    for name in ("crm:task-complete", "crm:task-reopen"):
        assert read_only_client.post(reverse(name, args=[task.pk])).status_code == 403
    assert read_only_client.post(reverse("crm:task-add"), {"title": "x"}).status_code == 403


def test_customers_going_quiet_and_contracts_that_end_stand_beside(
    agent_client: Client, agent: User
) -> None:
    quiet = CustomerFactory(name="Quiet Inc", owner=agent)
    OrderFactory(customer=quiet, ordered_at=timezone.now() - timedelta(days=170), rebuild=True)
    ending = CustomerFactory(name="Ending Ltd", owner=None)
    today = timezone.localdate()
    ContractFactory(
        customer=ending, starts_on=today - timedelta(days=300), ends_on=today + timedelta(days=20)
    )
    others = CustomerFactory(name="Somebody else's")
    OrderFactory(customer=others, ordered_at=timezone.now() - timedelta(days=170), rebuild=True)

    response = agent_client.get(URL)

    assertContains(response, "Quiet Inc")
    assertContains(response, "Ending Ltd")
    assertNotContains(response, "Somebody else&#x27;s")


def test_queries_do_not_grow_with_tasks(
    agent_client: Client, agent: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(15):
        TaskFactory(owner=agent)
    # business, session, user, tasks, deals, going quiet, contracts, detractors (surveys); tickets
    # that press and that nobody has, customers who wait, mentions, the board (support)
    with django_assert_num_queries(13):
        agent_client.get(URL)
