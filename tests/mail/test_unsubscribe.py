"""The page behind each unsubscribe link: for people, for mail clients, and for link scanners."""

import pytest
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from mail.actions import queue_email, suppress, unsubscribe
from mail.models import DeliveryEvent, OutgoingEmail, Scope, Suppression
from staff.models import Business
from tests.mail.drafting import draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def stranger() -> Client:
    return Client(enforce_csrf_checks=True)


def link(row: OutgoingEmail) -> str:
    return f"/u/{row.headers['List-Unsubscribe'].split('/u/')[1].rstrip('>')}"


@pytest.fixture
def row(business: Business) -> OutgoingEmail:
    return queue_email(draft(language="en"))


def test_opening_the_link_changes_nothing(stranger: Client, row: OutgoingEmail) -> None:
    response = stranger.get(link(row))
    stranger.head(link(row))

    assertContains(response, "Stop writing to me")
    assert not Suppression.objects.exists()
    assert not DeliveryEvent.objects.exists()
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


def test_one_click_of_a_mail_client_leaves_the_stream(stranger: Client, row: OutgoingEmail) -> None:
    for _again in range(2):
        response = stranger.post(link(row), {"List-Unsubscribe": "One-Click"})
        assert response.status_code == 200
        assert not response.cookies

    suppression = Suppression.objects.get()
    assert (suppression.address, suppression.scope, suppression.reason) == (
        "maria0@example.com", Scope.SURVEYS, Suppression.Reason.UNSUBSCRIBE,
    )  # fmt: skip
    event = DeliveryEvent.objects.get()
    assert (event.type, event.outgoing_id) == (DeliveryEvent.Type.UNSUBSCRIBE, row.pk)


def test_one_click_as_a_urlencoded_body(stranger: Client, row: OutgoingEmail) -> None:
    response = stranger.post(
        link(row), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 200
    assert Suppression.objects.get().scope == Scope.SURVEYS


def test_a_person_may_leave_everything_and_come_back(stranger: Client, row: OutgoingEmail) -> None:
    response = stranger.post(link(row), {"scope": "all"})
    assertContains(response, "only to answer you or about your account")
    assert Suppression.objects.get().scope == Scope.ALL

    response = stranger.post(link(row), {"resume": "1"})
    assertContains(response, "Stop writing to me")
    assert not Suppression.objects.active().exists()


def test_who_left_one_stream_may_still_leave_the_rest(stranger: Client, row: OutgoingEmail) -> None:
    stranger.post(link(row))
    response = stranger.get(link(row))
    assertContains(response, "no more surveys")
    assertContains(response, "Stop everything")
    stranger.post(link(row), {"scope": "all"})
    assert {one.scope for one in Suppression.objects.active()} == {Scope.SURVEYS, Scope.ALL}


def test_a_bounce_cannot_be_taken_back_from_the_page(stranger: Client, row: OutgoingEmail) -> None:
    suppress(
        address=row.to_address, scope=Scope.ALL, reason=Suppression.Reason.HARD_BOUNCE, by=None
    )
    assertNotContains(stranger.get(link(row)), "Keep writing to me")
    stranger.post(link(row), {"resume": "1"})
    assert Suppression.objects.active().exists()


def test_another_address_is_not_touched(stranger: Client, row: OutgoingEmail) -> None:
    queue_email(draft(1))
    stranger.post(link(row))
    assert Suppression.objects.suppressed_addresses(
        "surveys", ["Maria0@example.com", "maria1@example.com"]
    ) == {"maria0@example.com"}


@pytest.mark.parametrize("token", ["unknown", "a" * 43, "' OR 1=1", "ção"])
def test_an_unknown_link_is_a_friendly_404(
    stranger: Client, business: Business, token: str
) -> None:
    for response in (stranger.get(f"/u/{token}/"), stranger.post(f"/u/{token}/")):
        assertContains(response, "This link does not work", status_code=404)
        assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("language", ["es", "pt-br"])
def test_it_speaks_the_language_of_the_mail(
    stranger: Client, business: Business, language: str
) -> None:
    row = queue_email(draft(language=language))
    response = stranger.get(link(row), headers={"Accept-Language": "en"})
    assertContains(response, f'<html lang="{language}">')
    assert response["Content-Language"] == language
    assert translation.get_language() == "en"


def test_queries(
    stranger: Client, row: OutgoingEmail, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):  # business, message, suppressions
        stranger.get(link(row))


def test_it_takes_only_these_methods(stranger: Client, row: OutgoingEmail) -> None:
    assert stranger.put(link(row)).status_code == 405


def test_unsubscribing_twice_is_once(row: OutgoingEmail) -> None:
    assert unsubscribe(outgoing=row).pk == unsubscribe(outgoing=row).pk
