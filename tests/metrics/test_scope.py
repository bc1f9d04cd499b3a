"""Figures of some customers: groups that share out all customers add up to the figure of all, and
the rows behind each figure of some add up to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from crm.models import Affiliation, Cost, Customer, Order
from metrics import reading
from metrics.definitions import DEFINITIONS, Definition, Side, find
from metrics.facts import Facts
from metrics.formulas import Result
from metrics.models import Grain
from metrics.periods import Period, between
from metrics.scope import Scope
from staff.models import Business
from tests.factories import CostFactory
from tests.metrics.test_property import EDITS, START, Shop

ZONE = ZoneInfo("America/Sao_Paulo")
SOURCES = ("web", "fair", "")
SIDES: tuple[Side, Side] = ("numerator", "denominator")
# What was spent on all customers alike is in no group: tested by itself below. Of figures that are
# made of others, or of a fit to all customers, the sides are no sums over customers.
OF_ALL = {"cac", "cac_payback", "ltv_cac", "clv_expected"}
# Only a fit knows it, and these customers are too few for one.
UNKNOWN = {"clv_expected"}


def of_source(source: str) -> Scope:
    return Scope(
        key=f"source={source}",
        name=source,
        customers=Customer.objects.filter(source=source),
        source=source,
    )


def months() -> list[Period]:
    first, last = START.date() - timedelta(days=150), START.date() + timedelta(days=60)
    return list(between(first, last, Grain.MONTH, ZONE))


@pytest.fixture
def shop(business: Business) -> Shop:
    """Eight customers from three sources, and a hundred things and more that happened to them."""
    random, shop = Random(6), Shop()
    for what in [one for one in EDITS if one not in {"time", "refresh", "drop spans"}] * 5:
        shop.edit(what, random.randrange(4), random.randint(-150, 40), random.randint(1, 90))
    shop.edit("time", 0, 0, 60)
    for at, customer in enumerate(Customer.objects.order_by("pk")):
        customer.source = SOURCES[at % 3]
        customer.save()
    for customer, contact in zip(Customer.objects.order_by("pk"), shop.contacts, strict=False):
        Affiliation.objects.create(customer=customer, contact=contact, is_primary=True)
    for at, cost in enumerate(Cost.objects.order_by("pk")):
        cost.source = SOURCES[at % 3]
        cost.rate = 1
        cost.customer = cost.customer or (
            shop.customers[at % 4] if cost.purpose == "service" else None
        )
        cost.save()
    Order.objects.update(rate=1)
    Order.objects.filter(cost=None, total__gt=0).update(cost=1)
    return shop


def figures(
    definition: Definition, shown: Sequence[Period], shop: Shop, scope: Scope | None = None
) -> Sequence[Result]:
    windows = [period.window(shop.now) for period in shown]
    return definition.compute(Facts(windows, as_of=shop.now, scope=scope), {})


def side_of(definition: Definition, result: Result, side: Side) -> Fraction | None:
    """What a group adds to a side; one in which nothing ever was adds nothing."""
    own: Fraction | None = getattr(result, side)
    return Fraction(0) if own is None and result.status == definition.empty else own


def test_groups_add_up_to_the_whole(shop: Shop) -> None:
    """Of every figure whose sides are sums: over all sources they are those of all customers."""
    compared: Counter[str] = Counter()
    for definition in DEFINITIONS.values():
        if not definition.by_customer or definition.kpi in OF_ALL:
            continue
        whole = figures(definition, months(), shop)
        groups = [figures(definition, months(), shop, of_source(one)) for one in SOURCES]
        for result, own in zip(whole, zip(*groups, strict=True), strict=True):
            for side in SIDES:
                sums = [side_of(definition, one, side) for one in own]
                known = [one for one in sums if one is not None]
                if getattr(result, side) is None or len(known) < len(sums):
                    continue
                assert sum(known) == getattr(result, side), (definition.kpi, side, own)
                compared[definition.kpi] += bool(any(known))
    told = {one.kpi for one in DEFINITIONS.values() if one.by_customer and one.numerator}
    assert told - OF_ALL - compared.keys() == set()


def test_rows_of_some_customers_add_up_to_their_figure(shop: Shop) -> None:
    """Of all that happened, and of days that make no month."""
    shown = [
        Period(months()[0].starts_on, months()[-2].ends_on, ZONE),
        Period(date(2025, 7, 11), date(2025, 9, 2), ZONE),
    ]
    seen: Counter[str] = Counter()
    for definition in DEFINITIONS.values():
        for period in shown:
            for scope in (of_source("web"), of_source("")):
                result = reading.measured(definition, period, now=shop.now, scope=scope)
                for side in SIDES:
                    if getattr(result, side) is None or not getattr(definition, side):
                        continue
                    behind = reading.rows(definition, period, side, now=shop.now, scope=scope)
                    total = sum((rows.total() for rows in behind), Fraction(0))
                    assert total == getattr(result, side), (definition.kpi, side, scope.key)
                    seen[definition.kpi] += bool(total)
    told = {one.kpi for one in DEFINITIONS.values() if one.by_customer and one.numerator}
    assert told - seen.keys() <= UNKNOWN


def test_what_was_spent_on_all_is_no_cost_of_some(shop: Shop) -> None:
    """Costs that name a source are its own, as are those of its customers; the rest is nobody's."""
    [period] = [one for one in months() if one.starts_on == date(2025, 8, 1)]
    CostFactory(on=date(2025, 8, 3), source="web", amount=300)
    CostFactory(on=date(2025, 8, 3), amount=1000)
    whole = reading.measured(find("cac"), period, now=shop.now)
    spent = [
        reading.measured(find("cac"), period, now=shop.now, scope=of_source(one)).parts["spend"]
        for one in ("web", "fair")
    ]
    [rows] = reading.rows(find("cac"), period, "numerator", now=shop.now)
    shared = sum(added for cost, added in rows if not source_of(cost))
    assert spent[0] >= 300
    assert shared >= 1000
    assert sum(spent) + shared == whole.numerator
    unnamed = reading.measured(find("cac"), period, now=shop.now, scope=of_source(""))
    assert (unnamed.status, unnamed.value) == ("costs_of_all", None)
    assert unnamed.denominator is not None


