"""A fit of both models, and what it says of each customer. Importing this needs the extra `clv`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from metrics.expected import likelihoods
from metrics.expected.fitting import NoFit, fit_gamma_gamma, fit_mbg_nbd
from metrics.expected.purchases import Histories

__all__ = ["Answers", "NoFit", "answers"]


@dataclass(frozen=True)
class Answers:
    """A line for each line of the histories; parameters by their names, plain numbers."""

    parameters: dict[str, float]
    purchases: list[float]
    values: list[float]
    alive: list[float]


def answers(known: Histories, *, most: int, weeks_ahead: float) -> Answers:
    """Fit to at most `most` customers, evenly chosen, and answer for all. Raises NoFit."""
    repeats, last, seen, mean = (
        np.frombuffer(column) for column in (known.repeats, known.last, known.seen, known.mean)
    )
    step = max(1, -(-len(known) // most))
    some = slice(None, None, step)
    rate = fit_mbg_nbd(repeats[some], last[some], seen[some])
    again = (repeats > 0) & (mean > 0)
    spend = fit_gamma_gamma(repeats[again][some], mean[again][some])
    ahead = likelihoods.purchases_ahead(rate, weeks_ahead, repeats, last, seen)
    values = ahead * likelihoods.purchase_expected(spend, repeats, mean)
    if not (np.all(np.isfinite(ahead)) and np.all(np.isfinite(values))):
        raise NoFit
    names = ("r", "alpha", "a", "b", "p", "q", "gamma")
    return Answers(
        dict(zip(names, [*rate, *spend], strict=True)),
        _plain(ahead),
        _plain(values),
        _plain(likelihoods.alive(rate, repeats, last, seen)),
    )


def _plain(column: Any) -> list[float]:
    found: list[float] = column.tolist()
    return found
