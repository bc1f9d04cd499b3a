"""Columns and rows that are derived from facts: rebuilt here, and compared with what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from crm import search, tenures
from crm.batches import batches
from crm.models import Customer, Interaction
from staff.bulk import save_columns

CONTACT_DATES = ["last_inbound_at", "last_outbound_at"]


@dataclass(frozen=True)
class Difference:
    """A customer of whom something stored is not what the facts say."""

    customer_id: int
    fields: tuple[str, ...]


def rebuild(customer_ids: Iterable[int]) -> None:
    """Everything derived of these customers, from their facts alone."""
    for batch in batches(customer_ids):
        with transaction.atomic():
            tenures.rebuild(batch)
            rebuild_contact_dates(batch)
            search.index(batch)


def rebuild_contact_dates(customer_ids: Iterable[int]) -> int:
    """last_inbound_at and last_outbound_at from the interactions; how many customers differed."""
    changed = 0
    for batch in batches(customer_ids):
        customers = _differing_contact_dates(batch)
        save_columns(customers, CONTACT_DATES)
        changed += len(customers)
    return changed


def _differing_contact_dates(ids: Sequence[int]) -> list[Customer]:
    """The customers of whom they differ, with the right values set and nothing saved."""
    direction = Interaction.Direction
    latest = {
        pk: (inbound, outbound)
        for pk, inbound, outbound in Interaction.objects.filter(customer_id__in=ids)
        .values_list("customer_id")
        .annotate(
            last_in=Max("occurred_at", filter=Q(direction=direction.IN)),
            last_out=Max("occurred_at", filter=Q(direction=direction.OUT)),
        )
    }
    differing = []
    for customer in Customer.objects.filter(pk__in=ids).only("pk", *CONTACT_DATES).order_by("pk"):
        wanted = latest.get(customer.pk, (None, None))
        if (customer.last_inbound_at, customer.last_outbound_at) != wanted:
            customer.last_inbound_at, customer.last_outbound_at = wanted
            differing.append(customer)
    return differing


def check(sample: int = 2000) -> list[Difference]:
    """Compare what is stored of a random sample of customers with their facts; writes nothing."""
    ids = list(Customer.objects.order_by("?").values_list("pk", flat=True)[:sample])
    calendar, now = tenures.Calendar.current(), timezone.now()
    found: dict[int, list[str]] = {}
    for batch in batches(ids):
        for pk, names in tenures.differences(batch, calendar, now).fields.items():
            found.setdefault(pk, []).extend(names)
        for customer in _differing_contact_dates(batch):
            found.setdefault(customer.pk, []).append("contact dates")
        for pk in search.stale(batch):
            found.setdefault(pk, []).append("search")
    return [Difference(pk, tuple(names)) for pk, names in sorted(found.items())]
