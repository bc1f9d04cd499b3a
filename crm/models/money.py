"""Orders, contracts and costs: facts that may be corrected, with the correction in the audit.

Money is a Decimal in the row's currency; `rate` is the business's currency per unit of it on
the row's date, 1 when they are the same, null when unknown. The `*_micros` columns are what
sums are made of: integer millionths of the business's currency, computed by the database, so
that sums are exact on both databases whichever path wrote the row (docs/adr/0004).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Round
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.customers import Customer
from crm.models.origins import Imported, once
from crm.models.tenures import LossReason


def micros(amount: str) -> models.GeneratedField:
    """`amount` × `rate` in integer millionths of the business's currency; null when either is."""
    return models.GeneratedField(
        expression=Cast(Round(F(amount) * F("rate") * 1_000_000), models.BigIntegerField()),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
    )


def amount(name: Any, **options: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(name, max_digits=14, decimal_places=2, **options)


def rate() -> models.DecimalField[Any, Any]:
    return models.DecimalField(
        _("exchange rate"), max_digits=18, decimal_places=8, null=True, blank=True, default=1
    )


def positive_rate(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(rate=None) | Q(rate__gt=0), name=name)


class Order(Imported):
    """A purchase; a negative total is a refund, which lowers income and is not an order."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    ordered_at = models.DateTimeField(_("ordered"))
    total = amount(_("total"))
    cost = amount(_("cost of goods"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    rate = rate()
    total_micros = micros("total")
    cost_micros = micros("cost")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("order")
        constraints: ClassVar = [once("crm_order_external"), positive_rate("crm_order_rate")]
        indexes: ClassVar = [
            # What a customer brought in some time is summed from it alone.
            models.Index(
                fields=["customer", "-ordered_at", "-id"],
                include=["total_micros"],
                name="crm_order_of_customer",
            ),
            # The same of everybody: the orders of a month lie all over a table of many years.
            models.Index(
                fields=["ordered_at", "id"],
                include=["customer", "total", "total_micros", "cost", "cost_micros"],
                name="crm_order_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total} {self.currency}"


class Contract(Imported):
    """A recurring agreement; it runs over [starts_on, its end), see `end_on`."""

    class Interval(models.TextChoices):
        MONTH = "month", _("a month")
        YEAR = "year", _("a year")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contracts")
    starts_on = models.DateField(_("starts"))
    # The first day on which it no longer runs; blank while it has no end.
    ends_on = models.DateField(_("ends"), null=True, blank=True)
    cancelled_on = models.DateField(_("cancelled"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=250, blank=True)
    amount = amount(_("amount"))
    interval = models.CharField(
        _("per"), max_length=5, choices=Interval.choices, default=Interval.MONTH
    )
    currency = models.CharField(_("currency"), max_length=3)
    rate = rate()
    amount_micros = micros("amount")
    renewed_by = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="renews"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("contract")
        constraints: ClassVar = [
            once("crm_contract_external"),
            positive_rate("crm_contract_rate"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="crm_contract_forward",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="crm_contract_amount"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "starts_on"], name="crm_contract_customer"),
            models.Index(fields=["ends_on"], name="crm_contract_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} / {self.interval}"

    @property
    def reason_label(self) -> str:
        """Why it was cancelled: one of LossReason in the reader's language, or one's own words."""
        return str(dict(LossReason.choices).get(self.reason, self.reason))


class Cost(Imported):
    """Money spent, on a day or spread evenly by days over [on, until)."""

    class Purpose(models.TextChoices):
        ACQUISITION = "acquisition", _("winning customers")
        SERVICE = "service", _("serving customers")
        EXPERIENCE = "experience", _("delighting customers")
        TRAINING = "training", _("training the team")

    # Offered in forms; a business may use words of its own.
    CATEGORIES: ClassVar = {
        "salaries": _("salaries"),
        "tools": _("tools"),
        "advertising": _("advertising"),
        "software": _("software"),
        "events": _("events"),
        "telephone": _("telephone"),
        "print": _("print"),
        "other": _("other"),
    }

    purpose = models.CharField(_("purpose"), max_length=11, choices=Purpose.choices)
    category = models.CharField(_("category"), max_length=60, default="other")
    amount = amount(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    rate = rate()
    amount_micros = micros("amount")
    on = models.DateField(_("on"))
    until = models.DateField(_("until"), null=True, blank=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="costs"
    )
    # The acquisition source (Customer.source) that it was spent on.
    source = models.CharField(_("source"), max_length=60, blank=True)
    note = models.CharField(_("note"), max_length=250, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("cost")
        constraints: ClassVar = [
            once("crm_cost_external"),
            positive_rate("crm_cost_rate"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("on")), name="crm_cost_forward"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["purpose", "on"], name="crm_cost_purpose_on")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    @property
    def last_day(self) -> date | None:
        """The last day that it is spread over; None when it falls on one day."""
        return self.until - timedelta(days=1) if self.until else None

    @property
    def category_label(self) -> str:
        return str(self.CATEGORIES.get(self.category, self.category))
