"""When the business works, what it promises how soon, and what became of that per ticket."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Customer
from support.models.tickets import Ticket


class BusinessCalendar(models.Model):
    """The business hours; what they were at any time is in the versions."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """The hours from a moment on. Immutable: what was measured by it can be measured again."""

    calendar = models.ForeignKey(
        BusinessCalendar, on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveSmallIntegerField()
    # Monday to Sunday, each a list of ["09:00", "14:00"] spans; "24:00" may end one.
    week = models.JSONField()
    time_zone = models.CharField(max_length=64)
    # Of the holidays package: "ES-VC", "BR-SP", "PT"; blank: none.
    holidays = models.CharField(max_length=12, blank=True)
    # Further days off: ["2026-12-24", …].
    closed = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "number"], name="support_calendar_version")
        ]

    def __str__(self) -> str:
        return f"{self.calendar_id} v{self.number}"


class SlaPolicy(models.Model):
    """What is promised how soon; the promises at any time are in the versions."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    calendar = models.ForeignKey(BusinessCalendar, on_delete=models.PROTECT, related_name="+")
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="support_one_policy"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SlaPolicyVersion(models.Model):
    """The targets from a moment on. Immutable."""

    policy = models.ForeignKey(SlaPolicy, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    # {"20": {"first_reply": 480, "next_reply": 480, "solution": 1440}, …}: business minutes per
    # priority; a missing or null one is no target.
    targets = models.JSONField()
    # Warn when so many percent of the time have passed.
    warns_at_percent = models.PositiveSmallIntegerField(default=75)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "number"], name="support_policy_version")
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} v{self.number}"


class SlaTarget(models.Model):
    """One promise about one ticket. Rebuilt from its events at any time, with the same outcome."""

    class Kind(models.TextChoices):
        FIRST_REPLY = "first_reply", _("first reply")
        NEXT_REPLY = "next_reply", _("next reply")
        SOLUTION = "solution", _("solution")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="targets")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    # The second time that the customer waits for a reply is the second next_reply.
    occurrence = models.PositiveSmallIntegerField(default=1)
    policy_version = models.ForeignKey(SlaPolicyVersion, on_delete=models.PROTECT, related_name="+")
    calendar_version = models.ForeignKey(
        CalendarVersion, on_delete=models.PROTECT, related_name="+"
    )
    minutes = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    # Null while the clock is paused (waiting for the customer).
    due_at = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    # The due time that passed unmet; a target met afterwards keeps it.
    missed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    warn_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ticket", "kind", "occurrence"], name="support_target_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=Q(met_at=None, missed_at=None, cancelled_at=None),
                name="support_target_running",
            ),
            models.Index(
                fields=["warn_at"],
                condition=Q(met_at=None, missed_at=None, cancelled_at=None, warned_at=None),
                name="support_target_to_warn",
            ),
            models.Index(fields=["met_at"], name="support_target_met"),
            models.Index(fields=["missed_at"], name="support_target_missed"),
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.kind}"

    @property
    def customer(self) -> Customer:
        return self.ticket.customer

    @property
    def customer_id(self) -> int:
        return self.ticket.customer_id
