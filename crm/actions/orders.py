"""Purchases and refunds: recorded, corrected, deleted; tenures follow."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from crm import money, tenures
from crm.actions.interactions import log_interaction
from crm.models import Customer, Interaction, Order
from staff import audit
from staff.changes import open_change_set, record_deleted
from staff.formats import date_short
from staff.formats import money as money_text
from staff.models import Business, ChangeSet, User
from staff.refusals import Refusal

FIELDS = ("ordered_at", "total", "cost", "currency", "rate")
_TENURE = {"ordered_at", "total"}
# Clocks of tills differ a little.
FUTURE = timedelta(hours=24)


class OrderedInFuture(Refusal):
    message = _("An order can't lie in the future.")


class CostBelowZero(Refusal):
    message = _("The cost of a purchase can't be below zero.")


class OrderKnown(Refusal):
    message = _("An order with this number is recorded already.")


class RefundTooLarge(Refusal):
    message = _("A refund gives back at most what was paid.")


class OrderGone(Refusal):
    message = _("This order has been deleted meanwhile.")


@transaction.atomic
def record_order(
    *,
    customer: Customer,
    total: Decimal,
    by: User | None,
    ordered_at: datetime | None = None,
    cost: Decimal | None = None,
    currency: str | None = None,
    rate: Decimal | None = None,
    external_source: str = "",
    external_id: str = "",
    summary: str = "",
) -> Order:
    """Record a purchase, or a refund when `total` is negative; now unless said otherwise.

    In a foreign currency without a rate the order is kept, and figures that need it are
    undefined. `summary` is what the timeline says, instead of the figure alone.
    Raises OrderedInFuture, OrderKnown and what crm.money refuses.
    """
    order = Order(customer=customer, external_source=external_source, external_id=external_id)
    _set(
        order,
        {
            "ordered_at": ordered_at or timezone.now(),
            "total": total,
            "cost": cost,
            "currency": currency,
            "rate": rate,
        },
    )
    try:
        with transaction.atomic():
            order.save(force_insert=True)
    except IntegrityError:
        if not external_id:
            raise
        raise OrderKnown from None
    told = order_interaction(order, by=by)
    log_interaction(
        customer=customer,
        kind=told.kind,
        by=by,
        summary=summary or told.summary,
        direction=told.direction,
        occurred_at=told.occurred_at,
        about=order,
    )
    tenures.rebuild([customer.pk])
    _refresh(customer)
    audit.record(by=by, action="order.create", target=order, changes=audit.diff({}, order, FIELDS))
    return order


def can_refund(order: Order) -> bool:
    return bool(order.total > 0)


@transaction.atomic
def refund_order(
    *,
    order: Order,
    by: User | None,
    total: Decimal,
    ordered_at: datetime | None = None,
    cost: Decimal | None = None,
) -> Order:
    """Give back what was paid for a purchase, or part of it: `total` with or without its minus.

    In the purchase's currency; the timeline says of which. Raises OrderGone, RefundTooLarge and
    what `record_order` does.
    """
    paid = Order.objects.select_related("customer").filter(pk=order.pk).first()
    if paid is None:
        raise OrderGone
    if not can_refund(paid) or not 0 < abs(total) <= paid.total:
        raise RefundTooLarge
    business = Business.current()
    with translation.override(business.language if business else None):
        summary = str(_("Refund of the order of %(day)s over %(amount)s")) % {
            "day": date_short(paid.ordered_at),
            "amount": money_text(paid.total, paid.currency),
        }
    return record_order(
        customer=paid.customer,
        total=-abs(total),
        by=by,
        ordered_at=ordered_at,
        cost=cost,
        currency=paid.currency,
        rate=paid.rate,
        summary=summary,
    )


def order_interaction(order: Order, *, by: User | None) -> Interaction:
    """What the timeline tells of a saved order: an unsaved interaction, the same for every path."""
    is_purchase = order.total > 0
    return Interaction(
        customer_id=order.customer_id,
        kind=Interaction.Kind.ORDER,
        direction=Interaction.Direction.IN if is_purchase else Interaction.Direction.NONE,
        occurred_at=order.ordered_at,
        summary=str(order),
        by=by,
        about_model=Order._meta.label_lower,
        about_id=order.pk,
    )


@transaction.atomic
def correct_order(*, order: Order, by: User | None, **values: Any) -> Order:
    """Put right what is given of FIELDS; the correction is in the audit.

    Raises OrderGone, OrderedInFuture and what crm.money refuses.
    """
    current = Order.objects.select_for_update().filter(pk=order.pk).first()
    if current is None:
        raise OrderGone
    before = audit.values(current, FIELDS)
    _set(current, before | values)
    changes = audit.diff(before, current, FIELDS)
    if changes:
        current.save(update_fields=list(changes))
        if _TENURE & changes.keys():
            tenures.rebuild([current.customer_id])
        audit.record(by=by, action="order.correct", target=current, changes=changes)
    return current


@transaction.atomic
def delete_order(*, order: Order, by: User | None) -> ChangeSet:
    """It never happened: out of every figure, and off the timeline. Raises OrderGone.

    Returns the change set that takes it back.
    """
    current = Order.objects.select_for_update().filter(pk=order.pk).first()
    if current is None:
        raise OrderGone
    told = Interaction.objects.filter(about_model="crm.order", about_id=current.pk)
    change_set = open_change_set(kind="crm.order_delete", label=str(current), by=by)
    record_deleted(change_set, [*told, current])
    changes = {
        name: [before, None] for name, (_none, before) in audit.diff({}, current, FIELDS).items()
    }
    changes["customer"] = [current.customer_id, None]
    audit.record(
        by=by, action="order.delete", target=current, changes=changes, change_set=change_set
    )
    told.delete()
    current.delete()
    tenures.rebuild([current.customer_id])
    return change_set


def _set(order: Order, values: dict[str, Any]) -> None:
    currency, rate = money.exchange(values["currency"], values["rate"])
    order.ordered_at = values["ordered_at"]
    order.currency, order.rate = currency, rate
    order.total = money.kept(values["total"], rate)
    order.cost = None if values["cost"] is None else money.kept(values["cost"], rate)
    if order.ordered_at > timezone.now() + FUTURE:
        raise OrderedInFuture
    if order.cost is not None and order.cost < 0 < order.total:
        raise CostBelowZero


def _refresh(customer: Customer) -> None:
    customer.refresh_from_db(fields=["stage", "first_order_at", "last_order_at"])
