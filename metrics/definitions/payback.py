"""What winning a customer costs against what one brings, and the income that may leave."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from django.utils.translation import gettext_lazy as _

from metrics import formulas
from metrics.definitions.acquisition import cac
from metrics.definitions.definition import (
    COARSE,
    Compared,
    Definition,
    Params,
    Reach,
    Side,
    Theme,
    whole,
)
from metrics.definitions.keeping import behind
from metrics.definitions.worth import income_per_customer, ltv_annual
from metrics.facts import Facts
from metrics.facts.referrals import referred
from metrics.facts.risk import at_risk
from metrics.formulas import Result, payback
from metrics.periods import Window
from metrics.rows import customers, money, risk
from metrics.rows.section import Rows

SILENT_DAYS = 90
AHEAD_DAYS = 90


# --- Who brought whom ------------------------------------------------------------------------


def _referral_share(facts: Facts, _params: Params) -> list[Result]:
    return [
        formulas.referral_share(referred=brought, new_customers=counts.new)
        for brought, counts in zip(
            referred(facts.windows, scope=facts.scope), facts.tenure_counts, strict=True
        )
    ]


REFERRAL_SHARE = Definition(
    kpi="referral_share",
    name=_("Brought by other customers"),
    words=_(
        "Of the customers won in the period, the share that another customer recommended us to."
    ),
    formula=_("new customers with a referrer ÷ new customers"),
    theme=Theme.ACQUISITION,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_new_customers",
    facts={"tenure": Reach.OWN, "referral": Reach.OWN},
    compute=_referral_share,
    rows=behind(customers.new_and_referred, customers.new),
    numerator=_("New customers with a referrer"),
    denominator=_("New customers"),
)


# --- CAC against what a customer brings ---------------------------------------------------------


def _a_month(income: Result, window: Window) -> Result:
    if income.value is None:
        return income
    if not window.months:  # the period has only just begun
        return replace(income, value=None, status="no_customers_served")
    return replace(income, value=income.value / window.months)


def _payback(facts: Facts, _params: Params) -> list[Result]:
    return [
        payback.cac_payback(cost, _a_month(income, window), bought.sums)
        for cost, income, bought, window in zip(
            cac(facts, {}),
            income_per_customer(facts, {}),
            facts.bought,
            facts.windows,
            strict=True,
        )
    ]


def scaled(rows: Rows, factor: Fraction) -> Rows:
    """The same rows, each adding so many times as much: what makes a figure per customer of a sum."""
    own = rows.contribution
    return replace(rows, contribution=lambda row: own(row) * factor)


def _cac_rows(window: Window, facts: Facts, *, sign: int = 1) -> Rows:
    """Costs, each with its share of the CAC."""
    new = facts.tenure_counts[0].new
    return scaled(money.acquisition_costs(window), Fraction(sign, new or 1))


def _payback_rows(window: Window, side: Side, _params: Params, facts: Facts) -> list[Rows]:
    if side == "numerator":
        return [_cac_rows(window, facts)]
    margin, _status = payback.gross_margin(facts.bought[0].sums)
    served = facts.tenure_counts[0].served
    if margin is None or not served or not window.months:
        return []
    return [scaled(money.income_of_served(window), margin / (served * window.months))]


CAC_PAYBACK = Definition(
    kpi="cac_payback",
    name=_("Months until a customer has paid back"),
    words=_(
        "How many months it takes until what a customer brings, after the cost of goods, has paid for "
        "what it cost to win one."
    ),
    formula=_("CAC ÷ (monthly income per customer × gross margin)"),
    theme=Theme.ACQUISITION,
    unit="months",
    better="down",
    compared=Compared.SUMS,
    empty="cac_undefined",
    facts={"cost": Reach.OWN, "tenure": Reach.OWN, "order": Reach.OWN},
    compute=_payback,
    rows=_payback_rows,
    numerator=_("Acquisition costs, for each new customer"),
    denominator=_("Monthly margin, for each customer"),
)


def _ltv_cac(facts: Facts, _params: Params) -> list[Result]:
    return [
        payback.ltv_cac(ltv, cost)
        for ltv, cost in zip(ltv_annual(facts, {}), cac(facts, {}), strict=True)
    ]


def _ltv_cac_rows(window: Window, side: Side, _params: Params, facts: Facts) -> list[Rows]:
    """Lifetime value is income × years for each served, less the CAC."""
    if side == "denominator":
        return [_cac_rows(window, facts)]
    behind_it = facts.years_behind[0]
    if behind_it.mean_years is None or not behind_it.served:
        return []
    income = money.income(window.year_to_end())
    return [
        scaled(income, behind_it.mean_years / behind_it.served),
        _cac_rows(window, facts, sign=-1),
    ]


LTV_CAC = Definition(
    kpi="ltv_cac",
    name=_("Lifetime value against CAC"),
    words=_(
        "How many times over a customer brings what it costs to win one. Three times is a rule of "
        "thumb; below one, each new customer costs more than they will ever bring."
    ),
    formula=_("lifetime value ÷ CAC"),
    theme=Theme.ACQUISITION,
    unit="times",
    better="up",
    compared=Compared.SUMS,
    empty="cac_undefined",
    facts={"order": Reach.YEAR, "tenure": Reach.LATER, "cost": Reach.OWN},
    compute=_ltv_cac,
    rows=_ltv_cac_rows,
    numerator=_("Lifetime value"),
    denominator=_("Acquisition costs, for each new customer"),
)


# --- Income at risk -----------------------------------------------------------------------------


def _risk_days(params: Params) -> dict[str, int]:
    return {
        "silent_days": int(params.get("silent_days", SILENT_DAYS)),
        "ahead_days": int(params.get("ahead_days", AHEAD_DAYS)),
    }


def _at_risk(facts: Facts, params: Params) -> list[Result]:
    return [
        payback.income_at_risk(
            one.at_risk,
            by_risk=one.by_risk,
            customers=one.customers,
            customers_at_end=counts.end,
            income=one.income,
            missing_rates=one.missing_rates,
        )
        for one, counts in zip(
            at_risk(facts.windows, **_risk_days(params), scope=facts.scope),
            facts.tenure_counts,
            strict=True,
        )
    ]


def _at_risk_rows(window: Window, side: Side, params: Params, _facts: Facts) -> list[Rows]:
    return [risk.at_risk(window, **_risk_days(params))] if side == "numerator" else []


INCOME_AT_RISK = Definition(
    kpi="income_at_risk",
    name=_("Income at risk"),
    words=_(
        "What customers brought in the last twelve months whom we may lose: detractors, those with "
        "whom nothing passed for 90 days, and those whose contract ends within 90 days. Whoever is "
        "in several of these counts once."
    ),
    formula=_("income of twelve months from customers at risk"),
    theme=Theme.WORTH,
    unit="money",
    better="down",
    compared=Compared.SUMS,
    empty="no_customers_at_end",
    facts={
        "order": Reach.YEAR,
        "tenure": Reach.OWN,
        "response": Reach.YEAR,
        "contact": Reach.YEAR,
        "contract": Reach.OWN,
    },
    compute=_at_risk,
    rows=_at_risk_rows,
    params={"silent_days": whole, "ahead_days": whole},
    grains=COARSE,
    numerator=_("Income from customers at risk"),
)
