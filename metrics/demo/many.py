"""Very many customers: the same lives lived again, copied by the database in bulk.

Beyond LIVES, a life of its own for everybody would take hours. So a stretch of the lives that were
written (all rows of them, whatever table they stand in) is copied as often as needed: other keys, other
e-mail addresses and telephones, everything else alike. What is derived is copied with what it is derived
from, so it agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import connection, models

from crm.models import Contact, ContactPoint, Customer, CustomerSearch
from metrics.demo.bare import bare
from metrics.engine.touched import BUSINESS
from metrics.models import Mark
from support.models import Message, Participant, TicketSearch

# So many lives are written one by one, in a minute; the first batch, with its stories, is not copied.
LIVES = 10_000

Model = type[models.Model]
ROOMS = {"crm", "support", "surveys"}
# Fields that name a record of any kind: the label of its model, and its key.
POINTERS = (("about_model", "about_id"), ("subject_model", "subject_id"))
# The last four digits of what a telephone or a list of words ends with.
_TAIL = "substr({0}, length({0}) - 3)"


@dataclass(frozen=True)
class Plan:
    """How `customers` come about: so many lives first, a stretch of them copied, a few lives more."""

    lives: int
    copies: int
    rest: int

    @classmethod
    def of(cls, customers: int, batch: int) -> Plan:
        if customers <= LIVES:
            return cls(customers, 0, 0)
        copies = -(-(customers - batch) // (LIVES - batch)) - 1
        stretch, rest = divmod(customers - batch, copies + 1)
        return cls(batch + stretch, copies, rest)


@dataclass(frozen=True)
class Stretch:
    """Keys of one table in (floor, ceiling]."""

    floor: int
    ceiling: int

    @property
    def length(self) -> int:
        return self.ceiling - self.floor


def highest_keys() -> dict[Model, int]:
    """Of every table that hangs on customers, the highest key; not of those whose rows are another's own."""
    with connection.cursor() as cursor:
        found = {}
        for model in hanging():
            if not _key(model).is_relation:
                cursor.execute(
                    f"SELECT COALESCE(MAX({_quoted(_key(model))}), 0) FROM {_table(model)}"  # noqa: S608 (names of our own tables)
                )
                [found[model]] = cursor.fetchone()
    return found


def hanging() -> list[Model]:
    """Every model whose rows belong to customers or contacts, those first that others point to."""
    rooms = [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label in ROOMS]
    found: list[Model] = [Customer, Contact]
    while more := [m for m in rooms if m not in found and any(True for _ in _pointing(m, found))]:
        found += more
    return found


def multiply(before: Mapping[Model, int], copies: int, say: Callable[[int], None]) -> None:
    """Copy what came since `before` so many times, all in one transaction; `say` is told after each."""
    stretches = {
        model: Stretch(before[model], highest) for model, highest in highest_keys().items()
    }
    models_of = hanging()
    tables = [_Copying(model, stretches) for model in models_of]
    with bare(models_of):
        for number in range(1, copies + 1):
            with connection.cursor() as cursor:
                for table in tables:
                    cursor.execute(table.sql(number))
            say(number)
        _move_sequences(stretches)
        # No trigger saw them: whatever is counted changed.
        Mark.objects.create(fact=BUSINESS, from_at=datetime(1, 1, 2, tzinfo=UTC))


