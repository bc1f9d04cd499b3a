"""A file as a stream of rows, whatever its encoding and separator."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from staff.refusals import Refusal

SEPARATORS = ",;\t|"
# A cell may hold a long comment, not a book.
LONGEST_CELL = 1_000_000


# What a spreadsheet would calculate, or even run; a number or a telephone calculates nothing.
_FORMULA = re.compile(r"'*[=+@-](?![\d\s().,/-]*\Z)", re.DOTALL)


class FileUnusable(Refusal):
    """The file as a whole can't be imported; nothing was read into the database."""


@dataclass(frozen=True)
class Row:
    """One data row: its line in the file (the header is line 1) and its cells by header name."""

    line: int
    cells: Mapping[str, str]
    # More or fewer cells than the header has: the row can't be trusted.
    misaligned: bool = False


@dataclass(frozen=True)
class Table:
    """An opened file: its header, and its rows read as they are asked for."""

    header: tuple[str, ...]
    rows: Iterator[Row]


def harmless(cell: str) -> str:
    """The cell as a spreadsheet shows it and never runs it: an apostrophe in front says "text"."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def meant(cell: str) -> str:
    """What a cell of a file says, without the apostrophe that `harmless` put in front."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def encoding_of(path: Path) -> str:
    """UTF-8 when every byte of it is; UTF-16 by its mark; else what western spreadsheets write.

    Reads the whole file once, in constant memory.
    """
    with path.open("rb") as file:
        start = file.read(4)
        if start in {b"PK\x03\x04", b"\xd0\xcf\x11\xe0"}:
            raise FileUnusable(
                _("This is a spreadsheet, not text. Save it as CSV and import that file.")
            )
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
    try:
        with path.open(encoding="utf-8") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def separator_of(header_line: str) -> str:
    """The separator that the header uses most; a file of one column has none, and comma serves."""
    outside, quoted = [], False
    for character in header_line:
        if character == '"':
            quoted = not quoted
        elif not quoted:
            outside.append(character)
    return max(SEPARATORS, key=outside.count)


@contextmanager
def opened(path: Path) -> Iterator[Table]:
    """Open `path` as a table; raises FileUnusable when it has no header or is no text."""
    if not path.is_file():
        raise FileUnusable(_("There is no file %(path)s.") % {"path": path})
    encoding = encoding_of(path)
    csv.field_size_limit(LONGEST_CELL)
    # cp1252 leaves five bytes undefined; a replacement character shows where they stood.
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        first = text.readline()
        text.seek(0)
        reader = csv.reader(text, delimiter=separator_of(first))
        try:
            header = tuple(name.strip().removeprefix("\ufeff") for name in next(reader, []))
        except csv.Error as error:
            raise FileUnusable(
                _("The first line can't be read: %(why)s.") % {"why": error}
            ) from error
        named = [name for name in header if name]
        if not named:
            raise FileUnusable(_("The file is empty; its first line must name the columns."))
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise FileUnusable(
                _("Two columns have the same name: %(names)s.") % {"names": ", ".join(twice)}
            )
        yield Table(header, _rows(reader, header))


def _rows(reader: csv._reader, header: tuple[str, ...]) -> Iterator[Row]:  # type: ignore[name-defined]
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Row(reader.line_num, {}, misaligned=True)
            continue
        if not any(cell.strip() for cell in cells):
            continue  # a blank line says nothing
        by_name = dict(zip(header, map(meant, cells), strict=False))
        yield Row(reader.line_num, by_name, misaligned=len(cells) != len(header))
