"""The post room: one row per message, what became of it, and who must not be written to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mail.querysets import OutgoingEmailQuerySet, SuppressionQuerySet
from staff.models import StoredFile


class Scope(models.TextChoices):
    """What an address can opt out of. ACCOUNT mail and ticket replies can't be opted out of."""

    SURVEYS = "surveys", _("surveys")
    OUTREACH = "outreach", _("news and offers")
    ALL = "all", _("everything but replies and account mail")


class OutgoingEmail(models.Model):
    """One message to one address. The row is written first; the network comes after its commit.

    queued → sending → sent | failed | unknown, then delivered, bounced, complained from events.
    `held` is what `queued` shows as while no mail server is configured (mail.delivery.is_held).
    """

    class State(models.TextChoices):
        QUEUED = "queued", pgettext_lazy("mail", "queued")
        SENDING = "sending", pgettext_lazy("mail", "sending")
        SENT = "sent", pgettext_lazy("mail", "sent")
        FAILED = "failed", pgettext_lazy("mail", "failed")
        UNKNOWN = "unknown", pgettext_lazy("mail", "unknown")
        CANCELLED = "cancelled", pgettext_lazy("mail", "cancelled")
        SUPPRESSED = "suppressed", pgettext_lazy("mail", "suppressed")
        DELIVERED = "delivered", pgettext_lazy("mail", "delivered")
        BOUNCED = "bounced", pgettext_lazy("mail", "bounced")
        COMPLAINED = "complained", pgettext_lazy("mail", "complained")

    class Stream(models.TextChoices):
        """What kind of mail it is: decides headers, suppression and unsubscribe."""

        SURVEYS = "surveys", _("surveys")
        OUTREACH = "outreach", _("news and offers")
        REPLIES = "replies", _("replies")
        ACCOUNT = "account", _("account")

    stream = models.CharField(max_length=8, choices=Stream.choices)
    to_address = models.EmailField(max_length=254)
    to_name = models.CharField(max_length=200, blank=True)
    from_address = models.EmailField(max_length=254, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    reply_to = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    # Further headers, e.g. References of a reminder; never trusted to hold line breaks.
    headers = models.JSONField(default=dict, blank=True)
    # What it is about, as a plain pair, e.g. ("surveys.invitation", 5): mail knows nobody above it.
    about_model = models.CharField(max_length=60, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)
    # Queueing the same thing twice makes one row: "surveys.invitation:5:first".
    once_key = models.CharField(max_length=120, blank=True)
    # Begins its Message-ID, so that a reply finds back: "t12-5-<mac>" (the room above verifies it).
    thread_key = models.CharField(max_length=80, blank=True)
    # SHA-256 of the token in its unsubscribe link, hex.
    unsubscribe_hash = models.CharField(max_length=64, blank=True)

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField(default=timezone.now)
    # Not worth sending after this.
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Who holds it, and until when the hold is believed.
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=250, blank=True)
    # How the provider's events name it: "<provider>:<its id>".
    provider_id = models.CharField(max_length=250, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # The server's words, or why it was not sent.
    detail = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OutgoingEmailQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["once_key"], condition=~Q(once_key=""), name="mail_outgoing_once"
            ),
            models.UniqueConstraint(
                fields=["message_id"], condition=~Q(message_id=""), name="mail_message_id"
            ),
            models.UniqueConstraint(
                fields=["unsubscribe_hash"],
                condition=~Q(unsubscribe_hash=""),
                name="mail_unsubscribe_hash",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=Q(state="queued"), name="mail_queue"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="mail_leases"),
            models.Index(fields=["-created_at", "-id"], name="mail_outbox"),
            models.Index(fields=["state", "-created_at", "-id"], name="mail_outbox_state"),
            models.Index(fields=["about_model", "about_id"], name="mail_outgoing_about"),
            models.Index(
                fields=["provider_id"],
                condition=~Q(provider_id=""),
                name="mail_outgoing_provider",
            ),
            # How a sender has fared of late.
            models.Index(
                fields=["from_address", "-sent_at"],
                condition=Q(sent_at__isnull=False),
                name="mail_outgoing_sender",
            ),
            models.Index(fields=["to_address", "-created_at"], name="mail_outgoing_to"),
        ]

    def __str__(self) -> str:
        return self.subject


