"""What customers are worth."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from metrics import formulas
from metrics.definitions.acquisition import cac
from metrics.definitions.definition import (
    Compared,
    Definition,
    Params,
    Reach,
    Side,
    Theme,
    amount,
)
from metrics.definitions.keeping import behind
from metrics.facts import Facts, orders
from metrics.formulas import MISSING_FX_RATE, OK, RatioSums, Result
from metrics.formulas.keeping import RATIO
from metrics.periods import Window
from metrics.rows import customers, money
from metrics.rows.section import Rows

ORDERS = {"order": Reach.OWN}


def _average_ticket(facts: Facts, _params: Params) -> list[Result]:
    return [
        formulas.average_ticket(bought.sums, per_customer=bought.ticket) for bought in facts.bought
    ]


AVERAGE_TICKET = Definition(
    kpi="average_ticket",
    name=_("Average ticket"),
    words=_("What one order brings: income less refunds, for each order of the period."),
    formula=_("net income ÷ orders with a positive total"),
    theme=Theme.WORTH,
    unit="money",
    better="up",
    compared=Compared.ESTIMATE,
    empty="no_orders",
    facts=ORDERS,
    compute=_average_ticket,
    rows=behind(money.income, money.purchases),
    numerator=_("Orders and refunds"),
    denominator=_("Orders"),
)


def income_per_customer(facts: Facts, _params: Params) -> list[Result]:
    results = []
    for bought, others, counts in zip(
        facts.bought, facts.orders_of_others, facts.tenure_counts, strict=True
    ):
        income, served = bought.sums.income - others.income, counts.served
        results.append(
            formulas.income_per_customer(
                income_of_served=income,
                served=served,
                income_of_others=others.income,
                missing_rates=bought.sums.missing_rates - others.missing_rates,
                per_customer=RatioSums(
                    n=served,
                    x=income,
                    y=Fraction(served),
                    xx=orders.squares_of_served(bought, others),
                    xy=float(income),
                    yy=float(served),
                ),
            )
        )
    return results


INCOME_PER_CUSTOMER = Definition(
    kpi="income_per_customer",
    name=_("Income per customer"),
    words=_(
        "What a customer spends in the period: the net income of all who were customers at any time "
        "of it, for each of them. Income of others is shown beside it."
    ),
    formula=_("net income of customers served ÷ customers served"),
    theme=Theme.WORTH,
    unit="money",
    better="up",
    compared=Compared.ESTIMATE,
    empty="no_customers_served",
    facts={"order": Reach.OWN, "tenure": Reach.OWN},
    compute=income_per_customer,
    rows=behind(money.income_of_served, customers.served),
    numerator=_("Orders and refunds of customers served"),
    denominator=_("Customers served"),
)


def ltv_annual(facts: Facts, params: Params) -> list[Result]:
    """Each of the three terms is measured unless it is given."""
    results = []
    costs = cac(facts, {}) if "cac" not in params else None
    measure = not {"annual_revenue", "years"} <= params.keys()
    for i in range(len(facts.windows)):
        terms: dict[str, Any] = {
            name: params.get(name) for name in ("annual_revenue", "years", "cac")
        }
        if costs is not None:
            terms |= {"cac": costs[i].value, "cac_status": costs[i].status}
        if measure:
            terms |= _measured(facts, i, params)
        results.append(formulas.ltv_annual(**terms))
    return results


def _measured(facts: Facts, i: int, params: Params) -> dict[str, Any]:
    """Annual revenue and years of relationship as measured, but for what is given."""
    year = facts.years_behind[i]
    terms: dict[str, Any] = {"years": params.get("years", year.mean_years)}
    if "annual_revenue" in params:
        terms["annual_revenue"] = params["annual_revenue"]
        terms["revenue_status"] = "no_customers_served"
        return terms
    terms |= {"numerator": year.income, "denominator": Fraction(year.served)}
    if year.missing_rates:
        return terms | {
            "annual_revenue": None,
            "numerator": None,
            "revenue_status": MISSING_FX_RATE,
        }
    if year.served == 0:
        return terms | {"annual_revenue": None, "revenue_status": "no_customers_served"}
    return terms | {"annual_revenue": year.income / year.served, "revenue_status": OK}


def _ltv_annual_rows(window: Window, side: Side, params: Params, _facts: Facts) -> list[Rows]:
    if "annual_revenue" in params:
        return []
    year = window.year_to_end()
    return [money.income(year) if side == "numerator" else customers.served(year)]


LTV_ANNUAL = Definition(
    kpi="ltv_annual",
    name=_("Lifetime value (LTV)"),
    words=_(
        "What a customer brings over the whole relationship: income per customer in the twelve "
        "months to the period's end, times the years that customers have stayed so far on average, "
        "less the cost of winning one."
    ),
    formula=_("annual income per customer × years of relationship − CAC"),
    theme=Theme.WORTH,
    unit="money",
    better="up",
    compared=Compared.SUMS,
    empty="no_customers_served",
    facts={"order": Reach.YEAR, "tenure": Reach.LATER, "cost": Reach.OWN},
    compute=ltv_annual,
    rows=_ltv_annual_rows,
    params={"annual_revenue": amount, "years": amount, "cac": amount},
    numerator=_("Orders and refunds of twelve months"),
    denominator=_("Customers served in twelve months"),
)


def _ltv_margin(facts: Facts, _params: Params) -> list[Result]:
    return [formulas.ltv_margin(bought.sums) for bought in facts.bought]


LTV_MARGIN = Definition(
    kpi="ltv_margin",
    name=_("Value by margin"),
    words=_(
        "What a customer's orders of the period leave after the cost of goods: average income per "
        "order, times gross margin, times orders per customer."
    ),
    formula=_("income per order × gross margin × orders per customer"),
    theme=Theme.WORTH,
    unit="money",
    better="up",
    compared=Compared.SUMS,
    empty="no_orders",
    facts=ORDERS,
    compute=_ltv_margin,
    rows=behind(money.gross_profit, customers.buyers),
    numerator=_("Orders and refunds, less cost of goods"),
    denominator=_("Customers who bought"),
)


def _ltv_churn(facts: Facts, params: Params) -> list[Result]:
    return [_ltv_churn_of(facts, i, params) for i in range(len(facts.windows))]


def _ltv_churn_of(facts: Facts, i: int, params: Params) -> Result:
    months = facts.windows[i].months
    arpa, churn, status = params.get("arpa"), params.get("churn"), OK
    if not months and None in {arpa, churn}:  # the period has only just begun
        return formulas.undefined("no_customers_served", unit="money")
    if churn is None:
        lost = formulas.customer_churn(facts.tenure_counts[i])
        churn, status = lost.value, lost.status
        churn = None if churn is None else churn / months
    if arpa is None:
        income = income_per_customer(facts, {})[i]
        arpa = income.value
        status = income.status if arpa is None else status
        arpa = None if arpa is None else arpa / months
    observed = params.get("observed_months", months)
    return formulas.ltv_churn(arpa=arpa, churn=churn, observed_months=observed, status=status)


LTV_CHURN = Definition(
    kpi="ltv_churn",
    name=_("Value by churn"),
    words=_(
        "Income per customer and month, divided by monthly churn. Without any churn only a lower "
        "bound is known: what a customer has brought so far."
    ),
    formula=_("monthly income per customer ÷ monthly churn"),
    theme=Theme.WORTH,
    unit="money",
    better="up",
    compared=Compared.SUMS,
    empty="no_customers_at_start",
    facts={"order": Reach.OWN, "tenure": Reach.OWN},
    compute=_ltv_churn,
    rows=lambda _window, _side, _params, _facts: [],
    params={"arpa": amount, "churn": amount, "observed_months": amount},
    is_stored=False,
)


def _cps(facts: Facts, _params: Params) -> list[Result]:
    """Of some customers it is known only when every cost of service says whose it was."""
    shared = [False] * len(facts.windows)
    if facts.scope:
        shared = facts.service_costs_of_nobody
    return [
        formulas.undefined("costs_of_all", unit=RATIO, n=sums.n)
        if is_shared
        else formulas.cps(
            sums,
            missing_rates=bought.sums.missing_rates + spent.missing_rates,
            missing_costs=bought.sums.missing_costs,
        )
        for sums, bought, spent, is_shared in zip(
            facts.profits, facts.bought, facts.service_costs, shared, strict=True
        )
    ]


def _cps_rows(window: Window, side: Side, _params: Params, _facts: Facts) -> list[Rows]:
    if side == "numerator":
        return [money.gross_profit(window), money.service_costs(window, sign=-1)]
    return [money.cost_of_goods(window), money.service_costs(window)]


CPS = Definition(
    kpi="cps",
    name=_("Profitability score (CPS)"),
    words=_(
        "What each unit of money spent on serving customers brings beyond itself: income less cost "
        "of goods and service, over that cost. 0 is break-even."
    ),
    formula=_("Σ (income − cost) ÷ Σ cost"),
    theme=Theme.WORTH,
    unit="ratio",
    better="up",
    compared=Compared.ESTIMATE,
    empty="no_costs",
    facts={"order": Reach.OWN, "cost": Reach.OWN},
    compute=_cps,
    rows=_cps_rows,
    numerator=_("Income less costs"),
    denominator=_("Cost of goods and service"),
)
