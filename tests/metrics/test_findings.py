"""What the figures say should be acted on: what the rules see, and what people decide about it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from crm.actions.tasks import complete_task
from crm.folding import fold
from crm.models import Task, Tenure
from metrics import actions as engine
from metrics import reading
from metrics.definitions import find
from metrics.findings import actions
from metrics.findings.looking import Looked, look
from metrics.findings.rule import Looking
from metrics.findings.rules import revenue_held
from metrics.findings.rules.going_quiet import likely_gone
from metrics.findings.showing import Shown
from metrics.models import Finding
from metrics.periods import Period
from staff.models import AuditEntry, Business, User
from support import projection
from support.actions.tickets import open_ticket
from support.models import Category, Ticket, TicketEvent
from surveys.models import Response, Survey
from tests.factories import (
    ContractFactory,
    CostFactory,
    CustomerFactory,
    InteractionFactory,
    InvitationFactory,
    OrderFactory,
    ResponseFactory,
    TaskFactory,
    TenureSpanFactory,
)

NOW = datetime(2026, 3, 12, 10, tzinfo=UTC)
State = Finding.State
LIST = "/findings/"


@pytest.fixture(autouse=True)
def utc(business: Business) -> None:
    business.time_zone = "UTC"
    business.save()


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def unhappy(days_ago: int = 5, now: datetime = NOW) -> Response:
    return Response.objects.create(
        survey=Survey.objects.get(kind="nps"),
        kind="nps",
        customer=CustomerFactory(),
        score=3,
        answered_at=now - timedelta(days=days_ago),
        origin=Response.Origin.MAIL_LINK,
    )


def looked(now: datetime = NOW) -> Looked:
    engine.refresh(now=now)
    done = look(now=now)
    assert done is not None
    return done


def of(kind: str) -> Finding:
    return Finding.objects.exclude(state=State.GONE).get(kind=kind)


def told(finding: Finding, business: Business) -> str:
    shown = Shown(finding, business)
    return " ".join([shown.telling.title, *shown.sentences, shown.telling.task])


# --- Rules ----------------------------------------------------------------------------------------


def test_nothing_is_found_in_an_empty_business() -> None:
    assert looked() == Looked()
    assert not Finding.objects.exists()


def test_unhappy_answers_without_a_reply(business: Business) -> None:
    old, young = unhappy(days_ago=20), unhappy(days_ago=1)
    looked()
    finding = of("detractors_unanswered")
    assert finding.evidence["customers"] == [old.customer_id]
    assert young.customer_id not in finding.evidence["customers"]
    assert "1 unhappy answer has had no reply" in told(finding, business)
    assert "waited for 20 days" in told(finding, business)
    again = unhappy(days_ago=10)
    Response.objects.filter(pk=again.pk).update(customer=old.customer_id)
    looked()
    assert "2 unhappy answers" in told(of("detractors_unanswered"), business)
    assert "Call 1 unhappy customer who" in told(of("detractors_unanswered"), business)


def test_promises_late_and_due_within_a_day(business: Business) -> None:
    for due in (-5, 0.5, 3):
        TaskFactory(customer=CustomerFactory(), is_promise=True, due_at=NOW + timedelta(days=due))
    looked()
    finding = of("promises_breaking")
    assert (finding.evidence["measure"], finding.evidence["late"]) == (2, 1)
    assert "1 promise is late. 1 more is due within a day." in told(finding, business)


def test_winning_costs_more_than_a_purchase_and_than_all_that_follow(business: Business) -> None:
    for day in range(3, 11):
        OrderFactory(total=Decimal(50 + day % 3), ordered_at=at(2, day), rebuild=True)
    for _each in range(8):
        TenureSpanFactory(started_at=at(2, 1) - timedelta(days=600))
    CostFactory(purpose="acquisition", amount=Decimal(4000), on=date(2026, 2, 5))
    looked()
    assert of("cac_above_ticket").evidence["new"] == 8
    words = told(of("cac_above_ticket"), business)
    assert "In February 2026 8 customers were won, for R$500.00 each." in words
    assert of("cac_above_ltv").weight > of("cac_above_ticket").weight


def test_cheap_winning_is_nothing_to_speak_of() -> None:
    for day in range(3, 11):
        OrderFactory(total=Decimal(50 + day % 3), ordered_at=at(2, day), rebuild=True)
    CostFactory(purpose="acquisition", amount=Decimal(40), on=date(2026, 2, 5))
    looked()
    assert not Finding.objects.filter(kind__startswith="cac").exists()


def spans(count: int, ended_at: datetime | None, reason: str = "") -> None:
    for _each in range(count):
        TenureSpanFactory(
            started_at=at(1, 1) - timedelta(days=90), ended_at=ended_at, end_reason=reason
        )


def test_churn_that_truly_rose_tells_its_reasons(business: Business) -> None:
    spans(80, None)
    spans(3, at(1, 20), "moved")
    spans(20, at(2, 10), "competitor_price")
    assert Tenure.objects.filter(end_reason="competitor_price").count() == 20
    looked()
    finding = of("churn_up")
    assert finding.evidence["reasons"] == [["competitor_price", 20, 0]]
    assert len(finding.evidence["customers"]) == 20
    words = told(finding, business)
    assert "In February 2026 20 customers were lost, 20.0% of all" in words
    assert "Behind it: competitor's price: 20 (0 before)." in words


def test_churn_within_the_noise_is_not_spoken_of() -> None:
    spans(80, None)
    spans(3, at(1, 20))
    spans(5, at(2, 10))
    looked()
    assert not Finding.objects.filter(kind="churn_up").exists()


def solved(month: int, count: int, *, back: int, category: Category) -> None:
    """Tickets solved in the month, of which some were opened again two days later."""
    kinds = TicketEvent.Kind
    for number in range(count):
        opened = datetime(2026, month, 3, 9, tzinfo=UTC) + timedelta(hours=number)
        ticket = open_ticket(
            customer=CustomerFactory(),
            at=opened,
            subject="Help",
            channel=Ticket.Channel.EMAIL,
            text="Help",
            category=category,
        )
        events = [(kinds.REPLIED, 1), (kinds.RESOLVED, 2)]
        events += [(kinds.REOPENED, 48), (kinds.RESOLVED, 60)] if number < back else []
        TicketEvent.objects.bulk_create(
            TicketEvent(ticket=ticket, kind=kind, at=opened + timedelta(hours=hours))
            for kind, hours in events
        )
        projection.rebuild([ticket.pk])


def test_returns_that_truly_rose_tell_their_categories(business: Business) -> None:
    brakes, wheels = (
        Category.objects.create(name=name, folded=fold(name)) for name in ("Brakes", "Wheels")
    )
    solved(1, 30, back=1, category=wheels)
    solved(2, 30, back=15, category=brakes)
    looked(datetime(2026, 3, 2, 10, tzinfo=UTC))
    finding = of("returns_up")
    assert finding.evidence["categories"] == [["Brakes", 15, 0]]
    words = told(finding, business)
    assert "Of what was solved in February 2026, 15 tickets came back within seven days" in words
    assert "Behind it: Brakes: 15 (0 before)." in words


def asked(month: int, count: int, *, answered: int) -> None:
    for number in range(count):
        invitation = InvitationFactory(sent_at=at(month, 5))
        if number < answered:
            ResponseFactory(
                invitation=invitation, customer=invitation.customer, answered_at=at(month, 6)
            )


def test_fewer_who_answer_than_before(business: Business) -> None:
    asked(1, 40, answered=30)
    asked(2, 40, answered=10)
    looked()
    words = told(of("response_rate_fell"), business)
    assert "In February 2026 25.0% of 40 invitations were answered" in words
    assert "the month before it was 75.0%" in words


def test_hardly_anybody_is_asked(business: Business) -> None:
    for _each in range(20):
        TenureSpanFactory(started_at=at(1, 1))
    looked()
    assert "Of 20 customers 0 were asked for an opinion within a year: 0.0%." in told(
        of("few_asked"), business
    )


def buys(*days_ago: int, now: datetime = NOW) -> Any:
    customer = CustomerFactory()
    for days in days_ago:
        OrderFactory(customer=customer, ordered_at=now - timedelta(days=days), rebuild=True)
    customer.refresh_from_db()
    customer.last_order_at = now - timedelta(days=days_ago[-1])
    customer.save()
    return customer


def test_quiet_for_longer_than_their_own_rhythm(business: Business) -> None:
    monthly = buys(190, 160, 130, 100, 70)
    slow = buys(400, 300, 200, 70)
    once_paused = buys(300, 200, 170, 140, 80)
    new = buys(70)
    engine.refresh(now=NOW)
    found = likely_gone(Looking(business, NOW))
    assert found == [monthly.pk]
    assert not {slow.pk, once_paused.pk, new.pk} & set(found)
    monthly.last_inbound_at = NOW - timedelta(days=3)
    monthly.save()
    assert likely_gone(Looking(business, NOW)) == []


def test_income_held_by_the_unhappy_and_the_silent(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revenue_held, "MOST", 2)  # customers kept; all are counted
    now = timezone.now()
    for _each in range(3):
        held = unhappy(days_ago=40, now=now).customer
        bought = now - timedelta(days=30)
        OrderFactory(customer=held, total=Decimal(100), ordered_at=bought, rebuild=True)
    for _each in range(7):
        loyal = CustomerFactory(last_order_at=now - timedelta(days=20))
        bought = now - timedelta(days=20)
        OrderFactory(customer=loyal, total=Decimal(100), ordered_at=bought, rebuild=True)
        InteractionFactory(customer=loyal, direction="in", occurred_at=bought)
    today = timezone.localdate()
    soon = {"starts_on": today - timedelta(days=9), "ends_on": today + timedelta(days=20)}
    ContractFactory(customer=loyal, **soon)
    looked(now)
    finding = of("revenue_held")
    assert finding.evidence["measure"] == pytest.approx(0.4)
    words = told(finding, business)
    assert "hold R$400.00, 40.0% of what today’s customers brought" in words
    assert "Those whose contract ends within 90 days: R$100.00." in words
    assert len(finding.evidence["customers"]) == 2
    assert "It is 4 customers" in words
    # It is the figure itself.
    year = Period(finding.starts_on, finding.ends_on, business.zone)
    assert reading.measured(find("income_at_risk"), year, now=now).value == 400


# --- What is kept ---------------------------------------------------------------------------------


def test_looking_twice_changes_nothing() -> None:
    unhappy()
    assert looked().opened == 1
    before = Finding.objects.values().get()
    assert looked() == Looked()
    assert Finding.objects.values().get() == before


def test_it_is_over_when_the_figures_no_longer_say_so(manager: User) -> None:
    response = unhappy()
    looked()
    task = actions.act(
        finding=of("detractors_unanswered"), title="Call", due_on=date(2026, 3, 13), by=manager
    )
    complete_task(task=task, by=manager)
    response.delete()
    assert looked(NOW + timedelta(days=1)).over == 1
    finding = Finding.objects.get(kind="detractors_unanswered")
    assert finding.state == State.GONE
    assert finding.outcome["measure"] == 0
    assert finding.outcome["ended"] == "over"
    assert finding.outcome["task"] == "Call"
    assert finding.outcome["task_done_at"]


def test_what_was_dismissed_comes_back_only_when_it_is_clearly_worse(manager: User) -> None:
    for _each in range(10):
        unhappy()
    looked()
    actions.dismiss(finding=of("detractors_unanswered"), reason="A known fault", by=manager)
    unhappy()
    assert looked().opened == 0
    unhappy()
    assert looked().opened == 1
    finding = of("detractors_unanswered")
    assert (finding.state, finding.evidence["measure"]) == (State.OPEN, 12)


def test_what_was_put_off_comes_back_on_its_day(manager: User) -> None:
    now = timezone.now()
    unhappy(now=now)
    looked(now)
    until = timezone.localdate() + timedelta(days=7)
    actions.snooze(finding=of("detractors_unanswered"), until=until, by=manager)
    assert looked(now + timedelta(days=6)).opened == 0
    assert looked(now + timedelta(days=8)).opened == 1


def test_a_task_that_did_not_help_is_told_with_its_outcome_and_begins_again(manager: User) -> None:
    now = timezone.now()
    unhappy(now=now)
    looked(now)
    finding = of("detractors_unanswered")
    task = actions.act(
        finding=finding, title="Write a letter", due_on=timezone.localdate(), by=manager
    )
    complete_task(task=task, by=manager)
    Response.objects.update(answered_at=now + timedelta(seconds=1))  # another one, after the task
    assert looked(now + timedelta(days=2, hours=1)).opened == 1
    finding.refresh_from_db()
    assert (finding.state, finding.outcome["ended"]) == (State.GONE, "still_so")
    assert of("detractors_unanswered").pk != finding.pk


# --- Decisions ------------------------------------------------------------------------------------


@pytest.fixture
def finding(business: Business) -> Finding:
    return Finding.objects.create(
        kind="detractors_unanswered",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 3, 13),
        evidence={"measure": 2, "days": 9, "customers": [CustomerFactory(name="Ana Peña").pk]},
        weight=82,
    )


def url(name: str, finding: Finding) -> str:
    return reverse(f"metrics:finding-{name}", args=[finding.pk])


def test_an_empty_list_teaches(agent_client: Client) -> None:
    response = agent_client.get(LIST)
    assertContains(response, "Nothing to do about the figures")
    assertContains(response, "Customers likely gone")


def test_the_list_says_what_it_rests_on(read_only_client: Client, finding: Finding) -> None:
    response = read_only_client.get(LIST)
    assertContains(response, "2 unhappy answers have had no reply for more than two days.")
    assertContains(response, "Ana Peña")
    assertNotContains(response, "Make it my task")


def test_one_press_makes_one_task(agent_client: Client, agent: User, finding: Finding) -> None:
    page = agent_client.get(LIST)
    assertContains(page, "Make it my task")
    assertNotContains(page, "Dismiss it")
    form = {"title": "Call Ana", "owner": agent.pk, "due_on": "2026-12-01"}
    for _twice in range(2):
        agent_client.post(url("act", finding), form)
    task = Task.objects.get()
    assert (task.title, task.owner, task.about_model) == ("Call Ana", agent, "metrics.finding")
    assert timezone.localtime(task.due_at).date() == date(2026, 12, 1)
    finding.refresh_from_db()
    assert (finding.state, finding.task) == (State.ACTED, task)
    assert AuditEntry.objects.filter(action="finding.act").count() == 1
    assertContains(agent_client.get(LIST + "?show=acted"), "Call Ana")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_off_the_calendar_makes_no_task(
    agent_client: Client, finding: Finding, day: str
) -> None:
    form = {"title": "Call Ana", "due_on": day}
    assert agent_client.post(url("act", finding), form).status_code == 302
    assert not Task.objects.exists()


def test_undo_takes_the_task_back(agent_client: Client, agent: User, finding: Finding) -> None:
    actions.act(finding=finding, title="Call Ana", due_on=date(2026, 12, 1), by=agent)
    agent_client.post(url("undo", finding))
    finding.refresh_from_db()
    assert finding.state == State.OPEN
    assert not Task.objects.exists()


def test_a_task_that_is_done_is_not_taken_back(manager: User, finding: Finding) -> None:
    task = actions.act(finding=finding, title="Call Ana", due_on=date(2026, 12, 1), by=manager)
    complete_task(task=task, by=manager)
    with pytest.raises(actions.TaskIsDone):
        actions.take_back(finding=finding, by=manager)


def test_a_manager_dismisses_with_a_reason(manager_client: Client, finding: Finding) -> None:
    response = manager_client.post(url("dismiss", finding), {"reason": " "}, follow=True)
    assertContains(response, "Say why, so that others know later.")
    manager_client.post(url("dismiss", finding), {"reason": "They moved away"})
    assertContains(manager_client.get(LIST + "?show=dismissed"), "They moved away")
    manager_client.post(url("undo", finding))
    finding.refresh_from_db()
    assert (finding.state, finding.reason) == (State.OPEN, "")


def test_a_manager_puts_it_off(manager_client: Client, finding: Finding) -> None:
    manager_client.post(url("snooze", finding), {"days": "30"})
    finding.refresh_from_db()
    assert finding.state == State.SNOOZED
    assert finding.snoozed_until == timezone.localdate() + timedelta(days=30)
    with pytest.raises(actions.UnusableDay):
        actions.snooze(finding=finding, until=timezone.localdate(), by=finding.decided_by)  # type: ignore[arg-type]


def test_an_agent_does_not_decide_for_the_business(agent_client: Client, finding: Finding) -> None:
    assert agent_client.post(url("dismiss", finding), {"reason": "x"}).status_code == 403
    assert agent_client.post(url("snooze", finding), {"days": "7"}).status_code == 403


def test_its_page_and_its_list_of_customers(agent_client: Client, finding: Finding) -> None:
    other = CustomerFactory(name="Zoe Other")
    page = agent_client.get(reverse("metrics:finding", args=[finding.pk]))
    assertContains(page, "Whom it is about")
    listed = agent_client.get(f"{reverse('crm:customer-list')}?finding={finding.pk}")
    assertContains(listed, "Ana Peña")
    assertNotContains(listed, other.name)
    assertContains(listed, "of the finding “Unhappy answers without a reply”")


def test_today_tells_managers(
    manager_client: Client, agent_client: Client, finding: Finding
) -> None:
    assertContains(manager_client.get(reverse("crm:today")), "Unhappy customers wait for an answer")
    assertNotContains(agent_client.get(reverse("crm:today")), "Unhappy customers wait")


def test_the_list_counts_its_queries(
    manager_client: Client,
    finding: Finding,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    Finding.objects.create(
        kind="likely_gone",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 3, 13),
        evidence={"measure": 1, "income": 120.5, "customers": [CustomerFactory().pk]},
    )
    # session, user, business, findings, their customers, counts, the people of each form
    with django_assert_max_num_queries(10):
        assert manager_client.get(LIST).status_code == 200


def test_words_in_three_languages_have_their_plurals(
    manager_client: Client, manager: User, finding: Finding
) -> None:
    for language in ("es", "pt-br", "en"):
        manager.language = language
        manager.save()
        assert manager_client.get(LIST).status_code == 200
