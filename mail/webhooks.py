"""What providers bring by HTTP, mail and news of deliveries: stored as it came, read afterwards.

django-anymail knows each provider's signature and format. Where a provider hands over the raw mail,
its very bytes are kept (mail.payloads); where it only tells the parts, anymail puts them together.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
import warnings
from collections.abc import Mapping
from datetime import timedelta
from email.generator import BytesGenerator
from email.message import Message
from email.policy import compat32
from io import BytesIO
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from mail import inbox, news, payloads, tasks
from mail.consequences import StillSending
from mail.models import Mailbox, WebhookDelivery
from mail.payloads import RawMail, StoredRequest
from staff.files import forget_file, open_file, store_file

logger = logging.getLogger(__name__)
State = WebhookDelivery.State
Kind = WebhookDelivery.Kind

# By the name in the address: /hooks/mail/<provider>/ → django-anymail's view of its inbound webhook.
PROVIDERS = {
    "amazon_ses": "anymail.webhooks.amazon_ses.AmazonSESInboundWebhookView",
    "brevo": "anymail.webhooks.brevo.BrevoInboundWebhookView",
    "mailersend": "anymail.webhooks.mailersend.MailerSendInboundWebhookView",
    "mailgun": "anymail.webhooks.mailgun.MailgunInboundWebhookView",
    "mailjet": "anymail.webhooks.mailjet.MailjetInboundWebhookView",
    "mailtrap": "anymail.webhooks.mailtrap.MailtrapInboundWebhookView",
    "mandrill": "anymail.webhooks.mandrill.MandrillCombinedWebhookView",
    "postal": "anymail.webhooks.postal.PostalInboundWebhookView",
    "postmark": "anymail.webhooks.postmark.PostmarkInboundWebhookView",
    "resend": "anymail.webhooks.resend.ResendInboundWebhookView",
    "sendgrid": "anymail.webhooks.sendgrid.SendGridInboundWebhookView",
    "sparkpost": "anymail.webhooks.sparkpost.SparkPostInboundWebhookView",
}
# The same of /hooks/mail/<provider>/events/.
TRACKING = {
    "amazon_ses": "anymail.webhooks.amazon_ses.AmazonSESTrackingWebhookView",
    "brevo": "anymail.webhooks.brevo.BrevoTrackingWebhookView",
    "mailersend": "anymail.webhooks.mailersend.MailerSendTrackingWebhookView",
    "mailgun": "anymail.webhooks.mailgun.MailgunTrackingWebhookView",
    "mailjet": "anymail.webhooks.mailjet.MailjetTrackingWebhookView",
    "mailtrap": "anymail.webhooks.mailtrap.MailtrapTrackingWebhookView",
    "mandrill": "anymail.webhooks.mandrill.MandrillCombinedWebhookView",
    "postal": "anymail.webhooks.postal.PostalTrackingWebhookView",
    "postmark": "anymail.webhooks.postmark.PostmarkTrackingWebhookView",
    "resend": "anymail.webhooks.resend.ResendTrackingWebhookView",
    "sendgrid": "anymail.webhooks.sendgrid.SendGridTrackingWebhookView",
    "sparkpost": "anymail.webhooks.sparkpost.SparkPostTrackingWebhookView",
    "unisender_go": "anymail.webhooks.unisender_go.UnisenderGoTrackingWebhookView",
}
VIEWS = {Kind.INBOUND: PROVIDERS, Kind.EVENTS: TRACKING}
# Headers that the events are read from, beside the body.
EVENT_HEADERS = ("HTTP_SVIX_ID", "HTTP_SVIX_TIMESTAMP")
# Room for the largest mail that any of them takes, as base64 within JSON.
BODY_LIMIT = 60 * 1024 * 1024
# Minutes until a call that could not be read is tried again; afterwards a person has to look.
BACKOFF = (1, 5, 60, 360)
# For so long the same call is known again, and can be looked at.
REMEMBERED = timedelta(days=30)


class Forged(Exception):
    """The call does not prove that it comes from the provider."""


def view_of(provider: str, kind: Kind = Kind.INBOUND) -> Any | None:
    """anymail's view with this installation's settings; None: unknown, or without its secret.

    A provider whose calls anybody could forge, for want of a signature or password, is none.
    """
    if provider not in VIEWS[kind]:
        return None
    try:
        with warnings.catch_warnings():
            # Of what it warns, a missing secret, we make a 404.
            warnings.simplefilter("ignore")
            view = import_string(VIEWS[kind][provider])()
    except (ImproperlyConfigured, ImportError, ValueError):
        return None
    proves_itself = view.basic_auth or not view.warn_if_no_basic_auth
    return view if proves_itself and getattr(view, "webhook_key", True) else None


def receive(
    provider: str, view: Any, meta: Mapping[str, Any], body: bytes, kind: Kind = Kind.INBOUND
) -> WebhookDelivery:
    """Store a provider's call and have it read soon; the same call again is the same row.

    Raises Forged, and has then stored nothing.
    """
    from anymail.exceptions import AnymailError  # late: not every process takes webhooks

    try:
        view.run_validators(StoredRequest(body, str(meta.get("CONTENT_TYPE", "")), meta))
    except (AnymailError, ImproperlyConfigured, ValueError, LookupError, TypeError) as error:
        # Broken JSON or a missing field proves as little as a wrong signature.
        raise Forged(str(error)) from error
    stored = store_file(body, "application/octet-stream")
    digest = hashlib.sha256(body).hexdigest()
    with transaction.atomic():
        delivery, is_new = WebhookDelivery.objects.get_or_create(
            provider=provider,
            kind=kind,
            digest=digest,
            defaults={"body": stored, "facts": facts_of(meta, kind)},
        )
        if is_new:
            transaction.on_commit(lambda: tasks.read_webhook.delay(delivery.pk), robust=True)
    return delivery


def facts_of(meta: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    facts: dict[str, Any] = {"content_type": str(meta.get("CONTENT_TYPE", ""))[:500]}
    if kind == Kind.EVENTS:
        facts["headers"] = {name: str(meta[name])[:200] for name in EVENT_HEADERS if name in meta}
    return facts


# --- Later, in a worker ---------------------------------------------------------------------------


def read_waiting() -> None:
    """Every stored call whose turn it is."""
    now = timezone.now()
    for delivery in WebhookDelivery.objects.filter(state=State.WAITING).order_by("pk")[:200]:
        pause = sum(BACKOFF[: delivery.attempts])
        if delivery.received_at + timedelta(minutes=pause) <= now:
            read(delivery.pk)


def read(delivery_id: int) -> None:
    """Take what a call brings; twice is once: each mail and each event is known by its content."""
    delivery = WebhookDelivery.objects.filter(pk=delivery_id, state=State.WAITING).first()
    if delivery is None or not claim(delivery):
        return
    try:
        if delivery.kind == Kind.EVENTS:
            read_news(delivery)
        else:
            read_mails(delivery)
    except Exception as error:  # noqa: BLE001 - a provider's format has many ways to surprise
        is_early = isinstance(error, StillSending)
        if not is_early:
            logger.warning("Call %s of %s can't be read", delivery.pk, delivery.provider)
        is_last = delivery.attempts >= len(BACKOFF) or is_no_mail(error)
        WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING).update(
            state=(State.DONE if is_early else State.FAILED) if is_last else State.WAITING,
            detail=str(error) if is_early else inbox.in_a_line(error),
        )


def read_news(delivery: WebhookDelivery) -> None:
    """Raises StillSending while one of the events may be faster than our own note of its message."""
    view = view_of(delivery.provider, Kind.EVENTS)
    if view is None:
        raise LookupError(f"{delivery.provider} is no longer set up")
    words = news.note_all(delivery.provider, view.parse_events(request_of(delivery)))
    done = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING)
    done.update(state=State.DONE, detail=words)


def read_mails(delivery: WebhookDelivery) -> None:
    mails = contents(delivery)
    mailbox = mailbox_of(delivery.provider)
    with transaction.atomic():
        for mail in mails:
            inbox.store_raw(with_envelope(mail), mailbox=mailbox, received_at=delivery.received_at)
        done = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING)
        if not done.update(state=State.DONE, detail=""):
            transaction.set_rollback(True)  # another worker has stored them
            return
    if mails:
        Mailbox.objects.filter(pk=mailbox.pk).update(last_message_at=delivery.received_at)


def forget_old(*, seconds: float) -> bool:
    """Let go of calls that were read long ago, which tell of people; whether there are more.

    A mail has a file of its own by then, an event a row.
    """
    until = time.monotonic() + seconds
    old = WebhookDelivery.objects.filter(
        state=State.DONE, received_at__lt=timezone.now() - REMEMBERED
    )
    while time.monotonic() < until:
        calls = list(old.select_related("body").order_by("pk")[:100])
        if not calls:
            return False
        with transaction.atomic():
            WebhookDelivery.objects.filter(pk__in=[call.pk for call in calls]).delete()
            for body in {call.body_id: call.body for call in calls}.values():
                forget_file(body)
    return True


def claim(delivery: WebhookDelivery) -> bool:
    """Count this attempt before it is made, so that a call that kills its reader has an end."""
    waiting = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING)
    if delivery.attempts > len(BACKOFF):
        waiting.update(state=State.FAILED, detail="The worker stopped while it read this call.")
        return False
    mine = waiting.filter(attempts=delivery.attempts)
    return mine.update(attempts=delivery.attempts + 1) == 1


def is_no_mail(error: Exception) -> bool:
    """Whether the provider brings mail to where news belong, or the reverse: no use in trying again."""
    return isinstance(error, ImproperlyConfigured)


def request_of(delivery: WebhookDelivery) -> StoredRequest:
    with open_file(delivery.body) as file:
        body = file.read()
    facts = delivery.facts
    return StoredRequest(body, facts.get("content_type", ""), facts.get("headers"))


def contents(delivery: WebhookDelivery) -> list[RawMail]:
    request = request_of(delivery)
    if (raw := payloads.raw_mails(delivery.provider, request)) is not None:
        return raw
    view = view_of(delivery.provider)
    if view is None:
        raise LookupError(f"{delivery.provider} is no longer set up")
    return [
        RawMail(as_bytes(event.message), event.message.envelope_sender, recipient(event.message))
        for event in view.parse_events(request)
        if event is not None and event.event_type == "inbound"
    ]


def recipient(message: Any) -> str:
    return str(message.envelope_recipient or "")


def as_bytes(message: Message) -> bytes:
    """What anymail put together, as a mail; by the older rules where the newer ones give up."""
    try:
        return message.as_bytes()
    except Exception:  # noqa: BLE001 - the newer classes refuse many a header that is out there
        buffer = BytesIO()
        BytesGenerator(buffer, mangle_from_=False, policy=compat32).flatten(message)
        return buffer.getvalue()


def with_envelope(mail: RawMail) -> bytes:
    """As a mail server would have stored it: with whom it was handed over for at its top."""
    top = b""
    if is_an_address(mail.recipient):
        top += b"Delivered-To: " + mail.recipient.strip().encode() + b"\r\n"
    if mail.sender is not None and (not mail.sender or is_an_address(mail.sender)):
        top += b"Return-Path: <" + mail.sender.strip().encode() + b">\r\n"
    return top + mail.raw.lstrip(b"\r\n")


def is_an_address(text: str) -> bool:
    """One word with an @, so that it can't begin a header of its own."""
    return re.fullmatch(r"[^\s<>@]+@[^\s<>@]+", text.strip()) is not None


def mailbox_of(provider: str) -> Mailbox:
    """The row by which mails of this provider are grouped, made when the first one comes."""
    name = provider.replace("_", " ").title()
    mailbox, _created = Mailbox.objects.get_or_create(
        kind=Mailbox.Kind.WEBHOOK, username=provider, defaults={"name": free_name(name)}
    )
    return mailbox


def free_name(name: str) -> str:
    """The name, or with a number if somebody has given it to another mailbox."""
    taken = set(Mailbox.objects.filter(name__startswith=name).values_list("name", flat=True))
    candidates = [name, *(f"{name} {number}" for number in range(2, len(taken) + 3))]
    return next(one for one in candidates if one not in taken)
