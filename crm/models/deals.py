"""Sales being worked on, and the stages of one's own that they go through."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models.contacts import Contact
from crm.models.customers import Customer
from crm.models.money import Contract, Order, amount, micros, positive_rate, rate
from crm.models.tenures import LossReason


class Pipeline(models.Model):
    """A way that sales go; one is enough for most."""

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("pipeline")
        ordering: ClassVar = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A step of a pipeline. Won and lost are states of the deal, not stages."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    # How many in a hundred of those who get here are won: weighs the expected value.
    probability = models.PositiveSmallIntegerField(_("probability"), default=50)
    # A deal that stays longer has grown old; null: never.
    stale_days = models.PositiveSmallIntegerField(_("old after (days)"), null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("of a pipeline", "stage")
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(probability__lte=100), name="crm_stage_probability")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def share(self) -> Decimal:
        """The probability as a ratio."""
        return Decimal(self.probability) / 100


class Deal(models.Model):
    """A sale being worked on. `stage` and `state` are moved by crm.actions.deals alone."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("deal", "open")
        WON = "won", pgettext_lazy("deal", "won")
        LOST = "lost", pgettext_lazy("deal", "lost")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="deals")
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="deals"
    )
    title = models.CharField(_("what"), max_length=200)
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="deals")
    state = models.CharField(
        _("state"), max_length=4, choices=State.choices, default=State.OPEN, editable=False
    )
    # Null while nobody can say.
    amount = amount(_("amount"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    rate = rate()
    amount_micros = micros("amount")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="deals",
    )
    expected_on = models.DateField(_("expected"), null=True, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    # When it came into its stage: what ageing counts from.
    moved_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    lost_reason = models.CharField(
        _("reason"), max_length=20, choices=LossReason.choices, blank=True
    )
    lost_note = models.TextField(_("in their words"), blank=True)
    # What winning it made.
    order = models.ForeignKey(
        Order, on_delete=models.SET_NULL, null=True, blank=True, related_name="deals"
    )
    contract = models.ForeignKey(
        Contract, on_delete=models.SET_NULL, null=True, blank=True, related_name="deals"
    )
    # Its place within the column, from the top; ties by key.
    position = models.BigIntegerField(default=0, editable=False)
    # Bumped by every change: a form or a drag made from an older one is told so.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("deal")
        constraints: ClassVar = [
            positive_rate("crm_deal_rate"),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=0), name="crm_deal_amount"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None)
                | Q(state__in=["won", "lost"], closed_at__isnull=False),
                name="crm_deal_closed",
            ),
            models.CheckConstraint(
                condition=Q(state="lost") | Q(lost_reason=""), name="crm_deal_lost_reason"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")),
                name="crm_deal_forward",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["stage", "position", "id"],
                condition=Q(state="open"),
                name="crm_deal_board",
            ),
            models.Index(fields=["customer", "-opened_at"], name="crm_deal_customer"),
            models.Index(fields=["state", "-closed_at", "-id"], name="crm_deal_closed_at"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def days_in_stage(self) -> int:
        """Whole days since it came into its stage; of a closed one, until it was closed."""
        return max(0, ((self.closed_at or timezone.now()) - self.moved_at).days)

    @property
    def is_old(self) -> bool:
        """Whether it has been in its stage for longer than the stage allows."""
        limit = self.stage.stale_days
        return self.is_open and limit is not None and self.days_in_stage > limit

    @property
    def is_overdue(self) -> bool:
        """Whether the day passed on which it was expected to be won."""
        today = timezone.localdate()
        return self.is_open and self.expected_on is not None and self.expected_on < today


class StageChange(models.Model):
    """Append-only: a deal came into a stage, was won, lost or opened again."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="stage_changes")
    at = models.DateTimeField(default=timezone.now)
    before = models.ForeignKey(Stage, on_delete=models.PROTECT, null=True, related_name="+")
    after = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=4, choices=Deal.State.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        indexes: ClassVar = [models.Index(fields=["deal", "at", "id"], name="crm_stage_change")]

    def __str__(self) -> str:
        return f"{self.deal_id} → {self.after_id}"
