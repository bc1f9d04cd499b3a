"""What arrives: where it is fetched from, and one row per raw mail, written before it is parsed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mail.querysets import InboundEmailQuerySet
from staff.models import StoredFile


class Mailbox(models.Model):
    """A way in: an IMAP account, a provider's webhook, or the command line."""

    class Kind(models.TextChoices):
        IMAP = "imap", "IMAP"
        WEBHOOK = "webhook", _("provider")
        COMMAND = "command", _("command line")

    class Security(models.TextChoices):
        SSL = "ssl", _("SSL/TLS from the start")
        STARTTLS = "starttls", "STARTTLS"
        NONE = "none", _("none (only inside one's own network)")

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.IMAP)
    # Customers write here; replies come back here when it has plus-addresses.
    address = models.EmailField(_("address"), max_length=254, blank=True)
    # Whether the server delivers help+anything@ to help@: then replies carry their own address.
    has_plus_addresses = models.BooleanField(_("takes plus-addresses"), default=False)
    host = models.CharField(_("server"), max_length=250, blank=True)
    port = models.PositiveIntegerField(_("port"), default=993)
    security = models.CharField(
        _("encryption"), max_length=8, choices=Security.choices, default=Security.SSL
    )
    username = models.CharField(_("user name"), max_length=250, blank=True)
    # Encrypted with a key made from SECRET_KEY (mail.secrets); never shown again.
    password = models.TextField(blank=True)
    is_active = models.BooleanField(_("is read"), default=True)
    # Older mail is left alone, as if it weren't there; null: all of it is read.
    since = models.DateField(_("only mail since"), null=True, blank=True)
    last_polled_at = models.DateTimeField(null=True, blank=True)
    last_message_at = models.DateTimeField(null=True, blank=True)
    # Since when, and why, it could not be read; blank when the last attempt went well. The error
    # is a code of mail.imap.PROBLEMS and the server's own words (mail.imap.explained).
    failing_since = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("address"), condition=~Q(address=""), name="mail_mailbox_address"
            ),
            models.CheckConstraint(
                condition=~Q(kind="imap") | ~Q(host=""), name="mail_imap_has_host"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MailboxFolder(models.Model):
    """A folder that is read, and how far: the cursor is (UIDVALIDITY, last UID), never a flag."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="folders")
    name = models.CharField(_("folder"), max_length=250)
    uid_validity = models.BigIntegerField(null=True, blank=True)
    last_uid = models.BigIntegerField(default=0)
    # Why this folder could not be read, as Mailbox.error, while others of its mailbox could.
    error = models.TextField(blank=True)
    # The last reconciliation: on the server = stored (quarantined and ignored ones among them) + missing.
    reconciled_at = models.DateTimeField(null=True, blank=True)
    on_server = models.PositiveIntegerField(null=True, blank=True)
    stored = models.PositiveIntegerField(null=True, blank=True)
    missing = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mailbox", "name"], name="mail_folder_once")
        ]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """A provider's call as it came, stored before it is understood; the same body twice is one row."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("webhook", "waiting")
        DONE = "done", pgettext_lazy("webhook", "done")
        FAILED = "failed", pgettext_lazy("webhook", "failed")

    class Kind(models.TextChoices):
        INBOUND = "inbound", pgettext_lazy("webhook", "mail")
        EVENTS = "events", pgettext_lazy("webhook", "news of deliveries")

    provider = models.CharField(max_length=40)
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.INBOUND)
    body = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    # What is needed to read the body again: content type, query string.
    facts = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    detail = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "kind", "digest"], name="mail_webhook_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(state="waiting"), name="mail_webhook_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.received_at:%Y-%m-%d %H:%M}"


class InboundEmail(models.Model):
    """One mail as it arrived. `raw` is on disk and this row committed before anything parses it.

    received → waiting (a mail for people: a higher room claims it) → filed;
    or noted (a bounce or complaint, dealt with here), ignored (with the reason), duplicate (of an
    earlier row), quarantined (with the reason, to be tried again by hand).
    """

    class State(models.TextChoices):
        RECEIVED = "received", pgettext_lazy("inbound", "received")
        WAITING = "waiting", pgettext_lazy("inbound", "waiting")
        FILED = "filed", pgettext_lazy("inbound", "filed")
        NOTED = "noted", pgettext_lazy("inbound", "noted")
        IGNORED = "ignored", pgettext_lazy("inbound", "ignored")
        DUPLICATE = "duplicate", pgettext_lazy("inbound", "duplicate")
        QUARANTINED = "quarantined", pgettext_lazy("inbound", "quarantined")

    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="emails")
    folder = models.ForeignKey(
        MailboxFolder, on_delete=models.SET_NULL, null=True, blank=True, related_name="emails"
    )
    uid_validity = models.BigIntegerField(null=True, blank=True)
    uid = models.BigIntegerField(null=True, blank=True)
    raw = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    # What makes two rows the same mail (mail.inbox.content_key): a digest, never the Message-ID alone.
    content_key = models.CharField(max_length=64)
    duplicate_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    received_at = models.DateTimeField(default=timezone.now)

    # From the headers once parsed, for lists of mail; what a mail says is read from `raw` again.
    message_id = models.CharField(max_length=250, blank=True)
    from_address = models.CharField(max_length=254, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=250, blank=True)
    # Why it is no person's mail (ParsedMail.automatic, or "own"); blank when it may be one's.
    automatic = models.CharField(max_length=40, blank=True)

    state = models.CharField(max_length=11, choices=State.choices, default=State.RECEIVED)
    # Why it is ignored or quarantined: a code of mail.inbox.REASONS, and the program's own words.
    reason = models.CharField(max_length=40, blank=True)
    detail = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    # What became of it: ("support.message", 5). A plain pair: mail knows nobody above it.
    about_model = models.CharField(max_length=60, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)

    objects = InboundEmailQuerySet.as_manager()

    class Meta:
        verbose_name = _("received mail")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["folder", "uid_validity", "uid"],
                condition=Q(uid__isnull=False),
                name="mail_inbound_uid_once",
            ),
            # One living row per mail, whichever mailboxes it came to; the others point to it.
            models.UniqueConstraint(
                fields=["content_key"],
                condition=~Q(state="duplicate"),
                name="mail_inbound_content_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=["received", "waiting"]),
                name="mail_inbound_to_do",
            ),
            models.Index(fields=["-received_at", "-id"], name="mail_inbox"),
            models.Index(fields=["state", "-received_at", "-id"], name="mail_inbox_state"),
            models.Index(
                fields=["message_id"], condition=~Q(message_id=""), name="mail_inbound_message_id"
            ),
            models.Index(fields=["about_model", "about_id"], name="mail_inbound_about"),
        ]

    def __str__(self) -> str:
        return self.subject
