"""What is held against a figure: does winning a customer cost less than one brings?"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from metrics.definitions import find
from metrics.definitions.definition import Definition
from metrics.facts import Facts
from metrics.formulas import Result


@dataclass(frozen=True)
class Check:
    """`holds` is None where one of the two is unknown; `limit` is the figure to stay below."""

    kpi: str  # of the limit
    words: StrOrPromise
    holds: bool | None
    limit: Fraction | None


def of_cac(cac: Result, *, average_ticket: Result, ltv: Result) -> list[Check]:
    """CAC < average ticket; CAC < lifetime value. Equal is not below."""
    return [
        _below(cac, average_ticket, "average_ticket", _("CAC below the average ticket")),
        _below(cac, ltv, "ltv_annual", _("CAC below lifetime value")),
    ]


def _below(one: Result, limit: Result, kpi: str, words: StrOrPromise) -> Check:
    holds = None
    if one.value is not None and limit.value is not None:
        holds = one.value < limit.value
    return Check(kpi, words, holds, limit.value)


def beside(definition: Definition, facts: Facts) -> list[list[Check]]:
    """The checks shown with a figure, for each of the facts' windows; only CAC has some."""
    if definition.kpi != "cac":
        return [[] for _window in facts.windows]
    costs, tickets, values = (
        find(kpi).compute(facts, {}) for kpi in ("cac", "average_ticket", "ltv_annual")
    )
    return [
        of_cac(cac, average_ticket=ticket, ltv=ltv)
        for cac, ticket, ltv in zip(costs, tickets, values, strict=True)
    ]
