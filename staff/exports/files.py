"""One list into one file: whole, or from where it was left to the end of a stretch of time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict

from staff.exports.lists import Column, ExportList
from staff.exports.walking import Stretch, stretches
from staff.exports.writing import CsvText, CsvWriter, Format, Writer, XlsxWriter
from staff.models import User
from staff.pages import pack_place, unpack_place

# Told after each stretch how many rows there are by now; False: stop here.
Progress = Callable[[int], bool]


@dataclass(frozen=True)
class Sheet:
    """What is to be written: a list as filtered, for somebody, in the language that is active."""

    of: ExportList
    query: QueryDict
    user: User | None
    format: str
    zone: ZoneInfo
    # For `manage.py import`: columns by their fixed names, values exactly.
    exact: bool = False
    # By name, in order; none: all.
    names: Sequence[str] = ()

    @property
    def columns(self) -> Sequence[Column]:
        there = self.of.columns(self.query, self.user)
        if not self.names:
            return there
        by_name = {column.name: column for column in there}
        return [by_name[name] for name in self.names if name in by_name]

    @property
    def can_go_on(self) -> bool:
        """Whether a file of this format can be left and continued: an archive can't."""
        return self.format == Format.CSV

    @contextmanager
    def writer(self, path: Path, *, go_on: bool) -> Iterator[Writer]:
        if self.format == Format.XLSX:
            writer: Writer = XlsxWriter(path, self.zone, str(self.of.title))
            yield writer
            writer.close()
            return
        with path.open("a" if go_on else "w", encoding="utf-8", newline="") as file:
            writer = CsvWriter(file, CsvText(self.zone, exact=self.exact))
            yield writer
            writer.close()

    def stretches(
        self, columns: Sequence[Column], after: Sequence[Any] | None
    ) -> Iterator[Stretch]:
        rows = self.of.rows(self.query, self.user)
        return stretches(rows, self.of.key(self.query, self.user), columns, self.user, after=after)


@dataclass
class Draft:
    """A file on its way: how far it came lies beside it, and counts only with the file that it tells of."""

    path: Path
    rows: int = 0
    place: list[Any] | None = field(default=None)

    @property
    def _note(self) -> Path:
        return self.path.with_suffix(".json")

    def find(self) -> None:
        """Take up what was left here; what was written since the last note is cut off."""
        try:
            note = json.loads(self._note.read_text())
            if self.path.stat().st_size < note["size"]:
                return
            with self.path.open("r+b") as file:
                file.truncate(note["size"])
        except (OSError, ValueError):
            return
        self.rows, self.place = note["rows"], unpack_place(note["place"])

    def keep(self) -> None:
        """Note how far it came, for whoever goes on."""
        place = pack_place(self.place or ())
        note = {"rows": self.rows, "place": place, "size": self.path.stat().st_size}
        fresh = self._note.with_suffix(".new")
        fresh.write_text(json.dumps(note))
        fresh.replace(self._note)

    def throw_away(self) -> None:
        for path in (self.path, self._note):
            path.unlink(missing_ok=True)


def write(sheet: Sheet, draft: Draft, progress: Progress = lambda _rows: True) -> bool:
    """Write the rows beyond the draft's place; False when `progress` stopped it before the end."""
    columns = sheet.columns
    go_on = draft.place is not None
    with sheet.writer(draft.path, go_on=go_on) as writer:
        if not go_on:
            writer.header([str(one.name if sheet.exact else one.label) for one in columns])
        for stretch in sheet.stretches(columns, draft.place):
            writer.rows(stretch.rows)
            draft.rows += len(stretch.rows)
            draft.place = list(stretch.place)
            if not progress(draft.rows):
                return False
    return True
