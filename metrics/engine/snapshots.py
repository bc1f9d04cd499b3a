"""Results as stored rows, and back: exact values travel as "p/q"."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from metrics.definitions import Definition
from metrics.formulas import Result
from metrics.models import Snapshot
from metrics.periods import Period

# In the parts of a running period: the figure of the same part of the previous one.
PREVIOUS_PART = "previous_part"


def to_json(value: Any) -> Any:
    """Parts in JSON's types: a Fraction becomes "p/q" (or "p"), which `exact` reads back."""
    match value:
        case Fraction():
            return str(value)
        case Mapping():
            return {str(key): to_json(inner) for key, inner in value.items()}
        case _:
            return value


def exact(text: str | None) -> Fraction | None:
    return Fraction(text) if text else None


def is_empty(result: Result) -> bool:
    """There was nothing at all: no row is kept for such a period, unless it had one."""
    return result.value is None and not result.n and not result.numerator and not _any(result.parts)


def _any(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_any(inner) for inner in value.values())
    return isinstance(value, int | Fraction) and not isinstance(value, bool) and value != 0


def compact(result: Result) -> dict[str, Any]:
    """A result as JSON, for the parts of another."""
    return {
        "status": result.status,
        "value": None if result.value is None else float(result.value),
        "numerator": to_json(result.numerator),
        "denominator": to_json(result.denominator),
        "n": result.n,
        "ci": list(result.ci) if result.ci else None,
        "parts": to_json(result.parts),
    }


def snapshot(
    definition: Definition,
    period: Period,
    result: Result,
    *,
    as_of: datetime,
    previous_part: Result | None = None,
) -> Snapshot:
    """An unsaved snapshot. `previous_part` belongs to a running period."""
    parts = to_json(result.parts)
    if previous_part is not None:
        parts[PREVIOUS_PART] = compact(previous_part)
    low, high = result.ci or (None, None)
    return Snapshot(
        kpi=definition.kpi,
        grain=period.grain or "",
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        definition_version=definition.version,
        status=result.status,
        numerator="" if result.numerator is None else str(result.numerator),
        denominator="" if result.denominator is None else str(result.denominator),
        n=result.n,
        parts=parts,
        value=None if result.value is None else float(result.value),
        ci_low=low,
        ci_high=high,
        ci_method=result.ci_method or "",
        is_partial=period.is_running(as_of),
        as_of=as_of,
        computed_at=as_of,
    )


def same_figure(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots of a cell say the same: exactly, but for the floats of intervals,
    in which the order of summing shows."""
    return (
        one.definition_version == other.definition_version
        and one.status == other.status
        and one.numerator == other.numerator
        and one.denominator == other.denominator
        and one.n == other.n
        and one.is_partial == other.is_partial
        and _close(one.value, other.value)
        and _close(one.ci_low, other.ci_low)
        and _close(one.ci_high, other.ci_high)
        and _same(_without_previous(one.parts), _without_previous(other.parts))
    )


def _without_previous(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if name != PREVIOUS_PART}


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float | int):
        return _close(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)
