"""What customers said of the business elsewhere."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Customer
from crm.models.origins import Imported, once


class Review(Imported):
    """A review on another site; `customer` is null while nobody knows who wrote it."""

    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="reviews"
    )
    site = models.CharField(_("site"), max_length=60)
    rating = models.PositiveSmallIntegerField(_("stars"))
    text = models.TextField(_("text"), blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("review")
        constraints: ClassVar = [
            once("surveys_review_external"),
            models.CheckConstraint(
                condition=Q(rating__gte=1, rating__lte=5), name="surveys_review_rating"
            ),
            models.CheckConstraint(condition=~Q(site=""), name="surveys_review_site"),
        ]
        indexes: ClassVar = [models.Index(fields=["-at", "-id"], name="surveys_review_at")]

    def __str__(self) -> str:
        return f"{self.site} {self.rating}"

    @property
    def stars(self) -> str:
        return "★" * self.rating


class ReviewSite(models.Model):
    """Where customers can review the business: everyone who answers is shown the same."""

    name = models.CharField(_("site"), max_length=60, unique=True)
    url = models.URLField(_("address of your page there"), max_length=500)
    # Blank: whatever language somebody reads.
    language = models.CharField(_("language"), max_length=8, blank=True)
    place = models.PositiveSmallIntegerField(default=0)
    is_shown = models.BooleanField(_("is shown"), default=True)

    class Meta:
        verbose_name = _("review site")
        ordering: ClassVar = ["place", "name"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="surveys_review_site_named")
        ]

    def __str__(self) -> str:
        return self.name
