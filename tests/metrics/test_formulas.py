"""The pure formulas against worked cases, published tables and each other. No database."""

import json
import math
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import formulas
from metrics.formulas import OrderSums, RatioSums, Result, TenureCounts
from metrics.formulas.change import (
    Estimate,
    Verdict,
    estimates,
    newcombe,
    nps_change,
    proportions,
    rounded_up,
)
from metrics.formulas.intervals import nps_interval, wilson
from metrics.formulas.student import incomplete_beta, t95

VECTORS = json.loads((Path(__file__).parent / "metric_vectors.json").read_text())["vectors"]
LATER = {"resolution_time", "recontact_rate", "email_list_churn"}  # KPIs of rooms yet to come


def edges(params: dict[str, Any]) -> tuple[datetime, datetime]:
    zone = ZoneInfo(params["tz"])
    start, end = (
        datetime.fromisoformat(params[name]).replace(tzinfo=zone).astimezone(UTC)
        for name in ("start", "end")
    )
    return start, end


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def count_tenures(rows: list[dict[str, Any]], start: datetime, end: datetime) -> TenureCounts:
    """An independent, plain count over sets, as docs/metrics words it."""
    spans = defaultdict(list)
    for row in rows:
        ended = instant(row["end"]) if row["end"] else datetime.max.replace(tzinfo=UTC)
        spans[row["customer"]].append((instant(row["start"]), ended))

    def active(edge: datetime) -> set[str]:
        return {who for who, own in spans.items() if any(a < edge <= z for a, z in own)}

    at_start, at_end = active(start), active(end)
    new = {who for who, own in spans.items() if start <= min(own)[0] < end}
    served = {who for who, own in spans.items() if any(a < end and z >= start for a, z in own)}
    return TenureCounts(
        start=len(at_start),
        end=len(at_end),
        new=len(new),
        lost=len(at_start - at_end),
        retained=len(at_start & at_end),
        new_and_lost=len(new - at_end),
        reactivated=len(at_end - at_start - new),
        served=len(served),
        left=len(served - at_end),
    )


def order_sums(rows: list[dict[str, Any]]) -> OrderSums:
    bought = [row for row in rows if Fraction(row["income"]) > 0]
    return OrderSums(
        income=sum((Fraction(row["income"]) for row in rows), Fraction(0)),
        orders=len(bought),
        customers=len({row["customer"] for row in bought}),
        cost=sum((Fraction(row["cost"]) for row in rows), Fraction(0)),
    )


def ledger_sums(rows: list[dict[str, Any]]) -> RatioSums:
    profit: dict[str, Fraction] = defaultdict(Fraction)
    cost: dict[str, Fraction] = defaultdict(Fraction)
    for row in rows:
        profit[row["customer"]] += Fraction(row["income"]) - Fraction(row["cost"])
        cost[row["customer"]] += Fraction(row["cost"])
    pairs = [(float(profit[who]), float(cost[who])) for who in profit]
    return RatioSums(
        n=len(pairs),
        x=sum(profit.values(), Fraction(0)),
        y=sum(cost.values(), Fraction(0)),
        xx=sum(x * x for x, _ in pairs),
        xy=sum(x * y for x, y in pairs),
        yy=sum(y * y for _, y in pairs),
    )


def histogram(case: dict[str, Any]) -> tuple[Counter[int], int]:
    """Valid scores and the number of invalid ones; for NPS the latest valid answer per customer."""
    rows, params = case["rows"], case["params"]
    low, high = (0, 10) if case["kpi"] == "nps" else (1, params["scale"])
    if "score_counts" in rows:
        return Counter({int(score): count for score, count in rows["score_counts"].items()}), 0
    start, end = edges(params)
    inside = [row for row in rows["responses"] if start <= instant(row["at"]) < end]
    valid = [row for row in inside if row["score"] is not None and low <= row["score"] <= high]
    latest = {
        (row["customer"] if case["kpi"] == "nps" else row["id"]): row["score"]
        for row in sorted(valid, key=lambda row: (instant(row["at"]), row["id"]))
    }
    return Counter(latest.values()), len(inside) - len(valid)


