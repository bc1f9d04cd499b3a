"""What binds customers: whom they bring, and which tier of loyalty they have reached."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.customers import Customer


class ReferralLink(models.Model):
    """A customer's own link, /r/<slug>/: who signs up there was brought by them."""

    customer = models.OneToOneField(
        Customer, on_delete=models.CASCADE, related_name="referral_link"
    )
    # Short enough to be said on the phone, too long to be guessed; nothing secret hangs on it.
    slug = models.CharField(max_length=24, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    # Switched off: the page says that the link no longer works.
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.slug


class LoyaltyTier(models.Model):
    """A tier by rules of one's own; the highest whose rules a customer meets is theirs."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    # Higher is better; the rules of one tier must all be met.
    rank = models.PositiveSmallIntegerField(unique=True)
    min_tenure_days = models.PositiveIntegerField(
        _("customer for at least (days)"), null=True, blank=True
    )
    min_income = models.DecimalField(
        _("income of twelve months, at least"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
    )
    # When everyone was last looked at by these rules; null: the sweep has still to.
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("loyalty tier")
        ordering: ClassVar = ["rank"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(min_tenure_days__isnull=False) | Q(min_income__isnull=False),
                name="crm_tier_has_a_rule",
            )
        ]

    def __str__(self) -> str:
        return self.name
