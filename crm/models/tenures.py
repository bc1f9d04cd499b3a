"""When someone is a customer: facts entered by hand, and the projection that every KPI reads."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.customers import Customer
from crm.models.origins import Imported, once


class LossReason(models.TextChoices):
    """Why someone stopped being a customer. SILENCE is set by the silence rule alone."""

    COMPETITOR_PRICE = "competitor_price", _("competitor's price")
    COMPETITOR_PRODUCT = "competitor_product", _("competitor's product")
    SERVICE = "service", _("service disappointed")
    PRODUCT = "product", _("product disappointed")
    NO_NEED = "no_need", _("no longer needs it")
    MOVED = "moved", _("moved or closed")
    UNKNOWN = "unknown", _("unknown")
    CONTRACT_ENDED = "contract_ended", _("contract ended")
    SILENCE = "silence", _("gone quiet")


class TenureSpan(Imported):
    """A fact: customer during [started_at, ended_at], entered by hand or imported."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tenure_spans")
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)
    end_reason = models.CharField(
        _("reason"), max_length=20, choices=LossReason.choices, blank=True
    )
    note = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            once("crm_tenure_span_external"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")),
                name="crm_tenure_span_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.started_at:%Y-%m-%d}"


class Loss(models.Model):
    """A fact: we know that they left. Cuts the tenure until the next purchase or contract."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="losses")
    lost_at = models.DateTimeField(_("lost"))
    reason = models.CharField(_("reason"), max_length=20, choices=LossReason.choices)
    note = models.TextField(_("in their words"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["customer", "lost_at"], name="crm_loss_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.lost_at:%Y-%m-%d}"


class SilenceRule(models.Model):
    """From `since` on, a purchase makes a customer for `days` days; the purchase's day decides.

    Before the first rule's day it is DEFAULT_DAYS. While the latest rule `follows`, or there is
    none, the business's own pauses between purchases make the next one (crm.actions.silence).
    """

    since = models.DateField(unique=True)
    days = models.PositiveSmallIntegerField()
    # Made from the business's own pauses; else chosen by a person, and it stays as it is.
    follows = models.BooleanField(default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    # When everyone's tenures were rebuilt by it; null: crm.tasks has still to do it.
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)

    DEFAULT_DAYS = 180

    class Meta:
        ordering: ClassVar = ["since"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(days__gte=1), name="crm_silence_days")
        ]

    def __str__(self) -> str:
        return f"{self.since}: {self.days}"


class Pauses(models.Model):
    """What was counted last of the pauses between two purchases of one customer; one row at most."""

    counted_at = models.DateTimeField(default=timezone.now)
    count = models.PositiveBigIntegerField(default=0)
    # Within so many days nine in ten of them were over; null: too few to tell.
    days = models.PositiveSmallIntegerField(null=True)
    # [[days, pauses that lasted so long, rounded up], …], the longest last.
    lasted = models.JSONField(default=list)
    # [[days, customers lost by a silence of so many, those of them who bought again], …].
    losses = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(pk=1), name="crm_pauses_once")]

    def __str__(self) -> str:
        return f"{self.count}: {self.days}"


class TenureClock(models.Model):
    """The time zone that everyone's tenures were last built in; one row at most.

    Contracts run from midnight to midnight. While the business's own zone is another one,
    crm.tasks has still to rebuild them.
    """

    time_zone = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="crm_one_tenure_clock")
        ]

    def __str__(self) -> str:
        return self.time_zone


class Tenure(models.Model):
    """A projection (crm.tenures rebuilds it): an interval during which someone is a customer.

    Active at a boundary b ⇔ started_at < b ≤ ended_at, or no end. Touching spans are one.
    None of a customer's overlap, at most one is open: by constraint on either database
    (an exclusion constraint, or triggers; see the migrations).
    """

    class Cause(models.TextChoices):
        ORDER = "order", _("purchase")
        CONTRACT = "contract", _("contract")
        MANUAL = "manual", _("by hand")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tenures")
    started_at = models.DateTimeField(_("from"))
    # In the future when the silence rule or a contract will end it.
    ended_at = models.DateTimeField(_("until"), null=True)
    # What began it.
    cause = models.CharField(max_length=8, choices=Cause.choices)
    end_reason = models.CharField(max_length=20, choices=LossReason.choices, blank=True)
    end_note = models.TextField(blank=True)
    # The customer's first tenure ever: what "new" counts.
    is_first = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")),
                name="crm_tenure_forward",
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(ended_at=None), name="crm_tenure_one_open"
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_first=True), name="crm_tenure_one_first"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "started_at"], name="crm_tenure_customer"),
            models.Index(fields=["started_at"], name="crm_tenure_started"),
            models.Index(fields=["ended_at"], name="crm_tenure_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.started_at:%Y-%m-%d}"
