"""Asking by itself: when something has happened, and what an answer sets going."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Segment
from support.models import CannedReply, Ticket
from surveys.models.responses import Response
from surveys.models.surveys import Survey


class SurveyTrigger(models.Model):
    """A survey that is sent by itself some time after a moment of each customer's own.

    A moment is (subject, occurrence): each makes an invitation or a skip of this trigger, once,
    by constraint. Of RELATIONAL the subject is the customer and the occurrence the ordinal of the
    period's first day; each customer has a working day of their own in it.
    """

    class Moment(models.TextChoices):
        TICKET_SOLVED = "ticket_solved", _("a ticket is solved")
        ORDERED = "ordered", _("something is bought")
        CONTRACT_STARTED = "contract_started", _("a contract starts")
        RELATIONAL = "relational", _("every so many months")

    moment = models.CharField(_("when"), max_length=20, choices=Moment.choices)
    survey = models.ForeignKey(
        Survey, verbose_name=_("survey"), on_delete=models.PROTECT, related_name="triggers"
    )
    is_active = models.BooleanField(_("is sent"), default=True)
    # What happened before is not asked about.
    active_since = models.DateTimeField(default=timezone.now)
    # Only customers whom this finds at the moment of asking; null: all.
    segment = models.ForeignKey(
        Segment,
        verbose_name=_("only customers of this segment"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="survey_triggers",
    )
    # The hard limit between two askings is a day, and so is the least that is worth waiting.
    after_hours = models.PositiveSmallIntegerField(
        _("hours afterwards"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 14)],
    )
    # Of orders and contracts.
    after_days = models.PositiveSmallIntegerField(
        _("days afterwards"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    # Of RELATIONAL.
    every_months = models.PositiveSmallIntegerField(
        _("months between"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24)],
    )
    # The most that this trigger asks in a day; who comes later waits. Null: no limit of its own.
    daily_cap = models.PositiveIntegerField(
        _("at most so many a day"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("survey sent by itself")
        ordering: ClassVar = ["moment", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["moment", "survey"], name="surveys_trigger_once"),
            models.CheckConstraint(condition=Q(after_hours__gte=1), name="surveys_trigger_waits"),
            models.CheckConstraint(
                condition=~Q(moment__in=["ordered", "contract_started"])
                | Q(after_days__isnull=False, after_days__gte=1),
                name="surveys_trigger_days",
            ),
            models.CheckConstraint(
                condition=~Q(moment="relational")
                | Q(every_months__isnull=False, every_months__gte=1),
                name="surveys_trigger_months",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.moment} → {self.survey_id}"


class AskingRules(models.Model):
    """When nobody is asked, how many are at most, and how often each: one row for the business.

    Between two askings of one contact lie the business's days (Business.survey_pause_days), the
    days of the kind here, the survey's own, and in any case 24 hours.
    """

    # Local hours in which mails may leave: from ≤ hour < until.
    quiet_until = models.PositiveSmallIntegerField(_("not before"), default=9)
    quiet_from = models.PositiveSmallIntegerField(_("not from"), default=20)
    asks_on_weekends = models.BooleanField(_("also on Saturdays and Sundays"), default=False)
    # Triggered invitations of all surveys in a day. Null: no limit.
    daily_cap = models.PositiveIntegerField(
        _("at most so many a day"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    nps_pause_days = models.PositiveSmallIntegerField(_("days between two NPS"), default=30)
    csat_pause_days = models.PositiveSmallIntegerField(_("days between two CSAT"), default=30)
    ces_pause_days = models.PositiveSmallIntegerField(_("days between two CES"), default=30)
    # One reminder after so many days; null: none.
    reminder_after_days = models.PositiveSmallIntegerField(
        _("remind after so many days"), null=True, blank=True, default=4
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="surveys_one_rules"),
            models.CheckConstraint(
                condition=Q(quiet_until__lt=models.F("quiet_from"), quiet_from__lte=24),
                name="surveys_some_hours",
            ),
            models.CheckConstraint(
                condition=Q(reminder_after_days=None) | Q(reminder_after_days__gte=1),
                name="surveys_reminder_later",
            ),
        ]

    def __str__(self) -> str:
        return "asking rules"


class LoopRule(models.Model):
    """What an answer of some kind sets going; the first rule by place that fits an answer counts."""

    class Group(models.TextChoices):
        LOW = "low", _("unhappy (NPS 0–6, CSAT 1–2, CES 1–3)")
        MIDDLE = "middle", _("in between")
        HIGH = "high", _("happy (NPS 9–10, CSAT 4–5, CES 5–7)")

    name = models.CharField(_("name"), max_length=80)
    place = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(_("is in use"), default=True)
    group = models.CharField(_("who answers"), max_length=6, choices=Group.choices)
    # Of which answers: a kind, a survey, customers of a segment, a language. Blank: of all.
    kind = models.CharField(_("kind"), max_length=4, choices=Survey.Kind.choices, blank=True)
    survey = models.ForeignKey(
        Survey,
        verbose_name=_("survey"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="loop_rules",
    )
    segment = models.ForeignKey(
        Segment,
        verbose_name=_("segment"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="loop_rules",
    )
    language = models.CharField(_("language"), max_length=8, blank=True)

    # What follows. A ticket: the one that the answer is about opens again, else a new one.
    opens_ticket = models.BooleanField(_("open a ticket"), default=False)
    # Null: the customer's owner.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who sees to it"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    due_hours = models.PositiveSmallIntegerField(
        _("within so many hours"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Ticket.Priority.choices, default=Ticket.Priority.HIGH
    )
    tag = models.CharField(_("tag of the ticket"), max_length=40, blank=True)
    canned_reply = models.ForeignKey(
        CannedReply,
        verbose_name=_("reply to begin with"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    # Asked again so many days after the ticket was solved; null: not by this.
    ask_again_days = models.PositiveSmallIntegerField(
        _("ask again after so many days"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # A mail of thanks with their own referral link; everyone's review links are on the page of thanks.
    sends_thanks = models.BooleanField(
        _("thank them by mail, with their referral link"), default=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    # Out of use for good; what came of it goes on, and it can be taken back.
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("rule")
        ordering: ClassVar = ["place", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="surveys_rule_named"),
            models.CheckConstraint(
                condition=Q(opens_ticket=True) | Q(ask_again_days=None), name="surveys_asks_solved"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FollowUp(models.Model):
    """What came of an answer: one per answer, by constraint.

    The arc of a customer is read from it: score → ticket → solved → asked again → new score.
    """

    response = models.OneToOneField(Response, on_delete=models.CASCADE, related_name="follow_up")
    rule = models.ForeignKey(
        LoopRule, on_delete=models.SET_NULL, null=True, blank=True, related_name="follow_ups"
    )
    # Null: the rule only thanks.
    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, null=True, blank=True, related_name="follow_ups"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    # The invitation that asked them again once the ticket was solved, whoever sent it.
    asked_again = models.OneToOneField(
        "surveys.Invitation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="because_of",
    )
    # When a mail of thanks was put into the outbox.
    thanked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=Q(asked_again=None), name="surveys_follow_up_open"
            ),
            models.Index(fields=["rule", "created_at"], name="surveys_follow_up_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.response_id} → #{self.ticket_id}"
