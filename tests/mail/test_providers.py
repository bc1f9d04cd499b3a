"""Sending through providers' HTTP interfaces, and what is known after each way to fail."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from mail import delivery, providers
from mail.actions import queue_email, queue_emails
from mail.checks import email_url_can_be_read
from mail.drafts import DraftFile
from mail.models import DeliveryEvent, OutgoingEmail, Suppression
from mail.transport import ServerTrouble
from staff.files import store_file
from staff.models import Business
from tests.mail import providing
from tests.mail.drafting import draft
from tests.services.processes import free_port

pytestmark = pytest.mark.django_db
State = OutgoingEmail.State
TAKEN = {
    "ErrorCode": 0,
    "Message": "OK",
    "MessageID": "b7bc2f4a-e38e",
    "To": "maria0@example.com",
    "SubmittedAt": "2026-11-22T10:00:00Z",
}


@pytest.fixture
def postmark(settings: Settings, business: Business) -> Iterator[providing.Provider]:
    with providing.running() as provider:
        provider.answer = TAKEN
        settings.EMAIL_URL = "anymail-postmark://"
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": provider.url}
        yield provider


@pytest.fixture
def resend(postmark: providing.Provider, settings: Settings) -> providing.Provider:
    postmark.answer = {"id": "49a3999c"}
    settings.EMAIL_URL = "anymail-resend://"
    settings.ANYMAIL = {"RESEND_API_KEY": "key", "RESEND_API_URL": postmark.url}
    return postmark


def sent(**fields: Any) -> OutgoingEmail:
    row = queue_email(draft(**fields))
    delivery.sweep()
    row.refresh_from_db()
    return row


# --- What the provider is told --------------------------------------------------------------------


def test_the_same_message_travels_as_by_smtp(postmark: providing.Provider) -> None:
    file = DraftFile(store_file(b"%PDF", "application/pdf"), "Plan año.pdf", "application/pdf")
    row = sent(
        to_name='Peña, "Mar" Sol',
        reply_to="help+key@padaria-aurora.example",
        headers={"References": "<first@padaria-aurora.example>"},
        attachments=[file],
    )

    [call] = postmark.calls
    assert row.state == State.SENT
    assert row.provider_id == "postmark:b7bc2f4a-e38e"
    assert call["From"] == "Padaria Aurora <ola@padaria-aurora.example>"
    assert "maria0@example.com" in call["To"]
    assert call["ReplyTo"] == "help+key@padaria-aurora.example"
    assert call["TextBody"] == row.text
    assert call["HtmlBody"] == row.html
    headers = {one["Name"]: one["Value"] for one in call["Headers"]}
    assert headers["Message-ID"] == row.message_id
    assert headers["X-PM-KeepID"] == "true"
    assert headers["References"] == "<first@padaria-aurora.example>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "mailto:ola@padaria-aurora.example" in headers["List-Unsubscribe"]
    assert not {"From", "To", "Subject", "Reply-To", "Date"} & set(headers)
    [attached] = call["Attachments"]
    assert (attached["Name"], attached["Content"]) == ("Plan año.pdf", "JVBERg==")


def test_one_session_serves_a_whole_sweep(postmark: providing.Provider) -> None:
    queue_emails([draft(n) for n in range(5)])
    delivery.sweep()

    assert len(postmark.calls) == 5
    assert postmark.connections == 1


# --- What is known afterwards ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_is_no_fault_of_the_message_is_tried_again(
    postmark: providing.Provider, status: int
) -> None:
    postmark.status, postmark.answer = status, {"ErrorCode": 1, "Message": "Not now"}
    queue_emails([draft(n) for n in range(3)])
    delivery.sweep()

    assert len(postmark.calls) == 1, "the others would fare no better"
    first = OutgoingEmail.objects.earliest("pk")
    assert first.state == State.QUEUED
    assert first.due_at > timezone.now()
    assert "Not now" in first.detail


def test_a_refused_message_has_failed(postmark: providing.Provider) -> None:
    postmark.status, postmark.answer = 422, {"ErrorCode": 402, "Message": "Invalid JSON"}
    row = sent()

    assert row.state == State.FAILED
    assert not Suppression.objects.exists()


def test_an_address_that_can_not_exist_is_not_written_to_again(
    postmark: providing.Provider,
) -> None:
    words = "Error parsing 'To': Illegal email domain 'x' in address 'maria0@example.com'."
    postmark.status, postmark.answer = 422, {"ErrorCode": 300, "Message": words}
    row = sent()

    assert row.state == State.FAILED
    assert DeliveryEvent.objects.get().type == DeliveryEvent.Type.HARD_BOUNCE
    assert Suppression.objects.get().address == "maria0@example.com"


def test_whom_the_provider_does_not_write_to_may_be_written_to_another_way(
    postmark: providing.Provider,
) -> None:
    words = (
        "You tried to send to a recipient that has been marked as inactive. Found inactive "
        "addresses: maria0@example.com. Inactive recipients are ones that have bounced."
    )
    postmark.status, postmark.answer = 422, {"ErrorCode": 406, "Message": words}
    row = sent()

    assert row.state == State.FAILED
    assert "inactive" in row.detail
    assert not Suppression.objects.exists()


def test_silence_after_the_message_leaves_it_open(
    postmark: providing.Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "TIMEOUT", (10, 0.3))
    postmark.answers_after = 0.6
    row = sent()
    delivery.sweep()

    assert row.state == State.UNKNOWN
    assert len(postmark.calls) == 1


def test_a_connection_dropped_after_the_message_leaves_it_open(
    postmark: providing.Provider,
) -> None:
    postmark.hangs_up = True
    assert sent().state == State.UNKNOWN


@pytest.mark.parametrize(("status", "said"), [(502, "Bad gateway"), (504, ""), (200, "<html>")])
def test_an_answer_that_says_nothing_of_the_message_leaves_it_open(
    postmark: providing.Provider, status: int, said: str
) -> None:
    postmark.status, postmark.answer = status, said
    assert sent().state == State.UNKNOWN


def test_nobody_there_is_tried_again(postmark: providing.Provider, settings: Settings) -> None:
    settings.ANYMAIL["POSTMARK_API_URL"] = f"http://127.0.0.1:{free_port()}/"
    assert sent().state == State.QUEUED


def test_a_message_that_did_not_leave_as_a_whole_is_tried_again(
    postmark: providing.Provider, settings: Settings
) -> None:
    file = DraftFile(store_file(b"x" * 12_000_000, "text/plain"), "long.txt", "text/plain")
    with providing.deaf() as url:
        settings.ANYMAIL["POSTMARK_API_URL"] = url
        assert sent(attachments=[file]).state == State.QUEUED


def test_a_redirect_hands_nothing_over(postmark: providing.Provider) -> None:
    postmark.status = 302
    assert sent().state == State.QUEUED


# --- A provider that takes each key once ------------------------------------------------------------


def test_with_a_key_a_message_of_unknown_fate_is_sent_again(
    resend: providing.Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as impatient:
        impatient.setattr(providers, "TIMEOUT", (10, 0.3))
        resend.answers_after = 0.6
        row = sent()
    assert row.state == State.QUEUED

    resend.answers_after = 0
    OutgoingEmail.objects.update(due_at=timezone.now())
    delivery.sweep()
    row.refresh_from_db()
    assert (row.state, row.provider_id) == (State.SENT, "resend:49a3999c")
    first, second = [one["Idempotency-Key"] for one in resend.headers]
    assert first == second == row.message_id.strip("<>")


def test_once_the_provider_has_forgotten_the_key_it_stays_unknown(
    resend: providing.Provider,
) -> None:
    resend.hangs_up = True
    row = queue_email(draft())
    OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(days=1))
    delivery.sweep()
    row.refresh_from_db()
    assert row.state == State.UNKNOWN


def test_what_a_worker_dropped_is_sent_again_under_its_key(resend: providing.Provider) -> None:
    row = queue_email(draft())
    assert OutgoingEmail.objects.claim(row.pk, holder="dead", message_id="<1@x.example>")
    OutgoingEmail.objects.update(lease_until=timezone.now())
    delivery.sweep()

    row.refresh_from_db()
    assert row.state == State.SENT
    assert resend.headers[0]["Idempotency-Key"] == "1@x.example"


def test_a_key_that_was_used_with_other_words_leaves_it_open(resend: providing.Provider) -> None:
    resend.status = 409
    resend.answer = {"name": "invalid_idempotent_request", "message": "another payload"}
    assert sent().state == State.UNKNOWN


# --- Amazon's, which is signed and spoken through a library of its own -----------------------------


@pytest.fixture
def amazon(
    postmark: providing.Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> providing.Provider:
    postmark.answer = {"MessageId": "0100018f-ab"}
    settings.EMAIL_URL = "anymail-amazon-ses://"
    settings.ANYMAIL = {}
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", postmark.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a key")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    return postmark


def test_amazon_takes_it_signed(amazon: providing.Provider) -> None:
    row = sent()
    assert (row.state, row.provider_id) == (State.SENT, "amazon_ses:0100018f-ab")
    [call], [headers] = amazon.calls, amazon.headers
    assert call["Destination"]["ToAddresses"] == ["maria0@example.com"]
    assert row.message_id.encode() in b64decode(call["Content"]["Raw"]["Data"])
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256")


def test_amazon_is_asked_once_where_it_may_have_taken_it(amazon: providing.Provider) -> None:
    amazon.hangs_up = True
    assert sent().state == State.UNKNOWN
    assert len(amazon.calls) == 1


def test_what_amazon_refuses_waits_or_fails_by_its_reason(amazon: providing.Provider) -> None:
    amazon.status, amazon.answer = 429, {"message": "Maximum sending rate exceeded."}
    assert sent().state == State.QUEUED
    amazon.status, amazon.answer = 400, {"message": "Email address is not verified."}
    row = sent()
    assert row.state == State.FAILED
    assert "not verified" in row.detail


# --- EMAIL_URL ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "provider",
    [one for one in providers.PROVIDERS.values() if not one.package],
    ids=lambda one: one.name,
)
def test_each_provider_says_what_it_needs_and_opens_with_it(
    provider: providers.Provider, settings: Settings
) -> None:
    settings.EMAIL_URL = f"anymail-{provider.name.replace('_', '-')}://"
    settings.ANYMAIL = {}
    [problem] = email_url_can_be_read()
    assert problem.id == "mail.E002"
    assert all(name in str(problem.msg) for name in provider.needs)
    with pytest.raises(ServerTrouble):
        provider.open()
    settings.ANYMAIL = dict.fromkeys(provider.needs, "https://api.example/")
    assert email_url_can_be_read() == []
    provider.open().close()


def test_what_its_library_needs_is_said_where_it_is_not_installed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_URL = "anymail-amazon-ses://"
    assert email_url_can_be_read() == []
    monkeypatch.setattr(providers, "find_spec", lambda _name: None)
    [problem] = email_url_can_be_read()
    assert "EXTRAS=amazon-ses make setup" in str(problem.msg)


@pytest.mark.parametrize("url", ["anymail-pigeon://", "anymail-postmark:x", "http://mail"])
def test_an_address_that_names_nobody_is_refused_in_words(url: str, settings: Settings) -> None:
    settings.EMAIL_URL = url
    [problem] = email_url_can_be_read()
    assert "EMAIL_URL" in str(problem.msg)
    assert "anymail-postmark://" in str(problem.msg)
