"""/outbox/suppressions/: who is not written to, and why."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from mail.models import Scope, Suppression
from staff.models import AuditEntry

pytestmark = pytest.mark.django_db
URL = "/outbox/suppressions/"


def suppressed(address: str, **fields: str) -> Suppression:
    return Suppression.objects.create(
        address=address, **{"scope": "all", "reason": "hard_bounce", **fields}
    )


def test_each_address_has_its_reason(agent_client: Client) -> None:
    suppressed("gone@example.com")
    suppressed("left@example.com", scope="surveys", reason="unsubscribe")
    response = agent_client.get(URL)
    assertContains(response, "Address does not exist")
    assertContains(response, "Unsubscribed")
    response = agent_client.get(URL, {"q": "GONE"}, headers={"HX-Request": "true"})
    assertContains(response, "gone@example.com")
    assertNotContains(response, "left@example.com")
    assertNotContains(response, "<html")


def test_whoever_asks_in_person_is_written_down(agent_client: Client) -> None:
    response = agent_client.post(URL, {"address": "Maria@example.com", "scope": "outreach"})
    assertRedirects(response, URL)
    assert Suppression.objects.get().scope == Scope.OUTREACH
    assert Suppression.objects.get().reason == Suppression.Reason.BY_HAND
    assert AuditEntry.objects.filter(action="suppression.create").exists()


def test_what_is_no_address_stays_in_the_form_with_the_reason(agent_client: Client) -> None:
    response = agent_client.post(URL, {"address": "maria", "scope": "all"})
    assertContains(response, "valid email address")
    assertContains(response, 'value="maria"')
    assert not Suppression.objects.exists()


def test_a_manager_lets_somebody_back_in(manager_client: Client) -> None:
    row = suppressed("gone@example.com")
    response = manager_client.post(f"{URL}{row.pk}/release/", follow=True)
    assertContains(response, "may be written to again")
    assertContains(response, "Everybody may be written to")
    assert not Suppression.objects.active().exists()


def test_who_works_with_customers_adds_but_does_not_release(agent_client: Client) -> None:
    row = suppressed("gone@example.com")
    assertNotContains(agent_client.get(URL), "Write again")
    assert agent_client.post(f"{URL}{row.pk}/release/").status_code == 403


def test_query_count_does_not_grow(
    agent_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        suppressed(f"a{number}@example.com")
    with django_assert_num_queries(4):  # session, user, business, page
        agent_client.get(URL)
