"""Customers with their first contact: found by external_id, then by e-mail, written in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import custom
from crm.folding import fold
from crm.imports.kinds import Column, Entry, Values
from crm.imports.parsing import BadCell, Context, choice, day, email, instant, language, text
from crm.imports.session import Session, customers_by_email
from crm.models import (
    Affiliation,
    Contact,
    ContactPoint,
    Customer,
    CustomField,
    Tag,
    TenureSpan,
)
from crm.phones import NotAPhone, default_region, normalise
from crm.search import index
from crm.tenures import rebuild
from staff.bulk import insert, save_columns
from staff.changes import record_created, record_deleted, record_updated
from staff.models import User

# What a blank cell leaves alone, and a filled one sets.
PLAIN = ("name", "kind", "source", "language", "birthday", "city", "country", "created_at")


def phone(cell: str, context: Context) -> str:
    try:
        return normalise(cell, region=default_region(context.business))
    except NotAPhone as error:
        raise BadCell(_("“%(text)s” is not a telephone number.") % {"text": cell}) from error


def tags(cell: str, context: Context) -> list[str]:
    return [tag.strip()[:60] for tag in cell.split(";") if tag.strip()]


@dataclass
class Match:
    """A row, the customer that it speaks of, and the contact through whom one reaches them."""

    entry: Entry
    customer: Customer
    is_new: bool
    contact: Contact | None = None
    changed: bool = False
    before: Values = field(default_factory=dict)


@dataclass(frozen=True)
class CustomerKind:
    name: str = "customers"
    open_prefix: str = "custom."
    columns: Sequence[Column] = (
        Column("external_id", text(190)),
        Column("name", text(200)),
        Column("kind", choice(Customer.Kind.values)),
        Column("stage", choice(Customer.Stage.values)),
        Column("email", email),
        Column("phone", phone),
        Column("source", text(60)),
        Column("owner", text(254)),
        Column("language", language),
        Column("tags", tags),
        Column("created_at", instant),
        Column("referred_by", text(190)),
        Column("birthday", day),
        Column("city", text(120)),
        Column("country", text(60)),
    )

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        matches = [match for match in _matched(entries, session) if not match.entry.refusal]
        new = [match for match in matches if match.is_new]
        insert([match.customer for match in new])
        record_created(session.change_set, [match.customer for match in new])
        _write_changes(matches, session)
        _write_contacts(matches, session)
        _write_tags(matches, session)
        _begin_tenures(matches, session)
        _note_referrers(matches, session)
        for match in matches:
            if match.is_new:
                session.counts.created += 1
            elif match.changed:
                session.counts.updated += 1
            else:
                session.counts.unchanged += 1
        index([match.customer.pk for match in matches if match.is_new or match.changed])

    def open_column(self, target: str) -> Column | None:
        field = CustomField.objects.filter(key=target.removeprefix(self.open_prefix)).first()
        if field is None:
            return None

        def parse(cell: str, context: Context) -> Any:
            return custom.parse(field, cell, context.business)

        return Column(target, parse)

    def finish(self, session: Session) -> None:
        """Tie referrals to rows that came later in the file than who they referred."""
        found = session.find_customers({reference for *_rest, reference in session.referrers})
        told = {pk: (line, reference) for pk, line, reference in session.referrers}
        rows = []
        for customer in Customer.objects.filter(pk__in=told).only("referred_by"):
            line, reference = told[customer.pk]
            if reference not in found:
                session.warnings.append(
                    _("Line %(line)s: the customer “%(reference)s” who referred them is unknown.")
                    % {"line": line, "reference": reference}
                )
            elif found[reference] not in {customer.pk, customer.referred_by_id}:
                before = {"referred_by_id": customer.referred_by_id}
                customer.referred_by_id = found[reference]
                rows.append((customer, before))
        save_columns([c for c, _b in rows], ["referred_by"])
        record_updated(
            session.change_set,
            Customer,
            [(c.pk, before, {"referred_by_id": c.referred_by_id}) for c, before in rows],
        )


def _matched(entries: Sequence[Entry], session: Session) -> list[Match]:
    """Each good row with its customer, found or made (unsaved); others are refused."""
    good = [entry for entry in entries if not entry.refusal and _is_new_in_file(entry, session)]
    keys = [key for e in good if (key := e.values.get("external_id"))]
    by_key = {
        customer.external_id: customer
        for customer in Customer.objects.filter(
            external_source=session.source, external_id__in=keys
        )
    }
    addresses = [address for e in good if (address := e.values.get("email"))]
    served = customers_by_email(addresses)
    by_id = {
        customer.pk: customer for customer in Customer.objects.filter(pk__in=set(served.values()))
    }
    owners = _owners(good)
    matches = []
    for entry in good:
        key, address = entry.values.get("external_id") or "", entry.values.get("email")
        has_address = by_id.get(served[address]) if address in served else None
        customer = by_key.get(key)
        if customer is None and has_address and has_address.external_id in {"", key}:
            customer = has_address
        if has_address and (customer is None or customer.pk != has_address.pk):
            entry.refuse(
                _("The e-mail %(email)s belongs to %(name)s already.")
                % {"email": address, "name": has_address.name}
            )
            continue
        match = Match(entry, customer or _new_customer(entry, session), customer is None)
        _set_values(match, owners, session)
        if not entry.refusal:
            matches.append(match)
    _find_contacts(matches)
    return matches


def _is_new_in_file(entry: Entry, session: Session) -> bool:
    values = entry.values
    if not any(values.get(column) for column in ("external_id", "name", "email")):
        entry.refuse(_("A customer needs a name, an e-mail or an external_id."))
        return False
    for column in ("external_id", "email"):
        key = values.get(column)
        if key and not session.first_time(f"{column} {key}", entry):
            return False
    return True


def _new_customer(entry: Entry, session: Session) -> Customer:
    values = entry.values
    return Customer(
        external_source=session.source if values.get("external_id") else "",
        external_id=values.get("external_id") or "",
        name=values.get("name") or values.get("email") or values["external_id"],
        created_at=values.get("created_at") or timezone.now(),
    )


def _owners(entries: Iterable[Entry]) -> dict[str, int]:
    """People by e-mail or full name, as the file names them."""
    named = {owner for entry in entries if (owner := entry.values.get("owner"))}
    if not named:
        return {}
    people = User.objects.filter(Q(email__in={n.lower() for n in named}) | Q(name__in=named))
    by_name = {person.name: person.pk for person in people}
    by_email = {person.email: person.pk for person in people}
    return {
        owner: pk for owner in named if (pk := by_email.get(owner.lower()) or by_name.get(owner))
    }


def _set_values(match: Match, owners: Mapping[str, int], session: Session) -> None:
    """Put the row's values on the customer, keeping what stood there in `match.before`."""
    entry, customer, values = match.entry, match.customer, match.entry.values
    wanted: Values = {name: values[name] for name in PLAIN if values.get(name) is not None}
    if not customer.external_id and values.get("external_id"):
        wanted |= {"external_source": session.source, "external_id": values["external_id"]}
    if values.get("owner"):
        if values["owner"] not in owners:
            entry.refuse(
                _("owner: nobody called “%(owner)s” works here.") % {"owner": values["owner"]}
            )
            return
        wanted["owner_id"] = owners[values["owner"]]
    custom = {
        name.removeprefix("custom."): value
        for name, value in values.items()
        if name.startswith("custom.") and value is not None
    }
    if custom:
        wanted["custom"] = {**customer.custom, **custom}
    if values.get("stage") == Customer.Stage.LOST and customer.stage != Customer.Stage.LOST:
        entry.refuse(
            _(
                "stage: “lost” follows from dates. Import orders, contracts or tenures for them, "
                "or leave the stage blank."
            )
        )
        return
    for name, value in wanted.items():
        if getattr(customer, name) != value:
            match.before[name] = getattr(customer, name)
            setattr(customer, name, value)
    if customer.name_folded != (folded := fold(customer.name)[:200]):
        match.before["name_folded"] = customer.name_folded
        customer.name_folded = folded
    match.changed = bool(match.before)


