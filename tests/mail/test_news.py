"""/hooks/mail/<provider>/events/: what became of our own mail, each event once, in any order."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from svix.webhooks import Webhook

from mail import news, webhooks
from mail.actions import queue_email
from mail.models import DeliveryEvent, OutgoingEmail, Suppression, WebhookDelivery
from staff.models import Business, StoredFile
from tests.mail.drafting import draft

pytestmark = pytest.mark.django_db
State = OutgoingEmail.State
SECRET = "user:a long password"
# A moment ago: what was long ago is not held against an address.
AT = (timezone.now() - timedelta(hours=1)).isoformat()


@pytest.fixture(autouse=True)
def configured(settings: Settings, business: Business) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.fixture
def row() -> OutgoingEmail:
    """A survey's mail that Postmark has taken."""
    row = queue_email(draft())
    OutgoingEmail.objects.update(
        state=State.SENT, provider_id="postmark:883953f4", sent_at=timezone.now()
    )
    row.refresh_from_db()
    return row


def told(provider: str = "postmark", secret: str = SECRET, **event: Any) -> HttpResponse:
    headers = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}
    return Client().post(  # type: ignore[return-value]
        f"/hooks/mail/{provider}/events/",
        json.dumps(event),
        content_type="application/json",
        headers=headers,
    )


def postmark(record: str, **event: Any) -> HttpResponse:
    recipient = {"Recipient" if record == "Delivery" else "Email": "maria0@example.com"}
    return told(RecordType=record, MessageID="883953f4", **recipient, **event)


def bounce(number: int = 1, kind: str = "HardBounce", details: str = "", **event: Any) -> None:
    postmark("Bounce", ID=number, Type=kind, Details=details, BouncedAt=AT, **event)


def delivered() -> None:
    postmark("Delivery", DeliveredAt=AT)


def read_all() -> None:
    for delivery in WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING):
        webhooks.read(delivery.pk)


def state_of(row: OutgoingEmail) -> str:
    row.refresh_from_db()
    return row.state


# --- The call -------------------------------------------------------------------------------------


def test_a_call_is_stored_first_and_read_afterwards(
    row: OutgoingEmail, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as nudges:
        delivered()
        delivered()

    call = WebhookDelivery.objects.get()
    assert (call.kind, call.state) == ("events", "waiting")
    assert state_of(row) == State.SENT
    assert len(nudges) == 1
    read_all()
    assert state_of(row) == State.DELIVERED
    call.refresh_from_db()
    assert (call.state, call.detail) == ("done", "1 noted")


def test_a_forged_call_leaves_nothing_behind(row: OutgoingEmail) -> None:
    assert told(secret="user:guessed", RecordType="Delivery").status_code == 403
    assert not WebhookDelivery.objects.exists()


def test_without_its_secret_the_address_is_not_there(settings: Settings) -> None:
    settings.ANYMAIL = {}
    assert told(RecordType="Delivery").status_code == 404


def test_resends_own_signature_is_as_good_as_a_password(
    row: OutgoingEmail, settings: Settings
) -> None:
    secret = f"whsec_{b64encode(b'a key of theirs and ours').decode()}"
    settings.ANYMAIL = {"RESEND_SIGNING_SECRET": secret}
    OutgoingEmail.objects.update(provider_id="resend:883953f4")
    news_of_theirs = {
        "type": "email.delivered",
        "created_at": AT,
        "data": {"email_id": "883953f4", "to": ["maria0@example.com"], "created_at": AT},
    }
    body, at = json.dumps(news_of_theirs), timezone.now()
    headers = {"svix-id": "msg_1", "svix-timestamp": str(int(at.timestamp()))}

    def call(signature: str) -> int:
        signed = headers | {"svix-signature": signature}
        response = Client().post(
            "/hooks/mail/resend/events/", body, content_type="application/json", headers=signed
        )
        return response.status_code

    assert call(Webhook(f"whsec_{b64encode(b'a guess').decode()}").sign("msg_1", at, body)) == 403
    assert not WebhookDelivery.objects.exists()
    assert call(Webhook(secret).sign("msg_1", at, body)) == 200
    read_all()
    assert state_of(row) == State.DELIVERED


@pytest.mark.parametrize("provider", webhooks.TRACKING)
def test_each_provider_is_known(provider: str, settings: Settings) -> None:
    keys = {
        "MAILGUN_WEBHOOK_SIGNING_KEY": "key",
        "MANDRILL_WEBHOOK_KEY": "key",
        "MAILERSEND_SIGNING_SECRET": "key",
        "MAILTRAP_WEBHOOK_SECRET": "00",
        "UNISENDER_GO_API_KEY": "key",
        "POSTAL_WEBHOOK_KEY": "",
    }
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, **keys}
    known = webhooks.view_of(provider, WebhookDelivery.Kind.EVENTS)
    # The one wants a public key, the other a package that is not among ours.
    assert known is not None or provider in {"postal", "amazon_ses"}


