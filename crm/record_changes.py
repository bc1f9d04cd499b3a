"""Who changed what of a customer and of all that belongs to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from crm.models import Affiliation, Contact, Contract, Customer, Deal, Order, Task
from staff.audit_words import Names, field_label
from staff.formats import money
from staff.models import AuditEntry

if TYPE_CHECKING:
    from staff.models import User

# What belongs to a customer beside the customer, by label: its keys, as a query within the query.
BELONGING: dict[str, Any] = {
    "crm.contact": lambda customer: Affiliation.objects.filter(customer=customer).values("contact"),
    "crm.order": lambda customer: Order.objects.filter(customer=customer).values("pk"),
    "crm.contract": lambda customer: Contract.objects.filter(customer=customer).values("pk"),
    "crm.deal": lambda customer: Deal.objects.filter(customer=customer).values("pk"),
    "crm.task": lambda customer: Task.objects.filter(customer=customer).values("pk"),
}
# What of each can be asked for; fields of one's own come on top.
FIELDS = {
    "crm.customer": (
        "name kind owner tags source language referred_by city country birthday notes "
        "archived_at files".split()
    ),
    "crm.contact": "name role email phone language is_primary until".split(),
    "crm.order": "total cost ordered_at".split(),
    "crm.contract": "amount interval starts_on ends_on cancelled_on reason".split(),
    "crm.deal": "title stage amount owner expected_on".split(),
    "crm.task": "title owner due_at".split(),
}


def of(customer: Customer) -> QuerySet[AuditEntry]:
    """All entries that tell of the customer, by the index on what they tell of."""
    own = Q(target_model="crm.customer", target_id=customer.pk)
    for label, keys in BELONGING.items():
        own |= Q(target_model=label, target_id__in=keys(customer))
    # What is deleted belongs to nobody any more; its entry says whose it was.
    own |= Q(
        action__in=["order.delete", "task.delete", "deal.delete"], changes__customer__0=customer.pk
    )
    return AuditEntry.objects.filter(own).select_related("by")


def narrowed(
    entries: QuerySet[AuditEntry],
    *,
    by: User | None = None,
    what: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEntry]:
    """Those of one person, of one field ("crm.order:total"), of days in the business's time zone."""
    if by:
        entries = entries.filter(by=by)
    if what:
        label, _colon, name = what.partition(":")
        entries = entries.filter(target_model=label, changes__has_key=name)
    if since:
        entries = entries.filter(at__gte=_midnight(since))
    if until:
        entries = entries.filter(at__lt=_midnight(until + timedelta(days=1)))
    return entries


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def field_choices(own: Iterable[tuple[str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What `narrowed` takes, under the name of its kind of record; `own` are (key, label)."""
    from django.apps import apps
    from django.utils.text import capfirst

    groups = []
    for label, names in FIELDS.items():
        choices = [(f"{label}:{name}", field_label(label, name)) for name in names]
        if label == "crm.customer":
            choices += [(f"{label}:custom.{key}", title) for key, title in own]
        groups.append((capfirst(str(apps.get_model(label)._meta.verbose_name)), choices))
    return groups


def names(entries: Iterable[AuditEntry], customer: Customer) -> Names:
    """Of the records that the entries tell of: a query for each kind of them."""
    found = {("crm.customer", customer.pk): customer.name}
    rows: list[tuple[type[Model], Any]] = [
        (Contact, str),
        (Order, lambda order: money(order.total, order.currency)),
        (Contract, lambda one: f"{money(one.amount, one.currency)} {one.get_interval_display()}"),
        (Deal, str),
        (Task, str),
    ]
    for model, say in rows:
        label = model._meta.label_lower
        keys = {entry.target_id for entry in entries if entry.target_model == label}
        if keys:
            there = model._default_manager.filter(pk__in=keys)
            found |= {(label, row.pk): say(row) for row in there}
    return found
