"""Orders and costs behind a number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

from django.db.models import Q, QuerySet

from crm.models import Cost, Order
from metrics.facts.orders import money
from metrics.periods import Window
from metrics.rows.customers import served_in
from metrics.rows.section import Rows


def _orders(window: Window) -> QuerySet[Order]:
    orders = Order.objects.filter(ordered_at__gte=window.start, ordered_at__lt=window.end)
    return orders.select_related("customer").order_by("ordered_at", "pk")


def _income(order: Order) -> Fraction:
    return money(order.total_micros)


def _cost(order: Order) -> Fraction:
    return money(order.cost_micros)


def _profit(order: Order) -> Fraction:
    return _income(order) - _cost(order)


def income(window: Window) -> Rows:
    """Every order and refund; they add their total."""
    return Rows("order", _orders(window), _income)


def income_of_served(window: Window) -> Rows:
    """Orders and refunds of customers served in the window."""
    return Rows("order", _orders(window).filter(served_in(window, "customer")), _income)


def purchases(window: Window) -> Rows:
    """Orders with a positive total; each adds 1."""
    return Rows("order", _orders(window).filter(total__gt=0))


def gross_profit(window: Window) -> Rows:
    """Every order and refund; they add their total less the cost of goods."""
    return Rows("order", _orders(window), _profit)


def cost_of_goods(window: Window) -> Rows:
    return Rows("order", _orders(window).exclude(Q(cost=None) | Q(cost=0)), _cost)


def share_of(window: Window) -> Callable[[Cost], Fraction]:
    """What of a cost accrues in the window: its days in it, of all its days."""

    def share(cost: Cost) -> Fraction:
        until = cost.until or cost.on + timedelta(days=1)
        inside = min(until, window.until_on) - max(cost.on, window.first_on)
        return money(cost.amount_micros) * Fraction(inside.days, (until - cost.on).days)

    return share


def _costs(window: Window, *purposes: str) -> QuerySet[Cost]:
    return (
        Cost.objects.filter(purpose__in=purposes or Cost.Purpose.values, on__lt=window.until_on)
        .filter(Q(until=None, on__gte=window.first_on) | Q(until__gt=window.first_on))
        .select_related("customer")
        .order_by("on", "pk")
    )


def costs(window: Window, *purposes: str) -> Rows:
    """What accrues in the window of costs with these purposes; of all costs without any."""
    return Rows("cost", _costs(window, *purposes), share_of(window))


def acquisition_costs(window: Window) -> Rows:
    return Rows("cost", _costs(window, "acquisition"), share_of(window))


def service_costs(window: Window, *, sign: int = 1) -> Rows:
    share = share_of(window)
    return Rows("cost", _costs(window, "service"), lambda cost: sign * share(cost))
