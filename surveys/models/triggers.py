"""Asking by itself: when something has happened, and what a low answer sets going."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from support.models import Ticket
from surveys.models.responses import Response
from surveys.models.surveys import Survey


class SurveyTrigger(models.Model):
    """A survey that is sent by itself some time after a moment of each customer's own."""

    class Moment(models.TextChoices):
        TICKET_SOLVED = "ticket_solved", _("a ticket is solved")

    moment = models.CharField(max_length=20, choices=Moment.choices, unique=True)
    survey = models.ForeignKey(
        Survey, verbose_name=_("survey"), on_delete=models.PROTECT, related_name="triggers"
    )
    is_active = models.BooleanField(_("is sent"), default=True)
    # What happened before is not asked about.
    active_since = models.DateTimeField(default=timezone.now)
    # The hard limit between two askings is a day, and so is the least that is worth waiting.
    after_hours = models.PositiveSmallIntegerField(
        _("hours afterwards"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 14)],
    )
    # A score of at most this opens what it is about again; null: none does.
    follows_up_at = models.PositiveSmallIntegerField(
        _("a score of at most this needs somebody"), null=True, blank=True
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(after_hours__gte=1), name="surveys_trigger_waits")
        ]

    def __str__(self) -> str:
        return f"{self.moment} → {self.survey_id}"


class FollowUp(models.Model):
    """A low answer and the ticket in which somebody sees to it: one per answer, by constraint."""

    response = models.OneToOneField(Response, on_delete=models.CASCADE, related_name="follow_up")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="follow_ups")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.response_id} → #{self.ticket_id}"