def test_mail_that_comes_to_where_news_belong_fails_at_once(row: OutgoingEmail) -> None:
    told(FromFull={"Email": "ana@example.com"}, RecordType="Inbound")
    read_all()
    # anymail says so in words; trying again would change nothing.
    assert WebhookDelivery.objects.get().state == WebhookDelivery.State.FAILED


def test_a_call_that_was_read_long_ago_is_let_go(row: OutgoingEmail) -> None:
    delivered()
    read_all()
    bounce(details="a call of today")
    files = StoredFile.objects.count()
    old = timezone.now() - timedelta(days=31)
    WebhookDelivery.objects.filter(state="done").update(received_at=old)

    assert webhooks.forget_old(seconds=5) is False
    assert WebhookDelivery.objects.get().state == "waiting"
    assert StoredFile.objects.count() == files - 1
    assert DeliveryEvent.objects.count() == 1


# --- What follows -----------------------------------------------------------------------------------


def test_a_hard_bounce_stops_all_mail_to_the_address(row: OutgoingEmail) -> None:
    bounce(details="smtp;550 5.1.1 The email account does not exist.")
    read_all()

    assert state_of(row) == State.BOUNCED
    assert "5.1.1" in row.detail
    assert Suppression.objects.get().reason == Suppression.Reason.HARD_BOUNCE
    assert DeliveryEvent.objects.get().outgoing == row


def test_three_soft_bounces_do_too(row: OutgoingEmail) -> None:
    for number in range(3):
        assert not Suppression.objects.exists()
        bounce(number, kind="SoftBounce", details="552 5.2.2 mailbox full")
        read_all()
    assert Suppression.objects.get().scope == "all"


def test_a_complaint_stops_all_mail(row: OutgoingEmail) -> None:
    postmark("SpamComplaint", ID=7, Type="SpamComplaint", BouncedAt=AT)
    read_all()
    assert state_of(row) == State.COMPLAINED
    assert Suppression.objects.get().reason == Suppression.Reason.COMPLAINT


def test_who_unsubscribes_there_leaves_the_stream_of_the_mail(row: OutgoingEmail) -> None:
    told(
        RecordType="SubscriptionChange",
        MessageID="883953f4",
        Recipient="maria0@example.com",
        ChangedAt=AT,
        SuppressSending=True,
        SuppressionReason="ManualSuppression",
    )
    read_all()
    suppression = Suppression.objects.get()
    assert (suppression.scope, suppression.reason) == ("surveys", "unsubscribe")
    assert state_of(row) == State.SENT


def test_what_the_provider_did_not_even_try_has_failed(row: OutgoingEmail) -> None:
    bounce(kind="BadEmailAddress", details="not an address")
    read_all()
    assert state_of(row) == State.FAILED
    assert Suppression.objects.get().reason == Suppression.Reason.HARD_BOUNCE


