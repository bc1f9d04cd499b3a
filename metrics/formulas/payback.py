"""What winning a customer costs against what one brings, and the income that may leave."""

from collections.abc import Mapping
from fractions import Fraction

from metrics.formulas.acquisition import MONEY
from metrics.formulas.results import MISSING_FX_RATE, OK, Result, undefined
from metrics.formulas.worth import OrderSums

TIMES = "times"
MONTHS = "months"


def gross_margin(orders: OrderSums) -> tuple[Fraction | None, str]:
    """(income − cost of goods) / income, or why there is none."""
    if orders.missing_rates:
        return None, MISSING_FX_RATE
    if orders.orders == 0:
        return None, "no_orders"
    if orders.income <= 0:
        return None, "no_income"
    if orders.missing_costs:
        return None, "missing_costs"
    return (orders.income - orders.cost) / orders.income, OK


def cac_payback(cac: Result, monthly_income: Result, orders: OrderSums) -> Result:
    """CAC / (monthly income per customer × gross margin): the months until one has paid for itself.

    `monthly_income`: income per customer and month. Undefined without a CAC, without income or its
    costs, and where nothing is left of the income after the cost of goods.
    """
    margin, status = gross_margin(orders)
    parts: dict[str, object] = {
        "cac": cac.value,
        "monthly_income": monthly_income.value,
        "gross_margin": margin,
    }

    def none(reason: str) -> Result:
        return undefined(reason, unit=MONTHS, numerator=cac.value, n=cac.n, parts=parts)

    if cac.value is None:
        return none(cac.status if cac.status == MISSING_FX_RATE else "cac_undefined")
    if monthly_income.value is None:
        return none(monthly_income.status)
    if margin is None:
        return none(status)
    left = monthly_income.value * margin
    if left <= 0:
        return none("no_margin")
    return Result(
        status=OK,
        value=cac.value / left,
        unit=MONTHS,
        numerator=cac.value,
        denominator=left,
        n=cac.n,
        parts=parts,
    )


def ltv_cac(ltv: Result, cac: Result) -> Result:
    """Lifetime value / cost of winning a customer. Undefined when either is, and at no cost at all."""
    parts: dict[str, object] = {"ltv": ltv.value, "cac": cac.value}

    def none(reason: str) -> Result:
        return undefined(
            reason, unit=TIMES, numerator=ltv.value, denominator=cac.value, n=cac.n, parts=parts
        )

    if cac.value is None:
        return none("cac_undefined")
    if ltv.value is None:
        return none(ltv.status)
    if cac.value == 0:
        return none("zero_cac")
    return Result(
        status=OK,
        value=ltv.value / cac.value,
        unit=TIMES,
        numerator=ltv.value,
        denominator=cac.value,
        n=cac.n,
        parts=parts,
    )


def income_at_risk(
    at_risk: Fraction,
    *,
    by_risk: Mapping[str, Fraction],
    customers: int,
    customers_at_end: int,
    income: Fraction,
    missing_rates: int = 0,
) -> Result:
    """Income of the last twelve months from customers of whom one of the risks is true.

    `by_risk` has the same income by risk; whoever is in several counts once in the total.
    `income` is that of all customers at the end. 0 when nobody is at risk.
    """
    if customers_at_end == 0:
        return undefined("no_customers_at_end", unit=MONEY)
    if missing_rates:
        parts: dict[str, object] = {"missing_rates": missing_rates}
        return undefined(MISSING_FX_RATE, unit=MONEY, n=customers, parts=parts)
    share = at_risk / income if income > 0 else None
    return Result(
        status=OK,
        value=at_risk,
        unit=MONEY,
        numerator=at_risk,
        n=customers,
        parts={
            "customers": customers,
            **{f"from_{name}": amount for name, amount in by_risk.items()},
            "income_of_customers": income,
            "share_at_risk": share,
        },
    )
