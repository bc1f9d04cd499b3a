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


class CustomerAlias(models.Model):
    """What a merged customer is still called elsewhere: it leads to the one that they became.

    An import that names the old external_id finds the winner; so does an old referral link.
    """

    class Kind(models.TextChoices):
        EXTERNAL = "external", _("key of another system")
        REFERRAL = "referral", _("referral link")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="aliases")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # (external_source, external_id), or ("", the link's slug).
    source = models.CharField(max_length=60, blank=True)
    key = models.CharField(max_length=190)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "source", "key"], name="crm_alias_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} → {self.customer_id}"


class DuplicateKey(models.Model):
    """A projection: what customers of similar names at one place have in common (crm.duplicates)."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    # A hash of the place and of how two of the name's words sound.
    key = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "customer"], name="crm_duplicate_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.key}"


class ToCompare(models.Model):
    """A known customer who is called or reached otherwise now, until crm.duplicates has looked."""

    customer = models.OneToOneField(
        Customer, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.customer_id)


class DuplicateSearch(models.Model):
    """How far looking for duplicates is; one row at most."""

    # Customers up to this key have been looked at since they were made …
    seen_up_to = models.BigIntegerField(default=0)
    # … and by the walk over everybody that is on, if one is.
    walked_up_to = models.BigIntegerField(default=0)
    walk_ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="crm_one_duplicate_search")
        ]

    def __str__(self) -> str:
        return f"{self.seen_up_to}"
