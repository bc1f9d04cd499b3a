"""Who writes to the desk: known by their address, else a lead until staff confirm."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from crm import search
from crm.actions import create_customer
from crm.actions.contacts import NotAnEmail, clean_email
from crm.folding import fold
from crm.models import Affiliation, Contact, ContactPoint, Customer
from staff import audit
from staff.bulk import give_keys, insert_together
from staff.models import User
from staff.prepared import Prepared

# Where a lead came from that wrote to the desk, and the one of all who can't be told apart.
SOURCE = "support"
NOBODY = "unknown sender"
NAME_LENGTH = 200


@dataclass(frozen=True)
class Correspondent:
    """Somebody as they call themselves; an address proves nothing."""

    address: str
    name: str = ""
    language: str = ""


def who_is(
    correspondent: Correspondent, *, by: User | None = None
) -> tuple[Customer, Contact | None]:
    """The living contact of this address and the customer they belong to, made when unknown.

    Two who ask about a stranger at once get the same one. Without a usable address all are one
    and the same unknown sender, who has no contact.
    """
    try:
        address = clean_email(clean_text(correspondent.address))
    except NotAnEmail:
        return _nobody(), None
    if contact := _holder(address):
        return customer_of(contact, by=by), contact
    try:
        return _new_lead(correspondent, address, by)
    except IntegrityError:  # somebody was faster: they are known now
        contact = _holder(address)
        if contact is None:
            raise
        return customer_of(contact, by=by), contact


@transaction.atomic
def _new_lead(
    correspondent: Correspondent, address: str, by: User | None
) -> tuple[Customer, Contact]:
    """What crm.actions.create_customer makes of it, without asking for what can't be there yet.

    An address that somebody has is an IntegrityError.
    """
    name = clean_text(correspondent.name)[:NAME_LENGTH] or address
    language = _language(correspondent.language)
    customer = Customer(
        name=name, name_folded=fold(name)[:NAME_LENGTH], source=SOURCE, language=language
    )
    contact = Contact(name=name, language=language)
    give_keys([customer, contact])
    said = {"name": name, "source": SOURCE, "language": language, "email": address}
    changes: audit.Changes = {key: [None, value] for key, value in said.items() if value}
    insert_together(
        [
            customer,
            contact,
            ContactPoint(contact=contact, kind=ContactPoint.Kind.EMAIL, value=address),
            Affiliation(customer=customer, contact=contact, is_primary=True),
            search.first_row(customer, [name, address]),
            audit.entry(by=by, action="customer.create", target=customer, changes=changes),
        ]
    )
    return customer, contact


def customer_of(contact: Contact, *, by: User | None = None) -> Customer:
    """The customer of their only current affiliation, else of the primary one, else the oldest.

    Somebody who belongs nowhere any more becomes a lead of their own again.
    """
    return _current(contact) or _lead_again(contact, by)


@transaction.atomic
def _lead_again(contact: Contact, by: User | None) -> Customer:
    # Only one of those who ask at once makes it.
    Contact.objects.select_for_update().get(pk=contact.pk)
    if customer := _current(contact):
        return customer
    customer = create_customer(
        name=contact.name or _("Unknown sender"), by=by, source=SOURCE, language=contact.language
    )
    Affiliation.objects.create(customer=customer, contact=contact, is_primary=True)
    return customer


def _current(contact: Contact) -> Customer | None:
    first = _BELONGS.first(contact.pk)
    return first.customer if first else None


# Composed once, since every mail that arrives asks them; two, because PostgreSQL takes longer to
# think about one of four tables than to answer both.
_BELONGS = Prepared(
    lambda contact: (
        Affiliation.objects.filter(contact=contact, until=None)
        .select_related("customer")
        .order_by("-is_primary", "pk")
    ),
    int,
)
_POINT = Prepared(
    lambda address: (
        ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=address, retired_at=None)
        .select_related("contact")
        .order_by("pk")
    )
)


def _holder(address: str) -> Contact | None:
    point = _POINT.first(address)
    return point.contact if point else None


def _nobody() -> Customer:
    """The one lead of all whose address can't be used."""
    key = {"external_source": SOURCE, "external_id": NOBODY}
    found = Customer.objects.filter(**key).first()
    if found is None:
        name = _("Unknown sender")
        Customer.objects.bulk_create(
            [Customer(name=name, name_folded=fold(name), source=SOURCE, **key)],
            ignore_conflicts=True,
        )
        found = Customer.objects.get(**key)
        search.index([found.pk])
    return found


def clean_text(text: str) -> str:
    """One line without control characters or ways to turn the writing round."""
    kept = "".join(one if unicodedata.category(one)[0] != "C" else " " for one in text)
    return " ".join(kept.split()).strip("\"'<> ")


def _language(code: str) -> str:
    known = {language for language, _name in settings.LANGUAGES}
    return code if code in known else ""
