"""Customers: the root, and the unit that every KPI counts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models.origins import Imported, once
from crm.querysets import CustomerQuerySet
from staff.ordering import EmptyAsLeast


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=60)
    # crm.folding.fold(name): accents and case make no second tag.
    folded = models.CharField(max_length=60, unique=True, editable=False)

    class Meta:
        ordering: ClassVar = ["folded"]

    def __str__(self) -> str:
        return self.name


class Customer(Imported):
    """A person or a company. `stage` and the dates below are projections (crm.tenures, crm.actions)."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        COMPANY = "company", _("company")

    class Stage(models.TextChoices):
        LEAD = "lead", _("lead")
        CUSTOMER = "customer", pgettext_lazy("stage", "customer")
        LOST = "lost", pgettext_lazy("stage", "lost")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=200)
    # crm.folding.fold(name): what lists sort by, the same on both databases.
    name_folded = models.CharField(max_length=200, editable=False)
    stage = models.CharField(
        _("stage"), max_length=8, choices=Stage.choices, default=Stage.LEAD, editable=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
    )
    # How they found us: "referral", "web", "advertising" … one's own words.
    source = models.CharField(_("source"), max_length=60, blank=True)
    referred_by = models.ForeignKey(
        "self",
        verbose_name=_("referred by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="referred",
    )
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, blank=True)
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), blank=True, related_name="customers")
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=60, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    notes = models.TextField(_("what they need, expect and prefer"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The highest tier whose rules they meet: a projection (crm.loyalty).
    tier = models.ForeignKey(
        "crm.LoyaltyTier",
        verbose_name=_("loyalty tier"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="customers",
    )
    # Maintained by crm.tenures and crm.actions; rebuilt by crm.projections.
    first_order_at = models.DateTimeField(null=True, editable=False)
    last_order_at = models.DateTimeField(null=True, editable=False)
    last_inbound_at = models.DateTimeField(null=True, editable=False)
    last_outbound_at = models.DateTimeField(null=True, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints: ClassVar = [
            once("crm_customer_external"),
            models.CheckConstraint(condition=~models.Q(name=""), name="crm_customer_named"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["person", "company"]), name="crm_customer_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(stage__in=["lead", "customer", "lost"]),
                name="crm_customer_stage",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["name_folded", "id"], name="crm_customer_name"),
            models.Index(fields=["stage", "name_folded", "id"], name="crm_customer_stage_name"),
            models.Index(fields=["-created_at", "-id"], name="crm_customer_created"),
            models.Index(
                fields=["name_folded", "id"],
                condition=models.Q(archived_at__isnull=False),
                name="crm_customer_archived",
            ),
            models.Index(
                EmptyAsLeast(F("last_order_at"), descending=True),
                F("id").desc(),
                name="crm_customer_last_purchase",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_contact_at(self) -> datetime | None:
        """When something last passed, whoever began it: a word or a purchase."""
        moments = (self.last_order_at, self.last_inbound_at, self.last_outbound_at)
        return max((moment for moment in moments if moment), default=None)


class CustomerSearch(models.Model):
    """What a customer can be found by, folded (crm.search fills and reads it).

    PostgreSQL searches `text` through a GIN index on its tsvector; SQLite through an FTS5 table
    beside this one. Both are made in the migrations by crm.search.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.CASCADE, primary_key=True, related_name="search_row"
    )
    text = models.TextField()

    def __str__(self) -> str:
        return self.text
