"""Personal messages to many: to whom, when, in which words, and what came of each."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models.contacts import Contact
from crm.models.customers import Customer
from crm.models.lists import Segment


class Outreach(models.Model):
    """A message to a segment, once or on each one's moment. The words are in `texts`.

    Once: draft → sending → sent; whom it meets is frozen when it is sent. On a moment: draft →
    active ⇄ paused; crm.outreach looks every day for those whose moment has come.
    """

    class Moment(models.TextChoices):
        ONCE = "once", _("once, to all of them")
        WELCOME = "welcome", _("when they become customers")
        BIRTHDAY = "birthday", _("on their birthday")
        ANNIVERSARY = "anniversary", _("on each anniversary as customers")
        PURCHASE = "purchase", _("some days after a purchase")
        CONTRACT_END = "contract_end", _("some days before a contract ends")
        QUIET = "quiet", _("when they have gone quiet")

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("outreach", "draft")
        SENDING = "sending", pgettext_lazy("outreach", "sending")
        SENT = "sent", pgettext_lazy("outreach", "sent")
        ACTIVE = "active", pgettext_lazy("outreach", "active")
        PAUSED = "paused", pgettext_lazy("outreach", "paused")
        CANCELLED = "cancelled", pgettext_lazy("outreach", "cancelled")

    class Purpose(models.TextChoices):
        """NEWS needs consent; a CHANGE tells customers what changes for them, and does not."""

        NEWS = "news", _("news and offers")
        CHANGE = "change", _("a change that concerns them")

    name = models.CharField(_("name"), max_length=120)
    purpose = models.CharField(
        _("what it is"), max_length=6, choices=Purpose.choices, default=Purpose.NEWS
    )
    moment = models.CharField(_("when"), max_length=12, choices=Moment.choices, default=Moment.ONCE)
    # For the moments that count days.
    days = models.PositiveSmallIntegerField(_("days"), null=True, blank=True)
    # Null: all customers.
    segment = models.ForeignKey(
        Segment, on_delete=models.PROTECT, null=True, blank=True, related_name="outreach"
    )
    # {"es": {"subject": …, "body": …}, …}; merge fields as crm.outreach.merging knows them.
    # Of a change also "from": the day from which it holds.
    texts = models.JSONField(default=dict)
    state = models.CharField(
        max_length=9, choices=State.choices, default=State.DRAFT, editable=False
    )
    # For what is sent once: not before this.
    due_at = models.DateTimeField(_("send on"), null=True, blank=True)
    # Whom the sending meant, in the words of that day, who sent it, and how far the freezing is;
    # on a moment, since when it counts and the last day that was looked at.
    audience = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # When it was sent, or first switched on: nobody's moment before it counts.
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("noun", "outreach")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="crm_outreach_named"),
            models.CheckConstraint(
                condition=Q(days__isnull=False)
                | Q(moment__in=["once", "welcome", "birthday", "anniversary"]),
                name="crm_outreach_days",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["-created_at", "-id"], name="crm_outreach_list")]

    def __str__(self) -> str:
        return self.name


class OutreachMessage(models.Model):
    """One customer's message of an outreach, or why there was none. Unique per occasion.

    pending → queued (its mail is in the outbox) | skipped, with the reason.
    """

    class State(models.TextChoices):
        PENDING = "pending", pgettext_lazy("outreach", "to be sent")
        QUEUED = "queued", pgettext_lazy("outreach", "handed to the outbox")
        SKIPPED = "skipped", pgettext_lazy("outreach", "left out")
        CANCELLED = "cancelled", pgettext_lazy("outreach", "cancelled")

    class Reason(models.TextChoices):
        NO_EMAIL = "no_email", _("no e-mail address")
        NO_CONSENT = "no_consent", _("no consent")
        SUPPRESSED = "suppressed", _("does not want mail, or can't be reached")
        TOO_SOON = "too_soon", _("written to a short time ago")
        ARCHIVED = "archived", _("archived")
        ERASED = "erased", _("erased")
        SAME_ADDRESS = "same_address", _("somebody else with the same address gets it")

    outreach = models.ForeignKey(Outreach, on_delete=models.CASCADE, related_name="messages")
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="outreach_messages"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # What it was for: "once", "2026", "order:5", "contract:7", "tenure:9".
    occasion = models.CharField(max_length=40)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=12, choices=Reason.choices, blank=True)
    language = models.CharField(max_length=8, blank=True)
    # The row of mail's outbox: mail knows nobody above it, so the pair points upwards too.
    outgoing = models.ForeignKey(
        "mail.OutgoingEmail", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(null=True, blank=True)
    # What came of it, kept by the sweep: they wrote, they bought, after it and within 30 days.
    answered_at = models.DateTimeField(null=True, blank=True)
    came_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["outreach", "customer", "occasion"], name="crm_outreach_message_once"
            ),
            models.CheckConstraint(
                condition=Q(state="skipped", reason__gt="") | Q(reason=""),
                name="crm_outreach_message_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["outreach", "id"],
                condition=Q(state="pending"),
                name="crm_outreach_pending",
            ),
            models.Index(fields=["customer", "-created_at"], name="crm_outreach_customer"),
            models.Index(
                fields=["contact", "-queued_at"],
                condition=Q(state="queued"),
                name="crm_outreach_frequency",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outreach_id} → {self.customer_id}"
