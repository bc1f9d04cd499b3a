"""What is asked, in which words."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
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
    # Answers keep the day alone, and no link to whom they came from.
    is_anonymous = models.BooleanField(_("anonymous"), default=False)
    # The address under /p/ of whoever has no mail: the link, its QR code, the kiosk, the widget.
    slug = models.SlugField(_("address of the public page"), max_length=60, blank=True)
    is_public = models.BooleanField(_("has a public page"), default=False)
    # Origins of the sites that may show the widget: ["https://shop.example"].
    embedded_on = models.JSONField(default=list, blank=True)
    # Blank: the business's colour. Only what can be read on white gets here.
    colour = models.CharField(
        _("colour"),
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^#[0-9a-f]{6}$")],
    )
    # The same links to review sites for everyone, whatever they answered.
    asks_for_reviews = models.BooleanField(_("shows where to review"), default=True)
    asks_for_testimonials = models.BooleanField(_("asks whether it may quote"), default=False)
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
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=~Q(slug=""), name="surveys_survey_slug"
            ),
            models.CheckConstraint(
                condition=Q(is_public=False) | ~Q(slug=""), name="surveys_public_has_address"
            ),
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
    # What is asked besides, once the score is safe (surveys.questions):
    # [{"key": "q1", "kind": "choice", "several": true, "texts": {"es": {"question": …, "choices": […]}}}, …]
    questions = models.JSONField(default=list, blank=True)
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
