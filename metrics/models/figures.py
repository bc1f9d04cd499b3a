"""Marks of what changed, the snapshots made from the facts, and the engine's memory."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Grain(models.TextChoices):
    DAY = "day", _("day")
    WEEK = "week", _("week")
    MONTH = "month", _("month")
    QUARTER = "quarter", _("quarter")
    YEAR = "year", _("year")


class Mark(models.Model):
    """A fact changed: left by database triggers in the same transaction (metrics.engine.triggers).

    `from_at`/`until_at` span the instants that OLD and NEW touch; null `until_at` means "and
    all that follows". A refresh takes marks by deleting them in its own transaction.
    """

    fact = models.CharField(max_length=20)  # tenure, order, contract, cost, response, …
    entity = models.BigIntegerField(null=True)  # the customer, where there is one
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    seen_by = models.BigIntegerField(null=True)  # the recompute that makes it needless

    def __str__(self) -> str:
        return f"{self.fact} {self.from_at:%Y-%m-%d}"


class Snapshot(models.Model):
    """A KPI's stored value for a period and segment, in parts.

    A closed period's is never changed: late facts add another, and the latest is current. A
    running period's is overwritten. numerator and denominator are exact: counts, or integer
    millionths of the business's currency when the unit is money (`scale` says which).
    """

    kpi = models.CharField(max_length=40)
    grain = models.CharField(max_length=7, choices=Grain.choices)
    starts_on = models.DateField()
    ends_on = models.DateField()  # half-open
    segment = models.CharField(max_length=80, blank=True)
    definition_version = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=30)  # "ok" or why undefined
    # Exact, as "p/q": what the value is made of.
    numerator = models.CharField(max_length=80, blank=True)
    denominator = models.CharField(max_length=80, blank=True)
    n = models.BigIntegerField(null=True)
    parts = models.JSONField(default=dict)
    # For charts and comparisons; the exact value is numerator / denominator and parts.
    value = models.FloatField(null=True)
    ci_low = models.FloatField(null=True)
    ci_high = models.FloatField(null=True)
    ci_method = models.CharField(max_length=30, blank=True)
    is_partial = models.BooleanField(default=False)  # the period was running
    is_current = models.BooleanField(default=True)  # the latest of its cell
    is_revision = models.BooleanField(default=False)  # late facts changed a closed period
    as_of = models.DateTimeField()
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kpi", "grain", "segment", "starts_on"],
                condition=Q(is_current=True),
                name="metrics_one_current",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["kpi", "grain", "segment", "-starts_on"], name="metrics_snapshot_series"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kpi} {self.grain} {self.starts_on}"


class Engine(models.Model):
    """The engine's memory: up to when time itself has been accounted for. One row."""

    refreshed_at = models.DateTimeField(null=True)
    full_at = models.DateTimeField(null=True)
    # The next instant at which time alone changes a figure (a silence that ends, a window).
    next_change_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="metrics_one_engine")
        ]

    def __str__(self) -> str:
        return f"refreshed {self.refreshed_at}"
