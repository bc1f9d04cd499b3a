"""What is asked, in which words."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Survey(models.Model):
    """A question that is asked again and again; its words are in its versions."""

    class Kind(models.TextChoices):
        NPS = "nps", "NPS"
        CSAT = "csat", "CSAT"
        CES = "ces", "CES"

    # Lowest and highest valid score.
    SCALES: ClassVar = {Kind.NPS: (0, 10), Kind.CSAT: (1, 5), Kind.CES: (1, 7)}

    kind = models.CharField(_("kind"), max_length=4, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=120, unique=True)
    is_active = models.BooleanField(_("takes answers"), default=True)
    # Days for which an invitation's link works, and between two askings of one person.
    expires_after_days = models.PositiveSmallIntegerField(_("link works for (days)"), default=30)
    throttle_days = models.PositiveSmallIntegerField(_("days between askings"), default=30)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("survey")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["nps", "csat", "ces"]), name="surveys_survey_kind"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scale(self) -> tuple[int, int]:
        return self.SCALES[self.Kind(self.kind)]


class SurveyVersion(models.Model):
    """The words of a survey at a time; a response keeps the version that it answered. Immutable."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    # {"es": {"subject": …, "question": …, "low": …, …}, …}: the keys are surveys.texts.FIELDS.
    # Whatever is missing falls back to the stock texts of the language.
    texts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["survey", "number"], name="surveys_version_number")
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} v{self.number}"
