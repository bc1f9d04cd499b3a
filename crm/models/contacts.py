"""Humans whom one can reach, and at which customer."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.loose_email import LooseEmail
from crm.models.customers import Customer
from crm.models.origins import Imported, once


class Contact(Imported):
    """A human. Erased people keep their row, without a name, so that totals stay true."""

    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    customers = models.ManyToManyField(Customer, through="crm.Affiliation", related_name="contacts")

    class Meta:
        verbose_name = _("contact")
        constraints: ClassVar = [once("crm_contact_external")]

    def __str__(self) -> str:
        return self.name


class Affiliation(models.Model):
    """A contact serves a customer, in a role, for a time: one person may serve two companies."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="affiliations")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="affiliations")
    role = models.CharField(_("role"), max_length=80, blank=True)
    is_primary = models.BooleanField(_("first to ask"), default=False)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "contact"],
                condition=models.Q(until=None),
                name="crm_affiliation_once",
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(is_primary=True, until=None),
                name="crm_affiliation_one_primary",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} at {self.customer_id}"


class ContactPoint(models.Model):
    """An e-mail address (lower case, of one living contact) or a telephone (E.164, may be shared)."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    value = models.CharField(max_length=254)
    # Set when the contact is erased or the address is given up; then someone else may have it.
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["value"],
                condition=models.Q(kind="email", retired_at=None),
                name="crm_email_of_one_contact",
            ),
            models.UniqueConstraint(
                fields=["contact", "kind", "value"], name="crm_contact_point_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="email") | models.Q(value=Lower("value")),
                name="crm_email_lower",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["email", "phone"]), name="crm_contact_point_kind"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "value"], name="crm_contact_point_value"),
            # By which crm.duplicates finds addresses that differ only in dots or tags.
            models.Index(
                LooseEmail("value"),
                condition=models.Q(retired_at=None),
                name="crm_contact_point_loose",
            ),
        ]

    def __str__(self) -> str:
        return self.value
