"""What a higher room adds to the pages of this one: the figures with their intervals.

Arithmetic lives in metrics, above this room; it registers itself in its AppConfig.ready, and
the results page shows whatever figures it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from surveys.scores import bounds


@dataclass(frozen=True)
class Counted:
    """The counts that figures are made of: answers by score, one per customer for an NPS."""

    kind: str
    histogram: Mapping[int, int]
    invalid: int = 0
    # Invitations sent and not bounced, and how many of them have an answer that counts.
    delivered: int = 0
    answered: int = 0

    @property
    def n(self) -> int:
        return sum(self.histogram.values())

    def of_group(self, group: str) -> int:
        """How many answers are low, middle or high on their scale."""
        lowest, highest = bounds(self.kind, group)
        return sum(count for score, count in self.histogram.items() if lowest <= score <= highest)


@dataclass(frozen=True)
class Figure:
    """One figure, ready to be shown in the reader's language; `value` is "—" when there is none."""

    name: str
    label: str
    value: str
    unit: str = ""
    # n with the interval, or the reason why there is no value, in words.
    note: str = ""
    interval: str = ""
    # For a line through time.
    number: float | None = None


ResultsFigures = Callable[[Counted], Sequence[Figure]]
_figures: list[ResultsFigures] = []


ResultsComparison = Callable[[Counted, Counted], str]
_comparison: list[ResultsComparison] = []


def register_comparison(comparison: ResultsComparison) -> None:
    """Let `comparison` say in words how counts differ from earlier ones; registering again replaces."""
    _comparison[:] = [comparison]


def compared(now: Counted, before: Counted) -> str:
    """ "4 points more · a true rise", or that it is within the noise; blank when nothing can be said."""
    return next((comparison(now, before) for comparison in _comparison), "")


def register_results_figures(figures: ResultsFigures) -> None:
    """Let `figures` say what counts mean; registering again replaces."""
    _figures[:] = [figures]


def results_figures(counted: Counted) -> list[Figure]:
    return [figure for figures in _figures for figure in figures(counted)]
