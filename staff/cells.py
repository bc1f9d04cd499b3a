"""Text in the cells of a spreadsheet: shown as it is, never calculated. Written and read back alike."""

import re
from collections.abc import Iterable

# What a spreadsheet would calculate, or even run; a number or a telephone calculates nothing.
# Excel takes the wide signs of East Asian keyboards for the plain ones, and skips what is blank.
_FORMULA = re.compile(r"[\s']*(?:[=@＝＠]|[+\-＋－](?![\d\s().,/-]*\Z))", re.DOTALL)
# The first characters that any of that can have: most cells need no closer look.
_SUSPICIOUS = frozenset("=+-@＝＋－＠' \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0")


def harmless(cell: str) -> str:
    """The cell as a spreadsheet shows it and never runs it: an apostrophe in front says "text"."""
    if cell and (cell[0] in _SUSPICIOUS or cell[0].isspace()) and _FORMULA.match(cell):
        return f"'{cell}"
    return cell


def meant(cell: str) -> str:
    """What a cell of a file says, without the apostrophe that `harmless` put in front."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def rewritten(cells: Iterable[str]) -> list[str]:
    """`harmless` of what each cell of a row means; hardly any needs a closer look."""
    return [
        harmless(meant(cell)) if cell[:1] in _SUSPICIOUS else cell for cell in map(str.strip, cells)
    ]
