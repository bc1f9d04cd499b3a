"""The customer-centricity check-up: eight questions, objectives, and training of those who meet customers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class CheckUp(models.Model):
    """One round of the eight questions; a finished one is never changed, so that rounds compare."""

    begun_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    mission = models.TextField(_("mission"), blank=True)
    vision = models.TextField(_("vision"), blank=True)
    value_proposition = models.TextField(_("value proposition"), blank=True)

    class Meta:
        constraints: ClassVar = [
            # One at a time is being filled in.
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at=None), name="metrics_one_open_check_up"
            )
        ]

    def __str__(self) -> str:
        return f"{self.begun_at:%Y-%m-%d}"


class CheckUpAnswer(models.Model):
    """What a round says to one question: what the data say, in words of one's own, and a mark."""

    class Question(models.TextChoices):
        LISTENING = "listening", _("How often do we listen to our customers?")
        CHANNELS = "channels", _("Through which channels, and what becomes of what they say?")
        KPIS = "kpis", _("Which figures about customers do we follow?")
        TRAINING = "training", _("What training do those have who meet customers?")
        REVIEW = "review", _("Do we look at the relationship with our customers regularly?")
        SITUATION = "situation", _("Do we know the situation of current and potential customers?")
        EXPERIENCE = "experience", _("Do we measure experience and satisfaction?")
        BUDGET = "budget", _("What do we spend on the experience of our customers?")

    class Mark(models.IntegerChoices):
        NOT_YET = 0, _("not yet")
        SOMETIMES = 1, _("sometimes")
        MOSTLY = 2, _("mostly")
        ALWAYS = 3, _("always")

    check_up = models.ForeignKey(CheckUp, models.CASCADE, related_name="answers")
    question = models.CharField(max_length=10, choices=Question.choices)
    # What was measured when it was answered, frozen; exact amounts as "p/q".
    measured = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    mark = models.PositiveSmallIntegerField(choices=Mark.choices, null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["check_up", "question"], name="metrics_answered_once")
        ]

    def __str__(self) -> str:
        return f"{self.check_up_id} {self.question}"


class Objective(models.Model):
    """Something to reach by a day; with a KPI it is judged by its target, else by hand."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        REACHED = "reached", _("reached")
        MISSED = "missed", _("missed")
        DROPPED = "dropped", _("dropped")

    title = models.CharField(_("objective"), max_length=200)
    kpi = models.CharField(max_length=40, blank=True)
    value = models.DecimalField(_("target"), max_digits=20, decimal_places=6, null=True, blank=True)
    due_on = models.DateField(_("by"))
    # The figure when it was set: what the result is compared with.
    before = models.FloatField(null=True)
    after = models.FloatField(null=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.OPEN)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kpi="", value=None) | (~Q(kpi="") & Q(value__isnull=False)),
                name="metrics_objective_kpi_and_value",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Training(models.Model):
    """A training planned, and held once `held_on` is set; what it cost is in the ledger."""

    title = models.CharField(_("training"), max_length=200)
    about = models.TextField(_("what it is about"), blank=True)
    planned_on = models.DateField(_("planned for"))
    held_on = models.DateField(_("held on"), null=True, blank=True)
    cost = models.ForeignKey("crm.Cost", models.SET_NULL, null=True, related_name="+")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return self.title


class TrainingHours(models.Model):
    """Who took part, and for how many hours."""

    training = models.ForeignKey(Training, models.CASCADE, related_name="hours")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    hours = models.DecimalField(_("hours"), max_digits=6, decimal_places=2)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["training", "user"], name="metrics_trained_once"),
            models.CheckConstraint(condition=Q(hours__gt=0), name="metrics_hours_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.training_id} {self.user_id}"
