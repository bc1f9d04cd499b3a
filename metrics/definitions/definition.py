"""What a KPI is: its words, where its figures come from, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Any, Literal

from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from metrics.facts import Facts
from metrics.formulas import Result
from metrics.models import Grain
from metrics.periods import Window
from metrics.rows.section import Rows
from staff.refusals import Refusal

Side = Literal["numerator", "denominator"]
Params = Mapping[str, Any]


class Theme(StrEnum):
    """The pages of metrics; see metrics/words.py for what they are called."""

    FEELING = "feeling"
    HELPING = "helping"
    KEEPING = "keeping"
    WORTH = "worth"
    ACQUISITION = "acquisition"
    LISTENING = "listening"


class Reach(Enum):
    """Which periods a change of a fact touches, given the instants that the fact spans."""

    OWN = "own"  # those that the span lies in
    YEAR = "year"  # those too that end within the twelve months after it
    LATER = "later"  # those too that come after it
    WEEK_BEFORE = "week_before"  # those too that end within the week before it


# For figures that look back over months: a day's or a week's would say what its neighbours say.
COARSE = (Grain.MONTH, Grain.QUARTER, Grain.YEAR)
# What makes a figure read much more than the changed day: its period, how far it looks, and facts that
# it reads whenever they began.
LONG = frozenset({Grain.QUARTER, Grain.YEAR})
FAR = frozenset({Reach.YEAR, Reach.LATER})
LASTING = frozenset({"contract", "tenure"})


class Compared(Enum):
    """How a change between two periods is judged."""

    PROPORTION = "proportion"
    NPS = "nps"
    ESTIMATE = "estimate"
    SUMS = "sums"  # there is no sample, so there is no test


class UnknownParameter(Refusal):
    def __init__(self, kpi: str, name: str) -> None:
        super().__init__(_("%(kpi)s has no parameter “%(name)s”.") % {"kpi": kpi, "name": name})


class UnusableParameter(Refusal):
    def __init__(self, name: str, value: str) -> None:
        super().__init__(
            _("“%(value)s” can’t be used for “%(name)s”.") % {"name": name, "value": value}
        )


def amount(text: str) -> Fraction:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not number.is_finite():
        raise ValueError(text)
    return Fraction(number)


def whole(text: str) -> int:
    number = int(text)
    if not 0 < number <= 100_000:
        raise ValueError(text)
    return number


def yes_or_no(text: str) -> bool:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
        text.lower()
    ]


def easy_direction(text: str) -> str:
    return {"easy_high": "easy_high", "easy_low": "easy_low"}[text]


@dataclass(frozen=True)
class Definition:
    """A KPI. `compute` answers for each of the facts' windows; `rows` shows what a number is made of.

    `facts` says which kinds of marks touch it and how far; `empty` is the status where there are no
    facts at all; `version` rises when the arithmetic changes, so that stored figures are made again.
    """

    kpi: str
    name: StrOrPromise
    words: StrOrPromise
    formula: StrOrPromise
    theme: Theme
    unit: str
    better: Literal["up", "down"]
    compared: Compared
    empty: str
    facts: Mapping[str, Reach]
    compute: Callable[[Facts, Params], Sequence[Result]]
    rows: Callable[[Window, Side, Params, Facts], list[Rows]]
    params: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    version: int = 1
    # Stored for every period and shown on dashboards; the others answer only when asked.
    is_stored: bool = True
    # The periods for which it is stored, and shown.
    grains: tuple[Grain, ...] = tuple(Grain)
    # Its figure is people's answers: below five of them the answers are shown, not a score.
    is_opinion: bool = False
    # Whether it can be told of some customers alone (metrics.scope).
    by_customer: bool = True
    # What the rows behind the number are called, per side.
    numerator: StrOrPromise = ""
    denominator: StrOrPromise = ""

    @property
    def near_grains(self) -> tuple[Grain, ...]:
        """Those whose periods cost little to count again (metrics.engine.pacing)."""
        reads_far = FAR & set(self.facts.values()) or LASTING & set(self.facts)
        return () if reads_far else tuple(one for one in self.grains if one not in LONG)

    @property
    def far_grains(self) -> tuple[Grain, ...]:
        near = self.near_grains
        return tuple(one for one in self.grains if one not in near)

    def parse(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Parameters from text; raises UnknownParameter or UnusableParameter."""
        parsed = {}
        for name, text in given.items():
            if name not in self.params:
                raise UnknownParameter(self.kpi, name)
            try:
                parsed[name] = self.params[name](text)
            except (ValueError, KeyError) as error:
                raise UnusableParameter(name, text) from error
        return parsed
