"""What is held against a figure: does winning a customer cost less than one brings?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from metrics.definitions import Definition, find
from metrics.facts import Facts
from metrics.models import Snapshot
from metrics.periods import Period
from metrics.scope import Scope

Value = Fraction | float | None
CHECKED = {"cac"}
TICKET, LTV = "average_ticket", "ltv_annual"


@dataclass(frozen=True)
class Check:
    """`holds` is None where one of the two is unknown; `limit` is the figure to stay below."""

    limit_of: Definition
    words: StrOrPromise
    holds: bool | None
    limit: Value


def of_cac(cac: Value, *, average_ticket: Value, ltv: Value) -> list[Check]:
    """CAC < average ticket; CAC < lifetime value. Equal is not below."""
    return [
        Check(
            find(TICKET), _("Below the average ticket"), _below(cac, average_ticket), average_ticket
        ),
        Check(find(LTV), _("Below lifetime value"), _below(cac, ltv), ltv),
    ]


def _below(one: Value, limit: Value) -> bool | None:
    return None if one is None or limit is None else one < limit


def beside(
    definition: Definition, period: Period, *, now: datetime, scope: Scope | None = None
) -> list[Check]:
    """The checks shown with a figure. One query where figures are stored."""
    if definition.kpi not in CHECKED:
        return []
    kpis = ("cac", TICKET, LTV)
    found: dict[str, Value] = {}
    if period.grain and scope is None:
        current = Snapshot.objects.filter(
            kpi__in=kpis,
            grain=period.grain,
            segment="",
            starts_on=period.starts_on,
            is_current=True,
        )
        found.update(current.values_list("kpi", "value"))
    else:
        facts = Facts([period.window(now)], as_of=now, scope=scope)
        found.update((kpi, find(kpi).compute(facts, {})[0].value) for kpi in kpis)
    return of_cac(found.get("cac"), average_ticket=found.get(TICKET), ltv=found.get(LTV))
