"""Customers behind a number, by when they were customers."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from crm.models import Customer, Order, Tenure
from metrics.periods import Window
from metrics.rows.section import Rows


def active_at(edge: datetime) -> Exists:
    """Active at b ⇔ started_at < b ≤ ended_at, or no end."""
    own = Tenure.objects.filter(customer=OuterRef("pk"), started_at__lt=edge)
    return Exists(own.filter(Q(ended_at=None) | Q(ended_at__gte=edge)))


def served_in(window: Window, customer: str = "pk") -> Exists:
    """Active at any time of the window; `customer` is the path from the row to its customer."""
    own = Tenure.objects.filter(customer=OuterRef(customer), started_at__lt=window.end)
    return Exists(own.filter(Q(ended_at=None) | Q(ended_at__gte=window.start)))


def new_in(window: Window) -> Exists:
    """Whose first tenure starts in the window."""
    return Exists(
        Tenure.objects.filter(
            customer=OuterRef("pk"),
            is_first=True,
            started_at__gte=window.start,
            started_at__lt=window.end,
        )
    )


def _rows(customers: QuerySet[Customer]) -> Rows:
    return Rows("customer", customers.order_by("name_folded", "pk"))


def at_start(window: Window) -> Rows:
    return _rows(Customer.objects.filter(active_at(window.start)))


def at_end(window: Window) -> Rows:
    return _rows(Customer.objects.filter(active_at(window.end)))


def lost(window: Window) -> Rows:
    return _rows(Customer.objects.filter(active_at(window.start), ~active_at(window.end)))


def retained(window: Window) -> Rows:
    return _rows(Customer.objects.filter(active_at(window.start), active_at(window.end)))


def served(window: Window) -> Rows:
    return _rows(Customer.objects.filter(served_in(window)))


def left(window: Window) -> Rows:
    return _rows(Customer.objects.filter(served_in(window), ~active_at(window.end)))


def new(window: Window) -> Rows:
    return _rows(Customer.objects.filter(new_in(window)))


def new_and_referred(window: Window) -> Rows:
    return _rows(Customer.objects.filter(new_in(window), referred_by__isnull=False))


def at_end_less_new(window: Window) -> Rows:
    """Customers at the end add 1; a new one who is no longer there takes 1 away."""
    customers = Customer.objects.annotate(
        added=Case(When(active_at(window.end), then=Value(1)), default=Value(0))
        - Case(When(new_in(window), then=Value(1)), default=Value(0))
    ).exclude(added=0)
    return Rows(
        "customer",
        customers.order_by("name_folded", "pk"),
        lambda customer: Fraction(customer.added),
    )


def buyers(window: Window) -> Rows:
    """Customers with an order of positive total in the window."""
    return _rows(
        Customer.objects.filter(
            pk__in=_orders(window).filter(total__gt=0).values("customer"),
        )
    )


def _orders(window: Window) -> QuerySet[Order]:
    return Order.objects.filter(ordered_at__gte=window.start, ordered_at__lt=window.end)


def leads(window: Window, *, days: int, as_of: datetime, converted: bool) -> Rows:
    """Leads whose window of `days` is complete; with `converted` those who became customers in it."""
    span = timedelta(days=days)
    firsts = Tenure.objects.filter(customer=OuterRef("pk"), is_first=True)
    before = firsts.filter(started_at__lte=OuterRef("created_at"))
    in_time = firsts.filter(started_at__lt=OuterRef("created_at") + Value(span))
    customers = Customer.objects.filter(
        ~Exists(before),
        created_at__gte=window.start,
        created_at__lt=window.end,
        created_at__lte=as_of - span,
    )
    return _rows(customers.filter(Exists(in_time)) if converted else customers)
