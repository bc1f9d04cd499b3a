"""What becomes of a customer's expected value when they are merged, or erased, and which fit tells."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from crm import actions
from crm.actions import merging
from crm.actions.columns import choose_columns
from metrics.definitions import find
from metrics.facts import Facts
from metrics.models import ExpectedFit, ExpectedValue
from metrics.periods import Period, local_day
from staff.exports import LISTS
from staff.models import Business, User
from tests.conftest import signed_in
from tests.factories import ContactFactory, CustomerFactory


def expected(customer: object, fit: ExpectedFit) -> None:
    ExpectedValue.objects.create(
        customer=customer, fit=fit, purchases=2.5, value=Decimal("125.5"), alive=0.75
    )


def fitted() -> ExpectedFit:
    return ExpectedFit.objects.create(as_of=timezone.localdate(), status="ok")


def test_a_merge_lets_the_losers_go_and_an_undo_brings_it_back(business: Business) -> None:
    fit, winner, loser = fitted(), CustomerFactory(name="Ana"), CustomerFactory(name="Rui")
    expected(winner, fit)
    expected(loser, fit)

    change_set = merging.merge_customers(winner=winner, loser=loser, by=None, values={})

    assert list(ExpectedValue.objects.values_list("customer", flat=True)) == [winner.pk]
    merging.undo_merge(change_set=change_set, by=None)
    assert ExpectedValue.objects.get(customer=loser.pk).value == Decimal("125.5")


def test_an_erased_person_is_expected_to_bring_nothing(business: Business) -> None:
    fit, ana, rui = fitted(), CustomerFactory(kind="person"), CustomerFactory(kind="person")
    contact = ContactFactory(customer=ana)
    expected(ana, fit)
    expected(rui, fit)

    actions.erase_person(contact=contact, by=None)

    assert list(ExpectedValue.objects.values_list("customer", flat=True)) == [rui.pk]


def test_the_dashboard_of_value_says_what_is_expected_or_why_nothing_is(
    agent_client: Client, business: Business, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    customer = CustomerFactory()
    page = agent_client.get("/dashboards/value/")
    assertContains(page, "It had not been worked out by then; that happens every night.")
    few = ExpectedFit.objects.create(as_of=timezone.localdate(), status="too_few", buyers=7)
    page = agent_client.get("/dashboards/value/")
    assertContains(page, "Fewer than a hundred customers have bought again")
    few.delete()
    fit = fitted()
    ExpectedFit.objects.filter(pk=fit.pk).update(total=Decimal(251), buyers=2)
    expected(customer, fit)
    with django_assert_max_num_queries(14):
        page = agent_client.get("/dashboards/value/")
    [tile] = [
        one.tile for one in page.context["aimed"] if one.tile.definition.kpi == "clv_expected"
    ]
    assert (tile.point.value, tile.point.n) == (125.5, 2)
    assertContains(page, "/metrics/clv_expected/?grain=month")
    for paper in ("print", "csv"):
        assertContains(agent_client.get(f"/dashboards/value/{paper}/"), "125.5")


def test_a_column_of_the_list_and_of_its_file_for_who_chooses_it(
    agent_client: Client,
    agent: User,
    manager: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected(CustomerFactory(name="Ana", stage="customer"), fitted())
    CustomerFactory(name="Rui")
    page, choose = reverse("crm:customer-list"), reverse("crm:customer-columns")
    choose_columns(by=agent, names=["stage"])
    agent_client.get(page)  # what is asked once
    with CaptureQueriesContext(connection) as before:
        assertNotContains(agent_client.get(page), "R$125.50")
    choose_columns(by=agent, names=["stage", "expected"])
    with django_assert_num_queries(len(before)):
        assertContains(agent_client.get(page), "R$125.50", count=1)
    for installed in (True, False):
        monkeypatch.setattr(
            "metrics.expected.actions.find_spec", lambda _name, i=installed: i or None
        )
        is_offered = 'value="expected"' in signed_in(manager).get(choose).content.decode()
        assert is_offered is installed
    for user, columns in ((agent, {"Number", "Name", "Stage", "Expected value"}), (manager, None)):
        lists = LISTS["customers"].columns(QueryDict(), user)
        names = {str(one.label) for one in lists}
        assert names == columns if columns else "Expected value" not in names
    rows = LISTS["customers"].rows(QueryDict(), agent).order_by("name")
    assert list(rows.values_list("expected_value__value", flat=True)) == [Decimal("125.5"), None]


def test_each_period_is_told_by_the_fit_of_its_time_in_two_queries(
    business: Business, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    old, customer = fitted(), CustomerFactory()
    earlier = timezone.now() - timedelta(days=2)
    ExpectedFit.objects.filter(pk=old.pk).update(made_at=earlier, total=300, buyers=2)
    expected(customer, fitted())
    now = timezone.now()
    last_on = local_day(now, business.zone)
    days = [
        Period(day, day + timedelta(days=1), business.zone).window(now)
        for day in (last_on - timedelta(days=back) for back in (5, 1, 0))
    ]
    with django_assert_num_queries(2):  # the fits, and what is expected of customers
        results = find("clv_expected").compute(Facts(days, as_of=now), {})
    assert [one.value for one in results] == [None, 150, Fraction(251, 2)]
