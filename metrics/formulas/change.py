"""Did a figure really change between two periods, or is that the noise of few answers?

Where several figures are looked at together, each has a smaller `tail` outside its interval, so that
chance raises no more alarms than it would for one.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from metrics.formulas.intervals import Interval, adjusted_nps, wilson
from metrics.formulas.student import TAIL95, Z95, normal_quantile, t_quantile


class Verdict(StrEnum):
    """What may be said about a change; metrics/words.py has the words."""

    UP = "up"  # the interval of the difference lies above 0
    DOWN = "down"  # … below 0
    NOISE = "within_noise"
    UNTESTED = "untested"  # there is no interval: two sums are compared, no sample
    NO_PREVIOUS = "no_previous"  # the period before has no value
    UNDEFINED = "undefined"  # this period has none


@dataclass(frozen=True)
class Change:
    """`difference` is exact, in the figure's own unit; `interval` is its 95% interval.

    `more_answers`: about how many more in this period would tell, if the difference stays what it
    is; None when it is told already, or when no number would do (the period before is too thin).
    """

    verdict: Verdict
    difference: Fraction | None = None
    interval: Interval | None = None
    more_answers: int | None = None

    @property
    def is_significant(self) -> bool:
        return self.verdict in {Verdict.UP, Verdict.DOWN}


def rounded_up(count: float) -> int:
    """`count` to two leading digits, upwards: what "about 90 more" means."""
    whole = math.ceil(count)
    step: int = 10 ** max(0, len(str(whole)) - 2)
    return -(-whole // step) * step


def more_answers(
    difference: float, *, own_variance: float, n: int, other_variance: float
) -> int | None:
    """About how many more answers would bring 0 out of the interval of `difference`.

    `own_variance` belongs to the estimate from `n` answers and shrinks as they grow;
    `other_variance` belongs to the closed period before it and stays.
    """
    room = (difference / Z95) ** 2 - other_variance
    if difference == 0 or room <= 0:
        return None
    needed = own_variance * n / room
    return rounded_up(needed - n) if needed > n else 1


def verdict(interval: Interval | None) -> Verdict:
    if interval is None:
        return Verdict.UNTESTED
    low, high = interval
    if low > 0:
        return Verdict.UP
    return Verdict.DOWN if high < 0 else Verdict.NOISE


def newcombe(
    now: tuple[int, int], before: tuple[int, int], tail: float = TAIL95
) -> Interval | None:
    """The interval of the difference of two independent proportions, each (successes, n).

    R. Newcombe, "Interval estimation for the difference between independent proportions:
    comparison of eleven methods", Statistics in Medicine 17 (1998), method 10.
    """
    z = normal_quantile(tail)
    interval_now, interval_before = wilson(*now, z), wilson(*before, z)
    if interval_now is None or interval_before is None:
        return None
    share_now, share_before = now[0] / now[1], before[0] / before[1]
    (low_now, high_now), (low_before, high_before) = interval_now, interval_before
    difference = share_now - share_before
    down = math.hypot(share_now - low_now, high_before - share_before)
    up = math.hypot(high_now - share_now, share_before - low_before)
    return difference - down, difference + up


def proportions(now: tuple[int, int], before: tuple[int, int], tail: float = TAIL95) -> Change:
    """Compare two proportions, each (successes, n)."""
    if now[1] == 0:
        return Change(Verdict.UNDEFINED)
    if before[1] == 0:
        return Change(Verdict.NO_PREVIOUS)
    difference = Fraction(*now) - Fraction(*before)
    interval = newcombe(now, before, tail)
    said = verdict(interval)
    more = None
    if said is Verdict.NOISE:
        own, other = _adjusted_variance(*now), _adjusted_variance(*before)
        more = more_answers(float(difference), own_variance=own, n=now[1], other_variance=other)
    return Change(said, difference, interval, more)


def _adjusted_variance(successes: int, n: int) -> float:
    """Of a proportion, at Wilson's centre: never 0, also when all or none succeeded."""
    share = (successes + Z95 * Z95 / 2) / (n + Z95 * Z95)
    return share * (1 - share) / n


def nps_change(
    now: tuple[int, int, int], before: tuple[int, int, int], tail: float = TAIL95
) -> Change:
    """Compare two NPS, each (promoters, detractors, n): the z-test on adjusted variances."""
    if now[2] == 0:
        return Change(Verdict.UNDEFINED)
    if before[2] == 0:
        return Change(Verdict.NO_PREVIOUS)
    difference = Fraction(100 * (now[0] - now[1]), now[2]) - Fraction(
        100 * (before[0] - before[1]), before[2]
    )
    (score_now, own), (score_before, other) = adjusted_nps(*now), adjusted_nps(*before)
    centre = 100 * (score_now - score_before)
    half = 100 * normal_quantile(tail) * math.sqrt(own + other)
    interval = (centre - half, centre + half)
    said = verdict(interval)
    more = None
    if said is Verdict.NOISE:
        more = more_answers(
            float(difference) / 100, own_variance=own, n=now[2], other_variance=other
        )
    return Change(said, difference, interval, more)


@dataclass(frozen=True)
class Estimate:
    """A mean or a ratio of sums: exact value, standard error (None below two), and n behind it."""

    value: Fraction
    standard_error: float | None
    n: int


def estimates(now: Estimate | None, before: Estimate | None, tail: float = TAIL95) -> Change:
    """Compare two means or ratios of sums, with Welch's degrees of freedom."""
    if now is None:
        return Change(Verdict.UNDEFINED)
    if before is None:
        return Change(Verdict.NO_PREVIOUS)
    difference = now.value - before.value
    if now.standard_error is None or before.standard_error is None:
        return Change(Verdict.UNTESTED, difference)
    own, other = now.standard_error**2, before.standard_error**2
    half = 0.0
    if own + other > 0:
        freedom = (own + other) ** 2 / (own**2 / (now.n - 1) + other**2 / (before.n - 1))
        half = t_quantile(max(1, int(freedom)), tail) * math.sqrt(own + other)
    interval = (float(difference) - half, float(difference) + half)
    said = verdict(interval)
    more = None
    if said is Verdict.NOISE:
        more = more_answers(float(difference), own_variance=own, n=now.n, other_variance=other)
    return Change(said, difference, interval, more)
