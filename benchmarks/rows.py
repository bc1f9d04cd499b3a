"""What was measured: a figure, its floor, what is allowed, and how that reads."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

RESULTS = Path(__file__).parent / "results"
Verdict = Literal["ok", "over", "broken", "shown"]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `ratio` is figure ÷ floor, and `bar` the most it may be, or the least with `at_least`. Without
    a floor the figure itself is held to the bar. `large_only`: the bar is for a million customers,
    so that here the ratio is shown and not judged. `broken` says what made the run worthless.
    """

    work: str
    figure: float
    floor: float | None
    unit: str
    bar: float | None
    at_least: bool = False
    large_only: bool = False
    note: str = ""
    broken: str = ""

    @property
    def ratio(self) -> float | None:
        if self.floor is None:
            return None
        return self.figure / self.floor if self.floor else math.inf

    @property
    def verdict(self) -> Verdict:
        if self.broken:
            return "broken"
        if self.bar is None or self.large_only:
            return "shown"
        judged = self.figure if self.ratio is None else self.ratio
        return "ok" if (judged >= self.bar if self.at_least else judged <= self.bar) else "over"

    @property
    def bar_in_words(self) -> str:
        if self.bar is None:
            return "–"
        sign = "≥" if self.at_least else "≤"
        unit = "×" if self.ratio is not None else self.unit
        place = " at large" if self.large_only else ""
        return f"{sign} {told(self.bar)} {unit}{place}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "verdict": self.verdict}

    def cells(self) -> list[str]:
        floor = f"{told(self.floor)} {self.unit}" if self.floor is not None else "–"
        ratio = f"{self.ratio:.3g} ×" if self.ratio is not None else "–"
        words = "; ".join(part for part in (self.broken, self.note) if part)
        return [
            self.work,
            f"{told(self.figure)} {self.unit}",
            floor,
            ratio,
            self.bar_in_words,
            self.verdict,
            words,
        ]


def told(number: float) -> str:
    """At most three digits that say something: 0.0123, 4.56, 78.9, 12345."""
    if number == 0 or abs(number) >= 100:
        return f"{number:.0f}"
    return f"{number:.3g}"


HEAD = ["work", "figure", "floor", "ratio", "bar", "verdict", ""]
RIGHT = {1, 2, 3}


def table(rows: Sequence[Row]) -> str:
    """The rows in aligned columns."""
    lines = [HEAD, *[row.cells() for row in rows]]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at in RIGHT else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write(rows: Sequence[Row], facts: dict[str, Any], path: Path) -> None:
    """The rows and the circumstances as JSON; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    content = {**facts, "rows": [row.as_json() for row in rows]}
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    draft.replace(path)


def read(content: dict[str, Any]) -> list[Row]:
    """The rows that `write` kept."""
    names = {field.name for field in fields(Row)}
    return [
        Row(**{name: value for name, value in row.items() if name in names})
        for row in content["rows"]
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
