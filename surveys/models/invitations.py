"""Who is asked, who is not and why, and who looked."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Contact, Customer
from surveys.models.surveys import Survey, SurveyVersion
from surveys.querysets import InvitationQuerySet


class SurveyRun(models.Model):
    """One sending: the audience is frozen into invitations and skips in one transaction."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(SurveyVersion, on_delete=models.PROTECT, related_name="+")
    # Of askings that begin by themselves: one run per trigger and wording, that never ends.
    trigger = models.ForeignKey(
        "surveys.SurveyTrigger",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="runs",
    )
    # The audience as it was asked for: {"customers": [..]} or {"filters": {..}} or {"everyone": true}.
    audience = models.JSONField(default=dict)
    # Made by the preflight form: pressing the button twice sends once.
    once_key = models.CharField(max_length=64, unique=True)
    invited = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.survey_id} {self.created_at:%Y-%m-%d}"


class Invitation(models.Model):
    """One asking of one contact, for a customer.

    pending → queued (its mail is a row of the outbox) → answered; cancelled when it was never
    worth a mail. It expires by its date alone. `sent_at` and `bounced_at` are copied from the mail
    by a sweep: response_rate counts sent and not bounced.
    """

    class State(models.TextChoices):
        PENDING = "pending", pgettext_lazy("invitation", "waiting")
        QUEUED = "queued", pgettext_lazy("invitation", "in the outbox")
        ANSWERED = "answered", pgettext_lazy("invitation", "answered")
        CANCELLED = "cancelled", pgettext_lazy("invitation", "cancelled")
        # Sent by another tool before: only who was asked, and when, so that throttling goes on.
        ELSEWHERE = "elsewhere", pgettext_lazy("invitation", "sent by another tool")

    run = models.ForeignKey(SurveyRun, on_delete=models.CASCADE, related_name="invitations")
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="invitations")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="invitations")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="invitations")
    address = models.EmailField(max_length=254)
    language = models.CharField(max_length=8)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    trigger = models.ForeignKey(
        "surveys.SurveyTrigger",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="invitations",
    )
    # What a trigger's asking is about: a record, and which time round (its event's key).
    subject_model = models.CharField(max_length=60, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    occurrence = models.BigIntegerField(null=True, blank=True)
    # SHA-256 of the token in its link, hex; made when the mail is rendered.
    token_hash = models.CharField(max_length=64, blank=True)
    # The same of the link in its reminder: the first one's token is not known any more.
    reminder_hash = models.CharField(max_length=64, blank=True)
    # Not queued before: quiet hours, and the most that is asked in a day, put it off. Once it is
    # queued, when that was: throttles measure from it, or from `sent_at`.
    due_at = models.DateTimeField(default=timezone.now)
    # When its one reminder was queued.
    reminded_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    # When a confirmation was last held: only then is there a burst to look for.
    held_at = models.DateTimeField(null=True, blank=True)
    # Of one that another tool sent: by what it is found again when it is imported once more.
    external_source = models.CharField(max_length=60, blank=True, default="", db_default="")
    external_id = models.CharField(max_length=190, blank=True, default="", db_default="")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "contact"],
                condition=Q(subject_model="", external_id=""),
                name="surveys_invited_once",
            ),
            models.UniqueConstraint(
                fields=["external_source", "external_id"],
                condition=~Q(external_id=""),
                name="surveys_invitation_external",
            ),
            models.UniqueConstraint(
                fields=["trigger", "subject_model", "subject_id", "occurrence"],
                condition=Q(trigger__isnull=False),
                name="surveys_asked_once_about",
            ),
            models.CheckConstraint(
                condition=Q(trigger=None, subject_model="")
                | Q(subject_id__isnull=False, occurrence__isnull=False) & ~Q(subject_model=""),
                name="surveys_trigger_names_subject",
            ),
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="surveys_token"
            ),
            models.UniqueConstraint(
                fields=["reminder_hash"],
                condition=~Q(reminder_hash=""),
                name="surveys_reminder_token",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["contact", "-created_at"], name="surveys_invitation_contact"),
            models.Index(fields=["customer", "-created_at"], name="surveys_invitation_customer"),
            models.Index(fields=["sent_at"], name="surveys_invitation_sent"),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state="pending"),
                name="surveys_invitation_pending",
            ),
            # How many triggers ask on which day.
            models.Index(
                fields=["due_at"],
                condition=Q(trigger__isnull=False),
                name="surveys_invitation_by_itself",
            ),
            # What may need its reminder.
            models.Index(
                fields=["sent_at", "id"],
                condition=Q(state="queued", reminded_at=None),
                name="surveys_invitation_remind",
            ),
            # What triggers ask of a record: was anybody asked about it?
            models.Index(
                fields=["subject_model", "subject_id"],
                condition=~Q(subject_model=""),
                name="surveys_invitation_subject",
            ),
            # What the sweep asks the post room about.
            models.Index(
                fields=["created_at"],
                condition=Q(sent_at=None),
                name="surveys_invitation_unsent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} → {self.address}"


class Skip(models.Model):
    """Someone who was in the audience and was not asked, with the reason."""

    class Reason(models.TextChoices):
        THROTTLED = "throttled", _("asked recently")
        SUPPRESSED = "suppressed", _("unsubscribed or not reachable")
        NO_EMAIL = "no_email", _("no e-mail address")
        ARCHIVED = "archived", _("archived")
        SHARED_CONTACT = "shared_contact", _("asked for another customer in the same sending")
        MANY_CONTACTS = "many_contacts", _("several contacts, none of them the first to ask")
        REOPENED = "reopened", _("the ticket was opened again")
        NO_CONSENT = "no_consent", _("no consent")
        SUBJECT_GONE = "subject_gone", _("what it was about was taken back")
        CAPPED = "capped", _("the most for one day was reached")
        TOO_LATE = "too_late", _("it had been too long by then")

    run = models.ForeignKey(SurveyRun, on_delete=models.CASCADE, related_name="skips")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="survey_skips")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="+")
    reason = models.CharField(max_length=14, choices=Reason.choices)
    # Of a trigger's asking, as on an invitation.
    trigger = models.ForeignKey(
        "surveys.SurveyTrigger",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="skips",
    )
    subject_model = models.CharField(max_length=60, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    occurrence = models.BigIntegerField(null=True, blank=True)
    # When they may be asked again, for `throttled`.
    until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "customer"],
                condition=Q(subject_model=""),
                name="surveys_skipped_once",
            ),
            models.UniqueConstraint(
                fields=["trigger", "subject_model", "subject_id", "occurrence"],
                condition=Q(trigger__isnull=False),
                name="surveys_skipped_once_about",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-created_at"], name="surveys_skip_customer")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.reason}"


class Click(models.Model):
    """The answer page was opened: by a person or by a scanner. Never counted as an answer."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="clicks")
    at = models.DateTimeField(default=timezone.now)
    agent = models.CharField(max_length=20, blank=True)  # class of user agent, never the string
    score = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["invitation", "at"], name="surveys_click_when")]

    def __str__(self) -> str:
        return f"{self.invitation_id} {self.at:%Y-%m-%d %H:%M}"
