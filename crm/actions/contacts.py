"""People whom one can reach at a customer, and under which addresses and numbers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import phones, search
from crm.models import Affiliation, Contact, ContactPoint, Customer
from staff import audit
from staff.models import Business, User
from staff.refusals import Refusal

EMAIL, PHONE = ContactPoint.Kind.EMAIL, ContactPoint.Kind.PHONE


class ContactNameMissing(Refusal):
    message = _("A contact needs a name.")


class NotAnEmail(Refusal):
    message = _("This is not an e-mail address.")


class EmailTaken(Refusal):
    """Somebody else's already; `holder` is that contact, None where it just went away."""

    def __init__(self, email: str, holder: Contact | None) -> None:
        self.holder = holder
        name = holder.name if holder and holder.name else _("someone else")
        super().__init__(
            _("%(email)s belongs to %(name)s already.") % {"email": email, "name": name}
        )


class AlreadyRetired(Refusal):
    message = _("This address or number has been given up already.")


class NoLongerThere(Refusal):
    message = _("This person no longer belongs to this customer.")


# --- Addresses and numbers -----------------------------------------------------------------


def holder_of(email: str) -> Contact | None:
    """The living contact who has this address."""
    points = ContactPoint.objects.filter(kind=EMAIL, value=email.strip().lower(), retired_at=None)
    point = points.select_related("contact").first()
    return point.contact if point else None


def clean_email(text: str) -> str:
    """As it is kept: in lower case. Raises NotAnEmail."""
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise NotAnEmail from None
    if len(email) > 254:
        raise NotAnEmail
    return email


def clean_phone(text: str) -> str:
    """E.164, read as a number of the business's country unless it says otherwise."""
    region = phones.default_region(Business.current())
    return phones.normalise(text, region=region)


def _put_point(contact: Contact, kind: str, value: str) -> ContactPoint:
    """Have the contact reachable under `value`, cleaned; one given up earlier lives again."""
    try:
        with transaction.atomic():
            point, _made = ContactPoint.objects.update_or_create(
                contact=contact, kind=kind, value=value, defaults={"retired_at": None}
            )
    except IntegrityError:
        raise EmailTaken(value, holder_of(value)) from None
    return point


@transaction.atomic
def add_point(*, contact: Contact, kind: str, value: str, by: User | None) -> ContactPoint:
    """Another address or number. Raises NotAnEmail, NotAPhone or EmailTaken."""
    clean = clean_email(value) if kind == EMAIL else clean_phone(value)
    point = _put_point(contact, kind, clean)
    _index(contact)
    audit.record(by=by, action="contact.update", target=contact, changes={kind: [None, clean]})
    return point


def can_retire(point: ContactPoint) -> bool:
    return point.retired_at is None


@transaction.atomic
def retire_point(*, point: ContactPoint, by: User | None) -> ContactPoint:
    """Given up: somebody else may have the address now. Raises AlreadyRetired."""
    now = timezone.now()
    if not ContactPoint.objects.filter(pk=point.pk, retired_at=None).update(retired_at=now):
        raise AlreadyRetired
    point.retired_at = now
    _index(point.contact)
    changes = {point.kind: [point.value, None]}
    audit.record(by=by, action="contact.update", target=point.contact, changes=changes)
    return point


def _index(contact: Contact) -> None:
    search.index(contact.affiliations.values_list("customer_id", flat=True))


# --- People --------------------------------------------------------------------------------


def make_contact(
    *,
    customer: Customer,
    name: str,
    email: str = "",
    phone: str = "",
    role: str = "",
    language: str = "",
    is_primary: bool | None = None,
) -> Affiliation:
    """The rows of a new contact alone: no audit, no search row. See `add_contact`."""
    name = name.strip()
    if not name:
        raise ContactNameMissing
    values = [(EMAIL, clean_email(email))] if email.strip() else []
    values += [(PHONE, clean_phone(phone))] if phone.strip() else []
    contact = Contact.objects.create(name=name, language=language)
    for kind, value in values:
        _put_point(contact, kind, value)
    current = Affiliation.objects.filter(customer=customer, until=None)
    if is_primary is None:
        is_primary = not current.filter(is_primary=True).exists()
    elif is_primary:
        current.filter(is_primary=True).update(is_primary=False)
    return Affiliation.objects.create(
        customer=customer, contact=contact, role=role.strip(), is_primary=is_primary
    )


