"""What a formula answers: a value with its parts, or the reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

# Reasons why a figure is undefined; the words for them are in metrics/words.py.
OK = "ok"
MISSING_FX_RATE = "missing_fx_rate"


@dataclass(frozen=True)
class Result:
    """One figure.

    `value`, `numerator` and `denominator` are exact (money in the business's currency, shares as
    0..1, NPS in points); `ci` is a 95% interval in floats or None; `n` is what was counted;
    `unit` is `ratio`, `money`, `points` or `points_1_<scale>`; `parts` are the figure's own
    details, of which Fractions are exact too.
    """

    status: str
    value: Fraction | None
    unit: str
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    n: int = 0
    ci: tuple[float, float] | None = None
    ci_method: str | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)


def undefined(
    status: str,
    *,
    unit: str,
    numerator: Fraction | int | None = None,
    denominator: Fraction | int | None = None,
    n: int = 0,
    parts: Mapping[str, Any] | None = None,
) -> Result:
    """A figure that does not exist, and why: never 0, infinity or NaN."""
    return Result(
        status=status,
        value=None,
        unit=unit,
        numerator=None if numerator is None else Fraction(numerator),
        denominator=None if denominator is None else Fraction(denominator),
        n=n,
        parts=parts or {},
    )
