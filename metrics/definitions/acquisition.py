"""What it costs to win a customer, and how many leads become one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from metrics import formulas
from metrics.definitions.definition import (
    Compared,
    Definition,
    Params,
    Reach,
    Side,
    Theme,
    whole,
)
from metrics.definitions.keeping import behind
from metrics.facts import Facts
from metrics.formulas import Result
from metrics.periods import Window
from metrics.rows import customers, money
from metrics.rows.section import Rows

LEAD_DAYS = 90


def cac(facts: Facts, _params: Params) -> list[Result]:
    """Of some customers it is known only when they are those of one source: costs name theirs."""
    if facts.scope and not facts.scope.source:
        return [
            formulas.undefined("costs_of_all", unit=CAC.unit, denominator=counts.new, n=counts.new)
            for counts in facts.tenure_counts
        ]
    return [
        formulas.cac(spent.by_category, new_customers=counts.new, missing_rates=spent.missing_rates)
        for spent, counts in zip(facts.acquisition_costs, facts.tenure_counts, strict=True)
    ]


CAC = Definition(
    kpi="cac",
    name=_("Cost of winning a customer (CAC)"),
    words=_(
        "What was spent in the period on winning customers, for each customer won in it: one whose "
        "first tenure starts in the period. A cost over several days counts by days."
    ),
    formula=_("acquisition costs ÷ new customers"),
    theme=Theme.ACQUISITION,
    unit="money",
    better="down",
    compared=Compared.SUMS,
    empty="no_new_customers",
    facts={"cost": Reach.OWN, "tenure": Reach.OWN},
    compute=cac,
    rows=behind(money.acquisition_costs, customers.new),
    numerator=_("Acquisition costs"),
    denominator=_("New customers"),
)


def _days(params: Params) -> int:
    return int(params.get("window_days", LEAD_DAYS))


def _lead_conversion(facts: Facts, params: Params) -> list[Result]:
    return [
        formulas.lead_conversion(
            converted=leads.converted, complete=leads.complete, pending=leads.pending
        )
        for leads in facts.leads(days=_days(params))
    ]


def _lead_rows(window: Window, side: Side, params: Params, facts: Facts) -> list[Rows]:
    converted = side == "numerator"
    days = _days(params)
    return [customers.leads(window, days=days, as_of=facts.as_of, converted=converted)]


LEAD_CONVERSION = Definition(
    kpi="lead_conversion",
    name=_("Lead conversion"),
    words=_(
        "Of the leads created in the period, the share that became customers within 90 days. Leads "
        "whose 90 days are not over yet are pending and count in neither."
    ),
    formula=_("leads who became customers in time ÷ leads whose time is over"),
    theme=Theme.ACQUISITION,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_complete_leads",
    facts={"customer": Reach.OWN},
    compute=_lead_conversion,
    rows=_lead_rows,
    params={"window_days": whole},
    numerator=_("Leads who became customers in time"),
    denominator=_("Leads whose time is over"),
)
