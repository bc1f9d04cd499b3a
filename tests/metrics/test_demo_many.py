"""The demo at sizes that nobody would wait for life by life: a stretch of it copied in bulk."""

from datetime import timedelta

import pytest
from django.db.models import Count
from django.utils import timezone

from crm import projections, search
from crm.models import ContactPoint, Customer, Interaction, Order, Tenure
from metrics.demo import loading, many
from metrics.demo.loading import Loader
from metrics.demo.many import Plan
from staff.bulk import insert
from support import projection
from support.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("customers", [1, 600, 20_000, 20_001, 100_000, 999_999, 1_000_000])
def test_the_plan_makes_as_many_as_were_asked_for(customers: int) -> None:
    plan = Plan.of(customers, 1000)
    assert plan.lives <= many.LIVES
    assert plan.lives + plan.copies * (plan.lives - 1000) + plan.rest == customers


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BATCH", 20)
    monkeypatch.setattr(many, "LIVES", 60)
    Loader(157, 1, 1, lambda _line: None).load()


@pytest.mark.usefixtures("loaded")
def test_copies_are_customers_like_others_and_what_is_derived_of_them_agrees() -> None:
    assert Customer.objects.count() == 157
    ids = list(Customer.objects.values_list("pk", flat=True))
    assert search.stale(ids) == {}
    assert projections.check(157) == []
    tickets = list(Ticket.objects.values_list("pk", flat=True))
    assert projection.differing(tickets) == []
    emails = ContactPoint.objects.filter(kind="email")
    assert emails.count() == emails.values("value").distinct().count()
    assert not Interaction.objects.filter(
        about_model="crm.order", occurred_at__gt=timezone.now() + timedelta(days=1)
    ).exists()
    told = Interaction.objects.filter(about_model="crm.order").values_list("about_id", "customer")
    assert dict(told) == {
        pk: customer
        for pk, customer in Order.objects.values_list("pk", "customer")
        if pk in dict(told)
    }
    by_customer = Tenure.objects.values("customer").annotate(n=Count("pk"))
    assert by_customer.count() > 100
    assert Ticket.objects.filter(customer__pk__gt=100).exists()


@pytest.mark.usefixtures("loaded")
def test_who_comes_next_gets_a_key_that_nobody_has() -> None:
    customer = Customer(name="Ada", name_folded="ada")
    insert([customer])
    assert customer.pk > 157 - 1
