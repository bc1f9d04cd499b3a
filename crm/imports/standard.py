"""The kinds of the customer room, with the columns that `interface.md` fixes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from crm.actions.orders import order_interaction
from crm.imports import deliveries, kinds, subscribers, words
from crm.imports.contacts import ContactKind
from crm.imports.customers import CustomerKind
from crm.imports.deliveries import DELIVERIES
from crm.imports.interactions import INTERACTIONS
from crm.imports.kinds import Column, FactKind, Values
from crm.imports.parsing import (
    BadCell,
    Context,
    choice,
    currency,
    day,
    instant,
    midnight,
    money,
    rate,
    text,
)
from crm.imports.session import Session
from crm.imports.subscribers import SUBSCRIBERS
from crm.models import Contract, Cost, Interaction, LossReason, Order, TenureSpan

CUSTOMER = Column("customer", text(190), required=True)
EXTERNAL_ID = Column("external_id", text(190))


def exchange(values: Values, context: Context) -> Values:
    """Currency and rate of a row: one for the business's own, null where nobody said."""
    own = context.business.currency
    code = values.get("currency") or own
    given = values.get("rate")
    if code == own:
        if given not in (None, 1):
            raise BadCell(_("rate: %(own)s is the business's own currency.") % {"own": own})
        return {"currency": code, "rate": 1}
    return {"currency": code, "rate": given}


def order_fields(values: Values, context: Context) -> Values:
    fields = {"ordered_at": values["ordered_at"], "total": values["total"]}
    if "cost" in values:
        fields["cost"] = values["cost"]
    return fields | exchange(values, context)


def order_interactions(orders: Sequence[Order], session: Session) -> Iterable[Interaction]:
    return (order_interaction(order, by=session.by) for order in orders)


def contract_fields(values: Values, context: Context) -> Values:
    ends_on, starts_on = values.get("ends_on"), values["starts_on"]
    if ends_on and ends_on <= starts_on:
        raise BadCell(_("ends_on is not after starts_on."))
    if values["amount"] < 0:
        raise BadCell(_("amount is below zero."))
    fields: Values = {
        "starts_on": starts_on,
        "ends_on": ends_on,
        "amount": values["amount"],
        "interval": values.get("interval") or Contract.Interval.MONTH,
        "cancelled_on": values.get("cancelled_on"),
        "reason": values.get("reason") or "",
    }
    return fields | exchange(values, context)


def tenure_fields(values: Values, context: Context) -> Values:
    started_at, ended_at = values["started_at"], values.get("ended_at")
    if ended_at and ended_at <= started_at:
        raise BadCell(_("ended_at is not after started_at."))
    return {
        "started_at": started_at,
        "ended_at": ended_at,
        "end_reason": values.get("end_reason") or "",
    }


def cost_fields(values: Values, context: Context) -> Values:
    on, until = values["on"], values.get("until")
    if until and until <= on:
        raise BadCell(_("until is not after on."))
    fields: Values = {
        "purpose": values["purpose"],
        "category": values.get("category") or "other",
        "amount": values["amount"],
        "on": on,
        "until": until,
        "source": values.get("source") or "",
    }
    return fields | exchange(values, context)


def at(column: str) -> Any:
    """The instant of a row by one of its columns; a local date is its midnight."""

    def instant_of(values: Values, context: Context) -> datetime | None:
        value = values.get(column)
        if value is None or isinstance(value, datetime):
            return value
        return midnight(value, context)

    return instant_of


ORDERS = FactKind(
    name="orders",
    model=Order,
    columns=(
        EXTERNAL_ID,
        CUSTOMER,
        Column("ordered_at", instant, required=True),
        Column("total", money, required=True),
        Column("cost", money),
        Column("currency", currency),
        Column("rate", rate),
    ),
    fields=order_fields,
    at=at("ordered_at"),
    interactions=order_interactions,
    moves_tenures=True,
)
CONTRACTS = FactKind(
    name="contracts",
    model=Contract,
    columns=(
        EXTERNAL_ID,
        CUSTOMER,
        Column("starts_on", day, required=True),
        Column("ends_on", day),
        Column("amount", money, required=True),
        Column("interval", choice(Contract.Interval.values)),
        Column("currency", currency),
        Column("rate", rate),
        Column("cancelled_on", day),
        Column("reason", text(250)),
    ),
    fields=contract_fields,
    at=at("starts_on"),
    moves_tenures=True,
)
TENURES = FactKind(
    name="tenures",
    model=TenureSpan,
    columns=(
        EXTERNAL_ID,
        CUSTOMER,
        Column("started_at", instant, required=True),
        Column("ended_at", instant),
        Column("end_reason", choice(LossReason.values)),
    ),
    fields=tenure_fields,
    at=at("started_at"),
    natural_key=("customer", "started_at"),
    moves_tenures=True,
)
COSTS = FactKind(
    name="costs",
    model=Cost,
    columns=(
        EXTERNAL_ID,
        Column("purpose", choice(Cost.Purpose.values), required=True),
        Column("category", text(60)),
        Column("amount", money, required=True),
        Column("currency", currency),
        Column("rate", rate),
        Column("on", day, required=True),
        Column("until", day),
        Column("customer", text(190)),
        Column("source", text(60)),
    ),
    fields=cost_fields,
    customer="optional",
    at=at("on"),
)


def register() -> None:
    for kind in (
        *(CustomerKind(), ContactKind(), ORDERS, CONTRACTS, TENURES, COSTS),
        *(INTERACTIONS, SUBSCRIBERS, DELIVERIES),
    ):
        kinds.register(kind)
    words.describe(SUBSCRIBERS.name, subscribers.WORDS)
    words.describe(DELIVERIES.name, deliveries.WORDS)
