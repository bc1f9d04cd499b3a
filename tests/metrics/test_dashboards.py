"""The dashboards: each opens in every period, and says what it shows on the screen, on paper and as a file."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from metrics import aims, pdf
from metrics.dashboards import DASHBOARDS
from metrics.definitions import find
from metrics.drawing import HUES, LINE
from staff.models import Business, User
from surveys.models import Response, Survey
from tests.factories import CustomerFactory, OrderFactory, TaskFactory, TicketFactory
from tests.metrics.counting import count_months

JANUARY = "?grain=month&on=2026-01-01"


def answer(kind: str, score: int, day: int = 10, owner: User | None = None) -> Response:
    return Response.objects.create(
        survey=Survey.objects.get(kind=kind),
        kind=kind,
        customer=CustomerFactory(owner=owner),
        score=score,
        answered_at=datetime(2026, 1, day, 12, tzinfo=UTC),
        origin=Response.Origin.MAIL_LINK,
    )


@pytest.fixture
def january(business: Business, agent: User) -> None:
    """Ten answers (NPS 30), six of satisfaction, two orders, counted."""
    for score in (9, 9, 10, 10, 10, 7, 7, 8, 3, 6):
        answer("nps", score)
    for score in (5, 5, 4, 4, 4, 1):
        answer("csat", score, owner=agent)
    OrderFactory(total=Decimal(100), ordered_at=datetime(2026, 1, 5, 12, tzinfo=UTC))
    OrderFactory(total=Decimal("50.50"), ordered_at=datetime(2026, 1, 6, 12, tzinfo=UTC))
    count_months(date(2026, 1, 1), date(2026, 1, 1))


def urls() -> list[str]:
    return [one.url for one in DASHBOARDS.values()]


def test_every_dashboard_opens_within_its_queries_in_every_period(
    owner_client: Client,
    january: None,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    aims.save_annotation(by=None, on=date(2026, 1, 8), title="New return policy")
    for url in urls():
        with django_assert_max_num_queries(14):
            response = owner_client.get(url + JANUARY)
        assert response.status_code == 200
    for query in ("", "?grain=week&on=2026-01-08", "?grain=year&on=2026-01-01"):
        assert owner_client.get("/" + query).status_code == 200


def test_tabs_lead_to_the_others_in_the_same_period(agent_client: Client, january: None) -> None:
    response = agent_client.get(reverse("metrics:dashboard", args=["value"]) + JANUARY)
    for url in urls():
        assertContains(response, f"{url}?grain=month&amp;on=2026-01-01")
    assertContains(response, 'aria-current="page">Value')


@pytest.mark.parametrize("path", ["/dashboards/team/", "/targets/", "/annotations/", "/cohorts/"])
def test_the_navigation_says_where_one_is(
    agent_client: Client, business: Business, path: str
) -> None:
    assertContains(agent_client.get(path), '<a href="/" aria-current="true">', count=2)


def test_a_dashboard_that_is_not_there_is_not_found(agent_client: Client, january: None) -> None:
    for path in ("/dashboards/nothing/", "/dashboards/nothing/print/", "/dashboards/nothing/csv/"):
        assert agent_client.get(path).status_code == 404


def test_other_days_give_way_to_a_month_in_words(agent_client: Client, january: None) -> None:
    days = "?from=2025-12-20&to=2026-01-19"
    words = "You asked for Dec 20, 2025 to Jan 19, 2026."
    for page in ("/", "/dashboards/value/print/"):
        response = agent_client.get(page + days)
        assertContains(response, words)
        assertContains(response, "this is January 2026")
    assertContains(agent_client.get("/" + days), "+30")
    file = "/dashboards/value/csv/"
    assertRedirects(agent_client.get(file + days), file + JANUARY)


def test_days_that_are_a_period_are_shown_as_it(agent_client: Client, january: None) -> None:
    for first, last, name in (
        ("2026-01-01", "2026-01-31", "January 2026"),
        ("2025-10-01", "2025-12-31", "Q4 2025"),
        ("2025-12-29", "2026-01-04", "week 1 of 2026"),
    ):
        response = agent_client.get(f"/?from={first}&to={last}")
        assert response.context["choice"].name == name
        assertNotContains(response, "You asked for")


def test_a_tile_says_whether_its_target_is_met(agent_client: Client, january: None) -> None:
    aims.set_target(kpi="nps", from_on=date(2026, 1, 31), value=Decimal(25), by=None)
    aims.set_target(kpi="csat", from_on=date(2025, 6, 1), value=Decimal("0.9"), by=None)
    response = agent_client.get("/" + JANUARY)
    assertContains(response, "Target +25, met")
    assertContains(response, "Target 90.0%, missed")
    assertNotContains(agent_client.get("/?grain=month&on=2025-12-01"), "Target +25")


def test_lower_is_met_where_lower_is_better() -> None:
    assert aims.is_met(find("cac"), 9.99, 10)
    assert aims.is_met(find("cac"), 10.01, 10) is False
    assert aims.is_met(find("nps"), 10, 10)
    assert aims.is_met(find("nps"), None, 10) is None


def test_a_running_period_is_not_judged(agent_client: Client, business: Business) -> None:
    OrderFactory(total=Decimal(10), ordered_at=timezone.now() - timedelta(minutes=1))
    count_months(timezone.localdate(), timezone.localdate())
    aims.set_target(kpi="average_ticket", from_on=date(2026, 1, 1), value=Decimal(99), by=None)
    response = agent_client.get("/")
    assertContains(response, "Target R$99.00")
    assertNotContains(response, "missed")


def test_charts_have_targets_as_steps_and_numbered_marks(
    agent_client: Client, january: None
) -> None:
    aims.set_target(kpi="nps", from_on=date(2025, 11, 1), value=Decimal(20), by=None)
    aims.set_target(kpi="nps", from_on=date(2026, 1, 1), value=Decimal(40), by=None)
    aims.save_annotation(by=None, on=date(2026, 1, 1), title="Open on Sundays", kpis=["nps"])
    aims.save_annotation(by=None, on=date(2026, 1, 16), title="New prices", kpis=["cac"])
    answer("nps", 9, day=2)
    Response.objects.filter(score=6).update(answered_at=datetime(2025, 11, 9, 12, tzinfo=UTC))
    count_months(date(2025, 11, 1), date(2026, 1, 1))
    response = agent_client.get("/dashboards/satisfaction/" + JANUARY)
    [nps, _csat] = response.context["charts"]
    assert nps["data"]["target"]["values"] == [20, 20, 40]
    assert nps["data"]["annotations"] == [{"at": 1.5, "label": "1"}]
    assertContains(response, "Open on Sundays")
    assertNotContains(response, "New prices")


def test_an_agent_sees_their_own_line_and_the_teams(
    agent_client: Client, manager_client: Client, agent: User, manager: User, january: None
) -> None:
    due = datetime(2026, 1, 9, 12, tzinfo=UTC)
    for owner, late in ((agent, False), (agent, True), (manager, False)):
        TaskFactory(
            owner=owner,
            customer=CustomerFactory(),
            is_promise=True,
            due_at=due,
            done_at=due + timedelta(hours=1 if late else -1),
        )
    address = "/dashboards/team/" + JANUARY
    [own, together] = agent_client.get(address).context["people"]
    assert (own.user, own.kept, own.due, own.satisfied, own.answers) == (agent, 1, 2, 5, 6)
    assert (together.user, together.kept, together.due) == (None, 2, 3)
    everybody = manager_client.get(address).context["people"]
    assert [line.user for line in everybody] == [agent, manager, None]


def test_who_answered_and_how_soon(manager_client: Client, agent: User, manager: User) -> None:
    opened = datetime(2026, 1, 9, 12, tzinfo=UTC)
    for minutes, who in ((10, agent), (20, agent), (60, agent), (30, manager)):
        ticket = TicketFactory(opened_at=opened)
        replied(ticket, opened + timedelta(minutes=minutes), who)
    replied(ticket, opened + timedelta(hours=3), agent)
    found = manager_client.get("/dashboards/team/" + JANUARY).context["people"]
    told = {line.user: (line.answered, line.first_replies, line.median_minutes) for line in found}
    assert told == {agent: (4, 3, 20), manager: (1, 1, 30), None: (4, 4, 25)}


def replied(ticket: object, at: datetime, who: User) -> None:
    from support import projection
    from support.models import Ticket, TicketEvent

    assert isinstance(ticket, Ticket)
    TicketEvent.objects.create(
        ticket=ticket, kind=TicketEvent.Kind.REPLIED, at=at, by=who, actor="staff"
    )
    projection.rebuild([ticket.pk])


def test_the_page_for_paper_has_every_figure_chart_and_table(
    read_only_client: Client, january: None
) -> None:
    for one in DASHBOARDS.values():
        response = read_only_client.get(f"/dashboards/{one.name}/print/{JANUARY}")
        assertContains(response, "<main>")
        assertNotContains(response, "<script")
        for definition in one.definitions:
            assertContains(response, str(definition.name))
    drawn = read_only_client.get(f"/dashboards/satisfaction/print/{JANUARY}")
    # Its colours are its own: a style sheet of the page does not reach into a PDF's drawings.
    assertContains(drawn, f'<path fill="none" stroke="{LINE}"')
    assertContains(drawn, f'<rect fill="{HUES["high"]}"')


def test_the_file_has_every_period_as_it_is_stored(read_only_client: Client, january: None) -> None:
    aims.set_target(kpi="nps", from_on=date(2026, 1, 1), value=Decimal(40), by=None)
    response = read_only_client.get(f"/dashboards/overview/csv/{JANUARY}")
    assert response["Content-Disposition"] == 'attachment; filename="overview-2026-01-01.csv"'
    rows = list(csv.DictReader(StringIO(response.content.decode("utf-8-sig"))))
    [nps] = [row for row in rows if row["kpi"] == "nps" and row["from"] == "2026-01-01"]
    assert (nps["value"], nps["n"], nps["target"]) == ("30.0", "10", "40.0")
    assert (nps["numerator"], nps["denominator"]) == ("3", "10")
    assert len([row for row in rows if row["kpi"] == "nps"]) == 12


def test_a_pdf_is_offered_only_where_it_can_be_made(
    agent_client: Client, january: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "is_available", lambda: False)
    assertNotContains(agent_client.get("/" + JANUARY), "/pdf/")
    assert agent_client.get("/dashboards/overview/pdf/").status_code == 404


@pytest.mark.skipif(not pdf.is_available(), reason="WeasyPrint is not installed")
def test_a_pdf_is_made(agent_client: Client, january: None) -> None:
    response = agent_client.get("/dashboards/overview/pdf/" + JANUARY)
    assert response.content.startswith(b"%PDF-")