def compute_cac(case: dict[str, Any]) -> Result:
    rows, params = case["rows"], case["params"]
    start, end = edges(params)
    spend: dict[str, Fraction] = defaultdict(Fraction)
    for row in rows["investments"]:
        rate = Fraction(params.get("fx", {}).get(f"{row.get('currency')}|{row['date']}", 1))
        spend[row["category"]] += Fraction(row["amount"]) * rate
    counts = count_tenures(rows["relationships"], start, end)
    return formulas.cac(spend, new_customers=counts.new)


def compute_ltv(case: dict[str, Any]) -> Result:
    params = case["params"]
    given: dict[str, Any] = {
        name: Fraction(params[name])
        for name in ("annual_revenue", "years", "cac", "arpa", "churn", "observed_months")
        if name in params
    }
    if params["form"] == "annual":
        return formulas.ltv_annual(**given)
    if params["form"] == "churn":
        return formulas.ltv_churn(**given)
    return formulas.ltv_margin(order_sums(case["rows"]["orders"]))


def compute_lead_conversion(case: dict[str, Any]) -> Result:
    if "counts" in case["rows"]:
        counts = case["rows"]["counts"]
        return formulas.lead_conversion(converted=counts["converted"], complete=counts["leads"])
    window = case["params"]["window_days"]
    days = [
        (instant(lead["converted_at"]) - instant(lead["created_at"])).days
        for lead in case["rows"]["leads"]
        if lead["converted_at"]
    ]
    return formulas.lead_conversion(
        converted=sum(day < window for day in days), complete=len(case["rows"]["leads"])
    )


def compute(case: dict[str, Any]) -> Any:
    kpi, params, rows = case["kpi"], case["params"], case["rows"]
    if kpi in {"customer_churn", "retention", "turnover"}:
        return getattr(formulas, kpi)(count_tenures(rows["relationships"], *edges(params)))
    if kpi in {"nps", "csat", "ces"}:
        scores, invalid = histogram(case)
        settings = {
            "nps": {},
            "csat": {"satisfied_from": params.get("satisfied_from")},
            "ces": {
                "scale": params.get("scale"),
                "easy_from": params.get("easy_from"),
                "easy_low": params.get("direction") == "easy_low",
            },
        }[kpi]
        return getattr(formulas, kpi)(scores, invalid=invalid, **settings)
    if kpi == "average_ticket":
        return formulas.average_ticket(order_sums(rows["orders"]))
    if kpi == "cps":
        return formulas.cps(ledger_sums(rows["ledger"]))
    return {"cac": compute_cac, "ltv": compute_ltv, "lead_conversion": compute_lead_conversion}[
        kpi
    ](case)


@pytest.mark.parametrize(
    "case", [case for case in VECTORS if case["kpi"] not in LATER], ids=lambda case: case["id"]
)
def test_worked_case(case: dict[str, Any]) -> None:
    result, expected = compute(case), case["expected"]

    assert result.status == expected["status"]
    assert result.value == (None if expected["exact"] is None else Fraction(expected["exact"]))
    assert result.unit == expected["unit"].split(":")[0]
    if expected["ci"] is not None:
        assert result.ci == pytest.approx(expected["ci"], abs=1e-9)
        assert result.ci_method == expected["ci_method"]
    elif case["kpi"] != "average_ticket":
        assert result.ci is None
    for name in ("numerator", "denominator"):
        if name in expected:
            assert getattr(result, name) == expected[name]
    own = expected.keys() - {"status", "value", "exact", "ci", "ci_method", "unit", "n"}
    for name in own - {"numerator", "denominator", "by_category"}:
        found = result.parts[name]
        wanted = expected[name]
        if isinstance(wanted, str):
            wanted = Fraction(wanted)
        elif isinstance(wanted, float):
            found = float(found)
        assert found == wanted, name
    if "n" in expected:
        assert result.n == expected["n"]


def test_the_founding_example_is_47_000() -> None:
    result = formulas.ltv_annual(
        annual_revenue=Fraction(5000), years=Fraction(10), cac=Fraction(3000)
    )
    assert result.value == 47_000


@pytest.mark.parametrize(
    ("df", "quantile"),
    [
        (1, 12.706204736174694),
        (2, 4.302652729749462),
        (3, 3.182446305283709),
        (4, 2.776445105197794),
        (5, 2.570581835636315),
        (9, 2.262157162798205),
        (10, 2.228138851986274),
        (29, 2.045229642132703),
        (30, 2.042272456301238),
        (60, 2.000297821058262),
        (120, 1.979930405082422),
        (1000, 1.962339080826408),
    ],
)
def test_student_quantiles_agree_with_tables(df: int, quantile: float) -> None:
    assert t95(df) == pytest.approx(quantile, abs=1e-9)


