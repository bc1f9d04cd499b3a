"""The silence rule's page: a look ahead, and setting it."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import SilenceRule
from tests.factories import CustomerFactory, OrderFactory

URL = reverse("crm:silence")


def test_everyone_reads_the_rule_and_managers_set_it(
    read_only_client: Client, agent_client: Client
) -> None:
    response = read_only_client.get(URL)

    assertContains(response, "Today: 180 days without a purchase")
    assertNotContains(response, "Set this rule")
    assert agent_client.post(URL, {"days": "90", "since": "2026-01-01"}).status_code == 403


def test_a_look_ahead_counts_and_writes_nothing(manager_client: Client) -> None:
    now = timezone.now()
    for days in (10, 100, 120):
        OrderFactory(
            customer=CustomerFactory(), ordered_at=now - timedelta(days=days), rebuild=True
        )
    OrderFactory(customer=CustomerFactory(), ordered_at=now - timedelta(days=200), rebuild=True)

    shorter = manager_client.get(URL, {"days": "90", "since": "2020-01-01"})
    longer = manager_client.get(
        URL, {"days": "365", "since": "2020-01-01"}, headers={"HX-Request": "true"}
    )

    assertContains(shorter, "2 customers would count as lost at once")
    assertContains(longer, "0 customers would count as lost at once")
    assertContains(longer, "1 would count as a customer again")
    assertNotContains(longer, "<html")
    assert not SilenceRule.objects.exists()


def test_setting_it_keeps_earlier_rules(manager_client: Client) -> None:
    SilenceRule.objects.create(since="2025-01-01", days=120)

    response = manager_client.post(URL, {"days": "90", "since": "2026-01-01"}, follow=True)

    assertRedirects(response, URL)
    assertContains(response, "Today: 90 days without a purchase")
    assertContains(response, "January 1, 2025")
    assert SilenceRule.objects.count() == 2


def test_days_out_of_range_are_refused(manager_client: Client) -> None:
    response = manager_client.post(URL, {"days": "0", "since": "2026-01-01"})

    assertContains(response, "greater than or equal to 1")
    assert not SilenceRule.objects.exists()
