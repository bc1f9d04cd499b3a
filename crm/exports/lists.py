"""The lists of this room as people see them: their filters, and columns in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Model
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm import custom
from crm.columns import names_of as columns_on_screen
from crm.exports import looks
from crm.exports.looks import Person, reference_column
from crm.filters import CostFilter, CustomerFilter
from crm.models import (
    Affiliation,
    ContactPoint,
    Contract,
    Cost,
    Customer,
    CustomField,
    Interaction,
    LossReason,
    Order,
    Tenure,
)
from crm.registry import CUSTOMER_COLUMNS
from staff.exports import Column, ExportList, column, register

EMAIL, PHONE = ContactPoint.Kind.EMAIL, ContactPoint.Kind.PHONE


def words(choices: Any) -> Callable[[str], str]:
    """A choice as people call it; what is none (any more) stays as it is."""
    labels = {value: capfirst(str(label)) for value, label in choices}
    return lambda value: labels.get(value, value)


def full_name(person: tuple[str | None, str | None]) -> str | None:
    """Of a member of the team: name, else e-mail."""
    return person[0] or person[1]


# --- Customers --------------------------------------------------------------------------------


def customers(query: QueryDict, _user: Person) -> Any:
    chosen = CustomerFilter(query, queryset=Customer.objects.all())
    return picked(chosen.qs, query)


def customer_key(query: QueryDict, _user: Person) -> tuple[str, ...]:
    return CustomerFilter(query, queryset=Customer.objects.none()).key


def customer_columns(_query: QueryDict, user: Person) -> list[Column]:
    """Those on the person's screen, in their order; all of this room's for who has chosen none."""
    every = _customer_columns()
    if not (user and (names := columns_on_screen(user))):
        return every
    further = [column(one.name, str(one.label), one.path) for one in CUSTOMER_COLUMNS.all()]
    by_name = {column.name: column for column in [*every, *further]}
    chosen = dict.fromkeys(["external_id", "name", *names])
    return [by_name[name] for name in chosen if name in by_name]


def _customer_columns() -> list[Column]:
    contacts = ("last_order_at", "last_inbound_at", "last_outbound_at")
    return [
        reference_column("external_id", _("Number")),
        column("name", _("Name")),
        column("kind", _("Kind"), show=words(Customer.Kind.choices)),
        column("stage", _("Stage"), show=words(Customer.Stage.choices)),
        column("email", _("E-mail"), "pk", look=looks.first_point(EMAIL)),
        column("phone", _("Phone"), "pk", look=looks.first_point(PHONE)),
        column("owner", _("Owner"), "owner__name", "owner__email", show=full_name),
        column("source", _("Source")),
        column("language", _("Language")),
        column("tags", _("Tags"), "pk", look=looks.tags),
        column("city", _("City")),
        column("country", _("Country")),
        column("birthday", _("Birthday")),
        column("created_at", _("Created")),
        column("last_contact", _("Last contact"), *contacts, show=_latest),
        column("last_purchase", _("Last purchase"), "last_order_at"),
        column("value", _("Income of 12 months"), "pk", look=looks.income_of_a_year),
        column("tier", _("Loyalty tier"), "tier__name"),
        *(custom_column(field) for field in custom.fields()),
    ]


def custom_column(field: CustomField) -> Column:
    return column(
        f"custom.{field.key}",
        field.label,
        "custom",
        show=lambda values: custom.from_kept(field, values.get(field.key)),
    )


def _latest(moments: tuple[Any, ...]) -> Any:
    return max((moment for moment in moments if moment), default=None)


def picked(rows: Any, query: QueryDict) -> Any:
    """Of these, the ones that were checked; all without any."""
    keys = [key for key in query.getlist("picked") if key.isdecimal()]
    return rows.filter(pk__in=keys) if keys else rows


def of_customer(rows: Any, query: QueryDict, path: str = "customer") -> Any:
    """Narrowed to `?customer=`, for the lists of one customer's page."""
    customer = query.get("customer", "")
    return rows.filter(**{path: customer}) if customer.isdecimal() else rows


def rows_of(model: type[Model]) -> Callable[[QueryDict, Person], Any]:
    return lambda query, _user: of_customer(model._default_manager.all(), query)


CUSTOMER = (
    reference_column("customer", _("Customer's number"), "customer"),
    column("customer_name", _("Customer"), "customer__name"),
)


# --- What hangs on them -----------------------------------------------------------------------


