"""How long customers stay, against a count by hand of every cell."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains

from crm import tenures
from crm.models import Customer, Tenure
from metrics import cohorts, periods
from metrics.scope import Scope
from staff.models import Business
from tests.factories import CustomerFactory, TenureSpanFactory

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")


def at(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 15, tzinfo=UTC)


def customer(*spans: tuple[datetime, datetime | None], **values: object) -> Customer:
    made: Customer = CustomerFactory(**values)
    for started, ended in spans:
        TenureSpanFactory(customer=made, started_at=started, ended_at=ended)
    tenures.rebuild([made.pk])
    return made


def told(**options: object) -> dict[str, list[tuple[int, int]]]:
    grid = cohorts.grid(now=NOW, zone=ZONE, **options)  # type: ignore[arg-type]
    return {f"{one.month.starts_on:%Y-%m}": [(c.kept, c.n) for c in one.cells] for one in grid}


def test_who_came_in_a_month_is_followed_month_by_month(business: Business) -> None:
    customer((at(3, 5), None))
    customer((at(3, 20), at(5, 2)))
    customer((at(3, 30), at(3, 31)))
    customer((at(3, 9), at(4, 20)), (at(6, 3), None))  # left, and came back
    customer((at(6, 9), None))
    customer((at(7, 2), None))  # this month is not over
    customer((at(1, 2, 2024), None))  # longer ago than is shown
    assert told() == {
        "2026-03": [(3, 4), (2, 4), (1, 4), (2, 4)],
        "2026-06": [(1, 1)],
        "2026-07": [],
    }


def test_an_end_at_midnight_is_still_there_at_that_midnight(business: Business) -> None:
    midnight = periods.midnight(datetime(2026, 5, 1).date(), ZONE)
    customer((at(4, 5), midnight))
    customer((at(4, 5), midnight - timedelta(seconds=1)))
    assert told()["2026-04"] == [(1, 2), (0, 2), (0, 2)]


def test_a_grid_of_some_customers(business: Business) -> None:
    chosen = customer((at(5, 5), None))
    customer((at(5, 6), None))
    scope = Scope("one", "one", Customer.objects.filter(pk=chosen.pk))
    assert told(scope=scope) == {"2026-05": [(1, 1), (1, 1)]}


def test_every_cell_is_what_counting_one_by_one_gives(business: Business) -> None:
    random = Random(6)
    for _ in range(60):
        start = at(1, 1) + timedelta(days=random.randrange(190))
        spans = []
        for _span in range(random.randrange(1, 4)):
            end = start + timedelta(days=random.randrange(1, 90))
            is_last = random.random() < 0.4
            spans.append((start, None if is_last else end))
            if is_last:
                break
            start = end + timedelta(days=random.randrange(1, 60))
        customer(*spans)
    firsts = Tenure.objects.filter(is_first=True)
    for cohort in cohorts.grid(now=NOW, zone=ZONE):
        own = firsts.filter(
            started_at__gte=cohort.month.start, started_at__lt=min(cohort.month.end, NOW)
        )
        assert cohort.n == own.count()
        month = cohort.month
        for cell in cohort.cells:
            there = {
                one.customer_id
                for one in Tenure.objects.filter(customer__in=own.values("customer"))
                if one.started_at < month.end
                and (one.ended_at is None or one.ended_at >= month.end)
            }
            assert cell.kept == len(there), (cohort.month, cell)
            month = month.following()


def test_the_grid_costs_one_statement(
    business: Business, django_assert_num_queries: object
) -> None:
    customer((at(3, 5), None))
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(cohorts.grid(now=NOW, zone=ZONE)) == 1


def test_the_page_has_a_head_for_every_row_and_column(agent_client: Client) -> None:
    assertContains(agent_client.get("/cohorts/"), "Nobody has become a customer yet")
    month = timezone.now() - timedelta(days=70)
    customer((month, None))
    response = agent_client.get("/cohorts/")
    assertContains(response, '<th scope="row"')
    assertContains(response, "after 1 month<")
    assertContains(response, "100%")
    part = agent_client.get("/cohorts/", headers={"HX-Request": "true"})
    assert b"<html" not in part.content
