"""Figures that somebody asked for, and that take longer to count than a page may."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Asked(models.Model):
    """What a person's page shows once a worker has counted it (metrics.counting).

    Of a period and its chart, or of groups beside each other. `found` is what has been counted so far.
    """

    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, unique=True)  # a digest of all that is asked
    kpi = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField()  # half-open
    grain = models.CharField(max_length=7, blank=True)  # blank: of any days
    chart_grain = models.CharField(max_length=7)
    customers = models.TextField(blank=True)  # as an address says whom
    dimension = models.CharField(max_length=100, blank=True)  # blank: a chart
    language = models.CharField(max_length=12)
    asked_at = models.DateTimeField(default=timezone.now)
    found = models.JSONField(default=dict)
    failures = models.PositiveSmallIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["asked_at"], condition=Q(counted_at=None), name="metrics_asked_undone"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kpi} {self.starts_on} {self.customers}"

    @property
    def done(self) -> int:
        """How many groups or periods have been counted."""
        return len(self.found.get("lines") or self.found.get("points") or ())

    @property
    def total(self) -> int:
        """How many there are to count; 0 while nobody knows."""
        return int(self.found.get("total", 0))

    @property
    def has_failed(self) -> bool:
        return self.counted_at is not None and not self.found
