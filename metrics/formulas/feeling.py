"""What customers say: NPS, CSAT, CES and how many answer. All from histograms {score: count}."""

import math
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from metrics.formulas.intervals import (
    ADJUSTED_WALD,
    STUDENT_CLIPPED,
    histogram_moments,
    mean_interval,
    nps_interval,
    variance_of_mean,
)
from metrics.formulas.keeping import RATIO, proportion
from metrics.formulas.results import OK, Result, undefined

Histogram = Mapping[int, int]


def _as_json(scores: Histogram) -> dict[str, int]:
    return {str(score): scores[score] for score in sorted(scores) if scores[score]}


def nps(scores: Histogram, *, invalid: int = 0) -> Result:
    """100 · (promoters 9–10 − detractors 0–6) / answers, in points."""
    n = sum(scores.values())
    promoters = sum(count for score, count in scores.items() if score >= 9)
    detractors = sum(count for score, count in scores.items() if score <= 6)
    parts = {
        "promoters": promoters,
        "passives": n - promoters - detractors,
        "detractors": detractors,
        "invalid": invalid,
        "histogram": _as_json(scores),
    }
    if n == 0:
        return undefined("no_responses", unit="points", numerator=0, denominator=0, parts=parts)
    return Result(
        status=OK,
        value=Fraction(100 * (promoters - detractors), n),
        unit="points",
        numerator=Fraction(promoters - detractors),
        denominator=Fraction(n),
        n=n,
        ci=nps_interval(promoters, detractors, n),
        ci_method=ADJUSTED_WALD,
        parts=parts,
    )


def csat(scores: Histogram, *, satisfied_from: int = 4, invalid: int = 0) -> Result:
    """The share of answers at or above `satisfied_from`; per interaction, not per customer."""
    n, total, _ = histogram_moments(scores)
    satisfied = sum(count for score, count in scores.items() if score >= satisfied_from)
    parts: dict[str, object] = {
        "mean": Fraction(total, n) if n else None,
        "invalid": invalid,
        "histogram": _as_json(scores),
    }
    if n == 0:
        return undefined("no_responses", unit=RATIO, numerator=0, denominator=0, parts=parts)
    return proportion(satisfied, n, parts=parts)


def ces(
    scores: Histogram,
    *,
    scale: int = 7,
    easy_from: int = 5,
    easy_low: bool = False,
    invalid: int = 0,
) -> Result:
    """The mean answer on 1..scale, higher = easier, and the share at or above `easy_from`.

    `easy_low`: the question was put the other way round (1 = easiest), so answers are mirrored.
    """
    if easy_low:
        scores = {scale + 1 - score: count for score, count in scores.items()}
    unit = f"points_1_{scale}"
    n, _total, squares = histogram_moments(scores)
    easy = sum(count for score, count in scores.items() if score >= easy_from)
    parts = {
        "easy_share": Fraction(easy, n) if n else None,
        "invalid": invalid,
        "sum_of_squares": squares,
        "histogram": _as_json(scores),
    }
    if n == 0:
        return undefined("no_responses", unit=unit, numerator=0, denominator=0, parts=parts)
    return _mean(scores, high=scale, unit=unit, parts=parts)


def _mean(scores: Histogram, *, high: int, unit: str, parts: dict[str, Any]) -> Result:
    """The mean of at least one answer on 1..high; Student's interval, clipped to the scale."""
    n, total, squares = histogram_moments(scores)
    interval, variance = (
        mean_interval(scores, low=1, high=high),
        variance_of_mean(n, total, squares),
    )
    return Result(
        status=OK,
        value=Fraction(total, n),
        unit=unit,
        numerator=Fraction(total),
        denominator=Fraction(n),
        n=n,
        ci=interval,
        ci_method=STUDENT_CLIPPED if interval else None,
        parts=parts if variance is None else parts | {"standard_error": math.sqrt(variance)},
    )


# Answers that say nobody's name are hidden as long as they are so few.
FEW_UNNAMED = 5


def unnamed(result: Result) -> Result:
    """A figure of answers without a customer: nothing of fewer than five of them is told."""
    if 0 < result.n < FEW_UNNAMED:
        return undefined("too_few_unnamed", unit=result.unit, n=result.n)
    return result


def review_score(by_site: Mapping[str, Histogram]) -> Result:
    """The mean of reviews of 1 to 5 stars, all together and by site; Student's interval, clipped."""
    scores: Counter[int] = Counter()
    for own in by_site.values():
        scores.update(own)
    sites = {name: histogram_moments(own)[:2] for name, own in sorted(by_site.items())}
    parts = {
        "histogram": _as_json(scores),
        "by_site": {
            name: {"n": count, "mean": Fraction(stars, count)}
            for name, (count, stars) in sites.items()
            if count
        },
    }
    if not scores.total():
        return undefined("no_reviews", unit="points_1_5", numerator=0, denominator=0)
    return _mean(scores, high=5, unit="points_1_5", parts=parts)


def response_rate(*, answered: int, delivered: int) -> Result:
    """Of the invitations delivered (sent, not bounced), the share with a confirmed answer."""
    if delivered == 0:
        return undefined("no_invitations", unit=RATIO, numerator=0, denominator=0)
    return proportion(answered, delivered, parts={})
