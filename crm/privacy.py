"""Everything that is known of a person: handed over, erased, or let go after its time.

Each room says in AppConfig.ready which of its rows are about a person and what erasing leaves of
them (`register`). Scores, amounts and dates stay under a number without a name, so that totals stay
true; words, names, addresses and files go. A test refuses a model that points to a contact or a
customer, or holds an address, without a rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.functional import Promise

from crm.batches import batches
from crm.models import Affiliation, Contact, ContactPoint, Customer, MergedCustomer
from staff.changes import forget_changes
from staff.columns import column_values, own_columns, to_json
from staff.models import AuditEntry, Change, ChangeSet, StoredFile


@dataclass(frozen=True)
class Person:
    """A contact, with all that leads to their rows."""

    contact: Contact
    # Customers who are this person and nobody else: what is known of them is known of the person.
    customers: frozenset[int]
    # E-mail addresses that are or were theirs.
    addresses: frozenset[str]


@dataclass(frozen=True)
class PersonalRows:
    """Rows of one model about a person, and what erasing leaves of them.

    `blank` gives columns their empty values (or expressions); None deletes the rows; `erase` does
    something else. `files` are columns with stored files that go too. `secret` columns are not
    handed over. Rules run in the order in which they were registered within one `order`, lower
    ones first: what points to others before those others.
    """

    model: type[models.Model]
    rows: Callable[[Person], QuerySet[Any]]
    blank: Mapping[str, Any] | None = None
    erase: Callable[[QuerySet[Any], Person], None] | None = None
    files: Sequence[str] = ()
    secret: Sequence[str] = ()
    order: int = 50


RULES: list[PersonalRows] = []
# What rows about others say of the person; asked while the person's own rows are still whole.
BEFOREHAND: list[Callable[[Person], None]] = []
# What is derived from such rows, to be brought up to date after an erasure.
AFTERWARDS: list[Callable[[Person], None]] = []
# Models that point to people and say nothing personal of them, with the reason.
HARMLESS: dict[str, str] = {}


def register(*rules: PersonalRows) -> None:
    """Called from AppConfig.ready; a model's rule replaces the one that it had."""
    for rule in rules:
        RULES[:] = [one for one in RULES if one.model is not rule.model]
        RULES.append(rule)
    RULES.sort(key=lambda rule: rule.order)


def beforehand(hook: Callable[[Person], None]) -> None:
    if hook not in BEFOREHAND:
        BEFOREHAND.append(hook)


def afterwards(hook: Callable[[Person], None]) -> None:
    if hook not in AFTERWARDS:
        AFTERWARDS.append(hook)


def harmless(reasons: Mapping[str, str]) -> None:
    """Say of models ("app.model") why their rows say nothing of a person."""
    HARMLESS.update(reasons)


def person_of(contact: Contact) -> Person:
    others = Affiliation.objects.filter(customer=OuterRef("pk"), contact__erased_at=None).exclude(
        contact=contact
    )
    own = Customer.objects.filter(
        ~Exists(others), kind=Customer.Kind.PERSON, affiliations__contact=contact
    )
    points = ContactPoint.objects.filter(contact=contact, kind=ContactPoint.Kind.EMAIL)
    return Person(
        contact,
        frozenset(own.values_list("pk", flat=True)),
        frozenset(points.values_list("value", flat=True)),
    )


def contact_of(email: str) -> Contact | None:
    """Whose address this is, living or given up; the living one first."""
    points = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=email.strip().lower())
    latest = points.select_related("contact").order_by(F("retired_at").desc(nulls_first=True))
    point = latest.first()
    return point.contact if point else None


# --- Handing over -----------------------------------------------------------------------


def everything_about(person: Person) -> dict[str, list[dict[str, Any]]]:
    """By model, all rows about the person as JSON's own types."""
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in RULES:
        names = [name for name in own_columns(rule.model) if name not in rule.secret]
        rows = [
            {name: to_json(value) for name, value in column_values(row, names).items()}
            for row in rule.rows(person).order_by("pk").iterator(chunk_size=1000)
        ]
        if rows:
            found[rule.model._meta.label_lower] = rows
    return found


def files_about(person: Person) -> Iterator[tuple[str, StoredFile]]:
    """(name within the archive, file) of what is stored about the person."""
    for rule in RULES:
        for column in rule.files:
            rows = rule.rows(person).select_related(column).order_by("pk")
            for row in rows.iterator(chunk_size=200):
                stored = getattr(row, column)
                if stored is not None:
                    name = getattr(row, "name", "") or f"{stored.sha256[:12]}"
                    yield f"{rule.model._meta.label_lower}/{row.pk}-{name}", stored


# --- Erasing ----------------------------------------------------------------------------


