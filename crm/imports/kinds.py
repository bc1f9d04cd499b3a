"""What can be imported: the registry that higher rooms add their kinds to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext as _

from crm.imports.parsing import BadCell, Context, Parser

if TYPE_CHECKING:
    from django.db.models import Model

    from crm.imports.session import Session
    from crm.models import Interaction

Values = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column by its fixed name (`interface.md`), how to read it, and whether a row needs it."""

    name: str
    parse: Parser
    required: bool = False


@dataclass
class Entry:
    """One row on its way in: what it says, then what was made of it or why not."""

    line: int
    cells: Mapping[str, str]
    values: Values = field(default_factory=dict)
    refusal: str = ""

    def refuse(self, why: object) -> None:
        self.refusal = self.refusal or str(why)


class ImportKind(Protocol):
    """A kind of rows. `apply` matches and writes one batch inside the caller's transaction."""

    @property
    def name(self) -> str: ...

    @property
    def columns(self) -> Sequence[Column]: ...

    # Columns named "<prefix>.*" are taken as they come, e.g. "custom.shoe_size".
    @property
    def open_prefix(self) -> str: ...

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        """Write the entries; refuse those that can't be; count all of them in the session."""

    def finish(self, session: Session) -> None:
        """Called once, after the last batch, in a transaction of its own."""


@dataclass(frozen=True)
class FactKind:
    """A kind whose rows are facts about customers, found again by their external key.

    `fields` turns a row's values into column values of `model` (without customer and key);
    it may raise BadCell. A present but blank cell is null: the row is the whole fact.
    """

    name: str
    model: type[Model]
    columns: Sequence[Column]
    fields: Callable[[Values, Context], Values]
    customer: str = "required"  # or "optional"
    # The instant that a customer made for this row is dated at, at the latest.
    at: Callable[[Values, Context], datetime | None] = lambda _values, _context: None
    # Rows without an external_id column are known by these values.
    natural_key: tuple[str, ...] = ()
    # Column values that a new row begins with, and that importing it again leaves alone.
    beginning: Callable[[Values, Context], Values] = lambda _values, _context: {}
    # What the timeline tells of new rows.
    interactions: Callable[[Sequence[Any], Session], Iterable[Interaction]] = lambda _rows, _s: ()
    # Whether tenures follow from these rows.
    moves_tenures: bool = False
    open_prefix: str = ""

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        from crm.imports.facts import apply

        apply(self, entries, session)

    def finish(self, session: Session) -> None:
        return None


KINDS: dict[str, ImportKind] = {}


def register(kind: ImportKind) -> None:
    """Offer a kind to `manage.py import`; called from AppConfig.ready."""
    KINDS[kind.name] = kind


def read_entry(
    entry: Entry, kind: ImportKind, mapping: Mapping[str, str], context: Context
) -> None:
    """Parse the mapped cells into `entry.values`; a bad or missing cell refuses the entry.

    A blank cell of a mapped column is None; a column that is not mapped is absent.
    """
    parsers = {column.name: column for column in kind.columns}
    for target, header in mapping.items():
        cell = entry.cells.get(header, "")
        column = parsers.get(target)
        if "\x00" in cell:
            entry.refuse(_("%(column)s: holds a character that is no text.") % {"column": header})
        elif not cell:
            entry.values[target] = None
            if column and column.required:
                entry.refuse(_("%(column)s is empty.") % {"column": header})
        else:
            try:
                entry.values[target] = column.parse(cell, context) if column else cell
            except BadCell as bad:
                entry.refuse(_("%(column)s: %(why)s") % {"column": header, "why": bad})
