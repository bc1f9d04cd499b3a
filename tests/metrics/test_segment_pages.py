"""A metric of some customers: chosen in its address, told apart by groups, and saved as a file."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from crm.models import Customer, CustomField, LoyaltyTier, Segment
from metrics import reading, segmenting
from metrics.definitions import DEFINITIONS
from metrics.dimensions import FIXED
from metrics.points import Figure, compare
from staff.models import Business, User
from tests.factories import CustomerFactory, OrderFactory, ResponseFactory

JANUARY = "grain=month&on=2026-01-01"
DAYS = "from=2026-01-03&to=2026-01-19"
PAGE, GROUPS = "/metrics/nps/", "/metrics/nps/groups/"
WHEN = datetime(2026, 1, 10, 12, tzinfo=UTC)
DIMENSIONS = [one.name for one in FIXED]


def customer(score: int, **values: Any) -> Customer:
    found: Customer = CustomerFactory(created_at=WHEN, **values)
    ResponseFactory(customer=found, score=score, answered_at=WHEN)
    OrderFactory(customer=found, ordered_at=WHEN, total=Decimal(10 * score + 10), rebuild=True)
    return found


@pytest.fixture
def january(business: Business, agent: User) -> None:
    """Ten happy customers from the web, ten unhappy ones from a fair, three of nobody knows where."""
    field = {"key": "size", "label": "Size", "kind": "choice", "choices": ["small", "large"]}
    CustomField.objects.create(**field)
    CustomField.objects.create(key="wholesale", label="Wholesale", kind="yes_no")
    LoyaltyTier.objects.create(name="Gold", rank=1, min_tenure_days=1)
    for at in range(10):
        tags = ["vip"] if at % 2 else []
        customer(
            10, source="web", owner=agent, country="Brazil", custom={"size": "large"}, tags=tags
        )
        customer(3, source="fair", language="es", owner=None, custom={"wholesale": bool(at % 2)})
    for _ in range(3):
        customer(7, owner=None)
    Customer.objects.filter(country="Brazil").update(tier=LoyaltyTier.objects.get())
    Segment.objects.create(name="From the web", query="source=web")


def groups(response: HttpResponse) -> dict[str, Any]:
    found = response.context["breakdown"]  # type: ignore[attr-defined]
    return {line.group.words: line for line in found.lines}


def lines(response: HttpResponse) -> Iterator[list[str]]:
    text = response.content.decode("utf-8-sig")
    yield from csv.reader(StringIO(text, newline=""))


def test_a_metric_of_some_customers(agent_client: Client, january: None) -> None:
    call_command("recompute", "--full", verbosity=0)
    whole = agent_client.get(f"{PAGE}?{JANUARY}")
    assertContains(whole, "n = 23")
    assertNotContains(whole, "found through")
    page = agent_client.get(f"{PAGE}?{JANUARY}&source=web")
    assertContains(page, "+100")
    assertContains(page, "n = 10")
    assert page.context["tile"].point is page.context["points"][0][0]
    # Out of it again, to the same month of all.
    assertContains(page, f'href="{PAGE}?grain=month&amp;on=2026-01-01"')
    # Other periods and the rows are of the same customers.
    assertContains(page, "on=2025-12-01&amp;source=web")
    rows = agent_client.get(f"{PAGE}denominator/?{JANUARY}&source=web")
    assertContains(rows, "10 rows")
    assertContains(rows, "found through “web”")


def test_every_metric_of_any_days_of_some_customers(agent_client: Client, january: None) -> None:
    for kpi in DEFINITIONS:  # not one test each: to make the month takes longer than the pages
        for name in ("metric", "metric-breakdown"):
            where = reverse(f"metrics:{name}", args=[kpi])
            assert agent_client.get(f"{where}?{DAYS}&source=fair&by=stage").status_code == 200, kpi
    days = agent_client.get(f"{PAGE}?{DAYS}&source=fair")
    assertContains(days, "n = 10")
    assertContains(days, '<input type="hidden" name="source" value="fair">', html=True)


def test_a_saved_segment_is_asked_of_those_who_may_see_it(
    agent_client: Client, january: None, owner: User
) -> None:
    saved = Segment.objects.get()
    page = agent_client.get(f"{PAGE}?{JANUARY}&segment={saved.pk}")
    assertContains(page, "in the segment “From the web”")
    assertContains(page, "n = 10")
    private = Segment.objects.create(name="Secret", owner=owner, query="source=web")
    page = agent_client.get(f"{PAGE}?{JANUARY}&segment={private.pk}")
    assert page.status_code == 404
    for query in ("segment=x", "segment=99999", "owner=99999", "without=name", "custom_no=1"):
        for where in (PAGE, GROUPS, f"{PAGE}csv/", f"{PAGE}numerator/", f"{PAGE}customers/"):
            page = agent_client.get(f"{where}?{query}")
            assert page.status_code == 404, (where, query)  # never the figure of all


def test_archived_customers_count_where_nobody_asks_for_a_segment(
    agent_client: Client, january: None
) -> None:
    Customer.objects.filter(source="web").update(archived_at=WHEN)
    assertContains(agent_client.get(f"{PAGE}?{JANUARY}&source=web"), "n = 10")


def test_whom_is_chosen_in_a_form(agent_client: Client, january: None) -> None:
    form = agent_client.get(f"{PAGE}customers/?{DAYS}&source=web")
    assertContains(form, "From the web")
    assertContains(form, 'name="custom_size"')
    assertContains(form, 'name="from" value="2026-01-03"')
    assertNotContains(form, 'name="archived"')


def test_groups_stand_beside_each_other(agent_client: Client, january: None) -> None:
    page = agent_client.get(f"{GROUPS}?{JANUARY}&by=source")
    found = groups(page)
    assert {name: line.point.value for name, line in found.items()} == {
        "web": 100,
        "fair": -100,
        "Not known": 0,
    }
    assert (found["web"].change.verdict, found["web"].is_better) == ("up", True)
    assert (found["fair"].change.verdict, found["fair"].is_better) == ("down", False)
    assert found["Not known"].point.shown_as == "answers"
    assertContains(page, "too few answers for a score")
    assertContains(page, "higher")
    alone = agent_client.get(f"{GROUPS}?{JANUARY}&by=source", headers={"HX-Request": "true"})
    assertNotContains(alone, "<html")
    assertContains(alone, "+100")


@pytest.mark.parametrize("by", [*DIMENSIONS, "custom_size", "custom_wholesale"])
def test_each_group_has_the_page_that_it_leads_to(
    manager_client: Client, january: None, manager: User, by: str
) -> None:
    """The address of each group means the same customers, and its rows make its figure."""
    factory = RequestFactory()
    for kpi in ("nps", "average_ticket", "cac"):
        page = manager_client.get(f"/metrics/{kpi}/groups/?{JANUARY}&by={by}")
        found = page.context["breakdown"]
        assert found.lines
        definition, period = DEFINITIONS[kpi], page.context["choice"].period
        for line in found.lines:
            request = factory.get("/", dict(line.group.pairs))
            meant = segmenting.chosen(request.GET, user=manager)
            assert meant.scope
            assert set(meant.scope.customers) == set(line.group.customers)
            assert line.group.size == len(line.group.customers)
            now = page.context["choice"].now
            rows = reading.rows(definition, period, "denominator", now=now, scope=meant.scope)
            total = sum((one.total() for one in rows), Fraction(0))
            if line.point.denominator is not None:
                assert total == line.point.denominator


def test_the_more_groups_the_stricter(agent_client: Client, january: None) -> None:
    """Two are compared by source, each with half of the chance to be taken for different."""
    page = agent_client.get(f"{GROUPS}?{JANUARY}&by=source")
    web, whole = groups(page)["web"], page.context["breakdown"].whole
    parts = {
        name: whole.parts[name] - web.point.parts[name] for name in ("promoters", "detractors")
    }
    others = Figure(0.0, None, None, whole.n - web.point.n, parts)
    alone = compare(web.point.definition, Figure.of_point(web.point), others)
    assert alone.interval
    assert alone.difference == web.change.difference
    assert web.change.interval[0] < alone.interval[0] < alone.interval[1] < web.change.interval[1]


def test_groups_share_out_everybody(agent_client: Client, january: None) -> None:
    for by in ("stage", "source", "tier", "country", "language", "custom_wholesale"):
        page = agent_client.get(f"{GROUPS}?{JANUARY}&by={by}")
        assert sum(line.group.size for line in groups(page).values()) == 23, by
        assert sum(line.point.n for line in groups(page).values()) == 23, by


def test_how_colleagues_do_is_for_who_leads_them(
    agent_client: Client, manager_client: Client, january: None
) -> None:
    where = f"{GROUPS}?{JANUARY}&by=owner"
    page = agent_client.get(where)
    assert page.context["breakdown"] is None
    assert "owner" not in {one.name for one in page.context["dimensions"]}
    assert agent_client.get(f"{GROUPS}csv/?{JANUARY}&by=owner").status_code == 404
    found = groups(manager_client.get(where)).values()
    assert sum(line.group.size for line in found) == sum(line.point.n for line in found) == 23


def test_a_colleagues_figures_are_for_who_leads_them(
    agent_client: Client, manager_client: Client, january: None, agent: User, manager: User
) -> None:
    """Neither by an address, nor through a saved segment, on no page and in no file."""
    Customer.objects.filter(source="fair").update(owner=manager)
    theirs = Segment.objects.create(name="The manager’s", query=f"owner={manager.pk}&source=fair")
    own = Segment.objects.create(name="The agent’s", query=f"owner={agent.pk}")
    places = (
        PAGE,
        GROUPS,
        f"{PAGE}csv/",
        f"{GROUPS}csv/",
        f"{PAGE}numerator/",
        f"{PAGE}customers/",
    )
    for query in (f"owner={manager.pk}", f"segment={theirs.pk}", f"segment={theirs.pk}&source=web"):
        for where in places:
            address = f"{where}?{JANUARY}&by=stage&{query}"
            refused = agent_client.get(address)
            assert refused.status_code == 403, (where, query)
            assert "Only managers see the figures" in refused.content.decode(), (where, query)
            assert manager_client.get(address).status_code == 200, (where, query)
    for query in (f"owner={agent.pk}", f"segment={own.pk}", "owner=none"):
        for where in places:
            address = f"{where}?{JANUARY}&by=stage&{query}"
            assert agent_client.get(address).status_code == 200, (where, query)


def test_nobody_is_offered_what_they_may_not_ask(
    agent_client: Client, manager_client: Client, january: None, agent: User, manager: User
) -> None:
    Customer.objects.filter(source="fair").update(owner=manager)
    Segment.objects.create(name="The manager’s", query=f"owner={manager.pk}")
    form = f"{PAGE}customers/?{JANUARY}"
    for client, is_offered in ((agent_client, False), (manager_client, True)):
        page = client.get(form).content.decode()
        assert ("The manager’s" in page) is is_offered
        assert (f'<option value="{manager.pk}">' in page) is is_offered
        assert f'<option value="{agent.pk}">' in page
        found = groups(client.get(f"{GROUPS}?{JANUARY}&by=segment"))
        assert ("The manager’s" in found) is is_offered
        assert "From the web" in found


def test_groups_within_groups(agent_client: Client, january: None) -> None:
    page = agent_client.get(f"{GROUPS}?{JANUARY}&source=web&by=tag")
    assert {name: line.point.n for name, line in groups(page).items()} == {
        "vip": 5,
        "Without a tag": 5,
    }
    assert page.context["breakdown"].whole.n == 10
    assert "source" not in {one.name for one in page.context["dimensions"]}
    assertContains(page, "source=web&amp;tag=vip")


def test_the_smallest_of_many_groups_are_told(agent_client: Client, business: Business) -> None:
    for at in range(23):
        CustomerFactory(source=f"s{at:02}")
    CustomerFactory(source="s22")
    page = agent_client.get(f"{GROUPS}?{JANUARY}&by=source")
    assert len(page.context["breakdown"].lines) == 20
    assert next(iter(groups(page))) == "s22"
    assertContains(page, "3 smaller groups with 3 customers together aren’t shown.")


def test_groups_count_their_queries(
    agent_client: Client,
    january: None,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    # session, user, business, fields; what was counted before; groups, the whole, and one for each
    # group; and what breaks off on PostgreSQL whatever takes too long
    apart = 5 if connection.vendor == "postgresql" else 1
    with django_assert_max_num_queries(9 + apart):
        agent_client.get(f"{GROUPS}?{JANUARY}&by=source")
    # Orders are two statements; means are held against those of all others, which are asked as well.
    with django_assert_max_num_queries(19 + apart):
        agent_client.get(f"/metrics/average_ticket/groups/?{JANUARY}&by=source")
    with django_assert_max_num_queries(10 + apart):  # whatever its history: each fact is asked once
        agent_client.get(f"{PAGE}?{JANUARY}&source=web")


def test_costs_of_all_are_no_figure_of_some(agent_client: Client, january: None) -> None:
    page = agent_client.get(f"/metrics/cac/?{JANUARY}&stage=customer")
    assertContains(page, "Some of the costs were for all customers")


def test_the_series_as_a_file(agent_client: Client, january: None) -> None:
    found = agent_client.get(f"{PAGE}csv/?{JANUARY}&source=web")
    assert found["Content-Disposition"] == 'attachment; filename="nps-found-through-web.csv"'
    header, *rows = lines(found)
    assert header[:4] == ["Period", "From", "To", "Value"]
    assert rows[-1][:4] == ["January 2026", "2026-01-01", "2026-01-31", "100.0"]
    assert rows[-1][6] == "10"
    assert len(rows) == 24
    days = list(lines(agent_client.get(f"{PAGE}csv/?{DAYS}")))
    assert days[-1][1:4] == ["2026-01-03", "2026-01-19", "0.0"]


@pytest.mark.parametrize(
    ("kpi", "unit"),
    [
        ("cps", ""),
        ("backlog", ""),
        ("nps", "puntos"),
        ("retention", "proporción (sobre 1)"),
        ("average_ticket", "BRL"),
    ],
)
def test_a_file_has_the_units_of_the_page_in_the_readers_language(
    agent_client: Client, business: Business, agent: User, kpi: str, unit: str
) -> None:
    agent.language = "es"
    agent.save()
    found = agent_client.get(f"/metrics/{kpi}/csv/?{JANUARY}").content.decode("utf-8-sig")
    header, *rows = csv.reader(StringIO(found, newline=""), delimiter=";")
    at = header.index("Unidad")
    assert {row[at] for row in rows} == {unit}


def test_groups_as_a_file_that_calculates_nothing(agent_client: Client, january: None) -> None:
    Customer.objects.filter(source="web").update(source='=HYPERLINK("http://x.example")')
    found = list(lines(agent_client.get(f"{GROUPS}csv/?{JANUARY}&by=source")))
    assert found[0][0] == "Source"
    by_name = {row[0]: row for row in found[1:]}
    assert by_name['\'=HYPERLINK("http://x.example")'][1:3] == ["10", "100.0"]
    assert by_name["Not known"][2] == ""
    assert by_name["Not known"][-2] == "too few answers for a score"
    assert agent_client.get(f"{GROUPS}csv/?{JANUARY}&by=colour").status_code == 404


def test_a_file_in_the_readers_own_writing(
    agent_client: Client, january: None, agent: User
) -> None:
    agent.language = "es"
    agent.save()
    with translation.override("es"):
        text = agent_client.get(f"{PAGE}csv/?{JANUARY}&source=web").content.decode()
    assert ";100,0;" in text


def test_links_of_the_page_keep_whom_it_is_about(agent_client: Client, january: None) -> None:
    page = agent_client.get(f"{PAGE}?{JANUARY}&source=web")
    for link in page.context["chart"]["links"]:
        assert ("source", "web") in parse_qsl(urlsplit(link).query)
