"""Writing what a batch of customers' rows comes to: by COPY and bulk updates, each row recorded.

A revert goes backwards through the change set, so parents are recorded before what points to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import models
from django.utils import timezone

from crm import search
from crm.among import Among
from crm.imports.customer_found import EMAIL, PHONE
from crm.imports.customer_plans import Match, Plan
from crm.imports.kinds import Values
from crm.imports.session import Session
from crm.models import Affiliation, Contact, ContactPoint, Customer, Tag, TenureSpan
from crm.tenures import rebuild
from staff.bulk import insert, insert_rows, new_keys_of, save_rows
from staff.changes import record_created, record_deleted, record_updated
from staff.columns import own_columns

# What search finds customers by, among their own columns.
FOUND_BY = {"name", "city", "external_id"}


def write(plan: Plan, session: Session) -> None:
    """All that the plan says, inside the caller's transaction; new customers get their `pk`."""
    matches = plan.matches
    contactless = [m for m in matches if not m.contact and _is_reachable(m)]
    affiliated = [m for m in matches if m.adopts] + contactless
    points = [(match, kind, value) for match in matches for kind, value in match.made]
    fresh = [match for match in matches if match.is_new]
    keys = _keys(
        {
            Customer: len(fresh),
            Contact: len(contactless),
            Affiliation: len(affiliated),
            ContactPoint: len(points),
        }
    )
    for match, pk in zip(fresh, keys[Customer], strict=True):
        match.pk = pk
    for match, pk in zip(contactless, keys[Contact], strict=True):
        match.contact = pk
    found = session.find_customers(
        {reference for match in fresh if (reference := match.entry.values.get("referred_by"))}
    )
    _write_customers(fresh, found, session)
    _write_changes([m for m in matches if not m.is_new and m.changes], session)
    _write_contacts(contactless, session)
    _write_affiliations(affiliated, keys[Affiliation], session)
    _write_points(matches, points, keys[ContactPoint], session)
    _write_tags(plan, session)
    _write_words(plan)
    _begin_tenures(matches, session)
    _note_referrers(matches, found, session)


def _is_reachable(match: Match) -> bool:
    values = match.entry.values
    return bool(values.get(EMAIL) or values.get(PHONE))


def _keys(wanted: dict[type[models.Model], int]) -> dict[type[models.Model], list[int]]:
    some = {model: count for model, count in wanted.items() if count}
    found = new_keys_of(some) if some else {}
    return {model: found.get(model, []) for model in wanted}


