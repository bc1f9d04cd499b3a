"""Run on its own by crm.imports.sheets: opens a spreadsheet within so much memory, and tells its rows.

A sheet is laid out whole, empty cells and all: two cells far apart in a file of a few kilobytes ask
for more memory than any machine has, and whoever asked is ended. Here that ends nobody else.
"""

from __future__ import annotations

import contextlib
import resource
import sys

from python_calamine import CalamineWorkbook


def main(path: str, name: str, memory: int) -> None:
    with contextlib.suppress(OSError, ValueError):  # not every system can limit it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with CalamineWorkbook.from_path(path) as workbook:
        names = workbook.sheet_names
        asked = name if name in names else next(iter(names), None)
        sheet = workbook.get_sheet_by_name(asked) if asked is not None else None
    sys.stdout.write(str(sheet.height if sheet else 0))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
