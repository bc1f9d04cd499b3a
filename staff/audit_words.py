"""Audit entries in words, a page at a time: names instead of keys, a query for each kind of record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from staff import audit
from staff.columns import from_json
from staff.formats import date_short, moment
from staff.models import AuditEntry

LONGEST = 120
# What counts as nothing: a field that was nothing and stayed so is no news.
EMPTY: tuple[object, ...] = (None, "", [], {})

# (label, value) of a name behind a prefix, e.g. of "shoe_size" behind "custom.".
Words = Callable[[str, Any], tuple[str, str]]
Prefix = tuple[str, str]
_PREFIXED: dict[Prefix, Callable[[], Words]] = {}
# "customer" → "crm.customer": what the keys in `changes` are of, where no field of the target tells.
_KEYS_OF: dict[str, str] = {}

Names = Mapping[tuple[str, int], str]


@dataclass(frozen=True)
class ShownChange:
    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ShownEntry:
    """One entry, ready to be shown; `target` says which record, `url` leads there, if anywhere."""

    entry: AuditEntry
    what: str
    target: str
    url: str
    changes: Sequence[ShownChange]


def prefixed(model_label: str, prefix: str, load: Callable[[], Words]) -> None:
    """Put names in `changes` that begin with `prefix` into words; `load` is called once per page.

    A room calls this in AppConfig.ready.
    """
    _PREFIXED[model_label, prefix] = load


def keys_of(models_by_name: Mapping[str, str]) -> None:
    """Say of which model a name's values in `changes` are keys, where the target has no such field."""
    _KEYS_OF.update(models_by_name)


def shown(entries: Iterable[AuditEntry], known: Names | None = None) -> list[ShownEntry]:
    """The entries in words; `known` are names of records that the caller has at hand."""
    entries = list(entries)
    names = _names(entries, known or {})
    words = {key: load() for key, load in _PREFIXED.items() if _speaks_of(entries, *key)}
    return [_entry(entry, names, words) for entry in entries]


def _speaks_of(entries: Iterable[AuditEntry], label: str, prefix: str) -> bool:
    return any(
        one.target_model == label and name.startswith(prefix)
        for one in entries
        for name in _spread(one)
    )


def _entry(entry: AuditEntry, names: Names, words: Mapping[Prefix, Words]) -> ShownEntry:
    return ShownEntry(
        entry=entry,
        what=capfirst(audit.description(entry.action)),
        target=target_of(entry, names),
        url=audit.page_of(entry.target_model, entry.target_id),
        changes=changes_of(entry, names, words),
    )


def changes_of(
    entry: AuditEntry, names: Names | None = None, words: Mapping[Prefix, Words] | None = None
) -> list[ShownChange]:
    """What an entry changed, without a query: a key that `names` doesn't know stays a number."""
    model = _model(audit.fields_model(entry.action, entry.target_model))
    found = []
    for name, (old, new) in _spread(entry).items():
        if old in EMPTY and new in EMPTY:
            continue
        if said := _behind_prefix(entry, name, old, new, words or {}):
            found.append(said)
            continue
        before, after = (_value(model, name, value, names or {}) for value in (old, new))
        found.append(ShownChange(_label(model, name), before, after))
    return found


def _behind_prefix(
    entry: AuditEntry, name: str, old: Any, new: Any, words: Mapping[Prefix, Words]
) -> ShownChange | None:
    for (label, prefix), say in words.items():
        if entry.target_model == label and name.startswith(prefix):
            (title, before), (_title, after) = (
                say(name.removeprefix(prefix), value) for value in (old, new)
            )
            return ShownChange(title, before or None, after or None)
    return None


def _spread(entry: AuditEntry) -> dict[str, list[Any]]:
    """Its changes; those of a whole mapping by what is in it, where names have a prefix for that."""
    found: dict[str, list[Any]] = {}
    for name, change in entry.changes.items():
        if (entry.target_model, f"{name}.") not in _PREFIXED:
            found[name] = change
            continue
        old, new = (side or {} for side in change)
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                found[f"{name}.{key}"] = [old.get(key), new.get(key)]
    return found


# --- Names of records -----------------------------------------------------------------------


def _names(entries: Iterable[AuditEntry], known: Names) -> Names:
    """Of all records that values point to: a query for each of their models."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        model = _model(audit.fields_model(entry.action, entry.target_model))
        for name, change in entry.changes.items():
            if label := _points_to(model, name):
                wanted[label] |= {key for key in change if isinstance(key, int)}
    names = dict(known)
    for label, keys in wanted.items():
        pointed = _model(label)
        missing = {key for key in keys if (label, key) not in names}
        if pointed and missing:
            rows = pointed._base_manager.filter(pk__in=missing)
            names |= {(label, row.pk): str(row) for row in rows}
    return names


def _points_to(model: type[models.Model] | None, name: str) -> str:
    """The label of the model whose keys this name's values are; "" when they are no keys."""
    field = _field(model, name)
    if isinstance(field, models.ForeignKey):
        related: Any = field.related_model
        return str(related._meta.label_lower)
    return "" if field else _KEYS_OF.get(name, "")


def target_of(entry: AuditEntry, names: Names | None = None) -> str:
    """The kind of record and its name or number: "customer 12"; nothing for what is mechanism."""
    model = _model(entry.target_model)
    name = model._meta.verbose_name if model else None
    if not isinstance(name, Promise):
        return ""
    own = (names or {}).get((entry.target_model, entry.target_id))
    return f"{name} {own or entry.target_id}"


# --- Fields and values ----------------------------------------------------------------------


def _model(label: str) -> type[models.Model] | None:
    try:
        return apps.get_model(label)
    except LookupError:
        return None


def _field(model: type[models.Model] | None, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def field_label(model_label: str, name: str) -> str:
    """What people call a name in `changes`."""
    return _label(_model(model_label), name)


def _label(model: type[models.Model] | None, name: str) -> str:
    words = getattr(_field(model, name), "verbose_name", None)
    return capfirst(str(words) if isinstance(words, Promise) else audit.field_name(name))


def _value(model: type[models.Model] | None, name: str, value: Any, names: Names) -> str | None:
    """A recorded value as the page shows it; None when there was none."""
    field = _field(model, name)
    if value in EMPTY:
        return None
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int) and (label := _points_to(model, name)):
        return names.get((label, value), str(value))
    choices = dict(getattr(field, "flatchoices", None) or [])
    if not isinstance(value, list | dict) and value in choices:
        return str(choices[value])
    show: Callable[[Any], object] = localize
    if isinstance(field, models.DateTimeField):
        show = moment
    elif isinstance(field, models.DateField):
        show = date_short
    if isinstance(field, models.Field) and not field.is_relation:
        value = from_json(field, value)
    if isinstance(field, models.DecimalField) and field.decimal_places > 2:
        # A rate of 1 is no 1.00000000.
        value = Decimal(f"{Decimal(value).normalize():f}")
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    return Truncator(str(show(value))).chars(LONGEST)
