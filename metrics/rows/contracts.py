"""Customers behind what contracts were worth, with how much each of them adds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from crm.models import Contract, Customer
from metrics.facts.orders import MICROS
from metrics.periods import Window
from metrics.rows.customers import active_at
from metrics.rows.section import Rows

WHOLE = BigIntegerField()


def running_at(day: date) -> QuerySet[Contract]:
    """Contracts that run at the local midnight that begins `day` (metrics.facts.contracts)."""
    return Contract.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=day),
        Q(cancelled_on=None) | Q(cancelled_on__gte=day),
        starts_on__lt=day,
    )


def _a_year_at(day: date) -> Coalesce:
    monthly = When(interval=Contract.Interval.MONTH, then=12 * F("amount_micros"))
    own = running_at(day).filter(customer=OuterRef("pk")).order_by().values("customer")
    worth = own.annotate(sum=Sum(Case(monthly, default=F("amount_micros"), output_field=WHOLE)))
    return Coalesce(Subquery(worth.values("sum")), Value(0), output_field=WHOLE)


def _customers(window: Window) -> QuerySet[Any]:
    """Customers at the start, with a year's worth of their contracts at both edges, in millionths."""
    customers = Customer.objects.filter(active_at(window.start)).annotate(
        opening=_a_year_at(window.first_on),
        closing=Case(
            When(active_at(window.end), then=_a_year_at(window.until_on)),
            default=Value(0),
            output_field=WHOLE,
        ),
    )
    return customers.order_by("name_folded", "pk")


def _a_month(column: str) -> Callable[[Customer], Fraction]:
    return lambda customer: Fraction(int(getattr(customer, column)), 12 * MICROS)


def opening(window: Window) -> Rows:
    """What each customer's contracts were worth a month at the start."""
    rows = _customers(window).filter(opening__gt=0)
    return Rows("customer", rows, _a_month("opening"), is_money=True)


def closing(window: Window) -> Rows:
    """What the contracts of those who were customers at the start are worth a month at the end."""
    rows = _customers(window).filter(closing__gt=0)
    return Rows("customer", rows, _a_month("closing"), is_money=True)


def lost(window: Window) -> Rows:
    """What of it was lost; who pays more now adds nothing and is left out."""
    rows = _customers(window).annotate(
        gone=Greatest(F("opening") - F("closing"), Value(0), output_field=WHOLE)
    )
    return Rows("customer", rows.filter(gone__gt=0), _a_month("gone"), is_money=True)


def ending(window: Window, days: int) -> Exists:
    """Whether a contract of a customer ends within the days after the window, unrenewed."""
    until = date.fromordinal(window.until_on.toordinal() + days)
    own = running_at(window.until_on).filter(customer=OuterRef("pk"), renewed_by=None)
    return Exists(own.filter(Q(ends_on__lt=until) | Q(cancelled_on__lt=until)))