def test_a_delay_is_noted_and_changes_nothing(row: OutgoingEmail) -> None:
    for number in range(4):
        bounce(number, kind="Transient", details="451 greylisted")
    read_all()
    assert state_of(row) == State.SENT
    assert not Suppression.objects.exists()
    assert {one.type for one in DeliveryEvent.objects.all()} == {"deferred"}


@pytest.mark.parametrize("record", ["Open", "Click"])
def test_who_opened_or_clicked_is_not_kept(row: OutgoingEmail, record: str) -> None:
    told(RecordType=record, MessageID="883953f4", Recipient="maria0@example.com", ReceivedAt=AT)
    read_all()
    assert not DeliveryEvent.objects.exists()
    assert WebhookDelivery.objects.get().detail == "1 of no interest"


def test_the_same_event_in_another_call_counts_once(row: OutgoingEmail) -> None:
    bounce(kind="SoftBounce", Description="one")
    bounce(kind="SoftBounce", Description="two")
    read_all()
    assert WebhookDelivery.objects.count() == 2
    assert DeliveryEvent.objects.count() == 1


def test_late_news_never_move_a_message_back(row: OutgoingEmail) -> None:
    postmark("SpamComplaint", ID=7, Type="SpamComplaint", BouncedAt=AT)
    bounce(8)
    delivered()
    read_all()
    assert state_of(row) == State.COMPLAINED
    assert DeliveryEvent.objects.count() == 3


# --- Whose it is --------------------------------------------------------------------------------------


def test_news_that_overtake_our_own_note_wait_for_it(row: OutgoingEmail) -> None:
    OutgoingEmail.objects.update(state=State.SENDING, provider_id="")
    delivered()
    read_all()
    call = WebhookDelivery.objects.get()
    assert call.state == WebhookDelivery.State.WAITING
    assert not DeliveryEvent.objects.exists()

    OutgoingEmail.objects.update(state=State.SENT, provider_id="postmark:883953f4")
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(minutes=2))
    webhooks.read_waiting()
    assert state_of(row) == State.DELIVERED


def test_a_message_is_found_by_its_message_id_too(row: OutgoingEmail) -> None:
    OutgoingEmail.objects.update(provider_id="", message_id="<abc@padaria-aurora.example>")
    told(
        RecordType="Delivery",
        MessageID="abc@padaria-aurora.example",
        Recipient="Maria0@Example.com",
        DeliveredAt=AT,
    )
    read_all()
    assert state_of(row) == State.DELIVERED


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        ({"MessageID": "another"}, "1 about mail that is not ours"),
        ({"Recipient": "eve@example.com"}, "1 about another recipient"),
    ],
)
def test_what_is_not_about_our_mail_is_ignored_with_a_note(
    row: OutgoingEmail, event: dict[str, str], detail: str
) -> None:
    usual = {"MessageID": "883953f4", "Recipient": "maria0@example.com"}
    told(RecordType="Delivery", DeliveredAt=AT, **{**usual, **event})
    read_all()
    assert state_of(row) == State.SENT
    assert WebhookDelivery.objects.get().detail == detail


@pytest.mark.parametrize(
    ("told", "response", "reason", "hard"),
    [
        ({"Type": "HardBounce"}, "", "bounced", True),
        ({"event": "soft_bounce"}, "", "bounced", False),
        ({"bounce": {"bounceType": "Transient"}}, "", "bounced", False),
        ({"event-data": {"severity": "permanent"}}, "550 no such user", "bounced", True),
        ({"event": "bounce"}, "452 4.2.2 mailbox full", "bounced", False),
        ({"event": "bounce"}, "said nothing", "blocked", False),
        ({"event": "bounce"}, "554 5.7.1 refused", "blocked", True),
    ],
)
def test_what_never_arrives_is_told_from_what_may(
    told: dict[str, Any], response: str, reason: str, hard: bool
) -> None:
    event = type(
        "Event", (), {"esp_event": told, "mta_response": response, "reject_reason": reason}
    )
    assert news.is_hard(event) is hard
