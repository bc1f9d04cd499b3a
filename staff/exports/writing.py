"""Rows into a file: CSV that a spreadsheet of the reader's country opens as it is, or XLSX."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from staff.cells import harmless
from staff.models import Export

Format = Export.Format
CONTENT_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class CsvText:
    """How values are written as text: as the reader's language writes them, or exactly.

    Exactly (for an import): instants in UTC to the microsecond, plain decimals, commas between cells.
    Otherwise: the business's own clock to the second, and where people write a decimal comma, that, and
    semicolons between cells.
    """

    def __init__(self, zone: ZoneInfo, *, exact: bool) -> None:
        self._zone, self._exact = zone, exact
        self._comma = not exact and get_format("DECIMAL_SEPARATOR") == ","
        self.separator = ";" if self._comma else ","
        self._yes, self._no = ("yes", "no") if exact else (_("yes"), _("no"))
        self._ways: dict[type, Callable[[Any], str]] = {
            str: harmless,
            int: str,
            bool: lambda value: self._yes if value else self._no,
            Decimal: self._number,
            float: self._number,
            datetime: self._instant,
            date: date.isoformat,
            type(None): lambda _value: "",
        }

    def cells(self, values: Iterable[Any]) -> list[str]:
        ways, other = self._ways, self._other
        return [ways.get(type(value), other)(value) for value in values]

    def _number(self, value: Decimal | float) -> str:
        text = f"{value:f}" if isinstance(value, Decimal) else repr(value)
        return text.replace(".", ",") if self._comma else text

    def _instant(self, value: datetime) -> str:
        if self._exact:
            return value.astimezone(UTC).isoformat()
        return value.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")

    def _other(self, value: Any) -> str:
        return harmless(str(value))


class Writer(ABC):
    """Takes the header, then rows of values; `close` completes the file."""

    @abstractmethod
    def header(self, names: Sequence[str]) -> None: ...

    @abstractmethod
    def rows(self, rows: Iterable[Sequence[Any]]) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class CsvWriter(Writer):
    """Into a file open for writing text, with newline="" and encoding="utf-8".

    The mark at the beginning tells Excel that it is UTF-8; a file that is continued has one already.
    """

    def __init__(self, file: IO[str], text: CsvText) -> None:
        self._file, self._text = file, text
        self._csv = csv.writer(file, delimiter=text.separator)

    def header(self, names: Sequence[str]) -> None:
        self._file.write("\ufeff")
        self._csv.writerow([harmless(name) for name in names])

    def rows(self, rows: Iterable[Sequence[Any]]) -> None:
        cells = self._text.cells
        self._csv.writerows(cells(row) for row in rows)

    def close(self) -> None:
        self._file.flush()


class XlsxWriter(Writer):
    """A sheet written row by row into temporary files, in memory that does not grow.

    Text is always text here, so no formula can be; instants are in the business's time, without a zone, as
    spreadsheets have them. What one sheet can't hold goes on in the next.
    """

    ROWS_OF_A_SHEET = 1_048_576
    LONGEST_TEXT = 32_767
    EARLIEST = 1900

    def __init__(self, path: Path, zone: ZoneInfo, title: str) -> None:
        self._zone, self._title = zone, title
        options = {"constant_memory": True, "tmpdir": str(path.parent)}
        import xlsxwriter  # late: megabytes that each process would hold

        self._book = xlsxwriter.Workbook(path, options)
        # 14 and 22 are "the date (and time) as this computer writes it".
        self._day = self._book.add_format({"num_format": 14})
        self._moment = self._book.add_format({"num_format": 22})
        self._bold = self._book.add_format({"bold": True})
        self._money = self._book.add_format({"num_format": 4})
        self._names: list[str] = []
        self._sheets = self._line = 0

    def header(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._begin_sheet()

    def rows(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            if self._line == self.ROWS_OF_A_SHEET:
                self._begin_sheet()
            for place, value in enumerate(row):
                if value is not None and value != "":
                    self._write(place, value)
            self._line += 1

    def close(self) -> None:
        self._book.close()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        forbidden = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
        name = self._title.translate(forbidden)[:25].strip() or "1"
        self._sheet = self._book.add_worksheet(
            name if self._sheets == 1 else f"{name} {self._sheets}"
        )
        self._sheet.freeze_panes(1, 0)
        for place, name in enumerate(self._names):
            self._sheet.set_column(place, place, max(12, min(len(name) + 4, 40)))
            self._sheet.write_string(0, place, name, self._bold)
        self._line = 1

    def _write(self, place: int, value: Any) -> None:
        sheet, line = self._sheet, self._line
        if isinstance(value, bool):
            sheet.write_boolean(line, place, value)
        elif isinstance(value, Decimal):
            sheet.write_number(
                line, place, value, self._money if value.as_tuple().exponent == -2 else None
            )
        elif isinstance(value, int | float):
            sheet.write_number(line, place, value)
        elif isinstance(value, datetime):
            local = value.astimezone(self._zone).replace(tzinfo=None, microsecond=0)
            self._date(place, local, self._moment)
        elif isinstance(value, date):
            self._date(place, value, self._day)
        else:
            sheet.write_string(line, place, str(value)[: self.LONGEST_TEXT])

    def _date(self, place: int, value: date, look: Any) -> None:
        # Spreadsheets know no day before 1900, and count 1900 itself wrongly.
        if value.year > self.EARLIEST:
            self._sheet.write_datetime(self._line, place, value, look)
        else:
            self._sheet.write_string(self._line, place, value.isoformat())
