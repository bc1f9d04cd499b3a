"""The rows that were refused, as a CSV to correct and import again, with line and reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from crm.imports.kinds import Entry
from staff.cells import harmless, rewritten

ADDED = ("line", "reason")
_MARK = "\ufeff"


class CutOff(Exception):
    """The file is not there as far as it was written: it lies on another machine, or nowhere."""


class RefusedRows:
    """A file that grows batch by batch; a run that goes on cuts it to `size`, where it stood.

    What a corrected file has under "line" and "reason" is not kept a second time.
    """

    def __init__(self, path: Path, header: Sequence[str], *, size: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if size and (not path.is_file() or path.stat().st_size < size):
            raise CutOff
        self.path = path
        has_been_one = tuple(header[-2:]) == ADDED
        self._width = len(header) - 2 if has_been_one else len(header)
        self._file = path.open("r+b" if size else "w+b")
        self._file.truncate(size)
        self._file.seek(0, io.SEEK_END)
        if not size:
            self._write([[_MARK + header[0], *header[1 : self._width], *ADDED]])

    def add(self, entries: Iterable[Entry]) -> None:
        """Write entries, all of which were refused."""
        self._write(
            [*rewritten(self._cells(entry)), entry.line, harmless(entry.refusal)]
            for entry in entries
        )

    def _cells(self, entry: Entry) -> list[str]:
        cells = entry.row.values[: self._width]
        return [*cells, *[""] * (self._width - len(cells))]

    def _write(self, rows: Iterable[Sequence[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._file.write(text.getvalue().encode())

    def size(self) -> int:
        """Bytes that are safely in the file."""
        self._file.flush()
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
