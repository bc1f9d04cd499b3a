"""What customers are worth: tickets, income, lifetime value, profitability. Money is exact."""

from dataclasses import dataclass
from fractions import Fraction

from metrics.formulas.acquisition import MONEY
from metrics.formulas.intervals import DELTA_RATIO, RatioSums
from metrics.formulas.keeping import RATIO
from metrics.formulas.results import MISSING_FX_RATE, OK, Result, undefined


@dataclass(frozen=True)
class OrderSums:
    """The orders of a period. `orders` and `customers` count positive totals; a refund is a row
    that lowers `income` and nothing else. Rows without an exchange rate or cost are counted."""

    income: Fraction
    orders: int
    customers: int
    cost: Fraction = Fraction(0)
    refunds: Fraction = Fraction(0)
    missing_rates: int = 0
    missing_costs: int = 0


def _ratio(sums: RatioSums | None) -> dict[str, object]:
    interval = sums.interval() if sums else None
    if sums is None or interval is None:
        return {}
    return {"ci": interval, "ci_method": DELTA_RATIO}


def _ratio_parts(sums: RatioSums | None) -> dict[str, object]:
    """What a later comparison of two periods needs."""
    error = sums.standard_error() if sums else None
    return {} if sums is None or error is None else {"standard_error": error, "customers": sums.n}


def average_ticket(orders: OrderSums, *, per_customer: RatioSums | None = None) -> Result:
    """Net income / orders with a positive total; a refund lowers income and is no order.

    `per_customer` (x = net income, y = orders) gives the interval.
    """
    parts: dict[str, object] = {"refunds": orders.refunds}
    if orders.missing_rates:
        return undefined(
            MISSING_FX_RATE,
            unit=MONEY,
            denominator=orders.orders,
            n=orders.orders,
            parts={"missing_rates": orders.missing_rates},
        )
    if orders.orders == 0:
        return undefined(
            "no_orders", unit=MONEY, numerator=orders.income, denominator=0, parts=parts
        )
    return Result(
        status=OK,
        value=orders.income / orders.orders,
        unit=MONEY,
        numerator=orders.income,
        denominator=Fraction(orders.orders),
        n=orders.orders,
        parts=parts | _ratio_parts(per_customer),
        **_ratio(per_customer),  # type: ignore[arg-type]
    )


def income_per_customer(
    *,
    income_of_served: Fraction,
    served: int,
    income_of_others: Fraction = Fraction(0),
    missing_rates: int = 0,
    per_customer: RatioSums | None = None,
) -> Result:
    """Net income of the customers served / customers served; others' income is shown beside it.

    `per_customer` (x = net income, y = 1, over all served) gives the interval.
    """
    if missing_rates:
        return undefined(
            MISSING_FX_RATE,
            unit=MONEY,
            denominator=served,
            n=served,
            parts={"missing_rates": missing_rates},
        )
    parts: dict[str, object] = {"income_of_others": income_of_others}
    if served == 0:
        return undefined(
            "no_customers_served",
            unit=MONEY,
            numerator=income_of_served,
            denominator=0,
            parts=parts,
        )
    return Result(
        status=OK,
        value=income_of_served / served,
        unit=MONEY,
        numerator=income_of_served,
        denominator=Fraction(served),
        n=served,
        parts=parts | _ratio_parts(per_customer),
        **_ratio(per_customer),  # type: ignore[arg-type]
    )