def test_student_quantiles_are_continuous_where_the_method_changes() -> None:
    values = [t95(df) for df in (1990, 1999, 2000, 2001, 2010, 10**6)]
    assert values == sorted(values, reverse=True)
    assert t95(1999) - t95(2001) == pytest.approx((t95(1989) - t95(1999)) / 5, rel=0.02)


def test_student_quantile_needs_a_degree_of_freedom() -> None:
    with pytest.raises(ValueError, match="degree"):
        t95(0)


def test_incomplete_beta_at_known_points() -> None:
    assert incomplete_beta(2, 3, 0) == 0
    assert incomplete_beta(2, 3, 1) == 1
    assert incomplete_beta(2, 3, 0.4) == pytest.approx(0.5248, abs=1e-12)
    assert incomplete_beta(0.5, 0.5, 0.3) == pytest.approx(
        2 / math.pi * math.asin(math.sqrt(0.3)), abs=1e-12
    )


def test_newcombe_agrees_with_the_published_examples() -> None:
    """Table II of Newcombe (1998), method 10, which gives four decimals."""
    assert newcombe((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe((9, 10), (3, 10)) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert newcombe((10, 10), (0, 20)) == pytest.approx((0.6791, 1.0), abs=5e-5)


def test_intervals_cover_about_95_percent() -> None:
    """A small simulation with a fixed seed: neither interval may be far from what it promises."""
    draw = random.Random(7)
    shares, scores, rounds, n = 0, 0, 2000, 40
    for _ in range(rounds):
        answers = draw.choices(["promoter", "passive", "detractor"], [0.5, 0.3, 0.2], k=n)
        promoters, detractors = answers.count("promoter"), answers.count("detractor")
        share, score = wilson(promoters, n), nps_interval(promoters, detractors, n)
        assert share
        assert score
        shares += share[0] <= 0.5 <= share[1]
        scores += score[0] <= 30 <= score[1]
    assert 0.93 <= shares / rounds <= 0.98
    assert 0.93 <= scores / rounds <= 0.98


@pytest.mark.parametrize(
    ("n", "least"), [(5, 0.925), (10, 0.93), (20, 0.93), (40, 0.93), (100, 0.94)]
)
def test_the_nps_interval_covers_what_it_promises_on_a_grid(n: int, least: float) -> None:
    """Exactly, by adding up the probability of every outcome: no chance, no tolerance.

    Promoters and detractors each from 10 to 80 %. With five answers the worst pair has 92.8 %.
    """
    shares = [(p / 10, d / 10) for p in range(1, 9) for d in range(1, 10 - p)]
    assert min(nps_coverage(n, p, d) for p, d in shares) >= least


def nps_coverage(n: int, p: float, d: float) -> float:
    covered = 0.0
    for promoters in range(n + 1):
        for detractors in range(n + 1 - promoters):
            passives = n - promoters - detractors
            interval = nps_interval(promoters, detractors, n)
            assert interval
            if interval[0] - 1e-9 <= 100 * (p - d) <= interval[1] + 1e-9:
                ways = math.comb(n, promoters) * math.comb(n - promoters, detractors)
                covered += ways * p**promoters * d**detractors * (1 - p - d) ** passives
    return covered


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), min_size=1, max_size=4)


@given(st.lists(SPANS, max_size=12), st.integers(5, 30), st.integers(1, 15))
def test_tenure_counts_always_balance(
    customers: list[list[tuple[int, int]]], start: int, length: int
) -> None:
    """|S| + new − new_and_lost + reactivated − lost = |E|, else TenureCounts refuses."""
    day = [datetime.fromtimestamp(86400 * number, UTC) for number in range(80)]
    rows = [
        {"customer": str(who), "start": day[a].isoformat(), "end": day[a + span].isoformat()}
        for who, spans in enumerate(customers)
        for a, span in spans
    ]
    counts = count_tenures(rows, day[start], day[start + length])

    assert counts.start - counts.lost == counts.retained
    churn, kept = formulas.customer_churn(counts), formulas.retention(counts)
    if counts.start:
        assert churn.value is not None
        assert kept.value is not None
        assert churn.value + kept.value == 1


