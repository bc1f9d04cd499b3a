"""/inbox/: what arrived and what became of it; who may see it."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from mail import inbox
from mail.models import InboundEmail, WebhookDelivery
from staff.files import store_file
from staff.models import Business
from tests.mail.arriving import arrived, bounce, raw_mail, sent_message

pytestmark = pytest.mark.django_db
State = InboundEmail.State
URL = "/inbox/"


def test_an_empty_inbox_teaches(manager_client: Client) -> None:
    assertContains(manager_client.get(URL), "Nothing has arrived yet")


def test_states_and_senders_narrow_the_list(manager_client: Client) -> None:
    waits, aside = arrived(raw_mail(1)), arrived(raw_mail(2, sender="João <joao@example.com>"))
    inbox.quarantine(aside, inbox.FAILED)
    response = manager_client.get(URL, {"state": "aside"}, headers={"HX-Request": "true"})
    assertContains(response, aside.subject)
    assertNotContains(response, waits.subject)
    assertNotContains(response, "<html")
    response = manager_client.get(URL, {"q": "JOAO"})
    assertContains(response, "João")
    assertNotContains(response, waits.subject)
    assertContains(manager_client.get(URL, {"q": "x"}), "No e-mail matches")


@pytest.mark.parametrize("rows", [2, 60])
def test_query_count_does_not_grow_with_mails(
    manager_client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        arrived(raw_mail(number))
    with django_assert_num_queries(6):  # session, user, business, counts, page, failed calls
        manager_client.get(URL)


def test_agents_do_not_see_the_inbox(agent_client: Client) -> None:
    row = arrived(raw_mail())
    for path in (URL, f"{URL}{row.pk}/", f"{URL}{row.pk}/raw/"):
        assert agent_client.get(path).status_code == 403
    for verb in ("retry", "ignore"):
        assert agent_client.post(f"{URL}{row.pk}/{verb}/").status_code == 403


def test_one_mail_shows_what_it_says_as_words_alone(manager_client: Client) -> None:
    row = arrived(raw_mail(1, text="<script>alert(1)</script> javascript:alert(2)"))
    response = manager_client.get(f"{URL}{row.pk}/")
    assertContains(response, "&lt;script&gt;")
    assertNotContains(response, "<script>alert")
    assertContains(response, "Leave it as it is")


def test_a_mail_set_aside_says_why_and_is_tried_again(manager_client: Client) -> None:
    row = arrived(raw_mail())
    inbox.quarantine(row, inbox.FAILED, "ValueError: <b>no</b>")
    page = f"{URL}{row.pk}/"
    response = manager_client.get(page)
    assertContains(response, "It could not be processed, several times.")
    assertContains(response, "ValueError: &lt;b&gt;no")
    assertRedirects(manager_client.post(f"{page}retry/"), page)
    row.refresh_from_db()
    assert row.state == State.RECEIVED
    response = manager_client.post(f"{page}retry/", follow=True)
    assertContains(response, "Only a mail that was set aside")


def test_a_mail_is_left_as_it_is(manager_client: Client) -> None:
    row = arrived(raw_mail())
    page = f"{URL}{row.pk}/"
    assertContains(manager_client.post(f"{page}ignore/", follow=True), "left as it is")
    assertContains(manager_client.post(f"{page}ignore/", follow=True), "Only a mail that waits")
    assertContains(manager_client.get(page), "Somebody decided that nothing has to be done.")


def test_the_raw_mail_is_downloaded_as_a_file_and_as_nothing_else(manager_client: Client) -> None:
    raw = raw_mail(subject="Oferta/../<b>")
    row = arrived(raw)
    response = manager_client.get(f"{URL}{row.pk}/raw/")
    assert b"".join(response.streaming_content) == raw  # type: ignore[attr-defined]
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Disposition"].rstrip('"').endswith(".eml")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_what_became_of_it_is_one_click_away(manager_client: Client, business: Business) -> None:
    ours = sent_message()
    row = arrived(bounce(ours.message_id))
    response = manager_client.get(f"{URL}{row.pk}/")
    assertContains(response, f'href="/outbox/{ours.pk}/"')
    assertContains(response, "It became a report about a message.")
    copy = arrived(b"Received: again\r\n" + bounce(ours.message_id))
    assertContains(manager_client.get(f"{URL}{copy.pk}/"), f'href="{URL}{row.pk}/"')


@pytest.mark.parametrize("state", State.values)
def test_every_state_has_its_page(manager_client: Client, state: str) -> None:
    row = arrived(raw_mail())
    InboundEmail.objects.filter(pk=row.pk).update(state=state)
    assertContains(manager_client.get(f"{URL}{row.pk}/"), "Question 0")


def test_a_mail_whose_file_is_gone_has_a_page_that_says_so(
    manager_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = arrived(raw_mail())

    def gone(inbound: InboundEmail) -> None:
        raise FileNotFoundError(2, "No such file")

    monkeypatch.setattr(inbox, "read", gone)
    assertContains(manager_client.get(f"{URL}{row.pk}/"), "can't be opened")


def test_a_call_that_failed_is_shown_and_tried_again(manager_client: Client) -> None:
    call = WebhookDelivery.objects.create(
        provider="postmark",
        body=store_file(b"{", "application/json"),
        digest="d",
        state=WebhookDelivery.State.FAILED,
        detail="JSONDecodeError",
    )
    assertContains(manager_client.get(URL), "JSONDecodeError")
    assertRedirects(manager_client.post(f"{URL}calls/{call.pk}/retry/"), URL)
    call.refresh_from_db()
    assert call.state == WebhookDelivery.State.WAITING
    response = manager_client.post(f"{URL}calls/{call.pk}/retry/", follow=True)
    assertContains(response, "that could not be read can be tried again")
