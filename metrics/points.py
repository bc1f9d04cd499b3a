"""A figure of a period, on its own, on a tile, and beside another: what pages and findings say of one.

Reading them is metrics.reading's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from metrics.definitions import Compared, Definition
from metrics.engine.snapshots import exact
from metrics.formulas.change import Change, Estimate, Verdict, estimates, nps_change, proportions
from metrics.formulas.student import TAIL95
from metrics.models import Snapshot
from metrics.periods import Period

FEW_ANSWERS = 5  # below, the answers are shown instead of a score
EARLY_ANSWERS = 30


@dataclass(frozen=True)
class Point:
    """One period of a series. `snapshot` is None where there were no facts at all: then the value is
    undefined for `definition.empty`."""

    definition: Definition
    period: Period
    snapshot: Snapshot | None

    @property
    def status(self) -> str:
        if self.snapshot:
            return self.snapshot.status
        if self.period.grain and self.period.grain not in self.definition.grains:
            return "only_by_month"
        return self.definition.empty

    @property
    def value(self) -> float | None:
        return self.snapshot.value if self.snapshot else None

    @property
    def interval(self) -> tuple[float, float] | None:
        if self.snapshot is None or self.snapshot.ci_low is None or self.snapshot.ci_high is None:
            return None
        return self.snapshot.ci_low, self.snapshot.ci_high

    @property
    def n(self) -> int:
        return (self.snapshot.n or 0) if self.snapshot else 0

    @property
    def parts(self) -> dict[str, Any]:
        """The KPI's own details; exact amounts as "p/q" (metrics.engine.snapshots.exact reads them)."""
        return self.snapshot.parts if self.snapshot else {}

    @property
    def numerator(self) -> Fraction | None:
        return exact(self.snapshot.numerator) if self.snapshot else None

    @property
    def denominator(self) -> Fraction | None:
        return exact(self.snapshot.denominator) if self.snapshot else None

    @property
    def is_partial(self) -> bool:
        """The period was running when this was computed."""
        return bool(self.snapshot and self.snapshot.is_partial)

    @property
    def shown_as(self) -> Literal["undefined", "answers", "value"]:
        """Whether there is a score to show: opinions need at least five answers."""
        if self.value is None:
            return "undefined"
        if self.definition.is_opinion and self.n < FEW_ANSWERS:
            return "answers"
        return "value"

    @property
    def is_early(self) -> bool:
        """Enough answers for a score, too few to lean on."""
        return self.definition.is_opinion and FEW_ANSWERS <= self.n < EARLY_ANSWERS


@dataclass(frozen=True)
class Tile:
    """A KPI in a period: its point, how it changed, and the periods before it, oldest first.

    `change.verdict` is a code (metrics.formulas.change.Verdict); metrics.words has its words.
    A running period is compared with the same part of the previous one, a closed one with all of it.
    """

    definition: Definition
    point: Point
    previous: float | None
    change: Change
    series: list[Point]

    @property
    def is_better(self) -> bool | None:
        """Whether a real change is for the better; None when nothing can be said."""
        if not self.change.is_significant:
            return None
        return (self.change.verdict is Verdict.UP) == (self.definition.better == "up")


@dataclass(frozen=True)
class Figure:
    """What a comparison needs of a stored figure."""

    value: float | None
    numerator: Fraction | None
    denominator: Fraction | None
    n: int
    parts: Mapping[str, Any]

    @classmethod
    def of_point(cls, point: Point) -> Figure:
        return cls(point.value, point.numerator, point.denominator, point.n, point.parts)

    @classmethod
    def of_part(cls, part: Mapping[str, Any] | None) -> Figure | None:
        if part is None:
            return None
        numerator, denominator = exact(part["numerator"]), exact(part["denominator"])
        return cls(part["value"], numerator, denominator, part["n"], part["parts"])

    @property
    def proportion(self) -> tuple[int, int]:
        return int(self.numerator or 0), int(self.denominator or 0)

    @property
    def nps(self) -> tuple[int, int, int]:
        return self.parts.get("promoters", 0), self.parts.get("detractors", 0), self.n

    @property
    def estimate(self) -> Estimate | None:
        if self.value is None or self.numerator is None or not self.denominator:
            return None
        sample = self.parts.get("customers", self.n)
        return Estimate(self.numerator / self.denominator, self.parts.get("standard_error"), sample)

    @property
    def sums(self) -> Estimate | None:
        if self.value is None:
            return None
        return Estimate(Fraction(self.value).limit_denominator(10**6), None, self.n)


def compare(
    definition: Definition, now: Figure, before: Figure | None, *, tail: float = TAIL95
) -> Change:
    """Whether the figure really changed, by the test that fits its kind.

    Where several are looked at together, each gets a smaller `tail` outside its interval.
    """
    if now.value is None:
        return Change(Verdict.UNDEFINED)
    if before is None or before.value is None:
        return Change(Verdict.NO_PREVIOUS)
    match definition.compared:
        case Compared.PROPORTION:
            if not 0 <= now.proportion[0] <= now.proportion[1]:
                return estimates(now.sums, before.sums)
            if not 0 <= before.proportion[0] <= before.proportion[1]:
                return estimates(now.sums, before.sums)
            return proportions(now.proportion, before.proportion, tail)
        case Compared.NPS:
            return nps_change(now.nps, before.nps, tail)
        case Compared.ESTIMATE:
            return estimates(now.estimate, before.estimate, tail)
        case _:
            return estimates(now.sums, before.sums)
