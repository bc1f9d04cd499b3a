"""How much the business listens: contact, questions, silence, replies, money and training."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from metrics import formulas as common
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
from metrics.facts import Facts, costs, listening
from metrics.facts.training import training
from metrics.formulas import Result
from metrics.formulas import listening as formulas
from metrics.periods import Window
from metrics.rows import customers, money
from metrics.rows import listening as rows
from metrics.rows.section import Rows

SILENT_DAYS = 90
REPLY_DAYS = 7  # as far back as Reach.WEEK_BEFORE goes
PURPOSES = ("acquisition", "service", "experience", "training")
OURS = ("experience", "training")


def _frequency(facts: Facts, _params: Params) -> list[Result]:
    return [
        formulas.contact_frequency(talked, served=counts.served, months=window.months)
        for talked, counts, window in zip(
            listening.talked(facts.windows, scope=facts.scope),
            facts.tenure_counts,
            facts.windows,
            strict=True,
        )
    ]


CONTACT_FREQUENCY = Definition(
    kpi="contact_frequency",
    name=_("Contact with each customer"),
    words=_(
        "How often something passed between us and a customer in a month, either way: calls, visits, "
        "messages, purchases, tickets and surveys, with those who were customers in the period."
    ),
    formula=_("interactions ÷ (customers served × months)"),
    theme=Theme.LISTENING,
    unit="per_month",
    better="up",
    compared=Compared.ESTIMATE,
    empty="no_customers_served",
    facts={"contact": Reach.OWN, "tenure": Reach.OWN},
    compute=_frequency,
    rows=behind(rows.talked, rows.served_months),
    numerator=_("Interactions"),
    denominator=_("Customers served, each with the months of the period"),
)


def _coverage(facts: Facts, _params: Params) -> list[Result]:
    return [
        formulas.listening_coverage(asked=one.asked, answered=one.answered, served=counts.served)
        for one, counts in zip(
            listening.listened(facts.windows, scope=facts.scope), facts.tenure_counts, strict=True
        )
    ]


LISTENING_COVERAGE = Definition(
    kpi="listening_coverage",
    name=_("Customers asked for their opinion"),
    words=_(
        "Of the customers served in the period, the share that was asked for their opinion in the "
        "twelve months to its end; beside it the share that gave it."
    ),
    formula=_("customers asked in twelve months ÷ customers served"),
    theme=Theme.LISTENING,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_customers_served",
    facts={"invitation": Reach.YEAR, "response": Reach.YEAR, "tenure": Reach.OWN},
    compute=_coverage,
    rows=behind(rows.asked, customers.served),
    grains=COARSE,
    numerator=_("Customers asked"),
    denominator=_("Customers served"),
)


def _days(params: Params, default: int) -> int:
    return int(params.get("days", default))


def _silent(facts: Facts, params: Params) -> list[Result]:
    days = _days(params, SILENT_DAYS)
    return [
        formulas.silent_customers(heard, served=counts.served)
        for heard, counts in zip(
            listening.heard(facts.windows, days=days, scope=facts.scope),
            facts.tenure_counts,
            strict=True,
        )
    ]


def _silent_rows(window: Window, side: Side, params: Params, _facts: Facts) -> list[Rows]:
    return [rows.silent(window, _days(params, SILENT_DAYS))] if side == "numerator" else []


SILENT_CUSTOMERS = Definition(
    kpi="silent_customers",
    name=_("Silent customers"),
    words=_(
        "Customers served in the period with whom nothing passed in the 90 days before its end. "
        "Surveys and messages that leave by themselves are no word with somebody."
    ),
    formula=_("customers served without an interaction for 90 days"),
    theme=Theme.LISTENING,
    unit="count",
    better="down",
    compared=Compared.SUMS,
    empty="no_customers_served",
    facts={"contact": Reach.YEAR, "tenure": Reach.OWN},
    compute=_silent,
    rows=_silent_rows,
    params={"days": whole},
    grains=COARSE,
    numerator=_("Silent customers"),
)


def _unanswered(facts: Facts, params: Params) -> list[Result]:
    days = _days(params, REPLY_DAYS)
    found = listening.spoken(facts.windows, days=days, as_of=facts.as_of, scope=facts.scope)
    return [formulas.unanswered_feedback(one) for one in found]


def _unanswered_rows(window: Window, side: Side, params: Params, facts: Facts) -> list[Rows]:
    if side == "denominator":
        return []
    return rows.unanswered(window, days=_days(params, REPLY_DAYS), as_of=facts.as_of)


UNANSWERED_FEEDBACK = Definition(
    kpi="unanswered_feedback",
    name=_("Feedback without a reply"),
    words=_(
        "Complaints, suggestions, praise and questions from the feedback page, and answers of "
        "detractors, given in the period to which nobody replied within seven days. Those whose "
        "seven days are not over yet are pending."
    ),
    formula=_("feedback and detractors without a reply after 7 days"),
    theme=Theme.LISTENING,
    unit="count",
    better="down",
    compared=Compared.SUMS,
    empty="no_feedback",
    facts={
        "ticket": Reach.OWN,
        "response": Reach.OWN,
        "feedback": Reach.OWN,
        "contact": Reach.WEEK_BEFORE,
    },
    compute=_unanswered,
    rows=_unanswered_rows,
    params={"days": whole},
    numerator=_("Feedback and detractors without a reply"),
)


def _budget(facts: Facts, _params: Params) -> list[Result]:
    if facts.scope:
        return [common.undefined("costs_of_all", unit="ratio") for _window in facts.windows]
    spent = {purpose: costs.accrued(facts.windows, purpose) for purpose in PURPOSES}
    return [
        formulas.experience_budget(
            {purpose: each[i].total for purpose, each in spent.items()},
            missing_rates=sum(each[i].missing_rates for each in spent.values()),
        )
        for i in range(len(facts.windows))
    ]


EXPERIENCE_BUDGET = Definition(
    kpi="experience_budget",
    name=_("Spent on the experience"),
    words=_(
        "Of all costs of the period, the share spent on delighting customers and on training the team "
        "for it. A cost over several days counts by days."
    ),
    formula=_("costs of experience and training ÷ all costs"),
    theme=Theme.LISTENING,
    unit="ratio",
    better="up",
    compared=Compared.SUMS,
    empty="no_costs",
    facts={"cost": Reach.OWN},
    compute=_budget,
    rows=behind(lambda window: money.costs(window, *OURS), money.costs),
    by_customer=False,
    numerator=_("Costs of experience and training"),
    denominator=_("All costs"),
)


def _training(facts: Facts, _params: Params) -> list[Result]:
    return [
        formulas.training_hours(one.hours, people=one.people, trained=one.trained)
        for one in training(facts.windows)
    ]


TRAINING_HOURS = Definition(
    kpi="training_hours",
    name=_("Hours of training"),
    words=_(
        "Hours of training held in the period, for each person who meets customers: everybody who "
        "may work in here. What people may do is as it is now, also of a period long over."
    ),
    formula=_("hours of training ÷ people who meet customers"),
    theme=Theme.LISTENING,
    unit="hours",
    better="up",
    compared=Compared.SUMS,
    empty="nobody_meets_customers",
    facts={"training": Reach.OWN, "people": Reach.OWN},
    compute=_training,
    rows=behind(rows.training, rows.meets_customers),
    by_customer=False,
    numerator=_("Hours of training"),
    denominator=_("People who meet customers"),
)