def erase_rows(person: Person) -> tuple[Counter[str], set[int]]:
    """Take the person out of every row, trail and change set; (rows by model, ids of files).

    Inside the caller's transaction. The files still stand: whoever calls forgets them.
    """
    counts: Counter[str] = Counter()
    for hook in BEFOREHAND:
        hook(person)
    files = _forget_strokes(person)
    for rule in RULES:
        ids = list(rule.rows(person).order_by("pk").values_list("pk", flat=True))
        for batch in batches(ids):
            rows = rule.model._base_manager.filter(pk__in=batch)
            for column in rule.files:
                kept = rows.exclude(**{column: None})
                files.update(kept.values_list(f"{column}_id", flat=True))
            forget_trail(rule.model._meta.label_lower, batch)
            if rule.erase is not None:
                rule.erase(rows, person)
            elif rule.blank is None:
                rows.delete()
            else:
                rows.update(**rule.blank)
        if ids:
            counts[rule.model._meta.label_lower] = len(ids)
    for hook in AFTERWARDS:
        hook(person)
    return counts, files


def forget_trail(label: str, ids: Sequence[int]) -> None:
    """Who changed which field stays in the trail; what stood there does not."""
    forget_changes(label, ids)
    _blank(AuditEntry.objects.filter(target_model=label, target_id__in=ids))


def _blank(entries: QuerySet[AuditEntry]) -> None:
    rows = list(entries.exclude(changes={}))
    for entry in rows:
        entry.changes = {name: [GONE, GONE] for name in entry.changes}
    AuditEntry.objects.bulk_update(rows, ["changes"], batch_size=200)


def _forget_strokes(person: Person) -> set[int]:
    """What deletions and merges keep to be taken back; ids of the files that only they still name.

    No rule finds these rows: they stand in change sets alone.
    """
    merged = MergedCustomer.objects.filter(customer__in=person.customers)
    customers = {*person.customers, *merged.values_list("old_id", flat=True)}
    merges = _merges_of(person)
    contacts = sorted({person.contact.pk, *merges.values()})
    theirs = Q(before__customer_id__in=sorted(customers)) | Q(before__contact_id__in=contacts)
    deleted = Change.objects.filter(theirs, operation=Change.Operation.DELETED)
    sets: set[int] = set()
    gone: dict[str, list[int]] = {
        Customer._meta.label_lower: sorted(customers - person.customers),
        Contact._meta.label_lower: sorted(merges.values()),
    }
    files: set[int] = set()
    with_files = {rule.model._meta.label_lower: rule.files for rule in RULES if rule.files}
    for change in list(deleted):
        sets.add(change.change_set_id)
        gone.setdefault(change.model, []).append(change.object_id)
        held = [(change.before or {}).get(f"{one}_id") for one in with_files.get(change.model, ())]
        files.update(pk for pk in held if pk)
    for label, ids in gone.items():
        for batch in batches(ids):
            forget_trail(label, batch)
    _forget_names(sets, merges, sorted(customers))
    return files


def _merges_of(person: Person) -> dict[int, int]:
    """By change set the contacts who became part of this one, through others too."""
    found: dict[int, int] = {}
    ids = {person.contact.pk}
    while ids:
        merges = ChangeSet.objects.filter(kind=CONTACT_MERGE, facts__winner__in=sorted(ids))
        new = dict(merges.exclude(pk__in=found).values_list("pk", "facts__loser"))
        found |= new
        ids = set(new.values())
    return found


def _forget_names(sets: set[int], of_contacts: Collection[int], customers: Sequence[int]) -> None:
    """A stroke that deleted one thing, or merged two, is called by what they were called.

    A merge holds one's words as the other's new ones, too: nothing of it can be taken back.
    """
    of_customers = Q(facts__winner__in=customers) | Q(facts__loser__in=customers)
    merges = ChangeSet.objects.filter(Q(of_customers, kind=MERGE) | Q(pk__in=list(of_contacts)))
    _blank(AuditEntry.objects.filter(change_set__in=merges.values("pk")))
    Change.objects.filter(change_set__in=merges.values("pk")).delete()
    merges.update(label=GONE)
    ChangeSet.objects.filter(pk__in=sets, kind__endswith="_delete").update(label=GONE)


# What stands in the trail for what was erased.
GONE = "…"
# The kinds of change sets that merge two customers or contacts (crm.merging, which knows this
# room's rules).
MERGE, CONTACT_MERGE = "crm.merge", "crm.contact_merge"


# --- Keeping only as long as needed -----------------------------------------------------


@dataclass(frozen=True)
class Keeping:
    """A kind of data that is let go after so many days (None: kept until somebody says otherwise).

    `let_go` deals with at most `limit` rows that are older than `before`, in a transaction of its
    own, and returns how many it dealt with.
    """

    name: str
    title: str | Promise
    help: str | Promise
    let_go: Callable[[datetime, int], int]
    default_days: int | None = None
    order: int = 50


KEEPINGS: dict[str, Keeping] = {}


def keep(*kinds: Keeping) -> None:
    """Called from AppConfig.ready."""
    for kind in kinds:
        KEEPINGS[kind.name] = kind


def keepings() -> list[Keeping]:
    return sorted(KEEPINGS.values(), key=lambda kind: (kind.order, kind.name))


def of_person(person: Person) -> Q:
    """Rows that point to the contact, or to a customer who is nobody else."""
    return Q(contact=person.contact) | Q(customer__in=person.customers)
