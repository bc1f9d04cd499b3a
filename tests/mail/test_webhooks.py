"""/hooks/mail/<provider>/: proven by the provider's signature, stored as it came, read afterwards."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from mail import inbox, inbox_actions, tasks, webhooks
from mail.models import InboundEmail, Mailbox, WebhookDelivery
from staff.files import open_file
from staff.models import AuditEntry, Business, User
from tests.mail.arriving import raw_mail

pytestmark = pytest.mark.django_db
State = WebhookDelivery.State
SECRET = "user:a long password"
BOUNDARY = "----form-7MA4YWxk"


@pytest.fixture(autouse=True)
def configured(settings: Settings, business: Business) -> None:
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": SECRET,
        "MAILGUN_WEBHOOK_SIGNING_KEY": "mailgun-key",
        "MAILERSEND_INBOUND_SECRET": "mailersend-key",
    }


def password(secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}


def call(
    client: Client, provider: str, body: bytes | dict[str, Any] | list[Any], **options: Any
) -> HttpResponse:
    """POST, with the shared password unless `headers` are given."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    options.setdefault("headers", password())
    options.setdefault("content_type", "application/json")
    response: HttpResponse = client.post(f"/hooks/mail/{provider}/", content, **options)
    return response


def form(fields: dict[str, bytes]) -> bytes:
    """multipart/form-data with the very bytes of each field."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value
        for name, value in fields.items()
    ]
    return b"\r\n".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


FORM = f"multipart/form-data; boundary={BOUNDARY}"


def mailgun(raw: bytes, *, key: str = "mailgun-key", token: str = "t" * 50) -> dict[str, bytes]:
    at = str(int(time.time()))
    signature = hmac.new(key.encode(), f"{at}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "timestamp": at.encode(),
        "token": token.encode(),
        "signature": signature.encode(),
        "recipient": b"help+key@padaria-aurora.example",
        "sender": b"maria@example.com",
        "body-mime": raw,
    }


def postmark(raw: bytes) -> dict[str, Any]:
    return {"RawEmail": raw.decode(), "OriginalRecipient": "help@x.example", "Headers": []}


def read_all() -> list[InboundEmail]:
    webhooks.read_waiting()
    return list(InboundEmail.objects.order_by("pk"))


# --- Who may call ---------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["nobody", "brevo", "postal", "resend"])
def test_who_is_unknown_or_not_set_up_is_not_there(client: Client, provider: str) -> None:
    assert call(client, provider, {}).status_code == 404
    assert client.head(f"/hooks/mail/{provider}/").status_code == 404


def test_without_any_secret_nobody_is_there(client: Client, settings: Settings) -> None:
    """Nothing may be brought by whoever knows the address alone."""
    settings.ANYMAIL = {}
    for provider in webhooks.PROVIDERS:
        assert call(client, provider, {}).status_code == 404


def test_a_wrong_password_or_signature_is_refused_and_nothing_stored(client: Client) -> None:
    body = postmark(raw_mail())
    assert call(client, "postmark", body, headers=password("user:wrong")).status_code == 403
    assert call(client, "postmark", body, headers={}).status_code == 403
    forged = form(mailgun(raw_mail(), key="another"))
    assert call(client, "mailgun", forged, content_type=FORM).status_code == 403
    assert call(client, "mailgun", b"nothing", content_type=FORM).status_code == 403
    headers = {"Signature": "0" * 64, **password()}
    assert (
        call(client, "mailersend", {"type": "inbound.message"}, headers=headers).status_code == 403
    )
    assert not WebhookDelivery.objects.exists()


def test_only_head_and_post(client: Client) -> None:
    assert client.head("/hooks/mail/postmark/").status_code == 200
    assert client.get("/hooks/mail/postmark/").status_code == 405


def test_a_body_that_is_too_large_is_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "BODY_LIMIT", 100)
    assert call(client, "postmark", postmark(raw_mail())).status_code == 413
    assert not WebhookDelivery.objects.exists()


def test_it_needs_no_cookie(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert call(strict, "postmark", postmark(raw_mail())).status_code == 200


# --- Stored first, and once -----------------------------------------------------------------------


def test_the_call_is_stored_as_it_came_before_it_is_read(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as nudges:
        assert call(client, "postmark", b'{"broken').status_code == 200
    delivery = WebhookDelivery.objects.get()
    assert delivery.state == State.WAITING
    with open_file(delivery.body) as file:
        assert file.read() == b'{"broken'
    assert len(nudges) == 1
    assert SECRET not in json.dumps(delivery.facts)


def test_the_same_call_again_is_one_row_and_one_mail(client: Client) -> None:
    for _twice in range(2):
        assert call(client, "postmark", postmark(raw_mail())).status_code == 200
    assert WebhookDelivery.objects.count() == 1
    tasks.read_webhook(WebhookDelivery.objects.get().pk)
    tasks.read_webhook(WebhookDelivery.objects.get().pk)
    assert [row.state for row in read_all()] == [InboundEmail.State.WAITING]


def test_the_same_mail_in_another_call_is_a_copy(client: Client) -> None:
    for token in ("a" * 50, "b" * 50):
        call(client, "mailgun", form(mailgun(raw_mail(), token=token)), content_type=FORM)
    states = [row.state for row in read_all()]
    assert states == [InboundEmail.State.RECEIVED, InboundEmail.State.DUPLICATE]


def test_a_call_that_can_not_be_read_is_kept_and_tried_again(
    client: Client, manager: User, caplog: pytest.LogCaptureFixture
) -> None:
    call(client, "postmark", b'{"broken')
    call(client, "postmark", postmark(raw_mail()))
    assert len(read_all()) == 1
    broken = WebhookDelivery.objects.order_by("pk")[0]
    assert (broken.state, broken.attempts) == (State.WAITING, 1)
    assert "JSONDecodeError" in broken.detail
    webhooks.read_waiting()  # not yet
    broken.refresh_from_db()
    assert broken.attempts == 1

    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(days=1))
    for _attempt in range(6):
        webhooks.read_waiting()
    broken.refresh_from_db()
    assert (broken.state, broken.attempts) == (State.FAILED, 5)
    inbox_actions.retry_call(delivery=broken, by=manager)
    assert (broken.state, broken.attempts) == (State.WAITING, 0)
    assert AuditEntry.objects.get(action="webhook_delivery.retry")
    with pytest.raises(inbox_actions.CallNotFailed):
        inbox_actions.retry_call(delivery=broken, by=manager)


def test_a_call_that_kills_its_reader_has_an_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(delivery: WebhookDelivery) -> list[Any]:
        raise SystemExit

    call(client, "postmark", postmark(raw_mail()))
    monkeypatch.setattr(webhooks, "contents", dies)
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(days=1))
    for _attempt in range(5):
        with pytest.raises(SystemExit):
            webhooks.read_waiting()
    webhooks.read_waiting()
    assert WebhookDelivery.objects.get().state == State.FAILED


def test_news_of_deliveries_make_no_mail(client: Client) -> None:
    call(client, "postmark", {"RecordType": "Bounce", "Email": "maria@example.com"})
    assert read_all() == []
    assert WebhookDelivery.objects.get().state == State.FAILED


# --- What each provider brings --------------------------------------------------------------------

RAW = raw_mail(5, text="Bom dia")


def sign_mailersend(body: bytes) -> dict[str, str]:
    signature = hmac.new(b"mailersend-key", body, hashlib.sha256).hexdigest()
    return {"Signature": signature, **password()}


def by_mailersend(client: Client) -> HttpResponse:
    data = {
        "raw": RAW.decode(),
        "sender": {"email": "maria@example.com"},
        "recipients": {"rcptTo": [{"email": "help@x.example"}]},
    }
    body = json.dumps({"type": "inbound.message", "data": data}).encode()
    return call(client, "mailersend", body, headers=sign_mailersend(body))


def by_sparkpost(client: Client) -> HttpResponse:
    content = {"email_rfc822": b64encode(RAW).decode(), "email_rfc822_is_base64": True}
    event = {"content": content, "protocol": "smtp", "rcpt_to": "help@x.example", "msg_from": ""}
    return call(client, "sparkpost", [{"msys": {"relay_message": event}}])


def by_sendgrid(client: Client) -> HttpResponse:
    envelope = json.dumps({"to": ["help@x.example"], "from": "maria@example.com"}).encode()
    return call(client, "sendgrid", form({"email": RAW, "envelope": envelope}), content_type=FORM)


def by_mailgun_without_attachments(client: Client) -> HttpResponse:
    fields = mailgun(RAW)
    return call(
        client,
        "mailgun",
        urlencode(fields).encode(),
        content_type="application/x-www-form-urlencoded",
    )


CALLS: dict[str, Callable[[Client], HttpResponse]] = {
    "mailgun": lambda client: call(client, "mailgun", form(mailgun(RAW)), content_type=FORM),
    "mailgun, plain form": by_mailgun_without_attachments,
    "mailersend": by_mailersend,
    "postmark": lambda client: call(client, "postmark", postmark(RAW)),
    "sendgrid": by_sendgrid,
    "sparkpost": by_sparkpost,
}


@pytest.mark.parametrize("provider", CALLS)
def test_the_very_bytes_arrive(client: Client, provider: str) -> None:
    assert CALLS[provider](client).status_code == 200
    [row] = read_all()
    raw = inbox.raw_bytes(row)
    assert raw.endswith(RAW)
    assert raw.startswith(b"Delivered-To: help")
    assert WebhookDelivery.objects.get().state == State.DONE
    assert row.mailbox.kind == Mailbox.Kind.WEBHOOK
    assert Mailbox.objects.get().last_message_at


def test_a_copy_by_imap_and_by_provider_is_one_mail(client: Client) -> None:
    CALLS["mailgun"](client)
    [row] = read_all()
    other = Mailbox.objects.create(name="Pipe", kind=Mailbox.Kind.COMMAND)
    assert inbox.store_raw(RAW, mailbox=other).duplicate_of == row


def test_bytes_that_are_no_text_survive_a_form(client: Client) -> None:
    odd = b"Subject: caf\xe9\r\nMessage-ID: <odd@x>\r\n\r\n\xff\x00\r\n--not-the-boundary\r\n"
    call(client, "mailgun", form(mailgun(odd)), content_type=FORM)
    [row] = read_all()
    assert inbox.raw_bytes(row).endswith(odd)


def test_nulls_in_a_plain_form_survive_too(client: Client) -> None:
    odd = b"Message-ID: <odd@x>\r\n\r\n\xff\x00"
    response = call(
        client,
        "mailgun",
        urlencode(mailgun(odd)).encode(),
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 200
    [row] = read_all()
    assert inbox.raw_bytes(row).endswith(odd)


def test_a_mail_larger_than_a_form_may_be_elsewhere_gets_in(client: Client) -> None:
    large = raw_mail(text="x" * 6_000_000)
    assert call(client, "mailgun", form(mailgun(large)), content_type=FORM).status_code == 200
    [row] = read_all()
    assert row.raw.size > 6_000_000


def test_what_a_provider_tells_only_in_parts_is_put_together(client: Client) -> None:
    event = {
        "FromFull": {"Email": "maria@example.com", "Name": "María", "MailboxHash": ""},
        "ToFull": [{"Email": "help@x.example", "Name": "", "MailboxHash": ""}],
        "Subject": "Olá",
        "Date": "Fri, 20 Nov 2026 10:00:00 -0300",
        "OriginalRecipient": "help@x.example",
        "TextBody": "Bom dia",
        "Headers": [{"Name": "Message-ID", "Value": "<parts@example.com>"}],
        "Attachments": [
            {"Name": "a.txt", "Content": "aGk=", "ContentType": "text/plain", "ContentLength": 2}
        ],
    }
    call(client, "postmark", event)
    [row] = read_all()
    mail = inbox.read(row)
    assert (mail.subject, mail.text.strip(), mail.sender.name) == ("Olá", "Bom dia", "María")
    assert mail.message_id == "<parts@example.com>"
    assert [one.content for one in mail.attachments] == [b"hi"]


def test_an_envelope_begins_no_header_of_its_own(client: Client) -> None:
    fields = mailgun(RAW) | {"recipient": b"a@b.example\r\nX-Evil: 1", "sender": b"x\ny@z"}
    call(client, "mailgun", form(fields), content_type=FORM)
    [row] = read_all()
    assert inbox.raw_bytes(row) == RAW


def test_the_null_sender_is_kept(client: Client) -> None:
    by_sparkpost(client)
    [row] = read_all()
    assert b"Return-Path: <>\r\n" in inbox.raw_bytes(row)


def test_a_provider_gets_a_mailbox_even_if_its_name_is_taken(client: Client) -> None:
    Mailbox.objects.create(name="Postmark", kind=Mailbox.Kind.COMMAND)
    call(client, "postmark", postmark(RAW))
    [row] = read_all()
    assert row.mailbox.name == "Postmark 2"
