"""/outbox/suppressions/: who is not written to, and why."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from mail import actions
from mail.models import Scope, Suppression
from staff.models import AuditEntry, User

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


def test_letting_somebody_in_says_why_and_can_be_taken_back(
    manager_client: Client, manager: User
) -> None:
    stopped = actions.suppress(
        address="maria@example.com", scope=Scope.ALL, reason="hard_bounce", by=None
    )
    page = manager_client.post(
        f"/outbox/suppressions/{stopped.pk}/release/", {"why": "She called"}, follow=True
    )
    assertContains(page, f"/outbox/suppressions/{stopped.pk}/again/")
    entry = AuditEntry.objects.get(action="suppression.release")
    assert (entry.by, entry.changes["why"]) == (manager, ["", "She called"])
    assertContains(manager_client.get(URL, {"released": "1"}), "maria@example.com")

    for _ in range(2):
        manager_client.post(f"/outbox/suppressions/{stopped.pk}/again/")
    again = Suppression.objects.active().get()
    assert (again.pk, again.reason, again.at) == (stopped.pk, "hard_bounce", stopped.at)
    assert AuditEntry.objects.filter(action="suppression.restore").count() == 1


def test_a_release_is_not_taken_back_over_a_newer_stop(manager_client: Client) -> None:
    stopped = actions.suppress(address="a@example.com", scope=Scope.ALL, reason="by_hand", by=None)
    actions.release(suppression=stopped, by=None)
    newer = actions.suppress(address="a@example.com", scope=Scope.ALL, reason="complaint", by=None)
    manager_client.post(f"/outbox/suppressions/{stopped.pk}/again/")
    assert Suppression.objects.active().get() == newer


def test_scopes_and_reasons_narrow_the_list(agent_client: Client) -> None:
    actions.suppress(address="a@example.com", scope=Scope.ALL, reason="hard_bounce", by=None)
    actions.suppress(address="b@example.com", scope=Scope.SURVEYS, reason="unsubscribe", by=None)
    for asked in ({"scope": "surveys"}, {"reason": "unsubscribe"}):
        page = agent_client.get(URL, asked)
        assertContains(page, "b@example.com")
        assertNotContains(page, "a@example.com")
