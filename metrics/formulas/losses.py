"""Why customers were lost, and how many of those who only went quiet were not."""

from collections.abc import Mapping
from fractions import Fraction

from metrics.formulas.keeping import RATIO, proportion
from metrics.formulas.results import OK, Result, undefined

COUNT = "count"


def churn_reasons(by_reason: Mapping[str, int], *, customers_at_start: int) -> Result:
    """Customers lost (at the start, not at the end) by the reason with which they left: a count.

    0 is a true figure; undefined when there was nobody to lose.
    """
    lost = sum(by_reason.values())
    parts: dict[str, object] = {"by_reason": dict(sorted(by_reason.items()))}
    if customers_at_start == 0:
        return undefined("no_customers_at_start", unit=COUNT)
    return Result(
        status=OK,
        value=Fraction(lost),
        unit=COUNT,
        numerator=Fraction(lost),
        n=lost,
        parts=parts,
    )


def false_lost_rate(bought_again: int, lost_by_silence: int) -> Result:
    """Of the customers counted as lost because they went quiet, the share that bought again."""
    if lost_by_silence == 0:
        return undefined("none_lost_by_silence", unit=RATIO, numerator=0, denominator=0)
    return proportion(bought_again, lost_by_silence, parts={})
