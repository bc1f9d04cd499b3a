"""`manage.py export KIND`: the columns of `manage.py import KIND`, exactly, for an empty installation.

What has no key elsewhere is named by "#" and its number, in its own row and wherever a file points to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.http import QueryDict

from crm import custom
from crm.exports import looks
from crm.exports.lists import EMAIL, PHONE
from crm.exports.looks import Person, reference_column
from crm.imports.deliveries import TYPES
from crm.models import (
    Affiliation,
    Consent,
    ContactPoint,
    Contract,
    Cost,
    Customer,
    CustomField,
    Interaction,
    Order,
    TenureSpan,
)
from mail.models import DeliveryEvent
from staff.exports import Column, ExportList, column, register_kind

OWN = reference_column("external_id", "")
CUSTOMER = reference_column("customer", "", "customer")


def plain(*names: str) -> list[Column]:
    return [column(name, "") for name in names]


def customer_columns(_query: QueryDict, _user: Person) -> list[Column]:
    return [
        OWN,
        *plain("name", "kind"),
        column("stage", "", "pk", look=looks.said_stages),
        column("email", "", "pk", look=looks.first_point(EMAIL)),
        column("phone", "", "pk", look=looks.first_point(PHONE)),
        *plain("source"),
        column("owner", "", "owner__email"),
        *plain("language"),
        column("tags", "", "pk", look=looks.tags),
        *plain("created_at"),
        reference_column("referred_by", "", "referred_by"),
        *plain("birthday", "city", "country"),
        *(custom_column(field) for field in custom.fields()),
    ]


def custom_column(field: CustomField) -> Column:
    return column(
        f"custom.{field.key}",
        "",
        "custom",
        show=lambda values: custom.file_text(field, values.get(field.key)),
    )


def contact_reference(contact: tuple[str, int]) -> str | None:
    return looks.reference(contact)


CONTACTS = [
    column("external_id", "", "contact__external_id", "contact_id", show=contact_reference),
    CUSTOMER,
    column("name", "", "contact__name"),
    column("email", "", "contact_id", look=looks.point(EMAIL)),
    column("phone", "", "contact_id", look=looks.point(PHONE)),
    *plain("role", "is_primary"),
]
ORDERS = [OWN, CUSTOMER, *plain("ordered_at", "total", "cost", "currency", "rate")]
CONTRACTS = [
    OWN,
    CUSTOMER,
    *plain("starts_on", "ends_on", "amount", "interval"),
    *plain("currency", "rate", "cancelled_on", "reason"),
]
TENURES = [OWN, CUSTOMER, *plain("started_at", "ended_at", "end_reason")]
COSTS = [
    OWN,
    *plain("purpose", "category", "amount", "currency", "rate", "on", "until"),
    CUSTOMER,
    *plain("source"),
]
INTERACTIONS = [
    OWN,
    CUSTOMER,
    *plain("kind", "direction", "channel", "occurred_at", "summary"),
    column("body", "", "pk", look=looks.bodies),
    column("by", "", "by__email"),
]
SUBSCRIBERS = [
    column("email", "", "contact_id", look=looks.point(EMAIL)),
    column("customer", "", "contact_id", look=looks.customer_of_contact),
    column("subscribed_at", "", "at"),
    column("left_at", "", "contact_id", look=looks.left_news),
]
DELIVERIES = [OWN, column("email", "", "address"), *plain("type", "at")]


def fixed(columns: list[Column]) -> Callable[[QueryDict, Person], list[Column]]:
    return lambda _query, _user: columns


def everything(rows: Callable[[], Any]) -> Callable[[QueryDict, Person], Any]:
    return lambda _query, _user: rows()


def spans() -> Any:
    """Without those that the stage of a customer's own row brings back."""
    return TenureSpan.objects.exclude(pk__in=looks.said_spans().values("pk"))


def subscribers() -> Any:
    """Who agreed to news, of those whom an address names: the last time that they did."""
    agreed = Consent.objects.filter(purpose=Consent.Purpose.OUTREACH, given=True)
    later = agreed.filter(contact=OuterRef("contact")).order_by("-at", "-pk")
    address = ContactPoint.objects.filter(contact=OuterRef("contact"), kind=EMAIL, retired_at=None)
    return agreed.filter(Exists(address), pk=Subquery(later.values("pk")[:1]))


def deliveries() -> Any:
    """What an import of them reads: neither that a mail went out, nor that it waits."""
    return DeliveryEvent.objects.filter(type__in=TYPES)


def told() -> Any:
    """What tells of itself; the rest is told again by what it tells of."""
    return Interaction.objects.filter(about_model="")


def register_all() -> None:
    """Called from CrmConfig.ready."""
    register_kind(
        ExportList("customers", "customers", everything(Customer.objects.all), customer_columns)
    )
    for name, rows, columns in (
        ("contacts", Affiliation.objects.filter(until=None).all, CONTACTS),
        ("orders", Order.objects.all, ORDERS),
        ("contracts", Contract.objects.all, CONTRACTS),
        ("tenures", spans, TENURES),
        ("costs", Cost.objects.all, COSTS),
        ("interactions", told, INTERACTIONS),
        ("subscribers", subscribers, SUBSCRIBERS),
        ("delivery_events", deliveries, DELIVERIES),
    ):
        register_kind(ExportList(name, name, everything(rows), fixed(columns)))
