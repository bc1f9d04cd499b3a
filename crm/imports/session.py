"""What one import keeps in mind from batch to batch, in memory that hardly grows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.among import Among
from crm.folding import fold
from crm.imports.checking import Report
from crm.imports.kinds import Entry
from crm.imports.parsing import Context
from crm.imports.seen import Seen
from crm.merging import known_as, went_to
from crm.models import ContactPoint, Customer
from crm.search import index
from staff.bulk import insert, save_columns
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
    # Customers from this key on, of this source, were made by this run.
    first_customer: int
    # A check: whatever is written is rolled back, batch by batch; kinds that can do without
    # writing leave it, and tell what would change.
    is_check: bool = False
    report: Report = field(default_factory=Report)
    counts: Counts = field(default_factory=Counts)
    # Sentences about rows that were taken, but not wholly.
    warnings: list[str] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    # Customers who are there and of whom a row spoke.
    met: Seen = field(default_factory=Seen)
    # customers.csv: who was referred by a row that has not come yet: (id, line, reference).
    referrers: list[tuple[int, int, str]] = field(default_factory=list)
    # In a check, addresses that earlier rows would have taken from whom they belong to.
    given_up: Seen = field(default_factory=Seen)

    def first_time(self, key: str, entry: Entry) -> bool:
        """Whether this key is new in the file; refuses the entry when it is not."""
        return self._is_first(self.seen.first(key, entry.line), entry, key)

    def first_row_of(self, customer: int, entry: Entry, name: str) -> bool:
        """Whether no row before was about this customer; refuses the entry otherwise."""
        return self._is_first(self.met.first_number(customer, entry.line), entry, name)

    def _is_first(self, line: int, entry: Entry, said: str) -> bool:
        if line == entry.line:
            return True
        entry.refuse(_("“%(key)s” is in line %(line)s already.") % {"key": said, "line": line})
        return False

    def tell(self, entry: Entry, whom: object, target: str, before: Any, after: Any) -> None:
        """In a check: this row would change a field of what is there."""
        if self.is_check:
            self.report.tell(entry.line, whom, target, before, after)

    def find_customers(self, references: Iterable[str]) -> dict[str, int]:
        """Customers' ids by reference: this source's external_id, else an e-mail, else "#id".

        One who was merged is found under what they were called before, too.
        """
        wanted = set(references)
        if not wanted:
            return {}
        mine = Customer.objects.filter(
            Among("external_id", list(wanted)), external_source=self.source
        )
        # Said again, because the planner can't see it in so many keys: the index is of these.
        found = dict(mine.exclude(external_id="").values_list("external_id", "pk"))
        if unknown := wanted - found.keys():
            found |= known_as(self.source, unknown)
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
            for old, pk in went_to(numbers.keys()).items():
                found[numbers[old]] = pk
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
        insert(customers)
        record_created(self.change_set, customers)
        index([customer.pk for customer in customers])
        return {customer.external_id: customer.pk for customer in customers}

    def date_back(self, earliest: dict[int, datetime]) -> None:
        """Date customers that this run made at a fact that turned out to be earlier."""
        made = [pk for pk in earliest if pk >= self.first_customer]
        if not made:
            return
        mine = Customer.objects.filter(pk__in=made, external_source=self.source)
        customers = [c for c in mine.only("pk", "created_at") if earliest[c.pk] < c.created_at]
        dated = [
            (c.pk, {"created_at": c.created_at}, {"created_at": earliest[c.pk]}) for c in customers
        ]
        for customer in customers:
            customer.created_at = earliest[customer.pk]
        save_columns(customers, ["created_at"])
        record_updated(self.change_set, Customer, dated)


def customers_by_email(addresses: Iterable[str]) -> dict[str, int]:
    """The customer that each living contact's address serves: the one it is first at, else oldest."""
    points: QuerySet[ContactPoint, tuple[str, int]] = (
        ContactPoint.objects.filter(
            Among("value", list(addresses)),
            kind=ContactPoint.Kind.EMAIL,
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
