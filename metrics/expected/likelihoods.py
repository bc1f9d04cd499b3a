"""The three models: how likely a history of purchases is, and what it lets one expect.

A history is x repeat purchases, the last of them t weeks after the first, seen for T weeks. All
arguments but parameters are arrays. Importing this needs the extra `clv`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import betaincinv, betaln, gammaln, hyp2f1

Parameters = Sequence[float]
Array = Any  # numpy has no names for shapes that are worth their length here


# --- BG/NBD: r, α, a, b. After each repeat purchase somebody may drop out. ----------------------


def bg_nbd(parameters: Parameters, x: Array, t: Array, seen: Array) -> Array:
    """Log-likelihood of each history (Fader, Hardie and Lee 2005, equation 6)."""
    r, alpha, a, b = parameters
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    alive = betaln(a, b + x) - (r + x) * np.log(alpha + seen)
    gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t)
    return common + np.where(x > 0, np.logaddexp(alive, gone), alive)


# --- MBG/NBD: the same, and one may drop out after the first purchase too. ----------------------


def mbg_nbd(parameters: Parameters, x: Array, t: Array, seen: Array) -> Array:
    """Log-likelihood of each history (Batislam, Denizel and Filiztekin 2007)."""
    r, alpha, a, b = parameters
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    alive = betaln(a, b + x + 1) - (r + x) * np.log(alpha + seen)
    gone = betaln(a + 1, b + x) - (r + x) * np.log(alpha + t)
    return common + np.logaddexp(alive, gone)


def alive(parameters: Parameters, x: Array, t: Array, seen: Array) -> Array:
    """The probability that they have not dropped out (MBG/NBD)."""
    r, alpha, a, b = parameters
    odds = np.log(a / (b + x)) + (r + x) * (np.log(alpha + seen) - np.log(alpha + t))
    return 1 / (1 + np.exp(np.minimum(odds, 700)))


def purchases_ahead(parameters: Parameters, ahead: float, x: Array, t: Array, seen: Array) -> Array:
    """Purchases to expect in the next `ahead` weeks (MBG/NBD)."""
    r, alpha, a, b = parameters
    a = a if abs(a - 1) > SINGULAR else 1 + SINGULAR
    reached = alpha + seen
    # Who buys hundreds of times in no time leaves the range of floats; quadrature does for them.
    with np.errstate(over="ignore", invalid="ignore"):
        series = hyp2f1(r + x, b + x + 1, a + b + x, ahead / (reached + ahead))
        still = series * (reached / (reached + ahead)) ** (r + x)
    while_alive = (a + b + x) / (a - 1) * (1 - still)
    beyond = ~np.isfinite(while_alive)
    while_alive[beyond] = _by_quadrature(parameters, ahead, x[beyond], seen[beyond])
    return np.maximum(while_alive * alive(parameters, x, t, seen), 0)


def _by_quadrature(parameters: Parameters, ahead: float, x: Array, seen: Array) -> Array:
    """The same while alive: the mean of (1 − e^(−λp·ahead)) / p over what λ and p may be."""
    r, alpha, a, b = parameters
    nodes = (np.arange(200) + 0.5) / 200
    drop = np.maximum(betaincinv(a, b + x[:, None] + 1, nodes), 1e-12)
    more = -np.expm1(-(r + x[:, None]) * np.log1p(drop * ahead / (alpha + seen[:, None])))
    return np.mean(more / drop, axis=1)


SINGULAR = 1e-6  # the formula has a hole at a = 1, and is smooth around it


# --- Gamma-Gamma: p, q, γ. What a purchase brings, independent of how many there are. -----------


def gamma_gamma(parameters: Parameters, x: Array, mean: Array) -> Array:
    """Log-likelihood of each customer's mean over x repeat purchases (x > 0, mean > 0)."""
    p, q, gamma = parameters
    return (
        gammaln(p * x + q)
        - gammaln(p * x)
        - gammaln(q)
        + q * np.log(gamma)
        + (p * x - 1) * np.log(mean)
        + p * x * np.log(x)
        - (p * x + q) * np.log(gamma + x * mean)
    )


def purchase_expected(parameters: Parameters, x: Array, mean: Array) -> Array:
    """What one more purchase of theirs brings on average; x may be 0, and the mean then anything."""
    p, q, gamma = parameters
    return p * (gamma + x * np.where(x > 0, mean, 0)) / (p * x + q - 1)
