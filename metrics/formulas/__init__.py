"""The arithmetic of every KPI: pure functions, no database; values exact, intervals in floats.

Definitions, sources and worked cases: docs/metrics.md.
"""

from metrics.formulas.acquisition import cac, lead_conversion, referral_share
from metrics.formulas.feeling import ces, csat, nps, response_rate
from metrics.formulas.intervals import RatioSums
from metrics.formulas.keeping import (
    LEAVING,
    TenureCounts,
    customer_churn,
    email_list_churn,
    email_list_churn_as_published,
    retention,
    retention_as_published,
    turnover,
)
from metrics.formulas.results import MISSING_FX_RATE, OK, Result, undefined
from metrics.formulas.worth import (
    OrderSums,
    average_ticket,
    cps,
    income_per_customer,
    ltv_annual,
    ltv_churn,
    ltv_margin,
)

__all__ = [
    "LEAVING",
    "MISSING_FX_RATE",
    "OK",
    "OrderSums",
    "RatioSums",
    "Result",
    "TenureCounts",
    "average_ticket",
    "cac",
    "ces",
    "cps",
    "csat",
    "customer_churn",
    "email_list_churn",
    "email_list_churn_as_published",
    "income_per_customer",
    "lead_conversion",
    "ltv_annual",
    "ltv_churn",
    "ltv_margin",
    "nps",
    "referral_share",
    "response_rate",
    "retention",
    "retention_as_published",
    "turnover",
    "undefined",
]
