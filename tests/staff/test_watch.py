"""What an owner watches: the trail of changes, and the system's health."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.asserts import assertContains, assertNotContains

from staff import audit, health, jobs
from staff.access import Role
from staff.models import AuditEntry, Business, Heartbeat, Tick, User
from tests.conftest import person

pytestmark = pytest.mark.usefixtures("empty_trail")

URL = "/settings/audit/"
HEALTH = "/settings/health/"


def entry(user: User | None, action: str = "person.invite", **fields: object) -> AuditEntry:
    made = audit.record(by=user, action=action, target=Business.objects.get())
    AuditEntry.objects.filter(pk=made.pk).update(**fields)
    return made


def shown(client: Client, **query: object) -> list[int]:
    return [row.pk for row in client.get(URL, query).context["page"]]


def test_who_changed_what_from_what_to_what(manager_client: Client, owner: User, agent: User):
    audit.record(
        by=owner,
        action="person.change_role",
        target=agent,
        changes={"role": [20, 30], "is_active": [True, False], "name": ["", "<b>Ana"]},
    )

    response = manager_client.get(URL)

    assertContains(response, "Changed a person&#x27;s role")
    assertContains(response, f"person {agent.pk}")
    assertContains(response, "<del>Agent</del> → <ins>Manager</ins>", html=False)
    assertContains(response, "<del>yes</del> → <ins>no</ins>")
    assertContains(response, "<ins>&lt;b&gt;Ana</ins>")
    assertContains(response, f"/settings/people/{agent.pk}/")


def test_filters_combine(manager_client: Client, owner: User, agent: User):
    day = datetime(2026, 5, 1, 12, tzinfo=UTC)
    by_owner = entry(owner, at=day)
    by_agent = entry(agent, at=day + timedelta(days=1))
    other = entry(owner, action="business.change", at=day + timedelta(days=2))
    system = entry(None, at=day + timedelta(days=3))
    elsewhere = entry(owner, target_model="staff.user", at=day + timedelta(days=4))

    assert shown(manager_client) == [
        elsewhere.pk,
        system.pk,
        other.pk,
        by_agent.pk,
        by_owner.pk,
    ]
    assert shown(manager_client, by=agent.pk) == [by_agent.pk]
    assert shown(manager_client, action="business.change") == [other.pk]
    assert shown(manager_client, model="staff.user") == [elsewhere.pk]
    assert shown(manager_client, since="2026-05-02", until="2026-05-03") == [
        other.pk,
        by_agent.pk,
    ]
    assert shown(manager_client, by=owner.pk, action="person.invite", until="2026-05-01") == [
        by_owner.pk
    ]


def test_days_are_the_business_s_own(manager_client: Client, owner: User):
    late = entry(owner, at=datetime(2026, 5, 2, 1, tzinfo=UTC))  # still the first in São Paulo
    assert shown(manager_client, until="2026-05-01") == [late.pk]


def test_a_filter_that_cannot_be_read_says_so(manager_client: Client, owner: User):
    entry(owner)
    response = manager_client.get(URL, {"since": "yesterday"})
    assertContains(response, "valid date")


def test_pages_by_key_and_the_fragment(manager_client: Client, owner: User):
    made = [entry(owner).pk for _number in range(60)]
    response = manager_client.get(URL, {"action": "person.invite"})
    following = manager_client.get(
        URL + response.context["page"].next_url, headers={"HX-Request": "true"}
    )

    seen = [row.pk for answer in (response, following) for row in answer.context["page"]]
    assert seen == sorted(made, reverse=True)
    assertNotContains(following, "<html")
    assert "HX-Request" in following["Vary"]


def test_query_count_does_not_grow_with_entries(
    manager_client: Client, django_assert_num_queries: DjangoAssertNumQueries
):
    for number in range(20):
        entry(person(Role.AGENT, f"a{number}@x.example", f"A {number}"))
    with django_assert_num_queries(5):  # business, session, user, people to choose from, entries
        manager_client.get(URL)


def test_every_action_of_this_room_has_words():
    for action in ("business.set_up", "person.deactivate", "change_set.revert"):
        assert audit.description(action) != action
    assert audit.description("unheard.of") == "unheard.of"


# --- Health -----------------------------------------------------------------------------


def states(client: Client) -> dict[str, bool | None]:
    response = client.get(HEALTH)
    return {check.name: finding.ok for check, finding in response.context["findings"]}


def test_silent_processes_are_found_and_living_ones_too(manager_client: Client):
    assert states(manager_client)["worker"] is False
    assertContains(manager_client.get(HEALTH), "manage.py serve")

    Heartbeat.objects.create(name="worker", at=timezone.now())
    Heartbeat.objects.create(name="scheduler", at=timezone.now() - timedelta(minutes=10))
    found = states(manager_client)
    assert (found["worker"], found["scheduler"]) == (True, False)
    assert (found["database"], found["migrations"], found["broker"]) == (True, True, True)


def test_a_queue_that_does_not_answer_is_said(
    manager_client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(current_app.conf, "broker_transport", "redis")
    assert states(manager_client)["broker"] is False


def test_held_mail_is_worth_knowing_and_no_fault(manager_client: Client, settings: Settings):
    assert states(manager_client)["mail"] is None
    settings.EMAIL_URL = "smtp://127.0.0.1:25"
    assert states(manager_client)["mail"] is True


def test_jobs_show_when_they_last_ran_and_whether_they_are_late(business: Business):
    now = timezone.now()
    Tick.objects.create(job="staff.beat", due_at=now)
    Tick.objects.create(job="staff.beat", due_at=now - timedelta(hours=1))
    run = {run.name: run for run in health.job_runs()}["staff.beat"]
    assert (run.last, run.late) == (now, False)

    Tick.objects.filter(due_at=now).delete()
    assert {run.name: run for run in health.job_runs()}["staff.beat"].late
    assert {run.name for run in health.job_runs()} == set(jobs.JOBS)


def test_an_agent_watches_nothing(agent_client: Client):
    assert agent_client.get(URL).status_code == 403
    assert agent_client.get(HEALTH).status_code == 403


def test_every_action_that_is_written_anywhere_has_words():
    """The trail speaks of what people did, not of "customer.archive_many"."""
    written = set()
    for room in ("crm", "mail", "metrics", "staff", "surveys"):
        for file in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            written |= set(re.findall(r'action="([a-z_]+\.[a-z_]+)"', file.read_text()))
    unspoken = {action for action in written if audit.description(action) == action}
    assert not unspoken, "Put these into words in the trail.py of their room."
