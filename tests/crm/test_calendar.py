"""One's own tasks as a calendar at a secret address."""

from datetime import timedelta

from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from crm import actions
from crm.forms.interactions import end_of
from crm.models import CalendarFeed
from staff.models import AuditEntry, Business, User
from tests.factories import ContractFactory, CustomerFactory, TaskFactory

URL = reverse("crm:calendar")


def address(agent: User) -> str:
    return "/" + actions.open_calendar(by=agent).split("/", 3)[3]


def events(client: Client, url: str) -> list[dict[str, object]]:
    response = client.get(url)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(response.content)
    return [
        {
            "title": str(event["summary"]),
            "start": event.decoded("dtstart"),
            "uid": str(event["uid"]),
        }
        for event in calendar.walk("VEVENT")
    ]


def test_open_tasks_with_a_day_and_contracts_that_end(
    client: Client, agent: User, business: Business
) -> None:
    today = timezone.localdate(timezone=business.zone)
    with timezone.override(business.zone):
        due_at = end_of(today)
    ana = CustomerFactory(name="Ana, Luz; y Cía", owner=agent)
    TaskFactory(title="Send the quote", owner=agent, customer=ana, is_promise=True, due_at=due_at)
    at = timezone.now().replace(microsecond=0) + timedelta(days=2)
    timed = TaskFactory(title="Call", owner=agent, customer=None, due_at=at)
    TaskFactory(title="Some day", owner=agent, due_at=None)
    TaskFactory(title="Another's", due_at=at)
    done = TaskFactory(title="Done", owner=agent, due_at=at)
    actions.complete_task(task=done, by=agent)
    ContractFactory(
        customer=ana, starts_on=today - timedelta(days=100), ends_on=today + timedelta(days=9)
    )

    found = {str(event["title"]): event for event in events(client, address(agent))}

    assert set(found) == {
        "Promised: Send the quote · Ana, Luz; y Cía",
        "Call",
        "Contract ends: Ana, Luz; y Cía",
    }
    day = found["Promised: Send the quote · Ana, Luz; y Cía"]["start"]
    assert day == today
    assert found["Call"]["start"] == timed.due_at - timedelta(minutes=30)


def test_only_the_address_opens_it_and_only_while_they_work_here(
    client: Client, agent: User, business: Business
) -> None:
    url = address(agent)
    assert client.get(url).status_code == 200
    assert CalendarFeed.objects.get().token_hash not in url
    assert client.get(reverse("crm:calendar-feed", args=["wrong"])).status_code == 404

    newer = address(agent)
    assert client.get(url).status_code == 404
    agent.is_active = False
    agent.save()
    assert client.get(newer).status_code == 404


def test_whoever_guesses_is_slowed_down(client: Client, business: Business) -> None:
    cache.clear()
    answers = [
        client.get(reverse("crm:calendar-feed", args=[f"guess{n}"])).status_code for n in range(40)
    ]
    assert answers[0] == 404
    assert answers[-1] == 429
    cache.clear()


def test_it_does_not_grow_with_tasks(
    client: Client,
    agent: User,
    business: Business,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    url = address(agent)
    TaskFactory.create_batch(12, owner=agent)
    # Whose it is, the business, that it was read; tasks, contracts.
    with django_assert_max_num_queries(6):
        assert len(events(client, url)) == 12


def test_the_page_shows_the_address_once_and_can_switch_it_off(
    agent_client: Client, agent: User
) -> None:
    assertContains(agent_client.get(URL), "Make an address")
    shown = agent_client.post(reverse("crm:calendar-open"))
    assertContains(shown, "/calendar/")
    assert "no-store" in shown["Cache-Control"]
    later = agent_client.get(URL)
    assertContains(later, "No calendar has read it yet.")
    assertNotContains(later, ".ics")

    agent_client.post(reverse("crm:calendar-close"))
    assert not CalendarFeed.objects.exists()
    agent_client.post(reverse("crm:calendar-close"))  # twice is once
    actions_taken = AuditEntry.objects.filter(action__startswith="calendar.")
    assert list(actions_taken.order_by("pk").values_list("action", flat=True)) == [
        "calendar.open",
        "calendar.close",
    ]


def test_the_mail_of_the_morning_is_chosen_here(agent_client: Client, agent: User) -> None:
    assert agent_client.post(URL, {"is_on": "on", "hour": "6"}).status_code == 302
    assert (agent.morning_mail.is_on, agent.morning_mail.hour) == (True, 6)
    assert agent_client.post(URL, {"hour": "6"}).status_code == 302
    agent.morning_mail.refresh_from_db()
    assert not agent.morning_mail.is_on
    assert agent_client.post(URL, {"is_on": "on", "hour": "3"}).status_code == 422


def test_who_only_reads_has_no_tasks_and_no_calendar(read_only_client: Client) -> None:
    assert read_only_client.get(URL).status_code == 403
    assert read_only_client.post(reverse("crm:calendar-open")).status_code == 403
