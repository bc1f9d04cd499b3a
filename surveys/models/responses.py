"""Answers: a person's, or none."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Contact, Customer
from surveys.models.invitations import Invitation
from surveys.models.surveys import Survey, SurveyVersion
from surveys.querysets import ResponseQuerySet
from surveys.scores import HIGH, LOW, MIDDLE, group_of


class Response(models.Model):
    """One answer. Only `valid` ones count; one valid response per invitation, by constraint."""

    class Origin(models.TextChoices):
        MAIL_LINK = "mail_link", _("mailed link")
        PUBLIC_LINK = "public_link", _("public link")
        KIOSK = "kiosk", _("kiosk")
        WIDGET = "widget", _("widget")
        REPLY = "reply", _("reply by mail")
        IMPORT = "import", _("import")

    class Validity(models.TextChoices):
        VALID = "valid", pgettext_lazy("response", "counted")
        HELD = "held", pgettext_lazy("response", "held")
        INVALID = "invalid", pgettext_lazy("response", "not counted")

    class Group(models.TextChoices):
        PROMOTER = "promoter", _("promoter")
        PASSIVE = "passive", _("passive")
        DETRACTOR = "detractor", _("detractor")

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="responses")
    # The survey's kind, copied, so that figures need no join.
    kind = models.CharField(max_length=4, choices=Survey.Kind.choices)
    version = models.ForeignKey(
        SurveyVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    invitation = models.ForeignKey(
        Invitation, on_delete=models.SET_NULL, null=True, blank=True, related_name="responses"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="responses"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="responses"
    )
    # Null or outside the scale only when imported so; then invalid, shown, never in a figure.
    score = models.IntegerField(null=True, blank=True)
    comment = models.TextField(_("reason"), blank=True)
    answered_at = models.DateTimeField(default=timezone.now)
    origin = models.CharField(max_length=11, choices=Origin.choices)
    validity = models.CharField(max_length=7, choices=Validity.choices, default=Validity.VALID)
    # A code: out_of_scale, no_score, too_fast, many_scores, hidden_field, scanner_agent, discarded.
    validity_reason = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=8, blank=True)
    # SHA-256 of the browser's secret that may change this answer for 24 hours, hex.
    edit_hash = models.CharField(max_length=64, blank=True)
    external_source = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=190, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True, blank=True)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = _("response")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["invitation"],
                condition=Q(validity="valid", invitation__isnull=False),
                name="surveys_one_answer",
            ),
            models.UniqueConstraint(
                fields=["external_source", "external_id"],
                condition=~Q(external_id=""),
                name="surveys_response_external",
            ),
            models.CheckConstraint(
                condition=~Q(validity="valid")
                | Q(kind="nps", score__range=(0, 10))
                | Q(kind="csat", score__range=(1, 5))
                | Q(kind="ces", score__range=(1, 7)),
                name="surveys_valid_score_in_scale",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "answered_at", "id"], name="surveys_response_kind"),
            models.Index(fields=["survey", "-answered_at", "-id"], name="surveys_response_survey"),
            models.Index(fields=["customer", "-answered_at"], name="surveys_response_customer"),
            models.Index(
                fields=["-answered_at"], condition=Q(validity="held"), name="surveys_response_held"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.score}"

    @property
    def group(self) -> str:
        """Promoter, passive or detractor of an NPS answer; of the others, their like."""
        names = {LOW: self.Group.DETRACTOR, MIDDLE: self.Group.PASSIVE, HIGH: self.Group.PROMOTER}
        return names.get(group_of(self.kind, self.score), "")
