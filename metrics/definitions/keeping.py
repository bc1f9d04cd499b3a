"""Do customers stay?"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from metrics import formulas
from metrics.definitions.definition import Compared, Definition, Params, Reach, Side, Theme
from metrics.facts import Facts
from metrics.formulas import Result, TenureCounts
from metrics.periods import Window
from metrics.rows import customers, subscribers
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

# A consent, and what a mailer heard: both say since when somebody is on the list, or isn't.
SUBSCRIBERS = {"subscriber": Reach.LATER}


def _email_list_churn(facts: Facts, _params: Params) -> list[Result]:
    return [formulas.email_list_churn(one.opening, one.left) for one in facts.subscribers]


EMAIL_LIST_CHURN = Definition(
    kpi="email_list_churn",
    name=_("Churn of the e-mail list"),
    words=_(
        "Of those who had agreed to news and offers when the period began, the share that left in it: "
        "unsubscribed, an address that does not exist, marked as spam, or inactive for too long. "
        "Each is counted once, by the first cause."
    ),
    formula=_("subscribers at the start who left ÷ subscribers at the start"),
    theme=Theme.KEEPING,
    unit="ratio",
    better="down",
    compared=Compared.PROPORTION,
    empty="no_subscribers_at_start",
    facts=SUBSCRIBERS,
    compute=_email_list_churn,
    rows=behind(subscribers.left, subscribers.opening),
    numerator=_("Subscribers who left"),
    denominator=_("Subscribers at the start"),
)


def _as_published(facts: Facts, _params: Params) -> list[Result]:
    return [
        formulas.email_list_churn_as_published(one.events, one.opening + one.joined)
        for one in facts.subscribers
    ]


def _as_published_rows(window: Window, side: Side, _params: Params, _facts: Facts) -> list[Rows]:
    if side == "denominator":
        return [subscribers.everyone(window)]
    return [subscribers.befallen(window, cause) for cause in formulas.LEAVING]


EMAIL_LIST_CHURN_AS_PUBLISHED = Definition(
    kpi="email_list_churn_as_published",
    name=_("Churn of the e-mail list, as published"),
    words=_(
        "The formula that many texts give: whoever unsubscribed, had an address that does not exist, "
        "complained or was inactive, added, over all subscribers of the period. Somebody may count "
        "several times."
    ),
    formula=_("unsubscribed + bounced + complained + inactive ÷ all subscribers"),
    theme=Theme.KEEPING,
    unit="ratio",
    better="down",
    compared=Compared.SUMS,
    empty="no_subscribers",
    facts=SUBSCRIBERS,
    compute=_as_published,
    rows=_as_published_rows,
    is_stored=False,
    numerator=_("The four counts, added"),
    denominator=_("Subscribers"),
)
