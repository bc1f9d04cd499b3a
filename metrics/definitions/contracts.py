"""Whether contracts keep their value."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from metrics.definitions.definition import Compared, Definition, Params, Reach, Theme
from metrics.definitions.keeping import behind
from metrics.facts import Facts
from metrics.formulas import Result
from metrics.formulas import contracts as formulas
from metrics.formulas.contracts import Recurring
from metrics.rows import contracts

CONTRACTS = {"contract": Reach.OWN, "tenure": Reach.OWN}


def _of(formula: Callable[[Recurring], Result]) -> Callable[[Facts, Params], list[Result]]:
    return lambda facts, _params: [formula(one) for one in facts.recurring]


REVENUE_CHURN_GROSS = Definition(
    kpi="revenue_churn_gross",
    name=_("Contract value lost"),
    words=_(
        "Of what the contracts of customers were worth a month when the period began, the share that "
        "was gone when it ended: contracts that ended, and those that became smaller. What others pay "
        "more does not make up for it."
    ),
    formula=_("Σ what each customer’s contracts lost ÷ Σ their value at the start"),
    theme=Theme.KEEPING,
    unit="ratio",
    better="down",
    compared=Compared.ESTIMATE,
    empty="no_opening_revenue",
    facts=CONTRACTS,
    compute=_of(formulas.revenue_churn_gross),
    rows=behind(contracts.lost, contracts.opening),
    numerator=_("Monthly contract value lost"),
    denominator=_("Monthly contract value at the start"),
)

REVENUE_RETENTION_NET = Definition(
    kpi="revenue_retention_net",
    name=_("Contract value kept"),
    words=_(
        "What the contracts of those who were customers when the period began are worth a month at "
        "its end, against what they were worth at its start. Above 100 % when some pay more than "
        "others took away; new customers count in neither."
    ),
    formula=_("Σ contract value at the end ÷ Σ at the start, of customers at the start"),
    theme=Theme.KEEPING,
    unit="ratio",
    better="up",
    compared=Compared.ESTIMATE,
    empty="no_opening_revenue",
    facts=CONTRACTS,
    compute=_of(formulas.revenue_retention_net),
    rows=behind(contracts.closing, contracts.opening),
    numerator=_("Monthly contract value at the end"),
    denominator=_("Monthly contract value at the start"),
)
