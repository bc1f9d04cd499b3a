"""Customers: made, changed, tagged, archived and brought back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import editing, search
from crm.actions.contacts import make_contact
from crm.folding import fold
from crm.models import Customer, Tag
from staff import audit
from staff.models import User
from staff.refusals import Refusal

FIELDS = (
    "kind",
    "name",
    "owner",
    "source",
    "referred_by",
    "language",
    "birthday",
    "city",
    "country",
    "custom",
    "notes",
)
_SEARCHED = {"name", "city"}
TAG_LENGTH = 60


class NameMissing(Refusal):
    message = _("A customer needs a name.")


class RefersThemselves(Refusal):
    message = _("Nobody refers themselves, directly or through those whom they brought.")


class AlreadyArchived(Refusal):
    message = _("This customer is archived already.")


class NotArchived(Refusal):
    message = _("This customer is not archived.")


class TagTooLong(Refusal):
    message = _("A tag has at most 60 letters.")


@transaction.atomic
def create_customer(
    *,
    name: str,
    by: User | None,
    contact_name: str = "",
    email: str = "",
    phone: str = "",
    tags: Iterable[str] = (),
    own: Mapping[str, Any] | None = None,
    **values: Any,
) -> Customer:
    """Make a lead, with a primary contact when there is an e-mail, a phone or a contact's name.

    `values` are among FIELDS, `own` those of fields of one's own by key.
    Raises NameMissing, TagTooLong, EmailTaken or NotAPhone.
    """
    customer = Customer(stage=Customer.Stage.LEAD, custom=_with_own({}, own or {}))
    _set(customer, {"name": name, **values})
    customer.save(force_insert=True)
    names = _put_tags(customer, tags)
    if contact_name or email or phone:
        make_contact(
            customer=customer,
            name=contact_name or customer.name,
            email=email,
            phone=phone,
            language=customer.language,
            is_primary=True,
        )
    search.index([customer.pk])
    changes = audit.diff({}, customer, [field for field in FIELDS if getattr(customer, field)])
    changes |= {
        key: [None, value]
        for key, value in {"tags": names, "email": email, "phone": phone}.items()
        if value
    }
    changes = _each_own(changes)
    audit.record(by=by, action="customer.create", target=customer, changes=changes)
    return customer


@transaction.atomic
def update_customer(
    *,
    customer: Customer,
    by: User | None,
    tags: Iterable[str] | None = None,
    own: Mapping[str, Any] | None = None,
    seen: editing.Seen | None = None,
    **values: Any,
) -> Customer:
    """Change what is given of FIELDS, and the tags unless None; nothing changed writes nothing.

    `own` are values of fields of one's own by key, as crm.custom keeps them; None empties one.
    With `seen`, what the person saw when they began (crm.editing), what they left as it was is not
    written. Raises NameMissing, RefersThemselves, TagTooLong or ChangedMeanwhile.
    """
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    before = audit.values(customer, FIELDS)
    if seen:
        values, own, tags = _mine(customer, values, own or {}, tags, seen)
    if own:
        values["custom"] = _with_own(customer.custom, own)
    _set(customer, values)
    if customer.referred_by_id and leads_back(customer):
        raise RefersThemselves
    changes = audit.diff(before, customer, FIELDS)
    if changes:
        customer.save(update_fields=[*changes, "name_folded"])
    if tags is not None:
        had = _tag_names(customer)
        has = _put_tags(customer, tags)
        if has != had:
            changes["tags"] = [had, has]
    if _SEARCHED & changes.keys() or "tags" in changes:
        search.index([customer.pk])
    if changes:
        told = _each_own(changes)
        audit.record(by=by, action="customer.update", target=customer, changes=told)
    return customer


def _mine(
    customer: Customer,
    values: dict[str, Any],
    own: Mapping[str, Any],
    tags: Iterable[str] | None,
    seen: editing.Seen,
) -> tuple[dict[str, Any], dict[str, Any], Iterable[str] | None]:
    """What of all that was given the person changed."""
    given = values | {f"custom.{key}": value for key, value in own.items()}
    if tags is not None:
        given["tags"] = list(tags)
    kept = editing.mine(customer, given, seen)
    return (
        {name: value for name, value in kept.items() if name in values},
        {key: value for key, value in own.items() if f"custom.{key}" in kept},
        kept.get("tags"),
    )


def _with_own(custom: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    both = {**custom, **own}
    return {key: value for key, value in both.items() if value is not None}


def _each_own(changes: audit.Changes) -> audit.Changes:
    """With a line for each field of one's own: "custom.shoe_size"."""
    told = {name: change for name, change in changes.items() if name != "custom"}
    old, new = changes.get("custom", ({}, {}))
    for key in dict.fromkeys([*(old or {}), *(new or {})]):
        if (was := (old or {}).get(key)) != (now := (new or {}).get(key)):
            told[f"custom.{key}"] = [was, now]
    return told