@dataclass(frozen=True)
class _Copying:
    """INSERT … SELECT of one table's stretch."""

    model: Model
    stretches: Mapping[Model, Stretch]

    def sql(self, number: int) -> str:
        fields = [field for field in self.model._meta.concrete_fields if not field.generated]
        names = ", ".join(_quoted(field) for field in fields)
        values = ", ".join(self._value(field, number) for field in fields)
        key = _key(self.model)
        own = self.stretches[_target(key)]
        return (
            f"INSERT INTO {_table(self.model)} ({names}) SELECT {values} FROM {_table(self.model)}"  # noqa: S608
            f" WHERE {_quoted(key)} > {own.floor} AND {_quoted(key)} <= {own.ceiling}"
        )

    def _value(self, field: Any, number: int) -> str:
        column = _quoted(field)
        target = _target(field)
        if target in self.stretches and (field.is_relation or field.primary_key):
            return _moved(column, self.stretches[target], number)
        for label, key in POINTERS:
            if field.name == key and _has(self.model, label):
                return self._pointer(column, label, number)
        if special := SPECIAL.get((self.model, field.name)):
            return special(column, self, number)
        if field.name in {"once_key", "token_hash", "external_id"}:
            # Unique unless blank: the last characters give way to the number of the copy.
            end = f"~{number}"
            most = field.max_length - len(end)
            return (
                f"CASE WHEN {column} = '' THEN '' ELSE substr({column}, 1, {most}) || '{end}' END"
            )
        return column

    def _pointer(self, column: str, label: str, number: int) -> str:
        cases = " ".join(
            f"WHEN '{model._meta.label_lower}' THEN {_moved(column, stretch, number)}"
            for model, stretch in self.stretches.items()
        )
        return f"CASE {connection.ops.quote_name(label)} {cases} ELSE {column} END"

    def new_key(self, number: int) -> str:
        key = _key(self.model)
        return _moved(_quoted(key), self.stretches[_target(key)], number)


def _moved(column: str, stretch: Stretch, number: int) -> str:
    """The key of the copy; of what stands outside of the stretch there is none."""
    moved = f"{column} + {number * stretch.length}"
    return f"CASE WHEN {column} > {stretch.floor} THEN {moved} ELSE {column} END"


def _address(column: str, _copying: _Copying, number: int) -> str:
    return f"replace({column}, '.example', '.c{number}.example')"


def _four(column: str, number: int) -> str:
    """Other four digits for those that it ends with."""
    tail = f"CAST({_TAIL.format(column)} AS integer)"
    return f"substr(CAST(10000 + ({tail} + {number * 197}) % 10000 AS text), 2)"


def _point(column: str, copying: _Copying, number: int) -> str:
    phone = f"substr({column}, 1, length({column}) - 4) || {_four(column, number)}"
    return f"CASE kind WHEN 'phone' THEN {phone} ELSE {_address(column, copying, number)} END"


def _words(column: str, _copying: _Copying, number: int) -> str:
    """A customer's words: those of a telephone come last and end alike, an address has one more."""
    tail = _TAIL.format(column)
    digits = ", ".join(f"'{digit}'" for digit in "0123456789")
    has_phone = " AND ".join(
        f"substr({column}, length({column}) - {place}, 1) IN ({digits})" for place in range(4)
    )
    others = f"replace({column}, {tail}, {_four(column, number)})"
    named = f"CASE WHEN {has_phone} THEN {others} ELSE {column} END"
    return f"replace({named}, ' example', ' c{number} example')"


def _ticket_words(column: str, copying: _Copying, number: int) -> str:
    """A ticket's words begin with its number."""
    key = _quoted(_key(copying.model))
    numbered = f"replace({column}, 'n' || {key} || 'n', 'n' || ({copying.new_key(number)}) || 'n')"
    return f"replace({numbered}, ' example', ' c{number} example')"


SPECIAL: dict[tuple[Model, str], Callable[[str, _Copying, int], str]] = {
    (ContactPoint, "value"): _point,
    (Participant, "address"): _address,
    (Message, "from_address"): _address,
    (CustomerSearch, "text"): _words,
    (TicketSearch, "text"): _ticket_words,
}


# --- Tables and columns -------------------------------------------------------------------


def _pointing(model: Model, to: Iterable[Model]) -> Iterable[Any]:
    wanted = set(to)
    return (
        field
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model in wanted and field.related_model is not model
    )


def _key(model: Model) -> Any:
    return model._meta.pk


def _target(field: Any) -> Model:
    """Whose keys the column holds: its own table's, or those of the one that it points to."""
    while field.is_relation:
        field = field.target_field
    target: Model = field.model
    return target


def _has(model: Model, name: str) -> bool:
    return any(field.name == name for field in model._meta.concrete_fields)


def _table(model: Model) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _quoted(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _move_sequences(tables: Iterable[Model]) -> None:
    """PostgreSQL's sequences don't see keys that were given; SQLite's do."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in tables:
            key = _key(model).column
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, %s), MAX({_quoted(_key(model))}))"  # noqa: S608
                f" FROM {_table(model)} HAVING MAX({_quoted(_key(model))}) IS NOT NULL",
                [_table(model), key],
            )