def source_of(cost: Cost) -> str:
    return cost.source or (cost.customer.source if cost.customer else "")


def test_profit_of_some_needs_costs_that_say_whose_they_were(shop: Shop) -> None:
    period = Period(date(2025, 7, 1), date(2025, 10, 1), ZONE)
    before = reading.measured(find("cps"), period, now=shop.now, scope=of_source("web"))
    assert before.status != "costs_of_all"
    CostFactory(purpose="service", on=date(2025, 8, 3), amount=50)
    after = reading.measured(find("cps"), period, now=shop.now, scope=of_source("web"))
    assert (after.status, after.value) == ("costs_of_all", None)
    assert reading.measured(
        find("ltv_annual"), period, now=shop.now, scope=of_source("")
    ).status in {
        "cac_undefined",
        "no_customers_served",
    }


def test_nobody_is_a_scope_too(shop: Shop) -> None:
    nobody = Scope(key="", name="", customers=Customer.objects.none())
    for definition in DEFINITIONS.values():
        [result] = figures(definition, [months()[4]], shop, nobody)
        assert result.value is None, definition.kpi
        assert not result.numerator, definition.kpi
        assert not result.denominator, definition.kpi


def test_a_series_of_some_asks_each_fact_once(
    shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """However many periods are shown; the figure itself is the last of them."""
    shown = months()
    for definition in DEFINITIONS.values():
        with django_assert_max_num_queries(12):
            found = reading.charted(
                definition,
                shown[-2],
                Grain.MONTH,
                shown[0].starts_on,
                shown[-2].ends_on,
                now=shop.now,
                scope=of_source("web"),
            )
        assert [point.period for point in found.points] == shown[:-1]
        assert found.tile.point is found.points[-1]
