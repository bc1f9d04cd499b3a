"""What people agreed to, with proof, and how long what is known of them is kept."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.contacts import Contact
from crm.models.origins import Imported, once


class Consent(Imported):
    """Append-only: a contact agreed to a purpose, or took it back; the last one counts.

    The proof is the row: when, how, and the words that they saw. `Contact` has no column for it:
    crm.consents asks for the last row.
    """

    class Purpose(models.TextChoices):
        OUTREACH = "outreach", _("news and offers")
        SURVEYS = "surveys", _("surveys")
        TESTIMONIAL = "testimonial", _("showing their words")

    class How(models.TextChoices):
        FORM = "form", _("on a form of ours")
        STAFF = "staff", _("told us, noted by hand")
        IMPORT = "import", _("imported")
        LINK = "link", _("by the link in a mail")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    given = models.BooleanField()
    at = models.DateTimeField(_("when"), default=timezone.now)
    how = models.CharField(_("how"), max_length=6, choices=How.choices)
    # The words that they agreed to, or a note of how it was said.
    text = models.TextField(_("words"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("consent")
        constraints: ClassVar = [
            once("crm_consent_external"),
            models.CheckConstraint(
                condition=Q(purpose__in=["outreach", "surveys", "testimonial"]),
                name="crm_consent_purpose",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["contact", "purpose", "-at", "-id"],
                include=["given"],
                name="crm_consent_last",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.purpose} {self.given}"


class RetentionRule(models.Model):
    """How long a kind of personal data is kept; a room registers its kinds (crm.privacy)."""

    what = models.CharField(max_length=40, unique=True)
    days = models.PositiveIntegerField()
    since = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(days__gte=1), name="crm_retention_days")
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.days}"


class PrivacyAct(models.Model):
    """Append-only log of exports, erasures and sweeps. It names nobody: only keys and counts."""

    class Kind(models.TextChoices):
        EXPORT = "export", _("handed over all about a person")
        ERASURE = "erasure", _("erased a person")
        RETENTION = "retention", _("let go what was kept long enough")

    kind = models.CharField(max_length=9, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    contact_id = models.BigIntegerField(null=True, blank=True)
    # {"crm.interaction": 12, …}: how many rows of what.
    counts = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-at", "-id"], name="crm_privacy_act")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"

    @property
    def rows(self) -> int:
        return sum(self.counts.values())
