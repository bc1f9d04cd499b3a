"""What a row of a file says that stands in other tables: a query for each stretch of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from crm.among import Among
from crm.models import (
    Affiliation,
    Consent,
    ContactPoint,
    Customer,
    InteractionBody,
    TenureSpan,
)
from staff.exports import Column, column
from staff.exports.lists import Look
from staff.models import User

Person = User | None


def reference(pair: tuple[str, int | None]) -> str | None:
    """How a file names a record: by its key elsewhere, else "#" and its number."""
    external_id, pk = pair
    return external_id or (None if pk is None else f"#{pk}")


def reference_column(name: str, label: Any, to: str = "") -> Column:
    """The reference of the row itself, or of what it points to: "customer"."""
    paths = (f"{to}__external_id", f"{to}_id") if to else ("external_id", "pk")
    return column(name, label, *paths, show=reference)


def tags(customer_ids: Collection[int], _user: Person) -> dict[int, str]:
    """A customer's tags, as an import splits them again."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Customer.tags.through.objects.filter(Among("customer_id", customer_ids))
    for customer_id, name in rows.order_by("tag__folded").values_list("customer_id", "tag__name"):
        found[customer_id].append(name)
    return {customer_id: "; ".join(names) for customer_id, names in found.items()}


def income_of_a_year(customer_ids: Collection[int], _user: Person) -> dict[int, Decimal]:
    """What each has brought in the last twelve months, in the business's currency."""
    asked: Any = Customer.objects.filter(pk__in=customer_ids).order_by().with_income_of_a_year()
    rows = asked.exclude(year_micros=None).values_list("pk", "year_micros")
    return {pk: Decimal(micros) / 1_000_000 for pk, micros in rows}


def first_point(kind: ContactPoint.Kind) -> Look:
    """The e-mail or telephone of whoever is first to ask at a customer."""

    def look(customer_ids: Collection[int], _user: Person) -> dict[int, str]:
        first: dict[int, int] = {}
        people = Affiliation.objects.filter(Among("customer_id", customer_ids), until=None)
        for customer_id, contact_id in people.order_by("-is_primary", "pk").values_list(
            "customer_id", "contact_id"
        ):
            first.setdefault(customer_id, contact_id)
        values = point(kind)(first.values(), None)
        return {
            customer_id: values[contact_id]
            for customer_id, contact_id in first.items()
            if contact_id in values
        }

    return look


def point(kind: ContactPoint.Kind) -> Look:
    """A contact's first living e-mail or telephone."""

    def look(contact_ids: Iterable[int], _user: Person) -> dict[int, str]:
        found: dict[int, str] = {}
        points = ContactPoint.objects.filter(
            Among("contact_id", list(contact_ids)), kind=kind, retired_at=None
        )
        for contact_id, value in points.order_by("pk").values_list("contact_id", "value"):
            found.setdefault(contact_id, value)
        return found

    return look


def customer_of_contact(contact_ids: Collection[int], _user: Person) -> dict[int, str]:
    """The reference of the customer that a contact is first at."""
    people = Affiliation.objects.filter(Among("contact_id", contact_ids), until=None)
    found: dict[int, str] = {}
    for contact_id, external_id, customer_id in people.order_by("-is_primary", "pk").values_list(
        "contact_id", "customer__external_id", "customer_id"
    ):
        found.setdefault(contact_id, reference((external_id, customer_id)) or "")
    return found


def left_news(contact_ids: Collection[int], _user: Person) -> dict[int, datetime]:
    """When those took back that they want news who did so last."""
    said = Consent.objects.filter(
        Among("contact_id", contact_ids), purpose=Consent.Purpose.OUTREACH
    )
    last = {
        contact_id: (given, at)
        for contact_id, given, at in said.order_by("at", "pk").values_list(
            "contact_id", "given", "at"
        )
    }
    return {contact_id: at for contact_id, (given, at) in last.items() if not given}


def bodies(interaction_ids: Collection[int], _user: Person) -> dict[int, str]:
    rows = InteractionBody.objects.filter(Among("pk", interaction_ids))
    return dict(rows.values_list("pk", "text"))


def said_stages(customer_ids: Collection[int], _user: Person) -> dict[int, str]:
    """The stages that an import can be told: that of a lead, and of whoever is a customer because
    somebody said so. What else makes a customer, or ended it, has files of its own."""
    found = dict(
        Customer.objects.filter(Among("pk", customer_ids), stage=Customer.Stage.LEAD).values_list(
            "pk", "stage"
        )
    )
    said = said_spans().filter(Among("customer_id", customer_ids))
    return found | dict.fromkeys(
        said.values_list("customer_id", flat=True), Customer.Stage.CUSTOMER.value
    )


def said_spans() -> Any:
    """What an import of customers makes of the stage "customer": see crm.imports.customers."""
    from django.db.models import F

    return TenureSpan.objects.filter(
        external_id="", ended_at=None, started_at=F("customer__created_at")
    )
