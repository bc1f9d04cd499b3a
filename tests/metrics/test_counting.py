"""What takes longer to measure than a page may is counted by a worker, and the page shows it then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from metrics import actions, tasks
from metrics.counting import asking, working
from metrics.models import Asked
from metrics.sql import TookTooLong, at_most
from staff.models import Business, User
from tests.factories import CustomerFactory, OrderFactory, ResponseFactory

pytestmark = pytest.mark.django_db
WHEN = datetime(2026, 1, 10, 12, tzinfo=UTC)
JANUARY = "grain=month&on=2026-01-01"
GROUPS = f"/metrics/nps/groups/?{JANUARY}&by=source"
PAGES = [
    f"/metrics/nps/?{JANUARY}&source=web",
    "/metrics/nps/?from=2026-01-03&to=2026-01-19",
    "/metrics/average_ticket/?from=2026-01-03&to=2026-01-19&source=web",
    f"/metrics/churn_reasons/?{JANUARY}&source=web",
]


@pytest.fixture
def january(business: Business) -> None:
    for source, score in (("web", 10), ("fair", 3)):
        for _ in range(6):
            found = CustomerFactory(created_at=WHEN, source=source)
            ResponseFactory(customer=found, score=score, answered_at=WHEN)
            OrderFactory(customer=found, ordered_at=WHEN, rebuild=True)


@pytest.fixture
def impatient(january: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything takes too long to wait for."""
    monkeypatch.setattr(asking, "PATIENCE", 0)


def told(page: Any) -> list[Any]:
    """What a chart's page says."""
    context = page.context
    points = [point for point, _query in context["points"]]
    return [
        context["tile"].point.value,
        context["tile"].previous,
        context["tile"].change,
        *((one.period, one.status, one.value, one.interval, one.n, one.parts) for one in points),
    ]


def lines(page: Any) -> list[Any]:
    found = page.context["breakdown"]
    said = [
        (one.group.words, one.group.pairs, one.group.size, one.point.value, one.change)
        for one in found.lines
    ]
    return [found.whole.value, found.is_tested, *said]


