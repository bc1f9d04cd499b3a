"""Orders, contracts, costs, tenures, answers: facts matched by their key and written in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.interactions import bring_forward
from crm.among import Among
from crm.imports.kinds import Entry, FactKind, Values
from crm.imports.parsing import BadCell, says_otherwise
from crm.imports.session import Session
from crm.tenures import rebuild
from staff.bulk import insert, save_columns
from staff.changes import record_created, record_updated
from staff.columns import to_json

# A row that has been read and understood: its key and column values.
Ready = tuple[Entry, str, Values]


@dataclass
class Applied:
    """What became of the rows of a batch that were not refused."""

    created: list[tuple[Entry, Any]] = field(default_factory=list)
    updated: list[tuple[Entry, Any]] = field(default_factory=list)
    unchanged: list[tuple[Entry, Any]] = field(default_factory=list)


def apply(kind: FactKind, entries: Sequence[Entry], session: Session) -> Applied:
    """Create, update or leave as it is each row of the batch; refuse what can't be."""
    applied = Applied()
    ready = [fact for entry in entries if (fact := _understood(kind, entry, session))]
    ready = _with_customers(kind, ready, session)
    known = _known(kind, [key for _entry, key, _fields in ready], session)
    fresh: list[tuple[Entry, models.Model]] = []
    changed: list[tuple[models.Model, Values, Values]] = []
    touched: set[int] = set()
    for entry, key, fields in ready:
        row = known.get(key)
        if row is None:
            born = {**kind.beginning(entry.values, session.context), **fields}
            made = kind.model(external_source=session.source, external_id=key, **born)
            fresh.append((entry, made))
            continue
        before = {name: getattr(row, name) for name in fields}
        after = {
            name: value
            for name, value in fields.items()
            if says_otherwise(value, before[name], session.context)
        }
        if not after:
            session.counts.unchanged += 1
            applied.unchanged.append((entry, row))
            continue
        for name, value in after.items():
            session.tell(entry, key, name.removesuffix("_id"), before[name], value)
        applied.updated.append((entry, row))
        changed.append((row, {name: before[name] for name in after}, after))
        touched |= {pk for pk in (before.get("customer_id"), fields.get("customer_id")) if pk}
    created = _create(kind, fresh, session)
    applied.created = [(entry, row) for entry, row in fresh if not entry.refusal]
    _update(kind, changed, session)
    if kind.moves_tenures:
        touched |= {row.customer_id for row in created if row.customer_id}
        rebuild(sorted(touched))
    return applied


def _understood(kind: FactKind, entry: Entry, session: Session) -> Ready | None:
    """The row's key and column values; None when it was refused."""
    if entry.refusal:
        return None
    try:
        fields = kind.fields(entry.values, session.context)
    except BadCell as bad:
        entry.refuse(bad)
        return None
    key = entry.values.get("external_id") or _own_key(kind, entry, session)
    if not key or not session.first_time(key, entry):
        return None
    return entry, key, fields


def _own_key(kind: FactKind, entry: Entry, session: Session) -> str:
    """A key for a row that came without: made of what it says, so that twice is the same row."""
    if "external_id" in session.mapped:
        entry.refuse(_("external_id is empty."))
        return ""
    names = kind.natural_key or tuple(sorted(entry.values))
    return own_key([entry.values.get(name) for name in names])


def own_key(said: Iterable[Any]) -> str:
    """The key of a row that says this."""
    text = "\x1f".join(str(to_json(value)) for value in said)
    return "row:" + sha256(text.encode()).hexdigest()[:24]


def _with_customers(kind: FactKind, ready: list[Ready], session: Session) -> list[Ready]:
    """Put each row's customer into its values, making those that are unknown where allowed."""
    if kind.customer == "unsaid" or not any(c.name == "customer" for c in kind.columns):
        return ready
    references = {ref for entry, _k, _f in ready if (ref := entry.values.get("customer"))}
    found = session.find_customers(references)
    dated: dict[str, datetime] = {}
    for entry, _key, _fields in ready:
        reference = entry.values.get("customer")
        if reference:
            at = kind.at(entry.values, session.context) or timezone.now()
            dated[reference] = min(at, dated.get(reference, at))
    unknown = references - found.keys()
    if unknown and session.create_customers:
        found |= session.make_customers({ref: dated[ref] for ref in sorted(unknown)})
    session.date_back({found[ref]: at for ref, at in dated.items() if ref in found})
    placed = []
    for entry, key, fields in ready:
        reference = entry.values.get("customer")
        if reference and reference not in found:
            entry.refuse(
                _(
                    "The customer “%(customer)s” is unknown. Import customers first, "
                    "or use --create-customers."
                )
                % {"customer": reference}
            )
            continue
        if reference is None and kind.customer == "required":
            entry.refuse(_("customer is empty."))
            continue
        placed.append((entry, key, {**fields, "customer_id": found.get(reference or "")}))
    return placed


def _known(kind: FactKind, keys: list[str], session: Session) -> dict[str, Any]:
    rows = kind.model._default_manager.filter(
        Among("external_id", keys), external_source=session.source
    )
    # Said again, because the planner can't see it in so many keys: the index is of these.
    return {row.external_id: row for row in rows.exclude(external_id="")}  # type: ignore[attr-defined]


def _create(kind: FactKind, fresh: list[tuple[Entry, models.Model]], session: Session) -> list[Any]:
    rows = [row for _entry, row in fresh]
    try:
        with transaction.atomic():
            insert(rows)
    except IntegrityError:
        # A rule of the database that `fields` did not foresee: find the row, keep the others.
        rows = []
        for entry, row in fresh:
            row.pk = None
            try:
                with transaction.atomic():
                    row.save(force_insert=True)
            except IntegrityError as error:
                entry.refuse(_("This contradicts what is there already (%s).") % error)
            else:
                rows.append(row)
    record_created(session.change_set, rows)
    session.counts.created += len(rows)
    told = list(kind.interactions(rows, session))
    insert(told)
    bring_forward(told)
    record_created(session.change_set, told)
    return rows


def _update(
    kind: FactKind, changed: list[tuple[models.Model, Values, Values]], session: Session
) -> None:
    if not changed:
        return
    names: set[str] = set()
    for row, _before, after in changed:
        names |= after.keys()
        for name, value in after.items():
            setattr(row, name, value)
    save_columns([row for row, *_rest in changed], sorted(names))
    record_updated(
        session.change_set, kind.model, [(row.pk, before, after) for row, before, after in changed]
    )
    session.counts.updated += len(changed)
