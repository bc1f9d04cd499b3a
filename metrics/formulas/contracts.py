"""Do contracts keep their value? Monthly contract value of those who were customers at the start."""

from dataclasses import dataclass

from metrics.formulas.intervals import DELTA_RATIO, RatioSums
from metrics.formulas.keeping import RATIO
from metrics.formulas.results import MISSING_FX_RATE, OK, Result, undefined


@dataclass(frozen=True)
class Recurring:
    """Monthly contract value of customers at the start: `lost` and `kept` hold it per customer.

    In both y is what their contracts were worth at the start; x is what of it was lost
    (max(0, start − end)), and what their contracts are worth at the end.
    """

    lost: RatioSums
    kept: RatioSums
    missing_rates: int = 0


def _share(sums: RatioSums, missing_rates: int) -> Result:
    parts: dict[str, object] = {"customers": sums.n}
    if missing_rates:
        parts["missing_rates"] = missing_rates
        return undefined(MISSING_FX_RATE, unit=RATIO, n=sums.n, parts=parts)
    parts["opening_revenue"] = sums.y
    if sums.y == 0:
        return undefined(
            "no_opening_revenue", unit=RATIO, numerator=sums.x, denominator=0, parts=parts
        )
    error, interval = sums.standard_error(), sums.interval()
    return Result(
        status=OK,
        value=sums.x / sums.y,
        unit=RATIO,
        numerator=sums.x,
        denominator=sums.y,
        n=sums.n,
        ci=interval,
        ci_method=DELTA_RATIO if interval else None,
        parts=parts if error is None else parts | {"standard_error": error},
    )


def revenue_churn_gross(recurring: Recurring) -> Result:
    """Σ max(0, start − end) / Σ start of the monthly contract value of customers at the start.

    What some pay more doesn't make up for what others pay less. Undefined without any contract
    value at the start, or when a contract has no exchange rate.
    """
    return _share(recurring.lost, recurring.missing_rates)


def revenue_retention_net(recurring: Recurring) -> Result:
    """Σ end / Σ start of the monthly contract value of customers at the start; it may exceed 1."""
    return _share(recurring.kept, recurring.missing_rates)