def set_tags(*, customer: Customer, tags: Iterable[str], by: User | None) -> Customer:
    """These tags and no others. Names that differ in case or accents alone are one tag."""
    return update_customer(customer=customer, by=by, tags=tags)


def _set(customer: Customer, values: dict[str, Any]) -> None:
    for field, value in values.items():
        if field not in FIELDS:
            raise TypeError(f"{field} is no field that this action sets")
        setattr(customer, field, value.strip() if isinstance(value, str) else value)
    if not customer.name:
        raise NameMissing
    customer.name_folded = fold(customer.name)[:200]


def leads_back(customer: Customer) -> bool:
    """Whether following who referred whom from the referrer comes back to the customer."""
    seen: set[int] = set()
    current = customer.referred_by_id
    while current and current not in seen:
        if current == customer.pk:
            return True
        seen.add(current)
        referrers = Customer.objects.filter(pk=current).values_list("referred_by", flat=True)
        current = referrers.first()
    return False


def _tag_names(customer: Customer) -> list[str]:
    return list(customer.tags.order_by("folded").values_list("name", flat=True))


def tags_named(names: Iterable[str]) -> list[Tag]:
    """The tags of these names, made when new. Raises TagTooLong."""
    wanted: dict[str, str] = {}
    for raw in names:
        name = " ".join(raw.split())
        folded = fold(name)
        if len(name) > TAG_LENGTH or len(folded) > TAG_LENGTH:
            raise TagTooLong
        if folded:
            wanted.setdefault(folded, name)
    if not wanted:
        return []
    # Somebody may make the same tag at this moment: the constraint decides, and both go on.
    new = [Tag(name=name, folded=folded) for folded, name in wanted.items()]
    Tag.objects.bulk_create(new, ignore_conflicts=True)
    return list(Tag.objects.filter(folded__in=wanted))


def _put_tags(customer: Customer, names: Iterable[str]) -> list[str]:
    """Set the tags; returns their names as they are spelt."""
    customer.tags.set(tags_named(names))
    return _tag_names(customer)


def can_archive(customer: Customer) -> bool:
    return customer.archived_at is None


def can_restore(customer: Customer) -> bool:
    return customer.archived_at is not None


@transaction.atomic
def archive_customer(*, customer: Customer, by: User | None) -> Customer:
    """Out of lists and surveys; every fact and figure stays. Raises AlreadyArchived."""
    now = timezone.now()
    if not Customer.objects.filter(pk=customer.pk, archived_at=None).update(archived_at=now):
        raise AlreadyArchived
    customer.archived_at = now
    changes = {"archived_at": [None, now.isoformat()]}
    audit.record(by=by, action="customer.archive", target=customer, changes=changes)
    return customer


@transaction.atomic
def restore_customer(*, customer: Customer, by: User | None) -> Customer:
    """Back into lists. Raises NotArchived."""
    archived = Customer.objects.filter(pk=customer.pk, archived_at__isnull=False)
    before = archived.values_list("archived_at", flat=True).first()
    if before is None or not archived.update(archived_at=None):
        raise NotArchived
    customer.archived_at = None
    changes = {"archived_at": [before.isoformat(), None]}
    audit.record(by=by, action="customer.restore", target=customer, changes=changes)
    return customer
