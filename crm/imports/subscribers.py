"""The import kind `subscribers`: who agreed elsewhere to news and offers, and who took it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.actions.consents import hold_back
from crm.among import Among
from crm.imports import facts, words
from crm.imports.kinds import Column, Entry, FactKind, Values
from crm.imports.parsing import BadCell, Context, email, instant, text
from crm.imports.session import Session
from crm.models import Affiliation, Consent, Contact, ContactPoint
from crm.search import index
from staff.bulk import insert
from staff.changes import record_created


def consent_fields(contacts: dict[str, int], values: Values, _context: Context) -> Values:
    contact = contacts.get(values["email"])
    if contact is None:
        raise BadCell(
            _(
                "Nobody here has the e-mail %(email)s. Import customers or contacts first, or use "
                "--create-customers."
            )
            % {"email": values["email"]}
        )
    subscribed_at, left_at = values["subscribed_at"], values.get("left_at")
    if left_at and left_at < subscribed_at:
        raise BadCell(_("left_at is before subscribed_at."))
    return {
        "contact_id": contact,
        "purpose": Consent.Purpose.OUTREACH.value,
        "given": True,
        "at": subscribed_at,
        "how": Consent.How.IMPORT.value,
    }


def withdrawal_fields(contacts: dict[str, int], values: Values, context: Context) -> Values:
    return consent_fields(contacts, values, context) | {"given": False, "at": values["left_at"]}


@dataclass(frozen=True)
class SubscriberKind(FactKind):
    """A row is a consent and, where they left, its withdrawal: two facts, counted as one row."""

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        contacts = _contacts(entries)
        if session.create_customers:
            contacts |= _make_contacts(entries, contacts, session)
        reading = replace(self, fields=partial(consent_fields, contacts))
        applied = facts.apply(reading, entries, session)
        leaving = replace(
            self, fields=partial(withdrawal_fields, contacts), natural_key=("email", "left_at")
        )
        rows = [*applied.created, *applied.updated, *applied.unchanged]
        left = [
            Entry(entry.row, {**entry.values, "external_id": f"left {entry.values['email']}"})
            for entry, _row in rows
            if entry.values.get("left_at")
        ]
        counts = replace(session.counts)
        withdrawn = facts.apply(leaving, left, session)
        hold_back({row.contact_id for _entry, row in (*withdrawn.created, *withdrawn.updated)})
        session.counts = counts
        # A row of which only the leaving is news is no unchanged one.
        news = {entry.row.line for entry, _row in (*withdrawn.created, *withdrawn.updated)}
        others = sum(entry.line in news for entry, _row in applied.unchanged)
        session.counts.unchanged -= others
        session.counts.updated += others


def _contacts(entries: Sequence[Entry]) -> dict[str, int]:
    """The living contacts that have these addresses."""
    named = {address for entry in entries if (address := entry.values.get("email"))}
    points = ContactPoint.objects.filter(
        Among("value", sorted(named)), kind=ContactPoint.Kind.EMAIL, retired_at=None
    )
    return dict(points.values_list("value", "contact_id"))


def _make_contacts(
    entries: Sequence[Entry], known: Mapping[str, int], session: Session
) -> dict[str, int]:
    """A contact for each unknown address, at the customer whom its row names, or one of that name."""
    wanted: dict[str, tuple[str, datetime]] = {}
    for entry in entries:
        address, at = entry.values.get("email"), entry.values.get("subscribed_at")
        if address and at and address not in known:
            wanted.setdefault(address, (entry.values.get("customer") or address, at))
    customers = session.find_customers({reference for reference, _at in wanted.values()})
    earliest: dict[str, datetime] = {}
    for reference, at in wanted.values():
        if reference not in customers:
            earliest[reference] = min(at, earliest.get(reference, at))
    customers |= session.make_customers({one: earliest[one] for one in sorted(earliest)})
    contacts = [Contact(created_at=at) for _reference, at in wanted.values()]
    insert(contacts)
    # The first contact of a customer made here is the first to ask.
    fresh = {customers[reference] for reference in earliest}
    affiliations = []
    for contact, (reference, _at) in zip(contacts, wanted.values(), strict=True):
        customer = customers[reference]
        affiliations.append(
            Affiliation(contact=contact, customer_id=customer, is_primary=customer in fresh)
        )
        fresh.discard(customer)
    insert(affiliations)
    points = [
        ContactPoint(contact=contact, kind=ContactPoint.Kind.EMAIL, value=address)
        for contact, address in zip(contacts, wanted, strict=True)
    ]
    insert(points)
    for rows in (contacts, affiliations, points):
        record_created(session.change_set, rows)
    index([customers[reference] for reference, _at in wanted.values()])
    return {point.value: point.contact_id for point in points}


SUBSCRIBERS = SubscriberKind(
    name="subscribers",
    model=Consent,
    columns=(
        Column("email", email, required=True),
        Column("subscribed_at", instant, required=True),
        Column("left_at", instant),
        Column("customer", text(190)),
    ),
    fields=partial(consent_fields, {}),
    customer="unsaid",
    natural_key=("email",),
)
WORDS = words.KindWords(
    label=gettext_lazy("Subscribers"),
    teaches=gettext_lazy("A row per address on a mailing list: since when, and until when."),
    place=80,
    targets={
        "subscribed_at": gettext_lazy("Agreed on"),
        "left_at": gettext_lazy("Left on"),
    },
    example=(
        {"email": "maria@example.com", "subscribed_at": "2026-01-31"},
        {"email": "ola@example.net", "subscribed_at": "2025-02-14", "left_at": "2026-02-01"},
    ),
)
