"""What was measured in equal windows before and after something happened, and whether it differs.

The windows are whole weeks or months that are over, as many on either side. The week or month in which
it happened is in neither, unless it happened on its first day. A difference is told only where its
interval, by the figure's own test, leaves out 0; the more figures are looked at together, the wider
their intervals, so that in nineteen of twenty comparisons in which nothing changed, none is told.
That the figure changed with it does not say that it changed by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import ngettext

from metrics import periods
from metrics.definitions import DEFINITIONS, STORED, Compared, Definition
from metrics.facts import Facts
from metrics.formulas import Result
from metrics.formulas.change import Change, Verdict
from metrics.models import Annotation, Grain
from metrics.periods import Period
from metrics.points import EARLY_ANSWERS, FEW_ANSWERS, Figure, compare

# Fewer on a side can't carry a test, whatever it says.
LEAST = EARLY_ANSWERS
# Outside an interval on either side. Not 2.5%: counts come in steps, and where the intervals of
# differences of shares should miss in 5% of cases, they miss in up to 5.7%. So they do in 4.1% at most.
TAIL = 0.0175


@dataclass(frozen=True)
class Length:
    """How long each side is to be."""

    grain: Grain
    count: int

    @property
    def key(self) -> str:
        return f"{self.grain.value}-{self.count}"

    @property
    def name(self) -> str:
        if self.grain is Grain.WEEK:
            words = ngettext("%(count)s week", "%(count)s weeks", self.count)
        else:
            words = ngettext("%(count)s month", "%(count)s months", self.count)
        return words % {"count": self.count}


LENGTHS = [
    Length(Grain.WEEK, 4),
    Length(Grain.WEEK, 8),
    Length(Grain.WEEK, 13),
    Length(Grain.MONTH, 3),
    Length(Grain.MONTH, 6),
    Length(Grain.MONTH, 12),
]
USUAL = LENGTHS[2]


def chosen(key: str) -> Length:
    """The one that an address names; anything unreadable is the usual one."""
    return next((one for one in LENGTHS if one.key == key), USUAL)


def choices(current: Length) -> list[tuple[str, str, bool]]:
    """(address, name, chosen) of each."""
    return [(f"?windows={one.key}", one.name, one == current) for one in LENGTHS]


@dataclass(frozen=True)
class Sides:
    """Both windows, and how many weeks or months each has: fewer than asked for while time is short."""

    before: Period
    after: Period
    length: Length

    @property
    def key(self) -> str:
        return self.length.key


def sides(on: date, length: Length, *, zone: ZoneInfo, now: datetime) -> Sides | None:
    """None while no whole week or month is over since."""
    until, since = _around(on, length.grain, zone)
    before: list[Period] = []
    after: list[Period] = []
    earlier = periods.containing(until - periods.DAY, length.grain, zone)
    later = periods.containing(since, length.grain, zone)
    while len(after) < length.count and later.end <= now:
        before.append(earlier)
        after.append(later)
        earlier, later = earlier.previous(), later.following()
    if not after:
        return None
    return Sides(
        Period(before[-1].starts_on, until, zone),
        Period(since, after[-1].ends_on, zone),
        Length(length.grain, len(after)),
    )


def _around(on: date, grain: Grain, zone: ZoneInfo) -> tuple[date, date]:
    """The end of what is surely before, and the start of what is surely after."""
    own = periods.containing(on, grain, zone)
    return (on, on) if on == own.starts_on else (own.starts_on, own.ends_on)


def ready_on(on: date, length: Length, *, zone: ZoneInfo) -> date:
    """The day from which there is a whole week or month after it."""
    _until, since = _around(on, length.grain, zone)
    return periods.containing(since, length.grain, zone).ends_on


@dataclass(frozen=True)
class Difference:
    """One figure on both sides."""

    definition: Definition
    before: Result
    after: Result
    change: Change

    @property
    def has_few(self) -> bool:
        """Too little was counted for a test; `change` has none then."""
        return self.change.verdict is Verdict.UNTESTED and min(self.before.n, self.after.n) < LEAST

    @property
    def is_better(self) -> bool | None:
        """Whether a true difference is for the better; None when there is none to tell."""
        if not self.change.is_significant:
            return None
        return (self.change.verdict is Verdict.UP) == (self.definition.better == "up")


def asked_of(annotation: Annotation) -> list[Definition]:
    """The figures that it should have moved; where none is named, all that have a test."""
    named = [DEFINITIONS[kpi] for kpi in annotation.kpis if kpi in DEFINITIONS]
    return named or [one for one in STORED if one.compared is not Compared.SUMS]


def differences(annotation: Annotation, sides: Sides, *, now: datetime) -> list[Difference]:
    """Each figure straight from the facts of both windows; those that differ first."""
    found = compared(asked_of(annotation), sides, now=now)
    return sorted(found, key=lambda one: not one.change.is_significant)


def compared(definitions: Sequence[Definition], sides: Sides, *, now: datetime) -> list[Difference]:
    """Each kind of fact is asked once for all of them."""
    facts = Facts([sides.before.window(now), sides.after.window(now)], as_of=now)
    measured: list[tuple[Definition, Result, Result]] = []
    for one in definitions:
        before, after = one.compute(facts, {})
        if before.value is not None or after.value is not None:
            measured.append((one, before, after))
    tested = sum(
        one.compared is not Compared.SUMS and min(before.n, after.n) >= LEAST
        for one, before, after in measured
    )
    tail = TAIL / max(1, tested)
    return [
        Difference(one, _told(one, before), _told(one, after), change(one, before, after, tail))
        for one, before, after in measured
    ]


def change(definition: Definition, before: Result, after: Result, tail: float) -> Change:
    """By the figure's own test, where there is enough for one."""
    if definition.is_opinion and 0 < min(before.n, after.n) < FEW_ANSWERS:
        return Change(Verdict.UNTESTED)
    found = compare(definition, _figure(after), _figure(before), tail=tail)
    if min(before.n, after.n) >= LEAST or found.interval is None:
        return found
    return Change(Verdict.UNTESTED, found.difference)


def _told(definition: Definition, result: Result) -> Result:
    """A few answers are no score."""
    few = definition.is_opinion and result.n < FEW_ANSWERS
    return replace(result, value=None) if few else result


def _figure(result: Result) -> Figure:
    value = None if result.value is None else float(result.value)
    return Figure(value, result.numerator, result.denominator, result.n, result.parts)
