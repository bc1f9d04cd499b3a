"""What a business wants its figures to be, and what it did meanwhile."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Target(models.Model):
    """What a KPI is to be from a day on, in the unit of its stored value (a share is 0..1).

    The next of the same KPI replaces it from its own day on; one without a value ends it.
    """

    kpi = models.CharField(max_length=40)
    from_on = models.DateField(_("from"))
    value = models.DecimalField(_("target"), max_digits=20, decimal_places=6, null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kpi", "from_on"], name="metrics_one_target_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kpi} from {self.from_on}"


class Annotation(models.Model):
    """Something that the business changed or that happened to it, drawn in charts at its day.

    Before and after it, whole windows of equal length are compared. It may be announced to those
    whom it concerns: `outreach` is that message.
    """

    on = models.DateField(_("day"))
    title = models.CharField(_("what happened"), max_length=120)
    text = models.TextField(_("more about it"), blank=True)
    # Of which figures it is told; none: of all.
    kpis = models.JSONField(default=list, blank=True)
    outreach = models.ForeignKey("crm.Outreach", models.SET_NULL, null=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["on"], name="metrics_annotation_on")]

    def __str__(self) -> str:
        return self.title
