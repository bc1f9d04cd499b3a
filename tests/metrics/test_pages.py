"""The dashboard, each metric's page, and the rows behind a number."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from metrics.definitions import STORED
from staff.models import Business
from surveys.models import Response, Survey
from tests.factories import CustomerFactory, OrderFactory, TenureSpanFactory

OVERVIEW = "/"
JANUARY = "?grain=month&on=2026-01-01"


def answer(score: int, day: int = 10, comment: str = "") -> Response:
    return Response.objects.create(
        survey=Survey.objects.get(kind="nps"),
        kind="nps",
        customer=CustomerFactory(),
        score=score,
        comment=comment,
        answered_at=datetime(2026, 1, day, 12, tzinfo=UTC),
        origin=Response.Origin.MAIL_LINK,
    )


@pytest.fixture
def january(business: Business) -> None:
    """Ten answers (NPS 30), two orders, and a loss, counted."""
    for score in (9, 9, 10, 10, 10, 7, 7, 8, 3, 6):
        answer(score, comment=f"says {score}")
    OrderFactory(total=Decimal(100), ordered_at=datetime(2026, 1, 5, 12, tzinfo=UTC))
    OrderFactory(total=Decimal("50.50"), ordered_at=datetime(2026, 1, 6, 12, tzinfo=UTC))
    call_command("recompute", "--full", verbosity=0)


def test_an_empty_business_is_taught_what_to_do(agent_client: Client) -> None:
    response = agent_client.get(OVERVIEW)
    assertContains(response, "Nothing to measure yet")
    assertContains(response, reverse("crm:customer-create"))


def test_the_dashboard_shows_each_figure_with_n_and_interval(
    agent_client: Client, january: None
) -> None:
    response = agent_client.get(OVERVIEW + JANUARY)
    assertContains(response, "January 2026")
    assertContains(response, "+30")
    assertContains(response, "n = 10")
    assertContains(response, "-19 to +65")
    assertContains(response, "R$75.25")
    assertContains(response, "Nobody answered in the period.")


def test_fewer_than_five_answers_are_no_score(agent_client: Client, business: Business) -> None:
    for score in (9, 10, 3, 8):
        answer(score)
    call_command("recompute", "--full", verbosity=0)
    response = agent_client.get(OVERVIEW + JANUARY)
    assertContains(response, "4 answers: too few for a score")
    assertNotContains(response, "+25")


def test_the_dashboard_counts_its_queries(
    agent_client: Client,
    january: None,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    # session, user, business, snapshots, engine, marks, whether there are customers
    with django_assert_max_num_queries(10):
        agent_client.get(OVERVIEW + JANUARY)


def test_htmx_gets_the_figures_alone(agent_client: Client, january: None) -> None:
    response = agent_client.get(OVERVIEW + JANUARY, headers={"HX-Request": "true"})
    assertContains(response, "+30")
    assertNotContains(response, "<html")
    assert "HX-Request" in response["Vary"]


def test_the_page_asks_again_while_changes_are_counted(agent_client: Client, january: None) -> None:
    assertNotContains(agent_client.get(OVERVIEW + JANUARY), "every 5s")
    answer(0)
    response = agent_client.get(OVERVIEW + JANUARY)
    assertContains(response, "every 5s")
    assertContains(response, "Changes are being counted")


@pytest.mark.parametrize(
    "query",
    [
        "?grain=nonsense",
        "?on=2026-13-40",
        "?grain=day&on=9999-01-01",
        "?from=2026-02-01&to=2026-01-01",
        "?from=x",
        "?grain=year&on=0001-01-01",
    ],
)
def test_an_unreadable_period_is_the_running_month(agent_client: Client, query: str) -> None:
    CustomerFactory()
    response = agent_client.get(OVERVIEW + query)
    assert response.status_code == 200
    assertContains(response, "so far")


@pytest.mark.parametrize("query", [JANUARY, "?from=2026-01-03&to=2026-01-19"])
def test_every_metric_has_its_page_and_its_rows(
    agent_client: Client, january: None, query: str
) -> None:
    for definition in STORED:  # not one test each: to count the month takes longer than the pages
        page = agent_client.get(reverse("metrics:metric", args=[definition.kpi]) + query)
        assertContains(page, str(definition.formula))
        for side in ("numerator", "denominator"):
            where = reverse("metrics:metric-rows", args=[definition.kpi, side])
            expected = 200 if getattr(definition, side) else 404
            assert agent_client.get(where + query).status_code == expected, where


def test_a_metric_page_counts_its_queries_whatever_its_history(
    agent_client: Client,
    january: None,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    # session, user, business, series, tile, history, engine, marks, targets, annotations, alerts
    with django_assert_max_num_queries(11):
        agent_client.get("/metrics/nps/" + JANUARY)


def test_the_rows_behind_nps_are_the_answers_with_their_reasons(
    agent_client: Client, january: None
) -> None:
    response = agent_client.get("/metrics/nps/denominator/" + JANUARY)
    assertContains(response, "says 3")
    assertContains(response, "10 rows")


def test_rows_of_money_add_up(agent_client: Client, january: None) -> None:
    response = agent_client.get("/metrics/average_ticket/numerator/" + JANUARY)
    assertContains(response, "R$150.50")
    assertContains(response, "R$50.50")


def test_rows_are_paged_by_key(
    agent_client: Client,
    business: Business,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(120):
        TenureSpanFactory(started_at=datetime(2025, 6, 1, tzinfo=UTC))
    address = "/metrics/customer_churn/denominator/" + JANUARY
    seen: set[str] = set()
    for _ in range(3):
        with django_assert_max_num_queries(14):
            response = agent_client.get(address)
        page = response.context["page"]
        seen |= {customer.name for customer in page}
        address = "/metrics/customer_churn/denominator/" + page.next_url
    assert len(seen) == 120
    assert page.next_url == ""


@pytest.mark.parametrize(
    "path", ["/metrics/nothing/", "/metrics/nothing/numerator/", "/metrics/nps/middle/"]
)
def test_what_does_not_exist_is_not_found(agent_client: Client, path: str) -> None:
    assert agent_client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", [OVERVIEW, "/metrics/", "/metrics/nps/", "/metrics/nps/numerator/"]
)
def test_strangers_sign_in_and_nobody_posts(
    client: Client, read_only_client: Client, path: str
) -> None:
    assert client.get(path).status_code == 302
    assert read_only_client.get(path).status_code == 200
    assert read_only_client.post(path).status_code in {403, 405}


def test_late_facts_revise_a_closed_month_and_the_old_figure_can_be_read(
    agent_client: Client, january: None
) -> None:
    for _ in range(5):
        answer(0, day=20)
    call_command("recompute", verbosity=0)
    response = agent_client.get("/metrics/nps/" + JANUARY)
    assertContains(response, "Revised")
    assertContains(response, "+30")
    assertContains(response, "revised")


def test_a_running_month_is_compared_with_the_same_part_of_the_one_before(
    agent_client: Client, business: Business
) -> None:
    now = timezone.now()
    for ago in (timedelta(minutes=1), timedelta(minutes=2)):
        OrderFactory(total=Decimal(10), ordered_at=now - ago)
    call_command("recompute", "--full", verbosity=0)
    response = agent_client.get(OVERVIEW)
    assertContains(response, "so far")