@transaction.atomic
def add_contact(
    *,
    customer: Customer,
    name: str,
    by: User | None,
    email: str = "",
    phone: str = "",
    role: str = "",
    language: str = "",
    is_primary: bool | None = None,
) -> Affiliation:
    """Somebody new at the customer, first to ask when nobody else is (or as said).

    Returns their affiliation. Raises ContactNameMissing, NotAnEmail, NotAPhone or EmailTaken.
    """
    affiliation = make_contact(
        customer=customer,
        name=name,
        email=email,
        phone=phone,
        role=role,
        language=language,
        is_primary=is_primary,
    )
    search.index([customer.pk])
    said = {"name": name, "role": role, "email": email, "phone": phone, "language": language}
    changes: dict[str, list[Any]] = {key: [None, value] for key, value in said.items() if value}
    changes["customer"] = [None, customer.pk]
    audit.record(by=by, action="contact.create", target=affiliation.contact, changes=changes)
    return affiliation


@transaction.atomic
def update_contact(
    *,
    affiliation: Affiliation,
    by: User | None,
    name: str | None = None,
    role: str | None = None,
    language: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    is_primary: bool | None = None,
) -> Affiliation:
    """Change what is not None. An e-mail or phone takes the place of the first one, "" gives it up.

    Raises ContactNameMissing, NotAnEmail, NotAPhone or EmailTaken.
    """
    affiliation = Affiliation.objects.select_related("contact").get(pk=affiliation.pk)
    contact = affiliation.contact
    if name is not None and not name.strip():
        raise ContactNameMissing
    wanted = {"name": name, "language": language}
    changes = _change(
        contact, {key: value.strip() for key, value in wanted.items() if value is not None}
    )
    if role is not None:
        changes |= _change(affiliation, {"role": role.strip()})
    if email is not None:
        changes |= _replace(contact, EMAIL, clean_email(email) if email.strip() else "")
    if phone is not None:
        changes |= _replace(contact, PHONE, clean_phone(phone) if phone.strip() else "")
    if is_primary is not None and is_primary != affiliation.is_primary:
        changes["is_primary"] = [affiliation.is_primary, is_primary]
        _make_primary(affiliation, is_primary)
    if changes:
        _index(contact)
        audit.record(by=by, action="contact.update", target=contact, changes=changes)
    return affiliation


def _change(row: Contact | Affiliation, values: dict[str, str]) -> dict[str, list[Any]]:
    before = audit.values(row, values)
    for field, value in values.items():
        setattr(row, field, value)
    changes = audit.diff(before, row, values)
    if changes:
        row.save(update_fields=list(changes))
    return changes


def _replace(contact: Contact, kind: str, value: str) -> dict[str, list[Any]]:
    """Put `value` in the place of the first living point of its kind."""
    living = contact.points.filter(kind=kind, retired_at=None).order_by("pk")
    first = living.first()
    old = first.value if first else ""
    if value == old:
        return {}
    if first:
        ContactPoint.objects.filter(pk=first.pk).update(retired_at=timezone.now())
    if value:
        _put_point(contact, kind, value)
    return {kind: [old or None, value or None]}


def _make_primary(affiliation: Affiliation, is_primary: bool) -> None:
    if is_primary:
        others = Affiliation.objects.filter(customer=affiliation.customer_id, until=None)
        others.filter(is_primary=True).update(is_primary=False)
    affiliation.is_primary = is_primary
    affiliation.save(update_fields=["is_primary"])


@transaction.atomic
def set_primary(*, affiliation: Affiliation, by: User | None) -> Affiliation:
    """First to ask at the customer, instead of whoever was. Raises NoLongerThere."""
    if affiliation.until is not None:
        raise NoLongerThere
    return update_contact(affiliation=affiliation, by=by, is_primary=True)


def can_end(affiliation: Affiliation) -> bool:
    return affiliation.until is None


@transaction.atomic
def end_affiliation(*, affiliation: Affiliation, by: User | None) -> Affiliation:
    """They no longer belong to the customer; they and their addresses stay. Raises NoLongerThere."""
    today = timezone.localdate()
    open_ones = Affiliation.objects.filter(pk=affiliation.pk, until=None)
    if not open_ones.update(until=today, is_primary=False):
        raise NoLongerThere
    affiliation.until, affiliation.is_primary = today, False
    search.index([affiliation.customer_id])
    changes: audit.Changes = {
        "until": [None, today.isoformat()],
        "customer": [affiliation.customer_id, None],
    }
    audit.record(by=by, action="contact.end", target=affiliation.contact, changes=changes)
    return affiliation
