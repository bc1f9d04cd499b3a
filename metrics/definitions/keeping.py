"""Do customers stay?"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from metrics import formulas
from metrics.definitions.definition import Compared, Definition, Params, Reach, Side, Theme
from metrics.facts import Facts
from metrics.formulas import Result, TenureCounts
from metrics.periods import Window
from metrics.rows import customers
from metrics.rows.section import Rows

TENURES = {"tenure": Reach.OWN}


def counted(formula: Callable[[TenureCounts], Result]) -> Callable[[Facts, Params], list[Result]]:
    return lambda facts, _params: [formula(counts) for counts in facts.tenure_counts]


def behind(
    numerator: Callable[[Window], Rows], denominator: Callable[[Window], Rows]
) -> Callable[[Window, Side, Params, Facts], list[Rows]]:
    """One list of rows for either side."""

    def rows(window: Window, side: Side, _params: Params, _facts: Facts) -> list[Rows]:
        return [numerator(window) if side == "numerator" else denominator(window)]

    return rows


CUSTOMER_CHURN = Definition(
    kpi="customer_churn",
    name=_("Customer churn"),
    words=_(
        "Of those who were customers when the period began, the share that no longer was when it "
        "ended. Who came and went within the period counts in neither."
    ),
    formula=_("customers lost ÷ customers at the start"),
    theme=Theme.KEEPING,
    unit="ratio",
    better="down",
    compared=Compared.PROPORTION,
    empty="no_customers_at_start",
    facts=TENURES,
    compute=counted(formulas.customer_churn),
    rows=behind(customers.lost, customers.at_start),
    numerator=_("Customers lost"),
    denominator=_("Customers at the start"),
)

RETENTION = Definition(
    kpi="retention",
    name=_("Retention"),
    words=_(
        "Of those who were customers when the period began, the share that still was when it ended."
    ),
    formula=_("customers kept ÷ customers at the start"),
    theme=Theme.KEEPING,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_customers_at_start",
    facts=TENURES,
    compute=counted(formulas.retention),
    rows=behind(customers.retained, customers.at_start),
    numerator=_("Customers kept"),
    denominator=_("Customers at the start"),
)

RETENTION_AS_PUBLISHED = Definition(
    kpi="retention_as_published",
    name=_("Retention, as published"),
    words=_(
        "The formula that many texts give. It differs from retention when the number of customers "
        "changed, when someone new was lost at once, or when a former customer came back."
    ),
    formula=_("(customers at the end − new customers) ÷ customers at the end"),
    theme=Theme.KEEPING,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_customers_at_end",
    facts=TENURES,
    compute=counted(formulas.retention_as_published),
    rows=behind(customers.at_end_less_new, customers.at_end),
    numerator=_("Customers at the end, less new ones"),
    denominator=_("Customers at the end"),
)

TURNOVER = Definition(
    kpi="turnover",
    name=_("Turnover"),
    words=_(
        "Of all who were customers at any time of the period, the share that no longer was when it "
        "ended; who came and went within it counts as well."
    ),
    formula=_("customers who left ÷ customers served"),
    theme=Theme.KEEPING,
    unit="ratio",
    better="down",
    compared=Compared.PROPORTION,
    empty="no_customers_served",
    facts=TENURES,
    compute=counted(formulas.turnover),
    rows=behind(customers.left, customers.served),
    numerator=_("Customers who left"),
    denominator=_("Customers served"),
)