def _write_changes(matches: Sequence[Match], session: Session) -> None:
    old = [match for match in matches if match.before and not match.is_new]
    names = sorted({name for match in old for name in match.before})
    save_columns([match.customer for match in old], names)
    record_updated(
        session.change_set,
        Customer,
        [
            (m.customer.pk, m.before, {name: getattr(m.customer, name) for name in m.before})
            for m in old
        ],
    )


def _find_contacts(matches: Sequence[Match]) -> None:
    """The contact of each known customer whom one asks first."""
    known = {match.customer.pk: match for match in matches if not match.is_new}
    affiliations = (
        Affiliation.objects.filter(customer__in=known.keys(), until=None)
        .select_related("contact")
        .order_by("is_primary", "-pk")
    )
    for affiliation in affiliations:  # the primary one, last, wins
        known[affiliation.customer_id].contact = affiliation.contact


def _write_contacts(matches: Sequence[Match], session: Session) -> None:
    """Make or complete each customer's first contact: its e-mail and telephone."""
    reachable = [m for m in matches if m.entry.values.get("email") or m.entry.values.get("phone")]
    fresh = [match for match in reachable if match.contact is None]
    contacts = [
        Contact(
            name=m.customer.name if m.customer.kind == Customer.Kind.PERSON else "",
            language=m.customer.language,
            created_at=m.customer.created_at,
        )
        for m in fresh
    ]
    insert(contacts)
    record_created(session.change_set, contacts)
    affiliations = []
    for match, contact in zip(fresh, contacts, strict=True):
        match.contact = contact
        match.changed = True
        affiliations.append(Affiliation(customer=match.customer, contact=contact, is_primary=True))
    insert(affiliations)
    record_created(session.change_set, affiliations)
    _write_points(reachable, session)


