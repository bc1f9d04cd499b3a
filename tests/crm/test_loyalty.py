"""Tiers of loyalty: who is in which, and the page of their rules."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertRedirects

from crm import actions, loyalty, tenures
from crm.actions.loyalty import TierNameTaken, TierNeedsRule
from crm.models import Customer, LoyaltyTier
from crm.tasks import follow_tiers, follow_tiers_nightly
from staff.models import AuditEntry, Business, User
from tests.factories import ContractFactory, CustomerFactory, OrderFactory

URL = reverse("crm:loyalty")


def tier(name: str, *, days: int | None = None, income: str | None = None) -> LoyaltyTier:
    amount = Decimal(income) if income else None
    return actions.create_tier(name=name, min_tenure_days=days, min_income=amount, by=None)


def customer_for(days: int, *totals: str) -> Customer:
    """Somebody with a contract since so many days ago, and these orders yesterday."""
    customer = CustomerFactory()
    today = timezone.localdate()
    ContractFactory(customer=customer, starts_on=today - timedelta(days=days), ends_on=None)
    for total in totals:
        OrderFactory(
            customer=customer,
            total=Decimal(total),
            ordered_at=timezone.now() - timedelta(days=1),
        )
    tenures.rebuild([customer.pk])
    return customer


def tier_of(customer: Customer) -> str:
    customer.refresh_from_db()
    return customer.tier.name if customer.tier else ""


def test_the_highest_tier_whose_rules_are_all_met(business: Business) -> None:
    tier("Silver", days=100)
    tier("Gold", days=100, income="500")
    new, old, rich, refunded = (
        customer_for(10, "900"),
        customer_for(200, "499.99"),
        customer_for(200, "300", "200"),
        customer_for(200, "600", "-101"),
    )
    lead = CustomerFactory()

    follow_tiers()

    assert [tier_of(one) for one in (new, old, rich, refunded, lead)] == [
        "",
        "Silver",
        "Gold",
        "Silver",
        "",
    ]


def test_what_was_bought_more_than_a_year_ago_does_not_count(business: Business) -> None:
    tier("Gold", income="500")
    customer = customer_for(800)
    OrderFactory(
        customer=customer, total=Decimal(900), ordered_at=timezone.now() - timedelta(days=366)
    )

    follow_tiers()

    assert tier_of(customer) == ""


def test_who_is_lost_is_in_no_tier_and_time_alone_lifts(business: Business) -> None:
    tier("Silver", days=100)
    customer, young = customer_for(200), customer_for(99)
    follow_tiers()
    assert (tier_of(customer), tier_of(young)) == ("Silver", "")

    actions.lose_customer(customer=customer, reason="moved", by=None)
    tomorrow = timezone.now() + timedelta(days=2)
    loyalty.follow_everyone(tomorrow)

    assert (tier_of(customer), tier_of(young)) == ("", "Silver")


def test_a_changed_rule_is_followed_once_and_a_deleted_tier_falls_to_the_next(
    business: Business,
) -> None:
    silver, gold = tier("Silver", days=10), tier("Gold", days=100)
    customer = customer_for(200)
    assert follow_tiers() == 1
    assert follow_tiers() == 0
    assert not LoyaltyTier.objects.filter(applied_at=None).exists()

    actions.update_tier(tier=gold, by=None, min_tenure_days=300)
    assert follow_tiers() == 1
    assert tier_of(customer) == "Silver"
    actions.delete_tier(tier=silver, by=None)
    assert tier_of(customer) == ""
    assert follow_tiers_nightly() == 0


def test_without_tiers_nobody_is_looked_at(
    business: Business, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    CustomerFactory.create_batch(3)
    with django_assert_max_num_queries(3):
        assert follow_tiers_nightly() == 0


def test_queries_do_not_grow_with_customers(
    business: Business, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    tier("Silver", days=10)
    ids = [customer_for(200).pk for _n in range(12)]
    # The tiers; customers, tenures, orders, one write; a savepoint around them.
    with django_assert_max_num_queries(7):
        assert loyalty.follow(ids) == 12


def test_rules_are_asked_for_and_names_are_once(business: Business) -> None:
    with pytest.raises(TierNeedsRule):
        tier("Gold")
    tier("Gold", days=1)
    with pytest.raises(TierNameTaken):
        tier("Gold", days=2)


def test_tiers_change_places(business: Business) -> None:
    low, high = tier("Low", days=1), tier("High", days=1)
    actions.raise_tier(tier=low, by=None)
    actions.raise_tier(tier=low, by=None)  # the highest stays
    assert list(LoyaltyTier.objects.values_list("name", flat=True)) == ["High", "Low"]
    high.refresh_from_db()
    assert high.rank == 1


def test_a_manager_makes_changes_and_deletes_on_the_page(
    manager_client: Client, manager: User
) -> None:
    assertContains(manager_client.get(URL), "No tiers yet")
    data = {"name": "Gold", "min_tenure_days": "365", "min_income": "1000"}
    assertRedirects(manager_client.post(reverse("crm:tier-create"), data), URL)
    made = LoyaltyTier.objects.get()
    assertContains(manager_client.get(URL), "Gold")

    edit = reverse("crm:tier-edit", args=[made.pk])
    assertContains(manager_client.get(edit), "Gold")
    empty = {"name": "Platinum", "min_tenure_days": "", "min_income": ""}
    refused = manager_client.post(edit, empty)
    assertContains(refused, "one of the two or both", status_code=422)
    assertContains(refused, "Platinum", status_code=422)
    manager_client.post(reverse("crm:tier-raise", args=[made.pk]))
    manager_client.post(reverse("crm:tier-delete", args=[made.pk]))

    assert not LoyaltyTier.objects.exists()
    written = AuditEntry.objects.filter(target_model="crm.loyaltytier").order_by("pk")
    assert [entry.action for entry in written] == ["tier.create", "tier.delete"]


def test_an_agent_reads_and_changes_nothing(agent_client: Client) -> None:
    made = tier("Gold", days=1)
    assertContains(agent_client.get(URL), "Gold")
    assert agent_client.get(reverse("crm:tier-edit", args=[made.pk])).status_code == 403
    assert agent_client.post(reverse("crm:tier-delete", args=[made.pk])).status_code == 403
