"""Why customers were lost, and how many of the silent came back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from metrics.definitions.definition import Compared, Definition, Params, Reach, Side, Theme
from metrics.facts import Facts
from metrics.facts.losses import lost_by_reason, lost_by_silence
from metrics.formulas import Result
from metrics.formulas import losses as formulas
from metrics.periods import Window
from metrics.rows import losses
from metrics.rows.section import Rows

# A tenure, and why it ended or who came back after it.
LOSSES = {"tenure": Reach.OWN, "loss": Reach.OWN}


def _reasons(facts: Facts, _params: Params) -> list[Result]:
    return [
        formulas.churn_reasons(by_reason, customers_at_start=counts.start)
        for by_reason, counts in zip(
            lost_by_reason(facts.windows, scope=facts.scope), facts.tenure_counts, strict=True
        )
    ]


def _reason_rows(window: Window, side: Side, _params: Params, _facts: Facts) -> list[Rows]:
    return [losses.lost(window)] if side == "numerator" else []


CHURN_REASONS = Definition(
    kpi="churn_reasons",
    name=_("Reasons for leaving"),
    words=_(
        "The customers lost in the period, by the reason with which each left, and what they said: "
        "those who were customers when it began and were none when it ended."
    ),
    formula=_("customers lost, by reason"),
    theme=Theme.KEEPING,
    unit="count",
    better="down",
    compared=Compared.SUMS,
    empty="no_customers_at_start",
    facts=LOSSES,
    compute=_reasons,
    rows=_reason_rows,
    numerator=_("Customers lost, with the reason"),
)


def _false_lost(facts: Facts, _params: Params) -> list[Result]:
    return [
        formulas.false_lost_rate(again, count)
        for again, count in lost_by_silence(facts.windows, scope=facts.scope)
    ]


def _false_lost_rows(window: Window, side: Side, _params: Params, _facts: Facts) -> list[Rows]:
    return [losses.by_silence(window, again=side == "numerator")]


FALSE_LOST_RATE = Definition(
    kpi="false_lost_rate",
    name=_("Counted as lost too soon"),
    words=_(
        "Of the customers who counted as lost in the period because they had not bought for long, the "
        "share that bought again since. When it is high, the silence rule is too impatient. It tells what "
        "happened in the period, by orders and contracts; the table beside the silence rule tells what each "
        "choice of days would have said so far, by orders alone, so their shares differ."
    ),
    formula=_("lost by silence who bought again ÷ customers lost by silence"),
    theme=Theme.KEEPING,
    unit="ratio",
    better="down",
    compared=Compared.PROPORTION,
    empty="none_lost_by_silence",
    facts=LOSSES,
    compute=_false_lost,
    rows=_false_lost_rows,
    numerator=_("Lost by silence who bought again"),
    denominator=_("Customers lost by silence"),
)
