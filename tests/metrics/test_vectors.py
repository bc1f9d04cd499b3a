"""Every worked case through the real tables and the engine, and its rows add up to its numbers."""

import json
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from metrics import answering, reading
from metrics.definitions import Definition, find
from metrics.periods import Period
from staff.models import Business
from tests.metrics import tables

VECTORS = json.loads((Path(__file__).parent / "metric_vectors.json").read_text())["vectors"]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
CASES = [case for case in VECTORS if "counts_only" not in case["params"]]
PARAMS = {
    "window_days",
    "scale",
    "satisfied_from",
    "easy_from",
    "direction",
    "one_per_customer",
    "annual_revenue",
    "years",
    "cac",
    "arpa",
    "churn",
    "observed_months",
    "which",
    "clock",
    "same_topic",
}


def load(case: dict[str, Any], currency: str) -> None:
    rows, params = case["rows"], case["params"]
    tables.add_spans(rows.get("relationships", ()))
    tables.add_costs(rows.get("investments", ()), params.get("fx", {}), currency)
    tables.add_orders(rows.get("orders", ()))
    tables.add_orders(rows.get("ledger", ()))
    tables.add_leads(rows.get("leads", ()))
    tables.add_tickets(rows.get("tickets", ()))
    tables.add_subscribers(rows.get("subscribers", ()), rows.get("events", ()))
    if "score_counts" in rows:
        scores = [int(score) for score, n in rows["score_counts"].items() for _ in range(n)]
        given: list[dict[str, Any]] = [
            {"customer": f"c{i}", "at": "2026-01-15T12:00:00+00:00", "score": score}
            for i, score in enumerate(scores)
        ]
        tables.add_responses(case["kpi"], given)
    else:
        tables.add_responses(case["kpi"], rows["responses"]) if "responses" in rows else None


def asked(case: dict[str, Any]) -> tuple[Definition, Period, datetime, dict[str, Any]]:
    params, business = case["params"], Business.objects.get()
    kpi = {"ltv": f"ltv_{params.get('form', '')}"}.get(case["kpi"], case["kpi"])
    definition = find(kpi)
    first, until = params.get("start", "2026-01-01"), params.get("end", "2026-02-01")
    period = Period(date.fromisoformat(first), date.fromisoformat(until), business.zone)
    as_of = datetime.fromisoformat(params["as_of"]) if "as_of" in params else NOW
    own = {name: str(value) for name, value in params.items() if name in PARAMS}
    return definition, period, as_of, definition.parse(own)


@pytest.fixture
def loaded(business: Business, case: dict[str, Any]) -> dict[str, Any]:
    business.time_zone = case["params"].get("tz", "UTC")
    business.currency = case["params"].get("currency", "BRL")
    business.save()
    load(case, business.currency)
    return case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_worked_case(loaded: dict[str, Any]) -> None:
    definition, period, as_of, params = asked(loaded)
    expected = loaded["expected"]

    result = reading.measured(definition, period, now=as_of, params=params)

    assert result.status == expected["status"]
    assert result.value == (None if expected["exact"] is None else Fraction(expected["exact"]))
    if expected["ci"]:
        assert result.ci == pytest.approx(expected["ci"], abs=1e-6, rel=1e-6)
        assert result.ci_method == expected["ci_method"]
    answer = answering.answer(definition, period, result, "BRL")
    assert answer["unit"] == expected["unit"]
    for name in expected.keys() & answer.keys() - {"exact", "ci", "value", "ci_method"}:
        wanted = expected[name]
        assert answer[name] == (pytest.approx(wanted) if isinstance(wanted, float) else wanted)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_rows_add_up_to_the_number(loaded: dict[str, Any]) -> None:
    definition, period, as_of, params = asked(loaded)
    result = reading.measured(definition, period, now=as_of, params=params)

    for side, number in (("numerator", result.numerator), ("denominator", result.denominator)):
        sections = reading.rows(definition, period, side, now=as_of, params=params)  # type: ignore[arg-type]
        if number is not None and sections:
            assert sum(section.total() for section in sections) == number
