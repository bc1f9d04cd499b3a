"""Maximum likelihood: the parameters under which what customers did was likeliest.

Importing this needs the extra `clv`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from metrics.expected import likelihoods
from metrics.expected.likelihoods import Array


class NoFit(Exception):
    """The purchases don't follow the model: nothing can be expected by it."""


# How far parameters may go. At an edge the model is a simpler one, to which it comes ever closer: all
# buy equally often, or nobody ever drops out.
RATE_BOUNDS = [(1e-3, 1e2), (1e-3, 1e5), (1e-3, 1e3), (1e-3, 1e3)]
SPEND_BOUNDS = [(1e-3, 1e3), (1e-3, 1e3), (1e-3, 1e4)]


def _peak(
    log_likelihood: Callable[[Any], Array],
    counts: Array,
    start: list[float],
    edges: list[tuple[float, float]],
) -> list[float]:
    """Climb on the logarithms of the parameters, which are all above zero; the same for the same."""
    total = counts.sum()

    def cost(logs: Any) -> float:
        value = -float(counts @ log_likelihood(np.exp(logs))) / total
        return value if np.isfinite(value) else 1e12

    bounds = [(np.log(low), np.log(high)) for low, high in edges]
    best = minimize(cost, np.log(start), method="L-BFGS-B", bounds=bounds)
    # Differences of a likelihood tell its slope only so well: the last digits without them.
    best = minimize(
        cost,
        best.x,
        method="Nelder-Mead",
        bounds=bounds,
        options={"xatol": 1e-7, "fatol": 1e-13, "maxiter": 3000, "maxfev": 3000},
    )
    if best.fun >= 1e12:
        raise NoFit
    return [float(one) for one in np.exp(best.x)]


def grouped(*columns: Array) -> tuple[list[Array], Array]:
    """Different rows once, and how often each is there: customers with the same history are many."""
    rows, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
    return list(rows.T), counts


def fit_bg_nbd(x: Array, t: Array, seen: Array) -> list[float]:
    """r, α, a, b. Raises NoFit."""
    histories, counts = grouped(x, t, seen)
    start = [0.5, float(np.mean(seen)) / 4, 0.8, 2.0]
    return _peak(lambda p: likelihoods.bg_nbd(p, *histories), counts, start, RATE_BOUNDS)


def fit_mbg_nbd(x: Array, t: Array, seen: Array) -> list[float]:
    """r, α, a, b. Raises NoFit."""
    histories, counts = grouped(x, t, seen)
    start = [0.5, float(np.mean(seen)) / 4, 0.8, 2.0]
    return _peak(lambda p: likelihoods.mbg_nbd(p, *histories), counts, start, RATE_BOUNDS)


def fit_gamma_gamma(x: Array, mean: Array) -> list[float]:
    """p, q, γ, of those who bought again. Raises NoFit, also where no mean is to be expected."""
    histories, counts = grouped(x, mean)
    # γ is in money: in units of the usual purchase every currency climbs the same way.
    unit = float(np.average(mean))
    x, scaled = histories[0], histories[1] / unit
    p, q, gamma = _peak(
        lambda p: likelihoods.gamma_gamma(p, x, scaled), counts, [4.0, 4.0, 1.0], SPEND_BOUNDS
    )
    if q <= 1:
        raise NoFit
    return [p, q, gamma * unit]
