"""The import kind `contacts`: people at customers, found by external_id, then by e-mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from crm import search
from crm.among import Among
from crm.imports.customers import phone
from crm.imports.kinds import Column, Entry
from crm.imports.parsing import email, text, yes_or_no
from crm.imports.session import Session
from crm.models import Affiliation, Contact, ContactPoint
from staff.bulk import insert, save_columns
from staff.changes import record_created, record_updated
from staff.columns import column_values

EMAIL, PHONE = ContactPoint.Kind.EMAIL, ContactPoint.Kind.PHONE


@dataclass(frozen=True)
class ContactKind:
    name: str = "contacts"
    open_prefix: str = ""
    columns: Sequence[Column] = (
        Column("external_id", text(190)),
        Column("customer", text(190), required=True),
        Column("name", text(200)),
        Column("email", email),
        Column("phone", phone),
        Column("role", text(80)),
        Column("is_primary", yes_or_no),
    )

    def open_column(self, target: str) -> Column | None:
        return None

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        batch = Batch(session)
        good = [entry for entry in entries if not entry.refusal and _has_keys(entry, session)]
        batch.look_up(good)
        for entry in good:
            batch.take(entry)
        batch.write()

    def finish(self, session: Session) -> None:
        return None


def _has_keys(entry: Entry, session: Session) -> bool:
    values = entry.values
    key, address = values.get("external_id"), values.get("email")
    if not (key or address or values.get("name")):
        entry.refuse(_("A contact needs a name, an e-mail or an external_id."))
        return False
    if not (key or address):
        # Known by nothing else: the same name at the same customer is the same person.
        return session.first_time(f"name {values['customer']} {values['name']}", entry)
    if key and not session.first_time(f"external_id {key}", entry):
        return False
    return not address or session.first_time(f"email {address}", entry)


@dataclass
class Batch:
    """Rows of models, made or changed, with what stood in them; written in one go at the end."""

    session: Session
    made: dict[type[Any], list[Any]] = field(default_factory=lambda: defaultdict(list))
    # Changed rows by identity: the row, and its columns before.
    before: dict[int, tuple[Any, dict[str, Any]]] = field(default_factory=dict)
    customers: set[int] = field(default_factory=set)

    def look_up(self, entries: Sequence[Entry]) -> None:
        values = [entry.values for entry in entries]
        self.served = self.session.find_customers(one["customer"] for one in values)
        keys = [key for one in values if (key := one.get("external_id"))]
        addresses = [address for one in values if (address := one.get("email"))]
        mine = Contact.objects.filter(
            Among("external_id", keys), external_source=self.session.source
        )
        self.by_key = {contact.external_id: contact for contact in mine.exclude(external_id="")}
        held = ContactPoint.objects.filter(
            Among("value", addresses), kind=EMAIL, retired_at=None
        ).select_related("contact")
        self.holder = {point.value: point.contact for point in held}
        current = Affiliation.objects.filter(
            Among("customer_id", list(self.served.values())), until=None
        ).select_related("contact")
        self.at: dict[int, list[Affiliation]] = defaultdict(list)
        people = {contact.pk: contact for contact in self.holder.values()}
        people |= {contact.pk: contact for contact in self.by_key.values()}
        for affiliation in current.order_by("pk"):
            # One object per person, however they are found.
            affiliation.contact = people.setdefault(affiliation.contact_id, affiliation.contact)
            self.at[affiliation.customer_id].append(affiliation)
        self.holder = {value: people[one.pk] for value, one in self.holder.items()}
        self.by_key = {key: people[one.pk] for key, one in self.by_key.items()}
        self.points: dict[int, list[ContactPoint]] = defaultdict(list)
        for point in ContactPoint.objects.filter(Among("contact_id", list(people))).order_by("pk"):
            self.points[id(people[point.contact_id])].append(point)

    # --- Row by row ---------------------------------------------------------------------------

    def take(self, entry: Entry) -> None:
        values, counts = entry.values, self.session.counts
        customer = self.served.get(values["customer"])
        if customer is None:
            entry.refuse(
                _("The customer “%(customer)s” is unknown. Import customers first.")
                % {"customer": values["customer"]}
            )
            return
        address = values.get("email")
        # An earlier row may have given its contact another one.
        holder = self.holder.get(address) if address else None
        if address and address in self.session.given_up:
            holder = None
        contact = self.by_key.get(values.get("external_id") or "") or holder
        if contact is None and not (values.get("external_id") or address):
            named = (one.contact for one in self.at[customer] if one.contact.name == values["name"])
            contact = next(named, None)
        if holder and contact is not holder:
            entry.refuse(
                _("The e-mail %(email)s belongs to %(name)s already.")
                % {"email": address, "name": holder.name or holder.pk}
            )
            return
        is_new = contact is None
        contact = contact or self._new_contact(entry)
        self._entry, self._whom, self._changed = entry, contact.name, False
        self._set_contact(contact, entry)
        self._set_affiliation(contact, customer, entry)
        for kind in (EMAIL, PHONE):
            self._set_point(contact, kind, values.get(kind.value))
        if is_new:
            counts.created += 1
        elif self._changed:
            counts.updated += 1
        else:
            counts.unchanged += 1
        if is_new or self._changed:
            self.customers.add(customer)

    def _new_contact(self, entry: Entry) -> Contact:
        contact = Contact(created_at=timezone.now())
        if key := entry.values.get("external_id"):
            contact.external_source, contact.external_id = self.session.source, key
        self.made[Contact].append(contact)
        return contact

    def _set_contact(self, contact: Contact, entry: Entry) -> None:
        if name := entry.values.get("name"):
            self._change(contact, "name", name, "name")
        key = entry.values.get("external_id")
        if key and not contact.external_id:
            self._change(contact, "external_source", self.session.source)
            self._change(contact, "external_id", key, "external_id")

    def _set_affiliation(self, contact: Contact, customer: int, entry: Entry) -> None:
        there = self.at[customer]
        mine = next((one for one in there if one.contact is contact), None)
        if mine is None:
            mine = Affiliation(customer_id=customer, contact=contact, is_primary=not there)
            there.append(mine)
            self.made[Affiliation].append(mine)
            self._changed = True
        if role := entry.values.get("role"):
            self._change(mine, "role", role, "role")
        if entry.values.get("is_primary") and not mine.is_primary:
            for other in there:
                if other.is_primary:
                    self._change(other, "is_primary", False)
            self._change(mine, "is_primary", True, "is_primary")

    def _set_point(self, contact: Contact, kind: ContactPoint.Kind, value: str | None) -> None:
        """The file's address replaces the one that the contact had; a telephone likewise."""
        points = self.points[id(contact)]
        living = [one for one in points if one.kind == kind and one.retired_at is None]
        if not value or any(one.value == value for one in living):
            return
        once = next((one for one in points if (one.kind, one.value) == (kind, value)), None)
        if once:
            self._change(once, "retired_at", None, kind.value)
        elif living:
            if kind == EMAIL:
                self.session.given_up.first(living[0].value, self._entry.line)
            self._change(living[0], "value", value, kind.value)
        else:
            made = ContactPoint(contact=contact, kind=kind.value, value=value)
            points.append(made)
            self.made[ContactPoint].append(made)
            self._changed = True
            if contact.pk:
                self.session.tell(self._entry, self._whom, kind.value, None, value)

    def _change(self, row: Any, column: str, value: Any, target: str = "") -> None:
        was = getattr(row, column)
        if was == value:
            return
        self._changed = True
        setattr(row, column, value)
        if row.pk is None:
            return
        self.before.setdefault(id(row), (row, {}))[1].setdefault(column, was)
        if target:
            self.session.tell(self._entry, self._whom, target, was, value)

    # --- Writing ------------------------------------------------------------------------------

    def write(self) -> None:
        if self.session.is_check:
            return
        self._make(Contact)
        # Whoever is first no more, before who is.
        self._save(lambda row: isinstance(row, Affiliation) and not row.is_primary)
        self._save(lambda row: not isinstance(row, ContactPoint))
        self._make(Affiliation)
        for row, before in [
            *self.before.values()
        ]:  # one after the other: an address may be passed on
            if isinstance(row, ContactPoint):
                self._save_rows([(row, before)])
        self._make(ContactPoint)
        search.index(self.customers)

    def _make(self, model: type[Any]) -> None:
        rows = self.made[model]
        for row in rows:
            if model is not Contact:
                row.contact_id = row.contact.pk
        insert(rows)
        record_created(self.session.change_set, rows)

    def _save(self, which: Any) -> None:
        chosen = [(key, pair) for key, pair in self.before.items() if which(pair[0])]
        by_model: dict[type[Any], list[tuple[Any, dict[str, Any]]]] = defaultdict(list)
        for key, pair in chosen:
            by_model[type(pair[0])].append(pair)
            del self.before[key]
        for pairs in by_model.values():
            self._save_rows(pairs)

    def _save_rows(self, pairs: Sequence[tuple[Any, dict[str, Any]]]) -> None:
        model = type(pairs[0][0])
        save_columns([row for row, _b in pairs], sorted({name for _r, b in pairs for name in b}))
        record_updated(
            self.session.change_set,
            model,
            [(row.pk, before, column_values(row, before)) for row, before in pairs],
        )