def ltv_annual(
    *,
    annual_revenue: Fraction | None,
    years: Fraction | None,
    cac: Fraction | None,
    cac_status: str = OK,
    revenue_status: str = OK,
    numerator: Fraction | None = None,
    denominator: Fraction | None = None,
) -> Result:
    """Annual revenue per customer × years of relationship − cost of winning the customer.

    Each term may be given or measured; a term without a value passes its reason on. `numerator`
    and `denominator` are the income and customers that a measured annual revenue came from.
    """
    parts: dict[str, object] = {"annual_revenue": annual_revenue, "years": years, "cac": cac}
    n = int(denominator) if denominator is not None else 0
    if annual_revenue is None or years is None:
        status = revenue_status
    elif cac is None:
        status, parts = "cac_undefined", parts | {"cac_status": cac_status}
    else:
        return Result(
            status=OK,
            value=annual_revenue * years - cac,
            unit=MONEY,
            numerator=numerator,
            denominator=denominator,
            n=n,
            parts=parts,
        )
    return undefined(
        status, unit=MONEY, numerator=numerator, denominator=denominator, n=n, parts=parts
    )


def ltv_margin(orders: OrderSums) -> Result:
    """Average income per order × gross margin × orders per customer.

    The product is gross profit / customers who bought, which is what its rows add up to.
    """
    if orders.missing_rates:
        return undefined(MISSING_FX_RATE, unit=MONEY, parts={"missing_rates": orders.missing_rates})
    counted: dict[str, object] = {"orders": orders.orders, "customers": orders.customers}
    if orders.orders == 0:
        return undefined("no_orders", unit=MONEY, denominator=0, parts=counted)
    if orders.income <= 0:
        return undefined(
            "no_income",
            unit=MONEY,
            denominator=orders.customers,
            n=orders.customers,
            parts=counted,
        )
    if orders.missing_costs:
        return undefined(
            "missing_costs",
            unit=MONEY,
            denominator=orders.customers,
            n=orders.customers,
            parts=counted | {"missing_costs": orders.missing_costs},
        )
    income = orders.income / orders.orders
    margin = (orders.income - orders.cost) / orders.income
    recurrence = Fraction(orders.orders, orders.customers)
    return Result(
        status=OK,
        value=income * margin * recurrence,
        unit=MONEY,
        numerator=orders.income - orders.cost,
        denominator=Fraction(orders.customers),
        n=orders.customers,
        parts=counted | {"avg_income": income, "gross_margin": margin, "recurrence": recurrence},
    )


def ltv_churn(
    *,
    arpa: Fraction | None,
    churn: Fraction | None,
    observed_months: Fraction | None = None,
    status: str = OK,
) -> Result:
    """Income per customer and month / monthly churn; at no churn only a lower bound is known.

    The bound is what a customer has brought in the months observed so far.
    """
    parts: dict[str, object] = {"arpa": arpa, "churn": churn}
    if arpa is None or churn is None:
        return undefined(status, unit=MONEY, parts=parts)
    if churn == 0:
        bound = None if observed_months is None else arpa * observed_months
        return undefined("zero_churn", unit=MONEY, parts=parts | {"lower_bound": bound})
    return Result(status=OK, value=arpa / churn, unit=MONEY, parts=parts)


def cps(sums: RatioSums, *, missing_rates: int = 0, missing_costs: int = 0) -> Result:
    """Customer Profitability Score: Σ(income − cost) / Σ cost (x = profit, y = cost).

    0 is break-even, −1 is cost without income.
    """
    counted: dict[str, object] = {"customers": sums.n}
    if missing_rates:
        parts = counted | {"missing_rates": missing_rates}
        return undefined(MISSING_FX_RATE, unit=RATIO, n=sums.n, parts=parts)
    parts = counted | {"profit": sums.x}
    if sums.y == 0:
        return undefined(
            "no_costs", unit=RATIO, numerator=sums.x, denominator=0, n=sums.n, parts=parts
        )
    if missing_costs:
        parts = counted | {"missing_costs": missing_costs}
        return undefined("missing_costs", unit=RATIO, n=sums.n, parts=parts)
    error = sums.standard_error()
    return Result(
        status=OK,
        value=sums.x / sums.y,
        unit=RATIO,
        numerator=sums.x,
        denominator=sums.y,
        n=sums.n,
        parts=parts if error is None else parts | {"standard_error": error},
        **_ratio(sums),  # type: ignore[arg-type]
    )
