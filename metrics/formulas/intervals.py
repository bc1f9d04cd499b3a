"""95% intervals. Floats live here and only here: a value is exact, its uncertainty is not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from metrics.formulas.student import Z95, t95

WILSON = "wilson95"
ADJUSTED_WALD = "adjusted_wald95_+3"
STUDENT_CLIPPED = "student_t95_clipped"
DELTA_RATIO = "delta_ratio_t95"

Interval = tuple[float, float]


def wilson(successes: int, n: int, z: float = Z95) -> Interval | None:
    """Wilson's score interval of a proportion; None when nothing was counted."""
    if n == 0:
        return None
    share, z2 = successes / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def adjusted_nps(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    """The adjusted NPS as a share (-1..1) and the variance of its estimate.

    Adjusted Wald (n + 3, + ¾ promoters, + ¾ detractors): J. Rocks, "Interval estimation for the
    Net Promoter Score", The American Statistician 70 (2016).
    """
    m = n + 3
    p, d = (promoters + 0.75) / m, (detractors + 0.75) / m
    return p - d, (p + d - (p - d) ** 2) / m


def nps_interval(promoters: int, detractors: int, n: int) -> Interval | None:
    """The interval of an NPS in points, clipped to -100..100."""
    if n == 0:
        return None
    score, variance = adjusted_nps(promoters, detractors, n)
    half = Z95 * math.sqrt(variance)
    return max(-100.0, 100 * (score - half)), min(100.0, 100 * (score + half))


def histogram_moments(scores: Mapping[int, int]) -> tuple[int, int, int]:
    """n, Σ and Σ of squares of the scores in a histogram {score: count}."""
    n = sum(scores.values())
    total = sum(score * count for score, count in scores.items())
    squares = sum(score * score * count for score, count in scores.items())
    return n, total, squares


def variance_of_mean(n: int, total: int, squares: int) -> Fraction | None:
    """The squared standard error of a mean, exactly; None below two values."""
    if n < 2:
        return None
    return Fraction(n * squares - total * total, n * n * (n - 1))


def mean_interval(scores: Mapping[int, int], *, low: int, high: int) -> Interval | None:
    """Student's interval of the mean of a histogram, clipped to the scale; None below two."""
    n, total, squares = histogram_moments(scores)
    variance = variance_of_mean(n, total, squares)
    if variance is None:
        return None
    mean, half = total / n, t95(n - 1) * math.sqrt(variance)
    return max(float(low), mean - half), min(float(high), mean + half)


@dataclass(frozen=True)
class RatioSums:
    """Sums over `n` customers of x, y and their products, for a ratio Σx / Σy.

    The products are floats: they only ever reach an interval.
    """

    n: int
    x: Fraction
    y: Fraction
    xx: float
    xy: float
    yy: float

    def standard_error(self) -> float | None:
        """Of Σx / Σy, by linearisation; None below two customers or without a denominator."""
        if self.n < 2 or self.y == 0:
            return None
        ratio = float(self.x / self.y)
        residuals = max(0.0, self.xx - 2 * ratio * self.xy + ratio * ratio * self.yy)
        return math.sqrt(residuals * self.n / (self.n - 1)) / abs(float(self.y))

    def interval(self) -> Interval | None:
        """The ratio ± Student's t with n - 1 degrees of freedom."""
        error = self.standard_error()
        if error is None:
            return None
        ratio, half = float(self.x / self.y), t95(self.n - 1) * error
        return ratio - half, ratio + half
