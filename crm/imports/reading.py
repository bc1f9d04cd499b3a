"""A file as a stream of rows: CSV in any usual encoding and separator, or a sheet of a spreadsheet.

What is found (`describe`) can be corrected: `choices` has "encoding", "separator" and "sheet", and
a blank or missing one is found out anew.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm.imports import sheets
from crm.imports.unusable import FileUnusable
from staff.cells import meant

__all__ = ["FileShape", "FileUnusable", "Row", "Table", "describe", "opened"]

SEPARATORS = ",;\t|"
# What a person may choose when the detection was wrong.
ENCODINGS = ("utf-8-sig", "cp1252", "utf-16", "iso-8859-15", "mac_roman")
# A cell may hold a long comment, not a book.
LONGEST_CELL = 1_000_000
# Rows by which columns, separators and ways of writing numbers are guessed.
SAMPLE = 200


class Row:
    """One data row: its line in the file (the header is line 1) and its cells."""

    __slots__ = ("header", "line", "misaligned", "values")

    def __init__(
        self, line: int, values: Sequence[str], header: Sequence[str], *, misaligned: bool = False
    ) -> None:
        self.line = line
        # As they stand in the file, by place; `meant` says what they mean.
        self.values = values
        self.header = header
        # More or fewer cells than the header has: the row can't be trusted.
        self.misaligned = misaligned

    @property
    def cells(self) -> Mapping[str, str]:
        """What the cells mean, by header name."""
        return dict(zip(self.header, map(meant, self.values), strict=False))


@dataclass(frozen=True)
class Table:
    """An opened file: its header, and its rows read as they are asked for."""

    header: tuple[str, ...]
    rows: Iterator[Row]


@dataclass(frozen=True)
class FileShape:
    """What a file looks like before anybody says what its columns mean."""

    # Of text; blank for a spreadsheet.
    encoding: str
    separator: str
    # Of a spreadsheet: all its sheets by name, and the one that is read; empty for text.
    sheets: tuple[str, ...]
    sheet: str
    header: tuple[str, ...]
    # The first rows, as wide as the header.
    sample: tuple[tuple[str, ...], ...]
    # How many data rows, about: lines of text are counted without reading them.
    rows: int

    @property
    def choices(self) -> dict[str, str]:
        """What `FileImport.reading` keeps, so that the file is read the same way later."""
        if self.sheets:
            return {"sheet": self.sheet}
        return {"encoding": self.encoding, "separator": self.separator}


def describe(path: Path, choices: Mapping[str, str] | None = None) -> FileShape:
    """Look at a file: how it is written, its header, its first rows.

    Raises FileUnusable with a sentence for the person when there is nothing to be had from it.
    """
    choices = choices or {}
    is_sheet = path.is_file() and sheets.is_spreadsheet(path)
    # A spreadsheet is opened only when it was found to be within bounds.
    rows = sheets.rows(path, choices.get("sheet", "")) if is_sheet else 0
    chosen = _choose(path, choices)
    with opened(path, chosen) as table:
        width = len(table.header)
        sample = tuple(
            (*map(meant, row.values), *[""] * width)[:width] for row in islice(table.rows, SAMPLE)
        )
    return FileShape(
        encoding=chosen.get("encoding", ""),
        separator=chosen.get("separator", ""),
        sheets=tuple(sheets.names(path)) if is_sheet else (),
        sheet=chosen.get("sheet", ""),
        header=table.header,
        sample=sample,
        rows=rows if is_sheet else _lines(path),
    )


@contextmanager
def opened(path: Path, choices: Mapping[str, str] | None = None) -> Iterator[Table]:
    """Open `path` as a table; raises FileUnusable when it has no header or can't be read."""
    chosen = _choose(path, choices or {})
    if "sheet" in chosen:
        with sheets.opened(path, chosen["sheet"]) as lines:
            yield _table(lines)
        return
    csv.field_size_limit(LONGEST_CELL)
    # cp1252 leaves five bytes undefined; a replacement character shows where they stood.
    with path.open(encoding=chosen["encoding"], errors="replace", newline="") as text:
        yield _table(_numbered(csv.reader(text, delimiter=chosen["separator"])))