def test_counts_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="contradict"):
        TenureCounts(
            start=5,
            end=9,
            new=1,
            lost=0,
            retained=5,
            new_and_lost=0,
            reactivated=0,
            served=6,
            left=0,
        )


def test_published_retention_may_be_negative_and_then_has_no_interval() -> None:
    counts = TenureCounts(
        start=0, end=1, new=5, lost=0, retained=0, new_and_lost=4, reactivated=0, served=5, left=4
    )
    result = formulas.retention_as_published(counts)
    assert result.value == -4
    assert result.ci is None
    assert result.parts["differs"]


def test_a_missing_rate_undoes_a_figure_of_money() -> None:
    sums = OrderSums(income=Fraction(10), orders=1, customers=1, missing_rates=1)
    rows = RatioSums(n=1, x=Fraction(1), y=Fraction(1), xx=1, xy=1, yy=1)
    for result in (
        formulas.average_ticket(sums),
        formulas.ltv_margin(sums),
        formulas.cps(rows, missing_rates=1),
        formulas.cac({}, new_customers=3, missing_rates=1),
        formulas.income_per_customer(income_of_served=Fraction(1), served=1, missing_rates=1),
    ):
        assert (result.status, result.value) == ("missing_fx_rate", None)


def test_nothing_spent_on_somebody_new_is_a_true_zero() -> None:
    assert formulas.cac({}, new_customers=4).value == 0


def test_ltv_annual_passes_on_why_a_term_is_missing() -> None:
    result = formulas.ltv_annual(
        annual_revenue=Fraction(1), years=Fraction(2), cac=None, cac_status="no_new_customers"
    )
    assert result.status == "cac_undefined"
    assert result.parts["cac_status"] == "no_new_customers"


def test_a_clear_change_gets_a_direction_and_a_small_one_the_number_still_needed() -> None:
    clear = proportions((90, 100), (50, 100))
    assert clear.verdict is Verdict.UP
    assert clear.difference == Fraction(2, 5)
    unclear = proportions((52, 100), (500, 1000))
    assert unclear.verdict is Verdict.NOISE
    assert unclear.more_answers is None  # the period before is itself too thin for 2 points
    thin = proportions((7, 10), (500, 1000))
    assert thin.verdict is Verdict.NOISE
    assert thin.more_answers == 13
    assert proportions((21, 30), (500, 1000)).verdict is Verdict.UP  # 20 more, equally split


def test_nps_change_excludes_noise() -> None:
    assert nps_change((80, 10, 100), (30, 50, 100)).verdict is Verdict.UP
    assert nps_change((30, 50, 100), (80, 10, 100)).verdict is Verdict.DOWN
    assert nps_change((5, 3, 10), (4, 3, 10)).verdict is Verdict.NOISE
    assert nps_change((5, 3, 10), (0, 0, 0)).verdict is Verdict.NO_PREVIOUS
    assert nps_change((0, 0, 0), (5, 3, 10)).verdict is Verdict.UNDEFINED


def test_a_change_of_ease_is_judged_by_how_much_answers_differ() -> None:
    def estimate(scores: dict[int, int]) -> Estimate:
        result = formulas.ces(scores)
        assert result.value is not None
        return Estimate(result.value, result.parts.get("standard_error"), result.n)

    easy, hard = estimate({6: 20, 7: 20}), estimate({2: 20, 5: 20})
    assert easy.standard_error == pytest.approx(math.sqrt(10 / 39 / 40))
    assert estimates(easy, hard).verdict is Verdict.UP
    assert estimates(estimate({4: 3, 7: 2}), estimate({4: 2, 7: 2})).verdict is Verdict.NOISE
    assert estimates(estimate({4: 1}), hard).verdict is Verdict.UNTESTED


def test_sums_without_a_sample_are_compared_but_not_judged() -> None:
    now, before = Estimate(Fraction(5), None, 1), Estimate(Fraction(4), 0.5, 30)
    assert estimates(now, before).verdict is Verdict.UNTESTED
    assert estimates(Estimate(Fraction(5), 0.1, 30), before).difference == 1
    assert estimates(Estimate(Fraction(9), 0.1, 30), before).verdict is Verdict.UP
    assert estimates(None, before).verdict is Verdict.UNDEFINED


@pytest.mark.parametrize(("count", "about"), [(3, 3), (87.2, 88), (812, 820), (1201, 1300)])
def test_about_how_many(count: float, about: int) -> None:
    assert rounded_up(count) == about
