"""A figure as JSON for scripts: the fixed names of the command line (and later of the API)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from metrics.definitions import Definition
from metrics.engine.snapshots import PREVIOUS_PART
from metrics.formulas import Result
from metrics.models import Snapshot
from metrics.periods import Period
from metrics.rows.section import Rows

# Parts given as plain numbers; other exact parts are fractions in text, such as "2/5".
AS_NUMBERS = {
    "mean",
    "p90",
    "median_business",
    "median_calendar",
    "easy_share",
    "profit",
    "by_category",
    "turnover_as_published",
}


def unit(definition_unit: str, currency: str) -> str:
    return f"money:{currency}" if definition_unit == "money" else definition_unit


def number(value: Fraction | None) -> float | int | None:
    """The nearest number of JSON."""
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)


def _part(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _part(name, inner) for key, inner in value.items()}
    if isinstance(value, Fraction):
        return number(value) if name in AS_NUMBERS else str(value)
    return value


def answer(definition: Definition, period: Period, result: Result, currency: str) -> dict[str, Any]:
    """A result under its fixed names, the KPI's own parts after them. Shares are 0..1."""
    return {
        "kpi": definition.kpi,
        "from": str(period.starts_on),
        "to": str(period.ends_on),
        "status": result.status,
        "value": number(result.value),
        "exact": None if result.value is None else str(result.value),
        "numerator": number(result.numerator),
        "denominator": number(result.denominator),
        "n": result.n,
        "ci": list(result.ci) if result.ci else None,
        "ci_method": result.ci_method,
        "unit": unit(result.unit, currency),
    } | {name: _part(name, value) for name, value in result.parts.items()}


def stored(definition: Definition, found: Snapshot, currency: str) -> dict[str, Any]:
    """A snapshot under the same names, with when it was computed and whether it is a revision."""
    ratio = [Fraction(text) if text else None for text in (found.numerator, found.denominator)]
    return {
        "kpi": definition.kpi,
        "from": str(found.starts_on),
        "to": str(found.ends_on),
        "status": found.status,
        "value": found.value,
        "numerator": number(ratio[0]),
        "denominator": number(ratio[1]),
        "n": found.n,
        "ci": None if found.ci_low is None else [found.ci_low, found.ci_high],
        "ci_method": found.ci_method or None,
        "unit": unit(definition.unit, currency),
        "as_of": found.as_of.isoformat(),
        "computed_at": found.computed_at.isoformat(),
        "is_partial": found.is_partial,
        "is_revision": found.is_revision,
        "definition_version": found.definition_version,
    } | {name: part for name, part in found.parts.items() if name != PREVIOUS_PART}


def _customer(row: Any) -> int | None:
    """Whose it is; what people of the business did is nobody's."""
    return getattr(row, "customer_id", None)


def rows(sections: Iterable[Rows]) -> dict[str, Any]:
    """The rows behind a side, with what each adds, and their sum."""
    told, total = [], Fraction(0)
    for section in sections:
        for row, added in section:
            total += added
            told.append(
                {
                    "kind": section.kind,
                    "id": row.pk,
                    "external_id": getattr(row, "external_id", "") or None,
                    "customer": row.pk if section.kind == "customer" else _customer(row),
                    "adds": number(added),
                }
            )
    return {"rows": told, "sum": number(total)}
