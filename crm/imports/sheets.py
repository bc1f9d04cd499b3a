"""Spreadsheets (XLSX, XLS, ODS) as rows of text, within bounds that a small archive can't break.

A sheet is laid out whole by calamine, so what it unpacks to is limited before it is opened, and what
memory that takes by a process of its own (`rows`), which comes before anything else is read.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from crm.imports.unusable import FileUnusable

_ARCHIVE, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What a sheet of some 300,000 rows unpacks to; larger tables come as CSV, which needs no memory.
MOST_UNPACKED = 200 * 1024 * 1024
LARGEST_OLD = 50 * 1024 * 1024
MOST_COLUMNS = 1000
# What opening one may take.
MOST_MEMORY = 1024**3
MOST_SECONDS = 60


def is_spreadsheet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8).startswith((_ARCHIVE, _OLD))


def names(path: Path) -> list[str]:
    with _workbook(path) as workbook:
        return list(workbook.sheet_names)


def chosen(path: Path, name: str) -> str:
    """The sheet of this name, or the first one when blank."""
    there = names(path)
    if not there:
        raise FileUnusable(_("The spreadsheet has no sheet."))
    if name and name not in there:
        raise FileUnusable(_("The spreadsheet has no sheet “%(name)s”.") % {"name": name})
    return name or there[0]


def rows(path: Path, sheet: str) -> int:
    """Data rows of the sheet (the first one when there is none so called), about.

    Found by a process that may take only so much memory; refuses what takes more, so ask this first.
    """
    _check_size(path)
    program = [sys.executable, "-I", str(Path(__file__).with_name("measuring.py"))]
    try:
        found = subprocess.run(
            [*program, str(path), sheet, str(MOST_MEMORY)],
            capture_output=True,
            timeout=MOST_SECONDS,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise _broken() from error
    return max(0, int(found.stdout) - 1)


@contextmanager
def opened(path: Path, sheet: str) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Row numbers as the spreadsheet shows them, with their cells as text; empty rows left out."""
    with _workbook(path) as workbook:
        try:
            found = workbook.get_sheet_by_name(sheet)
        except (CalamineError, ValueError) as error:
            raise _broken() from error
        if found.total_width > MOST_COLUMNS:
            raise FileUnusable(
                _("The sheet has more than %(most)s columns.") % {"most": MOST_COLUMNS}
            )
        first = found.start[0] + 1 if found.start else 1
        yield (
            (line, [text_of(value) for value in cells])
            for line, cells in enumerate(found.iter_rows(), first)
            if any(value != "" for value in cells)
        )


@contextmanager
def _workbook(path: Path) -> Iterator[CalamineWorkbook]:
    _check_size(path)
    try:
        workbook = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise _broken() from error
    try:
        yield workbook
    finally:
        workbook.close()


def _check_size(path: Path) -> None:
    """Refuse what would fill the memory once unpacked."""
    with path.open("rb") as file:
        is_archive = file.read(4) == _ARCHIVE
    if not is_archive:
        size, most = path.stat().st_size, LARGEST_OLD
    else:
        try:
            with zipfile.ZipFile(path) as archive:
                # The sizes that the archive states; what is larger than stated can't be unpacked.
                size, most = sum(one.file_size for one in archive.infolist()), MOST_UNPACKED
        except (zipfile.BadZipFile, OSError) as error:
            raise _broken() from error
    if size > most:
        raise FileUnusable(
            _("The spreadsheet is too large (%(size)s). Save the sheet as CSV and import that.")
            % {"size": filesizeformat(size)}
        )


def _broken() -> FileUnusable:
    return FileUnusable(
        _("The spreadsheet can't be read. Save the sheet as CSV and import that file.")
    )


def text_of(value: str | float | bool | datetime | date | time | timedelta) -> str:
    """A cell as a person would write it, and as `crm.imports.parsing` reads it in one way only."""
    match value:
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(value)
        case datetime():
            at_midnight = value.time() == time()
            return value.date().isoformat() if at_midnight else value.isoformat(" ", "seconds")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("seconds")
        case _:
            return str(value)


def _number(value: float) -> str:
    """Fifteen digits, as spreadsheets show them; never an exponent."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = format(value, ".15g")
    if "e" in text:
        text = format(value, ".15f").rstrip("0").rstrip(".")
    # "1.234" could be read as a thousand and more; "1.2340" can't.
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text
