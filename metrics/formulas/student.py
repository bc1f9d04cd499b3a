"""Student's t without SciPy: distribution by the incomplete beta, quantile by Newton.

Source: Press et al., Numerical Recipes, 3rd ed., 6.4 (continued fraction of the incomplete beta);
Abramowitz & Stegun 26.7.5 (expansion of the quantile in 1/df, for large df).
"""

import math
from functools import lru_cache
from statistics import NormalDist

TAIL95 = 0.025  # above a 95% interval, and below it
Z95 = 1.959963984540054  # the 97.5% quantile of the normal distribution

TINY = 1e-300
EXPANSION_FROM = 2000  # beyond, the expansion is exact to 1e-12


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta, by Lentz's method."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > TINY else TINY)
    result = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > TINY else TINY)
            c = 1.0 + term / c
            c = c if abs(c) > TINY else TINY
            result *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return result


def incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b), the regularised incomplete beta function, for 0 ≤ x ≤ 1."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    front = math.exp(log_front)
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def upper_tail(t: float, df: int) -> float:
    """P(T > t) for t ≥ 0."""
    return 0.5 * incomplete_beta(df / 2.0, 0.5, df / (df + t * t))


def _density(t: float, df: int) -> float:
    log = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
    return math.exp(log - (df + 1) / 2 * math.log1p(t * t / df))


def normal_quantile(tail: float) -> float:
    """Above which the normal distribution has `tail`."""
    return Z95 if tail == TAIL95 else NormalDist().inv_cdf(1 - tail)


def _expansion(df: float, z: float) -> float:
    return (
        z
        + (z**3 + z) / (4 * df)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * df**3)
    )


@lru_cache(maxsize=4096)
def t_quantile(df: int, tail: float) -> float:
    """Above which Student's t has `tail`."""
    if df < 1:
        raise ValueError("Student's t needs at least one degree of freedom.")
    if df == 1:
        return math.tan((0.5 - tail) * math.pi)
    if df == 2:
        return (1 - 2 * tail) * math.sqrt(2.0 / ((1 - tail) * tail * 4.0))
    t = _expansion(df, normal_quantile(tail))
    if df >= EXPANSION_FROM:
        return t
    for _ in range(50):
        step = (upper_tail(t, df) - tail) / _density(t, df)
        t += step
        if abs(step) < 1e-14 * t:
            break
    return t


def t95(df: int) -> float:
    """The 97.5% quantile of Student's t: half a 95% interval is t95(df) standard errors."""
    return t_quantile(df, TAIL95)
