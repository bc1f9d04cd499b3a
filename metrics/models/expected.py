"""What customers are expected to bring: the fitted model, and its answer for each customer."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class ExpectedFit(models.Model):
    """A fit of MBG/NBD and Gamma-Gamma to all purchases up to a day; the latest counts."""

    as_of = models.DateField()
    made_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=30)  # "ok" or why there is none (`too_few`)
    buyers = models.PositiveIntegerField(default=0)
    repeat_buyers = models.PositiveIntegerField(default=0)
    parameters = models.JSONField(default=dict)  # r, alpha, a, b; p, q, gamma
    months_ahead = models.PositiveSmallIntegerField(default=12)
    # The sum over all customers, in the business's currency.
    total = models.DecimalField(max_digits=20, decimal_places=6, null=True)

    def __str__(self) -> str:
        return f"{self.as_of} {self.status}"


class ExpectedValue(models.Model):
    """One customer's: replaced with each fit."""

    customer = models.OneToOneField(
        "crm.Customer", models.CASCADE, related_name="expected_value", primary_key=True
    )
    fit = models.ForeignKey(ExpectedFit, models.CASCADE, related_name="values")
    purchases = models.FloatField()  # expected in `months_ahead`
    value = models.DecimalField(max_digits=20, decimal_places=6)
    alive = models.FloatField()  # the probability that they will buy again at all

    def __str__(self) -> str:
        return f"{self.customer_id}"