class SenderGate(models.Model):
    """How fast one sender may send, and whether it stands still: a token bucket, and its lid.

    A message takes a token before it is claimed; `tokens` are those at `filled_at`. Paused by too
    many bounces or complaints, or by hand, it lets nothing through but replies and account mail.
    """

    class Pause(models.TextChoices):
        BOUNCES = "bounces", _("too many addresses do not exist")
        COMPLAINTS = "complaints", _("too many people marked it as spam")
        BY_HAND = "by_hand", _("stopped by hand")

    address = models.EmailField(max_length=254, unique=True)
    # Null: as fast as the server takes them.
    per_minute = models.PositiveIntegerField(_("at most so many a minute"), null=True, blank=True)
    tokens = models.FloatField(default=0)
    filled_at = models.DateTimeField(default=timezone.now)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=10, choices=Pause.choices, blank=True)
    # What was counted: {"sent": 120, "bounced": 8}.
    pause_facts = models.JSONField(default=dict, blank=True)
    # What came before is not held against it once somebody let it go on.
    counted_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(address=Lower("address")), name="mail_gate_address_lower"
            ),
            models.CheckConstraint(
                condition=Q(per_minute=None) | Q(per_minute__gte=1), name="mail_gate_lets_through"
            ),
            models.CheckConstraint(
                condition=Q(paused_at=None, pause_reason="")
                | Q(paused_at__isnull=False) & ~Q(pause_reason=""),
                name="mail_gate_pause_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.address


class OutgoingAttachment(models.Model):
    """A file that goes with a message."""

    outgoing = models.ForeignKey(
        OutgoingEmail, on_delete=models.CASCADE, related_name="attachments"
    )
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Suppression(models.Model):
    """An address that is not written to any more, in a scope, with the reason."""

    class Reason(models.TextChoices):
        UNSUBSCRIBE = "unsubscribe", _("unsubscribed")
        HARD_BOUNCE = "hard_bounce", _("address does not exist")
        COMPLAINT = "complaint", _("marked as spam")
        BY_HAND = "by_hand", _("by hand")

    address = models.EmailField(max_length=254)
    scope = models.CharField(max_length=8, choices=Scope.choices)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    at = models.DateTimeField(default=timezone.now)
    released_at = models.DateTimeField(null=True, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address", "scope"],
                condition=Q(released_at=None),
                name="mail_suppressed_once",
            ),
            models.CheckConstraint(
                condition=Q(address=Lower("address")), name="mail_suppression_lower"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.scope})"


class DeliveryEvent(models.Model):
    """What a server, a provider or a person reported about a message or an address. Append-only."""

    class Type(models.TextChoices):
        SENT = "sent", pgettext_lazy("mail", "sent")
        DELIVERED = "delivered", pgettext_lazy("mail", "delivered")
        SOFT_BOUNCE = "soft_bounce", _("temporary failure")
        HARD_BOUNCE = "hard_bounce", _("address does not exist")
        COMPLAINT = "complaint", _("marked as spam")
        UNSUBSCRIBE = "unsubscribe", _("unsubscribed")
        INACTIVE = "inactive", _("inactive")
        DEFERRED = "deferred", _("tried again later")
        REFUSED = "refused", _("not taken by the provider")

    outgoing = models.ForeignKey(
        OutgoingEmail, on_delete=models.SET_NULL, null=True, blank=True, related_name="events"
    )
    address = models.EmailField(max_length=254)
    type = models.CharField(max_length=12, choices=Type.choices)
    at = models.DateTimeField(default=timezone.now)
    external_source = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=190, blank=True)
    detail = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["external_source", "external_id"],
                condition=~Q(external_id=""),
                name="mail_event_external",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["address", "at"], name="mail_event_address"),
            # How many were sent back or marked as spam of late.
            models.Index(fields=["type", "at"], name="mail_event_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.address}"
