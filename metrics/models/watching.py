"""What looks at the figures for people: alerts, the weekly digest, findings."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from metrics.models.figures import Grain


class Alert(models.Model):
    """Tells when a closed period's figure leaves the band from `low` to `high`, once each time.

    It is back only when the figure is inside by `margin` (hysteresis), and periods with fewer than
    `least_n` are not judged. Values are in the unit of the KPI's stored value.
    """

    class State(models.TextChoices):
        INSIDE = "inside", _("within its band")
        BELOW = "below", _("below its band")
        ABOVE = "above", _("above its band")

    kpi = models.CharField(max_length=40)
    grain = models.CharField(max_length=7, choices=Grain.choices, default=Grain.MONTH)
    low = models.DecimalField(_("at least"), max_digits=20, decimal_places=6, null=True, blank=True)
    high = models.DecimalField(_("at most"), max_digits=20, decimal_places=6, null=True, blank=True)
    margin = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    least_n = models.PositiveIntegerField(default=30)
    # Who is told by mail; on the page everybody who may read figures sees it.
    told = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    is_active = models.BooleanField(default=True)
    state = models.CharField(max_length=6, choices=State.choices, default=State.INSIDE)
    # The first day of the last period that was judged: each is judged once, whatever runs twice.
    judged_on = models.DateField(null=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(low__isnull=False) | Q(high__isnull=False), name="metrics_alert_band"
            ),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lt=models.F("high")),
                name="metrics_alert_low_below_high",
            ),
            models.CheckConstraint(condition=Q(margin__gte=0), name="metrics_alert_margin"),
        ]

    def __str__(self) -> str:
        return f"{self.kpi} {self.grain}"


class AlertEvent(models.Model):
    """An alert went off, or what it tells of is over: one for each period at most."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events")
    state = models.CharField(max_length=6, choices=Alert.State.choices)
    starts_on = models.DateField()
    value = models.FloatField()
    n = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "starts_on"], name="metrics_alert_once")
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.state} {self.starts_on}"


class DigestReader(models.Model):
    """Somebody who wants the weekly digest."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digest")
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.user_id)


class Digest(models.Model):
    """One person's digest of one ISO week: the row is made with its mail, so that there is one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    week_on = models.DateField()  # the Monday of the week told of
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "week_on"], name="metrics_one_digest_a_week")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.week_on}"


class Finding(models.Model):
    """Something that figures say should be acted on: a rule's words come from `kind` and `evidence`.

    At most one of a kind and subject lives at a time. What is dismissed stays so until the evidence
    is worse than `evidence` was then; what was acted on is looked at again, and `outcome` says
    what became of it.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        SNOOZED = "snoozed", _("later")
        DISMISSED = "dismissed", _("dismissed")
        ACTED = "acted", _("being acted on")
        GONE = "gone", _("over")

    kind = models.CharField(max_length=40)  # metrics.findings.rules
    # What it is about within its kind: a category, a survey; blank when there is only one.
    subject = models.CharField(max_length=80, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()  # half-open: the period that says so
    evidence = models.JSONField(default=dict)
    weight = models.FloatField(default=0)  # heavier first
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    snoozed_until = models.DateField(null=True)
    task = models.ForeignKey("crm.Task", models.SET_NULL, null=True, related_name="+")
    outcome = models.JSONField(default=dict)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=~Q(state="gone"),
                name="metrics_one_living_finding",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-weight"], name="metrics_finding_list")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
