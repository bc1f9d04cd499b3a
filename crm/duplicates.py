"""Customers who may be one: same telephone, nearly the same e-mail, similar name and place.

Nothing here compares everybody with everybody. What two may have in common is looked up by
indexes, and what more than `MOST_SHARERS` share (a switchboard's number) makes no pair. Looked at
are those made since the last time, those who are called or reached otherwise by now, and once a
week everybody; each slice commits by itself, with how far it came.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from crm.batches import batches
from crm.folding import fold
from crm.loose_email import LooseEmail, loose
from crm.models import (
    ContactPoint,
    Customer,
    Duplicate,
    DuplicateKey,
    DuplicateSearch,
    ToCompare,
)
from crm.similar_names import ALIKE, keys, likeness, telling
from staff.bulk import add_keys, save_columns

Reason = Duplicate.Reason
SLICE = 500
MOST_SHARERS = 20
WALK_EVERY = timedelta(days=7)
# How sure each makes, out of 100, when nothing else speaks for it.
SURE = {Reason.PHONE: 60, Reason.EMAIL: 80, Reason.NAME: 50}
Pair = tuple[int, int]


@dataclass
class Found:
    """What was found of pairs, the elder first: reason → how sure it makes."""

    pairs: dict[Pair, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, one: int, other: int, reason: str, sure: int) -> None:
        pair = (min(one, other), max(one, other))
        self.pairs[pair][reason] = max(sure, self.pairs[pair].get(reason, 0))


def score(reasons: Mapping[str, int]) -> int:
    """How sure the reasons make together, out of 100: each leaves its part of the doubt."""
    doubt = 1.0
    for sure in reasons.values():
        doubt *= 1 - sure / 100
    return round(100 * (1 - doubt))


# --- What is to be looked at -------------------------------------------------------------


def look_again(customer_ids: Iterable[int]) -> None:
    """These are called or reached otherwise now; in the transaction that changed them."""
    for batch in batches(customer_ids):
        add_keys(ToCompare, "customer", batch)


def search(seconds: float) -> bool:
    """Look at slices for so long; whether somebody is left to be looked at."""
    end = time.monotonic() + seconds
    while worked := _next_slice():
        if time.monotonic() >= end:
            break
    return worked


@transaction.atomic
def _next_slice() -> bool:
    """The next few hundred of whoever is to be looked at first; False when nobody is."""
    # Whoever is first here begins; those who were there before wait for no walk.
    fresh = {"walk_ended_at": timezone.now()}
    state, _made = DuplicateSearch.objects.select_for_update().get_or_create(pk=1, defaults=fresh)
    return _changed() or _new(state) or _walk(state)


def _changed() -> bool:
    ids = list(ToCompare.objects.order_by("pk").values_list("pk", flat=True)[:SLICE])
    compare(ids)
    ToCompare.objects.filter(pk__in=ids).delete()
    return bool(ids)


def _new(state: DuplicateSearch) -> bool:
    customers = Customer.objects.filter(pk__gt=state.seen_up_to).order_by("pk")
    ids = list(customers.values_list("pk", flat=True)[:SLICE])
    compare(ids)
    if ids:
        state.seen_up_to = ids[-1]
        state.save(update_fields=["seen_up_to"])
    return bool(ids)


def _walk(state: DuplicateSearch) -> bool:
    """Everybody once a week: numbers that are shared by fewer now, what committed out of order."""
    if state.walk_ended_at and state.walk_ended_at > timezone.now() - WALK_EVERY:
        return False
    customers = Customer.objects.filter(pk__gt=state.walked_up_to, pk__lte=state.seen_up_to)
    ids = list(customers.order_by("pk").values_list("pk", flat=True)[:SLICE])
    compare(ids)
    state.walked_up_to = ids[-1] if ids else 0
    if not ids:
        state.walk_ended_at = timezone.now()
    state.save(update_fields=["walked_up_to", "walk_ended_at"])
    return bool(ids)


# --- Comparing a slice with everybody ----------------------------------------------------


@transaction.atomic
def compare(customer_ids: Collection[int]) -> None:
    """Bring the pairs of these customers up to date; a fixed number of queries, twice is once."""
    if not customer_ids:
        return
    ids = set(Customer.objects.active().filter(pk__in=customer_ids).values_list("pk", flat=True))
    found = Found()
    _same_phone(ids, found)
    _same_email(ids, found)
    _same_name(ids, found)
    _store(customer_ids, found)


def _reached() -> QuerySet[ContactPoint]:
    """Living points of whoever is at an active customer now."""
    return ContactPoint.objects.filter(
        retired_at=None,
        contact__affiliations__until=None,
        contact__affiliations__customer__archived_at=None,
    )


def _same_phone(ids: Collection[int], found: Found) -> None:
    phones = _reached().filter(kind=ContactPoint.Kind.PHONE)
    own = phones.filter(contact__affiliations__customer__in=ids).values_list("value", flat=True)
    living = ContactPoint.objects.filter(kind=ContactPoint.Kind.PHONE, retired_at=None)
    numbers = _shared_by_few(living, "value", set(own))
    _pair_up(phones.filter(value__in=numbers), "value", ids, Reason.PHONE, found)


def _same_email(ids: Collection[int], found: Found) -> None:
    emails = _reached().filter(kind=ContactPoint.Kind.EMAIL)
    own = emails.filter(contact__affiliations__customer__in=ids).values_list("value", flat=True)
    living = ContactPoint.objects.filter(retired_at=None).annotate(loose=LooseEmail("value"))
    addresses = _shared_by_few(living, "loose", {loose(address) for address in own})
    # The kind is not asked for: only the index on the expression may serve this.
    spelt = _reached().annotate(loose=LooseEmail("value")).filter(loose__in=addresses)
    _pair_up(spelt, "loose", ids, Reason.EMAIL, found)


def _shared_by_few(rows: QuerySet[Any], name: str, values: Collection[Any]) -> list[Any]:
    """Those of `values` that stand in more than one row, but not in more than a few."""
    if not values:
        return []
    counted = rows.filter(**{f"{name}__in": values}).order_by().values(name)
    few = counted.annotate(n=Count("pk")).filter(n__gt=1, n__lte=MOST_SHARERS)
    return list(few.values_list(name, flat=True))


def _pair_up(
    points: QuerySet[ContactPoint], name: str, ids: Collection[int], reason: str, found: Found
) -> None:
    """Customers of different people whose points have the same value; one of each pair in `ids`."""
    sharers: dict[str, set[Pair]] = defaultdict(set)
    columns = (name, "contact_id", "contact__affiliations__customer_id")
    for value, contact, customer in points.values_list(*columns):
        sharers[value].add((contact, customer))
    for people in sharers.values():
        for (contact, customer), (another, other) in combinations(sorted(people), 2):
            if contact != another and customer != other and (customer in ids or other in ids):
                found.add(customer, other, reason, SURE[Reason(reason)])


# --- By name and place --------------------------------------------------------------------


@dataclass(frozen=True)
class Named:
    """Whose name is compared, and where they are; "" when nobody knows."""

    name: str
    place: str


def _same_name(ids: Collection[int], found: Found) -> None:
    known = _named(ids)
    _write_keys(known)
    candidates = _sharing_keys(ids) | _of_the_same_name(ids, known)
    known |= _named({pk for pair in candidates for pk in pair} - known.keys())
    for one, other in candidates:
        if one in known and other in known and (sure := _sure(known[one], known[other])):
            found.add(one, other, Reason.NAME, sure)


def _named(ids: Collection[int]) -> dict[int, Named]:
    """Names, with the city, else the country, else the country of the telephone; two queries."""
    found, unplaced = {}, []
    rows = Customer.objects.active().filter(pk__in=ids)
    for pk, name, city, country in rows.values_list("pk", "name_folded", "city", "country"):
        place = fold(city) or fold(country)
        found[pk] = Named(name, place)
        if not place:
            unplaced.append(pk)
    phones = _reached().filter(
        kind=ContactPoint.Kind.PHONE, contact__affiliations__customer__in=unplaced
    )
    columns = ("contact__affiliations__customer_id", "value")
    for pk, number in phones.order_by("-pk").values_list(*columns) if unplaced else ():
        if pk in found:
            found[pk] = Named(found[pk].name, number[:3])
    return found


def _write_keys(known: Mapping[int, Named]) -> None:
    wanted = {(pk, key) for pk, one in known.items() for key in keys(one.name, one.place)}
    rows = DuplicateKey.objects.filter(customer__in=known.keys())
    stored = {
        (customer, key): pk for pk, customer, key in rows.values_list("pk", "customer_id", "key")
    }
    for batch in batches(pk for pair, pk in stored.items() if pair not in wanted):
        DuplicateKey.objects.filter(pk__in=batch).delete()
    DuplicateKey.objects.bulk_create(
        [DuplicateKey(customer_id=pk, key=key) for pk, key in sorted(wanted - stored.keys())],
        ignore_conflicts=True,
    )


def _sharing_keys(ids: Collection[int]) -> set[Pair]:
    own = DuplicateKey.objects.filter(customer__in=ids).values_list("key", flat=True)
    few = _shared_by_few(DuplicateKey.objects.all(), "key", set(own))
    sharers: dict[int, list[int]] = defaultdict(list)
    for key, pk in DuplicateKey.objects.filter(key__in=few).values_list("key", "customer_id"):
        sharers[key].append(pk)
    return _pairs(sharers.values(), ids)


def _of_the_same_name(ids: Collection[int], known: Mapping[int, Named]) -> set[Pair]:
    """Where the place of one of them is not known, only the same name will do."""
    names = {known[pk].name for pk in ids}
    few = _shared_by_few(Customer.objects.active(), "name_folded", names)
    sharers: dict[str, list[int]] = defaultdict(list)
    rows = Customer.objects.active().filter(name_folded__in=few)
    for name, pk in rows.values_list("name_folded", "pk"):
        sharers[name].append(pk)
    return _pairs(sharers.values(), ids)


def _pairs(groups: Iterable[Sequence[int]], ids: Collection[int]) -> set[Pair]:
    return {
        (one, other)
        for group in groups
        for one, other in combinations(sorted(group), 2)
        if one in ids or other in ids
    }


def _sure(one: Named, other: Named) -> int:
    """How sure two names at their places make that they are one; 0: not at all."""
    alike = likeness(one.name, other.name)
    if one.place and one.place == other.place:
        return SURE[Reason.NAME] * alike // 100 if alike >= ALIKE else 0
    unknown = not (one.place and other.place)
    return 30 if unknown and alike == 100 and len(telling(one.name)) > 1 else 0


# --- Keeping the pairs --------------------------------------------------------------------


def _store(ids: Collection[int], found: Found) -> None:
    """New pairs, other reasons, and away with what is no longer alike; what was said stays said."""
    theirs = Duplicate.objects.filter(first__in=ids).union(
        Duplicate.objects.filter(second__in=ids), all=False
    )
    stored = {(pair.first_id, pair.second_id): pair for pair in theirs}
    changed, gone = [], []
    for key, pair in stored.items():
        reasons = found.pairs.get(key)
        if not reasons:
            if pair.dismissed_at is None:
                gone.append(pair.pk)
        elif (pair.reasons, pair.score) != (now := (sorted(reasons), score(reasons))):
            pair.reasons, pair.score = now
            changed.append(pair)
    save_columns(changed, ["reasons", "score"])
    Duplicate.objects.filter(pk__in=gone, dismissed_at=None).delete()
    Duplicate.objects.bulk_create(
        [
            Duplicate(first_id=first, second_id=second, reasons=sorted(why), score=score(why))
            for (first, second), why in sorted(found.pairs.items())
            if (first, second) not in stored
        ],
        ignore_conflicts=True,
    )


def open_pairs() -> QuerySet[Duplicate]:
    """What is to be decided: nobody said that these are two, and both are in the lists."""
    return Duplicate.objects.filter(
        dismissed_at=None, first__archived_at=None, second__archived_at=None
    )


def open_pairs_of(customer: Customer) -> QuerySet[Duplicate]:
    """Those of one customer, the surest first."""
    return open_pairs().filter(Q(first=customer) | Q(second=customer)).order_by("-score", "-pk")
