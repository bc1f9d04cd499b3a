"""Findings as pages and mails show them: words in the reader's language, then and now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from crm.models import Customer
from metrics import periods
from metrics.findings.rule import Rule, Telling, Words
from metrics.findings.rules import RULES
from metrics.models import Finding, Grain
from metrics.periods import Period
from metrics.showing import period_name
from staff.formats import date_short
from staff.models import Business

# So many of those whom it is about are shown with it; its page has the others.
SHOWN = 3


@dataclass(frozen=True)
class Shown:
    """One finding, told."""

    finding: Finding
    business: Business

    @property
    def rule(self) -> Rule:
        return RULES[self.finding.kind]

    @cached_property
    def period(self) -> Period:
        return _period(self.finding.starts_on, self.finding.ends_on, self.business)

    @cached_property
    def telling(self) -> Telling:
        words = Words(self.business.currency, self.period)
        return self.rule.tell(self.finding.evidence, words)

    @property
    def sentences(self) -> list[str]:
        return [sentence for sentence in self.telling.sentences if sentence]

    @property
    def is_of_month(self) -> bool:
        """A month's figures say so; else it is what the rows are as they stand."""
        return self.period.grain is Grain.MONTH

    @property
    def period_name(self) -> str:
        """When the figures said so: a month, or for what is looked at as it stands, the day."""
        return self._when(self.finding.starts_on, self.finding.ends_on)

    def _when(self, starts_on: date, ends_on: date) -> str:
        if self.is_of_month:
            return period_name(_period(starts_on, ends_on, self.business))
        return str(date_short(ends_on - periods.DAY))

    @property
    def customer_ids(self) -> list[int]:
        return list(self.finding.evidence.get("customers", []))

    @property
    def then(self) -> str:
        return self._measure(self.finding.evidence.get("measure"))

    @property
    def now(self) -> str:
        return self._measure(self.finding.outcome.get("measure"))

    @property
    def is_better(self) -> bool | None:
        """Of the figure then and now; None while there is no other figure."""
        then, now = self.finding.evidence.get("measure"), self.finding.outcome.get("measure")
        if then is None or now is None or then == now:
            return None
        return bool((now < then) == (self.rule.worse == "up"))

    @property
    def now_period(self) -> str:
        outcome = self.finding.outcome
        if "starts_on" not in outcome:
            return ""
        starts_on, ends_on = map(date.fromisoformat, (outcome["starts_on"], outcome["ends_on"]))
        return self._when(starts_on, ends_on)

    def _measure(self, value: Any) -> str:
        return "" if value is None else self.rule.measure(float(value), self.business.currency)


def _period(starts_on: date, ends_on: date, business: Business) -> Period:
    """By its own name where it is a month's."""
    month = periods.containing(starts_on, Grain.MONTH, business.zone)
    if (month.starts_on, month.ends_on) == (starts_on, ends_on):
        return month
    return Period(starts_on, ends_on, business.zone)


def told(findings: Iterable[Finding], business: Business) -> list[Shown]:
    """Those of kinds that there still are."""
    return [Shown(finding, business) for finding in findings if finding.kind in RULES]


def names(shown: Sequence[Shown]) -> dict[int, str]:
    """Of the first customers of each, in one query; merged and erased ones are left out."""
    ids = {pk for one in shown for pk in one.customer_ids[:SHOWN]}
    return dict(Customer.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def open_findings(business: Business, most: int | None = None) -> list[Shown]:
    """What waits to be decided, the heaviest first. One query."""
    waiting = Finding.objects.filter(state=Finding.State.OPEN).order_by("-weight", "pk")
    return told(waiting[:most] if most else waiting, business)
