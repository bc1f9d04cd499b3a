"""What one import keeps in mind from batch to batch, in memory that hardly grows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.folding import fold
from crm.imports.kinds import Entry
from crm.imports.parsing import Context
from crm.models import ContactPoint, Customer
from crm.search import index
from staff.bulk import save_columns
from staff.changes import record_created, record_updated
from staff.models import ChangeSet, User


@dataclass
class Counts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass
class Session:
    """One run of an import: its change set, its account, and what it must remember."""

    context: Context
    change_set: ChangeSet
    by: User | None
    source: str
    create_customers: bool
    # The file's columns by target, so that updates touch only what the file speaks of.
    mapped: frozenset[str]
    counts: Counts = field(default_factory=Counts)
    # Sentences about rows that were taken, but not wholly.
    warnings: list[str] = field(default_factory=list)
    # Hash of each key → its line; eight bytes instead of the key itself.
    _seen: dict[int, int] = field(default_factory=dict)
    # Customers that this run made, by the earliest fact that it has seen of each.
    _made: dict[int, datetime] = field(default_factory=dict)
    # customers.csv: who was referred by a row that has not come yet: id → (line, reference).
    referrers: dict[int, tuple[int, str]] = field(default_factory=dict)

    def first_time(self, key: str, entry: Entry) -> bool:
        """Whether this key is new in the file; refuses the entry when it is not."""
        digest = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
        line = self._seen.setdefault(digest, entry.line)
        if line == entry.line:
            return True
        entry.refuse(_("“%(key)s” is in line %(line)s already.") % {"key": key, "line": line})
        return False

    def find_customers(self, references: Iterable[str]) -> dict[str, int]:
        """Customers' ids by reference: this source's external_id, else an e-mail, else "#id"."""
        wanted = set(references)
        found = dict(
            Customer.objects.filter(
                external_source=self.source, external_id__in=wanted
            ).values_list("external_id", "pk")
        )
        emails = {ref.lower(): ref for ref in wanted - found.keys() if "@" in ref}
        if emails:
            for address, customer_id in customers_by_email(emails).items():
                found[emails[address]] = customer_id
        numbers = {
            int(ref[1:]): ref
            for ref in wanted - found.keys()
            if ref.startswith("#") and ref[1:].isdecimal() and len(ref) < 19
        }
        if numbers:
            for pk in Customer.objects.filter(pk__in=numbers).values_list("pk", flat=True):
                found[numbers[pk]] = pk
        return found

    def make_customers(self, earliest: dict[str, datetime]) -> dict[str, int]:
        """Create a customer per reference, dated at its earliest fact; returns their ids."""
        customers = [
            Customer(
                name=reference[:200],
                name_folded=fold(reference)[:200],
                external_source=self.source,
                external_id=reference,
                created_at=at,
            )
            for reference, at in earliest.items()
        ]
        Customer.objects.bulk_create(customers, batch_size=500)
        record_created(self.change_set, customers)
        index([customer.pk for customer in customers])
        self._made.update({customer.pk: customer.created_at for customer in customers})
        return {customer.external_id: customer.pk for customer in customers}

    def date_back(self, earliest: dict[int, datetime]) -> None:
        """Date customers that this run made at a fact that turned out to be earlier."""
        late = {pk: at for pk, at in earliest.items() if pk in self._made and at < self._made[pk]}
        if not late:
            return
        customers = list(Customer.objects.filter(pk__in=late).only("pk", "created_at"))
        dated = [
            (c.pk, {"created_at": c.created_at}, {"created_at": late[c.pk]}) for c in customers
        ]
        for customer in customers:
            customer.created_at = self._made[customer.pk] = late[customer.pk]
        save_columns(customers, ["created_at"])
        record_updated(self.change_set, Customer, dated)


def customers_by_email(addresses: Iterable[str]) -> dict[str, int]:
    """The customer that each living contact's address serves: the one it is first at, else oldest."""
    points: QuerySet[ContactPoint, tuple[str, int]] = (
        ContactPoint.objects.filter(
            kind=ContactPoint.Kind.EMAIL,
            value__in=list(addresses),
            retired_at=None,
            contact__affiliations__until=None,
            contact__affiliations__customer__isnull=False,
        )
        .order_by("-contact__affiliations__is_primary", "contact__affiliations__pk")
        .values_list("value", "contact__affiliations__customer_id")
    )
    found: dict[str, int] = {}
    for value, customer_id in points:
        found.setdefault(value, customer_id)
    return found
