"""Every rule, by the kind of finding that it makes."""

from __future__ import annotations

from metrics.findings.rule import Rule
from metrics.findings.rules.asking import FEW_ASKED, RATE_FELL
from metrics.findings.rules.churn import CHURN_UP
from metrics.findings.rules.detractors import UNANSWERED
from metrics.findings.rules.going_quiet import LIKELY_GONE
from metrics.findings.rules.promises import BREAKING
from metrics.findings.rules.returns import RETURNS_UP
from metrics.findings.rules.revenue_held import REVENUE_HELD
from metrics.findings.rules.winning_costs import ABOVE_LTV, ABOVE_TICKET

RULES: dict[str, Rule] = {
    rule.kind: rule
    for rule in (
        BREAKING,
        UNANSWERED,
        ABOVE_LTV,
        CHURN_UP,
        LIKELY_GONE,
        REVENUE_HELD,
        ABOVE_TICKET,
        RETURNS_UP,
        RATE_FELL,
        FEW_ASKED,
    )
}