def _write_points(reachable: Sequence[Match], session: Session) -> None:
    """The file's address replaces the one that the contact had; a telephone likewise."""
    living: dict[tuple[int, str], list[ContactPoint]] = {}
    contact_ids = [match.contact.pk for match in reachable if match.contact]
    for point in ContactPoint.objects.filter(contact__in=contact_ids, retired_at=None).order_by(
        "pk"
    ):
        living.setdefault((point.contact_id, point.kind), []).append(point)
    made, moved = [], []
    for match, contact, kind in (
        (match, match.contact, kind)
        for match in reachable
        for kind in (ContactPoint.Kind.EMAIL, ContactPoint.Kind.PHONE)
        if match.contact
    ):
        value = match.entry.values.get(kind.value)
        points = living.get((contact.pk, kind), [])
        if value and value not in {point.value for point in points}:
            match.changed = True
            if points:
                moved.append((points[0], points[0].value))
                points[0].value = value
            else:
                made.append(ContactPoint(contact=contact, kind=kind, value=value))
    save_columns([point for point, _was in moved], ["value"])
    record_updated(
        session.change_set,
        ContactPoint,
        [(point.pk, {"value": was}, {"value": point.value}) for point, was in moved],
    )
    insert(made)
    record_created(session.change_set, made)


def _write_tags(matches: Sequence[Match], session: Session) -> None:
    """A filled tags cell is the customer's whole set of tags."""
    wanted = {
        m.customer.pk: {fold(tag): tag for tag in m.entry.values["tags"]}
        for m in matches
        if m.entry.values.get("tags")
    }
    if not wanted:
        return
    names = {folded: tag for tags in wanted.values() for folded, tag in tags.items() if folded}
    known = {tag.folded: tag for tag in Tag.objects.filter(folded__in=names)}
    fresh = [Tag(name=name, folded=f) for f, name in names.items() if f not in known]
    Tag.objects.bulk_create(fresh)
    record_created(session.change_set, fresh)
    known |= {tag.folded: tag for tag in fresh}
    through: Any = Customer.tags.through
    present = {
        (row.customer_id, row.tag_id): row for row in through.objects.filter(customer_id__in=wanted)
    }
    target = {(pk, known[f].pk) for pk, tags in wanted.items() for f in tags if f}
    gone = [row for pair, row in present.items() if pair not in target]
    made = [through(customer_id=c, tag_id=t) for c, t in sorted(target - present.keys())]
    record_deleted(session.change_set, gone)
    through.objects.filter(pk__in=[row.pk for row in gone]).delete()
    through.objects.bulk_create(made, batch_size=500)
    record_created(session.change_set, made)
    moved = {row.customer_id for row in [*gone, *made]}
    for match in matches:
        match.changed = match.changed or match.customer.pk in moved


def _begin_tenures(matches: Sequence[Match], session: Session) -> None:
    """Who is said to be a customer, and for whom nothing else says so, is one since their creation."""
    spans = [
        TenureSpan(customer=m.customer, started_at=_since(m), external_source="", external_id="")
        for m in matches
        if m.entry.values.get("stage") == Customer.Stage.CUSTOMER
        and m.customer.stage != Customer.Stage.CUSTOMER
    ]
    TenureSpan.objects.bulk_create(spans, batch_size=500)
    record_created(session.change_set, spans)
    if spans:
        by_customer = {span.customer_id for span in spans}
        rebuild(sorted(by_customer))
        for match in matches:
            match.changed = match.changed or match.customer.pk in by_customer


def _since(match: Match) -> datetime:
    return match.customer.created_at if match.is_new else timezone.now()


def _note_referrers(matches: Sequence[Match], session: Session) -> None:
    """Who referred whom is tied once all rows are in."""
    for match in matches:
        if reference := match.entry.values.get("referred_by"):
            session.referrers.append((match.customer.pk, match.entry.line, reference))
