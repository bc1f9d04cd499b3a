"""What can be imported: the registry that higher rooms add their kinds to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext as _

from crm.imports.parsing import BadCell, Context, Parser, day, instant, money, rate
from crm.imports.reading import Row
from staff.cells import meant
from staff.refusals import Refusal

if TYPE_CHECKING:
    from django.db.models import Model

    from crm.imports.session import Session
    from crm.models import Interaction

Values = dict[str, Any]
# Of a column that says the same over and over (a city, a language), so many cells are read once.
MOST_KNOWN = 500


@dataclass(frozen=True)
class Column:
    """A column by its fixed name (`interface.md`), how to read it, and whether a row needs it."""

    name: str
    parse: Parser
    required: bool = False

    @property
    def holds(self) -> str:
        """ "number" or "date" for what people write in several ways; blank otherwise."""
        if self.parse in {money, rate}:
            return "number"
        return "date" if self.parse in {instant, day} else ""


@dataclass(slots=True)
class Entry:
    """One row on its way in: what it says, then what was made of it or why not."""

    row: Row
    values: Values = field(default_factory=dict)
    refusal: str = ""

    @property
    def line(self) -> int:
        return self.row.line

    def refuse(self, why: object) -> None:
        """Once for each thing that is wrong: whoever corrects the row wants to know all of them."""
        self.refusal = f"{self.refusal} {why}" if self.refusal else str(why)


class ImportKind(Protocol):
    """A kind of rows. `apply` matches and writes one batch inside the caller's transaction."""

    @property
    def name(self) -> str: ...

    @property
    def columns(self) -> Sequence[Column]: ...

    # Columns named "<prefix>.*" are taken as they come, e.g. "custom.shoe_size".
    @property
    def open_prefix(self) -> str: ...

    def open_column(self, target: str) -> Column | None:
        """How a target with the open prefix is read; None: as it comes."""

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        """Write the entries that are not refused yet; refuse those that can't be.

        Counts in the session what was created, updated and unchanged (the refused are counted by
        the caller). With `session.is_check` everything is rolled back after each batch.
        """

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
    # Or "optional"; "unsaid": the rows are about somebody else, whatever the column says.
    customer: str = "required"
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

    def open_column(self, target: str) -> Column | None:
        return None

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        from crm.imports.facts import apply

        apply(self, entries, session)

    def finish(self, session: Session) -> None:
        return None


KINDS: dict[str, ImportKind] = {}


def register(kind: ImportKind) -> None:
    """Offer a kind to `manage.py import`; called from AppConfig.ready."""
    KINDS[kind.name] = kind


class Reader:
    """Reads the mapped cells of rows into values; a bad or missing cell refuses the entry.

    A blank cell of a mapped column is None; a column that is not mapped is absent.
    """

    def __init__(
        self, kind: ImportKind, mapping: Mapping[str, str], header: Sequence[str], context: Context
    ) -> None:
        known = {column.name: column for column in kind.columns}
        places = {name: place for place, name in enumerate(header)}
        self._context = context
        self._bad = _("%(column)s: %(why)s")
        self._cells: list[tuple[str, int, str, Parser | None, bool, dict[str, Any]]] = []
        for target, name in mapping.items():
            column = known.get(target) or kind.open_column(target)
            parse, required = (column.parse, column.required) if column else (None, False)
            self._cells.append((target, places[name], name, parse, required, {}))

    def read(self, entry: Entry) -> None:
        if entry.row.misaligned:
            entry.refuse(_("The line has more or fewer cells than the header."))
        written, values = entry.row.values, entry.values
        for target, place, name, parse, required, known in self._cells:
            cell = written[place].strip() if place < len(written) else ""
            if cell in known:
                values[target] = known[cell]
            elif cell:
                try:
                    value = values[target] = self._parsed(cell, parse)
                except Refusal as bad:
                    entry.refuse(self._bad % {"column": name, "why": bad})
                else:
                    if len(known) < MOST_KNOWN and type(value) is not list:
                        known[cell] = value
            else:
                values[target] = None
                if required:
                    entry.refuse(_("%(column)s is empty.") % {"column": name})

    def _parsed(self, cell: str, parse: Parser | None) -> Any:
        if cell[0] == "'":
            cell = meant(cell)
        if "\x00" in cell:
            raise BadCell(_("It holds a character that is no text."))
        return parse(cell, self._context) if parse else cell
