"""What is there of the customers, contacts and people whom a batch of customers' rows may speak of."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from crm.among import Among
from crm.imports.kinds import Values
from crm.merging import known_as
from crm.models import Affiliation, ContactPoint, Customer
from staff.models import User

EMAIL, PHONE = ContactPoint.Kind.EMAIL.value, ContactPoint.Kind.PHONE.value
NUMBER = re.compile(r"#[1-9][0-9]{0,17}")
# What a blank cell leaves alone, and a filled one sets.
PLAIN = ("name", "kind", "source", "language", "birthday", "city", "country", "created_at")
KNOWN = ("pk", "external_source", "external_id", "name_folded", "stage", "owner_id", *PLAIN)


class Found:
    """All that a batch may need, looked up at once. With `has_own`, the customers' own fields too."""

    def __init__(self, values: Sequence[Values], source: str, *, has_own: bool) -> None:
        self._source, self._has_own = source, has_own
        keys = [key for one in values if (key := one.get("external_id"))]
        addresses = [address for one in values if (address := one.get("email"))]
        self.by_key: dict[str, Values] = {}
        self.by_pk: dict[int, Values] = {}
        self.merged: dict[str, int] = {}
        if keys:
            mine = Customer.objects.filter(Among("external_id", keys), external_source=self._source)
            # Said again, because the planner can't see it in so many keys: the index is of these.
            self._note(mine.exclude(external_id=""))
            self.by_key = {row["external_id"]: row for row in self.by_pk.values()}
            unknown = [key for key in keys if key not in self.by_key]
            self.merged = known_as(self._source, unknown)
            self._look_up_numbers(unknown)
        # Address → the contact that has it, and whom this contact serves, first and oldest first.
        self.holder: dict[str, int] = {}
        self.serves: dict[int, list[int]] = {}
        if addresses:
            self._look_up_addresses(addresses)
        self._look_up_contacts()
        self.owners = _owners(values)
        self._look_up_tags()

    def _look_up_numbers(self, keys: Sequence[str]) -> None:
        """ "#12" is what an export calls a customer without a key elsewhere: customer 12, if it still
        has none. Where all came by an import, each has one, so no number means somebody else."""
        numbers = {int(key[1:]): key for key in keys if NUMBER.fullmatch(key)}
        if not numbers:
            return
        self._note(Customer.objects.filter(Among("pk", list(numbers)), external_id=""))
        self.by_key |= {key: self.by_pk[pk] for pk, key in numbers.items() if pk in self.by_pk}

    def _note(self, customers: Any) -> None:
        names = (*KNOWN, "custom") if self._has_own else KNOWN
        for row in customers.values_list(*names):
            self.by_pk[row[0]] = dict(zip(names, row, strict=True))

    def _look_up_addresses(self, addresses: Sequence[str]) -> None:
        held = ContactPoint.objects.filter(
            Among("value", addresses), kind=EMAIL, retired_at=None
        ).values_list("value", "contact_id")
        self.holder = dict(held)
        if not self.holder:
            return
        current = Affiliation.objects.filter(
            Among("contact_id", list(self.holder.values())), until=None
        ).order_by("-is_primary", "pk")
        self.serves = defaultdict(list)
        for contact, customer in current.values_list("contact_id", "customer_id"):
            self.serves[contact].append(customer)
        others = {pk for served in self.serves.values() for pk in served} - self.by_pk.keys()
        if others:
            self._note(Customer.objects.filter(Among("pk", list(others))))

    def _look_up_contacts(self) -> None:
        """The contact of each known customer whom one asks first, and how to reach them."""
        self.contact_of: dict[int, int] = {}
        self.only_contact: dict[int, str] = {}
        self.points: dict[tuple[int, str], list[tuple[int, str]]] = defaultdict(list)
        self.retired: dict[tuple[int, str, str], tuple[int, datetime]] = {}
        if not self.by_pk:
            return
        current = Affiliation.objects.filter(
            Among("customer_id", list(self.by_pk)), until=None
        ).order_by("is_primary", "-pk")  # the primary one, last, wins
        several = set()
        for customer, contact, name in current.values_list(
            "customer_id", "contact_id", "contact__name"
        ):
            if customer in self.contact_of:
                several.add(customer)
            self.contact_of[customer] = contact
            self.only_contact[customer] = name
        for customer in several:
            del self.only_contact[customer]
        points = ContactPoint.objects.filter(
            Among("contact_id", list(self.contact_of.values()))
        ).order_by("pk")
        columns = ("pk", "contact_id", "kind", "value", "retired_at")
        for pk, contact, kind, value, retired_at in points.values_list(*columns):
            if retired_at:
                self.retired[contact, kind, value] = (pk, retired_at)
            else:
                self.points[contact, kind].append((pk, value))

    def _look_up_tags(self) -> None:
        self.tagged: dict[int, dict[int, tuple[int, str, str]]] = defaultdict(dict)
        if not self.by_pk:
            return
        through: Any = Customer.tags.through
        rows = through.objects.filter(Among("customer_id", list(self.by_pk)))
        named = rows.values_list("pk", "customer_id", "tag_id", "tag__folded", "tag__name")
        for pk, customer, tag, folded, name in named.order_by("tag__folded"):
            self.tagged[customer][tag] = (pk, folded, name)


def _owners(rows: Iterable[Values]) -> dict[str, int]:
    """People by e-mail or full name, as the file names them."""
    named = {owner for values in rows if (owner := values.get("owner"))}
    if not named:
        return {}
    people = User.objects.filter(Q(email__in={n.lower() for n in named}) | Q(name__in=named))
    by_name = {person.name: person.pk for person in people}
    by_email = {person.email: person.pk for person in people}
    return {
        owner: pk for owner in named if (pk := by_email.get(owner.lower()) or by_name.get(owner))
    }