Lines = Iterator[tuple[int, list[str] | None]]


def _numbered(reader: Any) -> Lines:
    """Line numbers and cells; None for a line that can't be read."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num, None
        else:
            yield reader.line_num, cells


def _table(lines: Lines) -> Table:
    _line, first = next(lines, (1, []))
    if first is None:
        raise FileUnusable(_("The first line can't be read: is it a table at all?"))
    header = tuple(name.strip().removeprefix("\ufeff") for name in first)
    while header and not header[-1]:
        header = header[:-1]  # spreadsheets write columns that nobody filled
    named = [name for name in header if name]
    if not named:
        raise FileUnusable(_("The file is empty; its first line must name the columns."))
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise FileUnusable(
            _("Two columns have the same name: %(names)s.") % {"names": ", ".join(twice)}
        )
    return Table(header, _rows(lines, header, len(first)))


def _rows(lines: Lines, header: tuple[str, ...], written: int) -> Iterator[Row]:
    """`written`: cells of the header line with those that name nothing at its end."""
    width = len(header)
    for line, cells in lines:
        if cells is None:
            yield Row(line, (), header, misaligned=True)
        elif len(cells) == width:
            if cells[0].strip() or any(cell.strip() for cell in cells):
                yield Row(line, cells, header)
        elif any(cell.strip() for cell in cells):  # a blank line says nothing
            surplus = len(cells) != written or any(cell.strip() for cell in cells[width:])
            yield Row(line, cells, header, misaligned=surplus)


# --- How it is written ----------------------------------------------------------------------


def _choose(path: Path, choices: Mapping[str, str]) -> dict[str, str]:
    """The choices, with what is missing among them found out."""
    if not path.is_file():
        raise FileUnusable(_("There is no file %(path)s.") % {"path": path})
    if sheets.is_spreadsheet(path):
        return {"sheet": sheets.chosen(path, choices.get("sheet", ""))}
    encoding = choices.get("encoding") or encoding_of(path)
    if encoding not in ENCODINGS:
        raise FileUnusable(_("“%(name)s” is no encoding that we read.") % {"name": encoding})
    separator = choices.get("separator") or _separator(path, encoding)
    if separator not in SEPARATORS:
        raise FileUnusable(_("“%(text)s” can't separate columns.") % {"text": separator})
    return {"encoding": encoding, "separator": separator}


def encoding_of(path: Path) -> str:
    """UTF-8 when every byte of it is; UTF-16 by its mark; else what western spreadsheets write.

    Reads the whole file once, in constant memory.
    """
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
    try:
        with path.open(encoding="utf-8") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _separator(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        return separator_of(text.read(1 << 16))


def separator_of(beginning: str) -> str:
    """The separator by which the first lines fall into equally many columns, as the header does.

    Quoted text counts for nothing, and decimal commas hardly ever agree with each other. A file of
    one column has none, and comma serves.
    """
    found = ",", (0.0, 0)
    for candidate in SEPARATORS:
        lines = [row for row in _tolerant(beginning, candidate) if any(row)][:30]
        width = len(lines[0]) if lines else 0
        if width < 2:
            continue
        rest = lines[1:-1] if len(lines) > 3 else lines[1:]  # the last may have been cut off
        agreeing = sum(len(row) == width for row in rest) / len(rest) if rest else 1.0
        named = sum(bool(name.strip()) for name in lines[0])
        if (agreeing, named) > found[1]:
            found = candidate, (agreeing, named)
    return found[0]


def _tolerant(text: str, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    try:
        yield from reader
    except csv.Error:
        return


def _lines(path: Path) -> int:
    """Lines after the header; UTF-16 has its newline bytes too."""
    count, last = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return max(0, count - (last == b"\n"))
