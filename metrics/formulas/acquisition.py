"""What it costs to win a customer, and how many leads become one."""

from collections.abc import Mapping
from fractions import Fraction

from metrics.formulas.keeping import RATIO, proportion
from metrics.formulas.results import MISSING_FX_RATE, OK, Result, undefined

MONEY = "money"


def cac(
    by_category: Mapping[str, Fraction], *, new_customers: int, missing_rates: int = 0
) -> Result:
    """Acquisition costs accrued in the period / customers whose first tenure starts in it.

    A true 0 when nothing was spent on somebody new; undefined, with the spend shown, when nobody
    came; undefined when a cost has no exchange rate, because no cost is ever dropped.
    """
    if missing_rates:
        return undefined(
            MISSING_FX_RATE,
            unit=MONEY,
            denominator=new_customers,
            n=new_customers,
            parts={"spend": None, "by_category": None, "missing_rates": missing_rates},
        )
    spend = sum(by_category.values(), Fraction(0))
    parts = {"spend": spend, "by_category": dict(sorted(by_category.items()))}
    if new_customers == 0:
        return undefined(
            "no_new_customers", unit=MONEY, numerator=spend, denominator=0, parts=parts
        )
    return Result(
        status=OK,
        value=spend / new_customers,
        unit=MONEY,
        numerator=spend,
        denominator=Fraction(new_customers),
        n=new_customers,
        parts=parts,
    )


def lead_conversion(*, converted: int, complete: int, pending: int = 0) -> Result:
    """Of the leads whose window is complete, the share that became customers within it."""
    parts: dict[str, object] = {"pending": pending}
    if complete == 0:
        return undefined("no_complete_leads", unit=RATIO, numerator=0, denominator=0, parts=parts)
    return proportion(converted, complete, parts=parts)


def referral_share(*, referred: int, new_customers: int) -> Result:
    """Of the customers whose first tenure starts in the period, the share that somebody brought."""
    if new_customers == 0:
        return undefined("no_new_customers", unit=RATIO, numerator=0, denominator=0)
    return proportion(referred, new_customers, parts={})