def contacts(query: QueryDict, _user: Person) -> Any:
    return of_customer(Affiliation.objects.filter(until=None), query)


def contact_columns(_query: QueryDict, _user: Person) -> list[Column]:
    return [
        column("name", _("Name"), "contact__name"),
        column("email", _("E-mail"), "contact_id", look=looks.point(EMAIL)),
        column("phone", _("Phone"), "contact_id", look=looks.point(PHONE)),
        column("role", _("Role")),
        column("is_primary", _("First to ask")),
        column("language", _("Language"), "contact__language"),
        *CUSTOMER,
    ]


def order_columns(_query: QueryDict, _user: Person) -> list[Column]:
    return [
        reference_column("external_id", _("Number")),
        *CUSTOMER,
        column("ordered_at", pgettext_lazy("of an order", "When")),
        column("total", _("Total")),
        column("cost", _("Cost of goods")),
        column("currency", _("Currency")),
        column("rate", _("Exchange rate")),
    ]


def contract_columns(_query: QueryDict, _user: Person) -> list[Column]:
    return [
        reference_column("external_id", _("Number")),
        *CUSTOMER,
        column("starts_on", _("Starts")),
        column("ends_on", _("Ends")),
        column("amount", _("Amount")),
        column("interval", _("Per"), show=words(Contract.Interval.choices)),
        column("currency", _("Currency")),
        column("rate", _("Exchange rate")),
        column("cancelled_on", _("Cancelled")),
        column("reason", _("Reason"), show=words(LossReason.choices)),
    ]


def tenure_columns(_query: QueryDict, _user: Person) -> list[Column]:
    return [
        *CUSTOMER,
        column("started_at", _("From")),
        column("ended_at", _("Until")),
        column("cause", _("Begun by"), show=words(Tenure.Cause.choices)),
        column("end_reason", _("Reason"), show=words(LossReason.choices)),
        column("is_first", _("The first time")),
    ]


def costs(query: QueryDict, _user: Person) -> Any:
    return of_customer(CostFilter(query, queryset=Cost.objects.all()).qs, query)


def cost_columns(_query: QueryDict, _user: Person) -> list[Column]:
    return [
        reference_column("external_id", _("Number")),
        column("on", pgettext_lazy("a day", "On")),
        column("until", _("Until")),
        column("purpose", _("For"), show=words(Cost.Purpose.choices)),
        column("category", _("Category"), show=words(Cost.CATEGORIES.items())),
        column("amount", _("Amount")),
        column("currency", _("Currency")),
        column("rate", _("Exchange rate")),
        *CUSTOMER,
        column("source", _("Source")),
        column("note", _("Note")),
    ]


def interactions(query: QueryDict, _user: Person) -> Any:
    found = of_customer(Interaction.objects.all(), query)
    kind = query.get("kind", "")
    return found.filter(kind=kind) if kind in Interaction.Kind.values else found


def interaction_columns(_query: QueryDict, _user: Person) -> list[Column]:
    return [
        *CUSTOMER,
        column("contact", _("Contact"), "contact__name"),
        column("kind", _("Kind"), show=words(Interaction.Kind.choices)),
        column("direction", _("Direction"), show=words(Interaction.Direction.choices)),
        column("channel", _("Channel")),
        column("occurred_at", _("When")),
        column("summary", _("Summary")),
        column("body", _("Text"), "pk", look=looks.bodies),
        column("by", _("Who"), "by__name", "by__email", show=full_name),
    ]


KEYS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("pk",),
    "orders": ("pk",),
    "contracts": ("pk",),
    "tenures": ("pk",),
    "costs": ("-on", "-pk"),
    "interactions": ("pk",),
}


def register_all() -> None:
    """Called from CrmConfig.ready."""
    register(
        ExportList(
            "customers",
            _("customers"),
            customers,
            customer_columns,
            key=customer_key,
            picks="customer",
        )
    )
    for name, title, rows, columns in (
        ("contacts", _("contacts"), contacts, contact_columns),
        ("orders", _("orders"), rows_of(Order), order_columns),
        ("contracts", _("contracts"), rows_of(Contract), contract_columns),
        ("tenures", _("tenures"), rows_of(Tenure), tenure_columns),
        ("costs", _("costs"), costs, cost_columns),
        ("interactions", _("interactions"), interactions, interaction_columns),
    ):
        key = KEYS[name]
        register(ExportList(name, title, rows, columns, key=lambda _query, _user, key=key: key))  # type: ignore[misc]
