"""Customers who may be one and the same, and those who turned out to be."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.customers import Customer
from staff.models import ChangeSet


class Duplicate(models.Model):
    """A pair to be looked at: found by crm.duplicates, merged or said to be two by a person.

    Pairs that are no longer alike go away by themselves unless somebody decided about them.
    """

    class Reason(models.TextChoices):
        PHONE = "phone", _("same phone")
        EMAIL = "email", _("nearly the same e-mail")
        NAME = "name", _("similar name and place")

    # The elder (lower key) is always `first`: a pair is one row.
    first = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    # [Reason, …], and how sure that makes: what the queue is sorted by.
    reasons = models.JSONField(default=list)
    score = models.PositiveSmallIntegerField(default=0)
    found_at = models.DateTimeField(default=timezone.now)
    # "These are two": never offered again.
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="crm_duplicate_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="crm_duplicate_elder_first"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-score", "-id"],
                condition=Q(dismissed_at=None),
                name="crm_duplicate_queue",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}?"


class MergedCustomer(models.Model):
    """Where a customer went: the old address leads to the new one. Undoing the merge deletes it."""

    old_id = models.BigIntegerField(unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merged")
    # What the old one was called, for who follows the old address.
    name = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)
    change_set = models.ForeignKey(
        ChangeSet, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.old_id} → {self.customer_id}"