@cache
def _blank(model: type[models.Model]) -> tuple[tuple[str, Any], ...]:
    """The columns of a new row, with what stands in them when nobody says otherwise."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    found = []
    for name in own_columns(model):
        default = fields[name].get_default()
        # A member of an enumeration as the text that it is.
        found.append((name, str(default) if isinstance(default, str) else default))
    return tuple(found)


def _insert(
    model: type[models.Model], rows: Sequence[tuple[int, Values]], session: Session
) -> None:
    """Write and record rows: (key, columns that are not blank)."""
    if not rows:
        return
    names = {name: None for _pk, given in rows for name in given}
    said = {name: blank for name, blank in _blank(model) if name in names}
    unsaid = {name: blank for name, blank in _blank(model) if name not in names}
    whole = [(pk, {**said, **given}) for pk, given in rows]
    insert_rows(
        model,
        [model._meta.pk.attname, *said],
        ((pk, *columns.values()) for pk, columns in whole),
        constant=unsaid,
    )
    record_created(session.change_set, whole, model, constant=unsaid)


def _write_customers(fresh: list[Match], found: dict[str, int], session: Session) -> None:
    rows = []
    for match in fresh:
        reference = match.entry.values.get("referred_by")
        if reference and reference in found:
            match.changes["referred_by_id"] = found[reference]
        rows.append((match.pk, match.changes))
    _insert(Customer, rows, session)


def _write_changes(known: list[Match], session: Session) -> None:
    """One statement for all columns that change in any row."""
    if not known:
        return
    names = sorted({name for match in known for name in match.changes})
    save_rows(
        Customer, names, [(match.pk, *(match.now(name) for name in names)) for match in known]
    )
    record_updated(
        session.change_set,
        Customer,
        [(m.pk, {name: (m.was or {})[name] for name in m.changes}, m.changes) for m in known],
    )


def _write_contacts(contactless: list[Match], session: Session) -> None:
    person, now = Customer.Kind.PERSON.value, timezone.now()
    _insert(
        Contact,
        [
            (
                m.contact,
                {
                    "name": m.now("name") if (m.now("kind") or person) == person else "",
                    "language": m.now("language"),
                    "created_at": m.now("created_at") or now,
                },
            )
            for m in contactless
        ],
        session,
    )


def _write_affiliations(affiliated: list[Match], keys: list[int], session: Session) -> None:
    _insert(
        Affiliation,
        [
            (pk, {"customer_id": m.pk, "contact_id": m.contact, "is_primary": True})
            for pk, m in zip(keys, affiliated, strict=True)
        ],
        session,
    )


def _write_points(
    matches: list[Match],
    points: list[tuple[Match, str, str]],
    keys: list[int],
    session: Session,
) -> None:
    moved = [move for match in matches for move in match.moved]
    given_up = {before for _pk, before, _after in moved}
    save_rows(
        ContactPoint,
        ["value"],
        [(pk, after) for pk, _before, after in moved if after not in given_up],
    )
    for pk, _before, after in moved:
        if after in given_up:  # free by now: whoever gave it up stands further up
            ContactPoint.objects.filter(pk=pk).update(value=after)
    record_updated(
        session.change_set,
        ContactPoint,
        [(pk, {"value": before}, {"value": after}) for pk, before, after in moved],
    )
    revived = [one for match in matches for one in match.revived]
    save_rows(ContactPoint, ["retired_at"], [(pk, None) for pk, _since in revived])
    record_updated(
        session.change_set,
        ContactPoint,
        [(pk, {"retired_at": since}, {"retired_at": None}) for pk, since in revived],
    )
    _insert(
        ContactPoint,
        [
            (pk, {"contact_id": match.contact, "kind": kind, "value": value})
            for pk, (match, kind, value) in zip(keys, points, strict=True)
        ],
        session,
    )


def _write_tags(plan: Plan, session: Session) -> None:
    tagged = [match for match in plan.matches if match.tags is not None]
    names = {folded: name for m in tagged for folded, name in (m.tags or {}).items()}
    if not names:
        return
    ids = dict(Tag.objects.filter(Among("folded", list(names))).values_list("folded", "pk"))
    fresh = [Tag(name=name, folded=folded) for folded, name in names.items() if folded not in ids]
    insert(fresh)
    record_created(session.change_set, fresh)
    ids |= {tag.folded: tag.pk for tag in fresh}
    through: Any = Customer.tags.through
    gone, made = [], []
    for match in tagged:
        wanted = {ids[folded] for folded in match.tags or {}}
        present = plan.tagged.get(match.pk, {})
        gone += [
            (row, {"customer_id": match.pk, "tag_id": tag})
            for tag, (row, *_name) in present.items()
            if tag not in wanted
        ]
        made += [
            through(customer_id=match.pk, tag_id=tag) for tag in sorted(wanted - present.keys())
        ]
    record_deleted(session.change_set, gone, through)
    if gone:
        through.objects.filter(Among("pk", [pk for pk, _columns in gone])).delete()
    insert(made)
    record_created(session.change_set, made)


# --- What follows -----------------------------------------------------------------------------


def _write_words(plan: Plan) -> None:
    """What customers are found by; who has one contact and the tags as before needs no look-up."""
    fresh, otherwise, entangled = [], {}, []
    for match in plan.matches:
        if match.is_new and not match.adopts:
            fresh.append((match.pk, _text(match, (match.tags or {}).values(), "", ())))
        elif match.is_new or _is_found_otherwise(match):
            contact = plan.only_contact.get(match.pk)
            if contact is None or match.tags is not None or match.revived:
                entangled.append(match.pk)
                continue
            tags, points = plan.tags_of(match.pk), plan.points_of(match.contact)
            otherwise[match.pk] = _text(match, tags, contact, points)
    search.index_fresh(fresh)
    search.rewrite(otherwise)
    search.index(entangled)


def _text(
    match: Match, tags: Iterable[str], contact: str, points: Sequence[tuple[str, str]]
) -> str:
    """The same words as crm.search would find; a new customer's contact has the same name."""
    texts = [match.now("name"), match.now("city"), match.now("external_id"), *tags, contact]
    return search.text_of(texts, [*points, *match.made])


def _is_found_otherwise(match: Match) -> bool:
    tags_moved = match.tags is not None
    reach = match.made or match.moved or match.revived
    return bool(reach or tags_moved or FOUND_BY & match.changes.keys())


def _begin_tenures(matches: Iterable[Match], session: Session) -> None:
    """Who is said to be a customer, and for whom nothing else says so, is one since the day that the
    row tells, else since their creation."""
    spans = [
        TenureSpan(customer_id=m.pk, started_at=_since(m), external_source="", external_id="")
        for m in matches
        if m.begins_tenure
    ]
    insert(spans)
    record_created(session.change_set, spans)
    if spans:
        rebuild(sorted(span.customer_id for span in spans))


def _since(match: Match) -> datetime:
    said: datetime | None = match.entry.values.get("customer_since")
    created_at: datetime = match.now("created_at") if match.is_new else timezone.now()
    return said or created_at


def _note_referrers(matches: Iterable[Match], found: dict[str, int], session: Session) -> None:
    """Who referred whom is tied as soon as both are in; rows that come later are waited for."""
    session.referrers += [
        (match.pk, match.entry.line, reference)
        for match in matches
        if (reference := match.entry.values.get("referred_by"))
        and not (match.is_new and reference in found)
    ]
    if session.referrers:
        tie_referrers(session)


def tie_referrers(session: Session) -> None:
    """Tie those whose referrers are in by now; the others stay in `session.referrers`."""
    found = session.find_customers({reference for *_rest, reference in session.referrers})
    wanted = {pk: found[ref] for pk, _line, ref in session.referrers if ref in found}
    session.referrers = [one for one in session.referrers if one[2] not in found]
    if session.is_check or not wanted:
        return
    there = Customer.objects.filter(Among("pk", list(wanted)))
    rows = [
        (pk, {"referred_by_id": before}, {"referred_by_id": wanted[pk]})
        for pk, before in there.values_list("pk", "referred_by_id")
        if wanted[pk] not in {pk, before}
    ]
    save_rows(Customer, ["referred_by"], [(pk, now["referred_by_id"]) for pk, _b, now in rows])
    record_updated(session.change_set, Customer, rows)