@pytest.mark.parametrize("where", PAGES)
def test_what_a_worker_counts_is_what_the_page_would_say(
    agent_client: Client, january: None, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    at_once = told(agent_client.get(where))
    assert not Asked.objects.exists()
    monkeypatch.setattr(asking, "PATIENCE", 0)
    waiting = agent_client.get(where)
    assertContains(waiting, "The figures appear by themselves")
    assertContains(waiting, 'hx-trigger="every 2s"')
    agent_client.get(where)
    assert Asked.objects.count() == 1

    assert working.work() is False
    page = agent_client.get(where)
    assertNotContains(page, "The figures appear by themselves")
    assert told(page) == at_once


@pytest.mark.parametrize("kpi", ["nps", "average_ticket", "churn_reasons"])
def test_groups_are_counted_one_by_one(
    agent_client: Client, january: None, monkeypatch: pytest.MonkeyPatch, kpi: str
) -> None:
    where = GROUPS.replace("nps", kpi)
    at_once = lines(agent_client.get(where))
    monkeypatch.setattr(asking, "PATIENCE", 0)
    monkeypatch.setattr(working, "SLICE_SECONDS", 0)
    agent_client.get(where)

    assert working.work()  # all of them
    assert working.work()  # the first group
    assertContains(agent_client.get(where), "1 of 2")
    assert not working.work()
    page = agent_client.get(where)
    assert lines(page) == at_once
    assertContains(page, "web")


def test_a_chart_is_counted_by_some_periods_at_a_time(
    agent_client: Client, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "SLICE_SECONDS", 0)
    agent_client.get(PAGES[0])
    assert working.work()
    assertContains(agent_client.get(PAGES[0]), "4 of 24")
    for _ in range(5):
        working.work()
    assertNotContains(agent_client.get(PAGES[0]), "The figures appear by themselves")


def test_a_file_is_there_once_its_figures_are(agent_client: Client, impatient: None) -> None:
    page, file = PAGES[0], PAGES[0].replace("/nps/", "/nps/csv/")
    assertRedirects(agent_client.get(file), page)
    groups = GROUPS.replace("/groups/", "/groups/csv/")
    assertRedirects(agent_client.get(groups), GROUPS)
    working.work()
    for found in (agent_client.get(file), agent_client.get(groups)):
        assert found["Content-Type"].startswith("text/csv")


def test_rows_are_there_without_their_total(agent_client: Client, impatient: None) -> None:
    """What is stored stands for it; of some customers nothing is."""
    rows = f"/metrics/nps/denominator/?{JANUARY}"
    page = agent_client.get(rows)
    assert page.context["total"] is None
    assert len(page.context["rows"]) == 12
    actions.refresh()
    assert agent_client.get(rows).context["total"] == 12
    page = agent_client.get(f"{rows}&source=web")
    assertNotContains(page, "rows-total")
    assert len(page.context["rows"]) == 6


def test_each_person_has_their_own(
    agent_client: Client, manager_client: Client, impatient: None, agent: User, manager: User
) -> None:
    agent_client.get(PAGES[0])
    manager_client.get(PAGES[0])
    assert {one.asker for one in Asked.objects.all()} == {agent, manager}


def test_a_fourth_takes_the_place_of_the_oldest(agent_client: Client, impatient: None) -> None:
    for where in (*PAGES, GROUPS):
        agent_client.get(where)
    assert [one.kpi for one in Asked.objects.order_by("pk")] == [
        "average_ticket",
        "churn_reasons",
        "nps",
    ]


def test_it_is_counted_again_after_an_hour(agent_client: Client, impatient: None) -> None:
    agent_client.get(PAGES[0])
    working.work()
    Asked.objects.update(asked_at=timezone.now() - asking.KEPT_FOR)
    assertContains(agent_client.get(PAGES[0]), "The figures appear by themselves")
    assert Asked.objects.get().counted_at is None
    Asked.objects.update(asked_at=timezone.now() - 3 * asking.KEPT_FOR)
    working.forget()
    assert not Asked.objects.exists()


def test_what_cannot_be_counted_says_so(
    agent_client: Client, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes too long even for a worker; or fails each time, here because its segment is gone."""
    agent_client.get(PAGES[0])
    agent_client.get(GROUPS)
    Asked.objects.exclude(dimension="").update(customers="segment=999")
    monkeypatch.setattr(working, "STEP_SECONDS", 0)
    working.work()
    assertContains(agent_client.get(PAGES[0]), "This could not be counted")
    page = agent_client.get(GROUPS)
    assertContains(page, "This could not be counted")
    assertNotContains(page, "every 2s")
    assert Asked.objects.get(kpi="nps", dimension="source").failures == working.MOST_FAILURES


def test_a_lost_nudge_is_found(
    agent_client: Client, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudges: list[bool] = []
    monkeypatch.setattr(tasks.count_asked, "delay", lambda: nudges.append(True))
    tasks.refresh()
    assert not nudges
    agent_client.get(PAGES[0])
    tasks.refresh()
    tasks.count_asked()
    assert nudges == [True]
    tasks.refresh()
    assert nudges == [True]


def test_a_statement_that_takes_too_long_is_broken_off(business: Business) -> None:
    """And nothing after it: the time is for the block alone."""
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most}) "
    many += "SELECT COUNT(*) FROM n"
    began = timezone.now()
    with pytest.raises(TookTooLong), at_most(0.1), connection.cursor() as cursor:
        cursor.execute(many.format(most=10**9))
    assert timezone.now() - began < timedelta(seconds=30)
    with at_most(60):
        assert Business.objects.exists()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)
        cursor.execute(many.format(most=200_000))
        assert cursor.fetchone() == (200_000,)
