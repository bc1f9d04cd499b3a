"""Asking one figure of the facts, and whether the rows behind it make it."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from metrics import reading
from metrics.definitions import find
from metrics.formulas import Result
from metrics.periods import Period

LATER = datetime(2026, 11, 1, tzinfo=UTC)


def measured(kpi: str, period: Period, *, now: datetime = LATER, **params: str) -> Result:
    """The figure; the rows of either side, where it has one, add up to it."""
    definition = find(kpi)
    given = definition.parse(params)
    result = reading.measured(definition, period, now=now, params=given)
    for side, number in (("numerator", result.numerator), ("denominator", result.denominator)):
        sections = reading.rows(definition, period, side, now=now, params=given)  # type: ignore[arg-type]
        if number is not None and result.value is not None:
            total = sum((section.total() for section in sections), Fraction(0))
            assert total == number, (kpi, side, total, number)
    return result
