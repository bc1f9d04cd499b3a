"""What a rule is: it looks at closed periods and the rows of today, and puts what it saw into words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from django.urls import reverse
from django_stubs_ext import StrOrPromise

from metrics import periods, reading
from metrics.choosing import query_of
from metrics.definitions import STORED, find
from metrics.models import Engine, Grain
from metrics.periods import Period
from metrics.points import Tile
from metrics.showing import figure
from staff.formats import money, number, percent
from staff.models import Business

Evidence = Mapping[str, Any]
# So many of those whom a finding is about are kept with it, those first who matter most.
MOST = 200
# A figure has become worse, and not merely another, from so much on.
WORSE = 0.1


@dataclass(frozen=True)
class Seen:
    """What a rule saw of a subject, also when that is `speaks=False`: nothing to speak of.

    `measure` is the one number by which then and now are compared, `evidence` what the words are
    made of, in JSON's own types: figures, counts, and the keys of "customers".
    """

    speaks: bool
    measure: float
    starts_on: date
    ends_on: date
    evidence: Evidence = field(default_factory=dict)
    weight: float = 0
    subject: str = ""

    @property
    def kept(self) -> dict[str, Any]:
        return {**self.evidence, "measure": self.measure}


@dataclass(frozen=True)
class Telling:
    """A finding in the reader's words: what it is, why we think so, and what could be done."""

    title: str
    sentences: Sequence[str]
    task: str
    links: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Rule:
    """`look` returns nothing of what it can't judge: too few, not computed yet, no such figure.

    `due_days`: until when a task of it is sensibly done. `is_heavy`: it reads whole tables, so it
    is asked once a day.
    """

    kind: str
    name: StrOrPromise
    look: Callable[[Looking], Sequence[Seen]]
    tell: Callable[[Evidence, Words], Telling]
    measured_in: Literal["share", "money", "count", "times"]
    worse: Literal["up", "down"] = "up"
    due_days: int = 7
    is_heavy: bool = False

    def has_worsened(self, then: float, now: float) -> bool:
        if self.worse == "down":
            return now < then * (1 - WORSE)
        return now > then + WORSE * abs(then)

    def measure(self, value: float, currency: str) -> str:
        match self.measured_in:
            case "share":
                return percent(value)
            case "money":
                return money(value, currency)
            case "times":
                return f"{number(value, 1)} ×"
            case _:
                return number(value, 0)


@dataclass(frozen=True)
class Words:
    """What a rule needs to speak: the currency, and the period that it speaks of."""

    currency: str
    period: Period

    def figure(self, kpi: str, value: float | None) -> str:
        return figure(find(kpi), value, self.currency)

    def money(self, amount: float) -> str:
        return money(amount, self.currency)

    def metric_url(self, kpi: str) -> str:
        return f"{reverse('metrics:metric', args=[kpi])}?{query_of(self.period)}"

    def rows_url(self, kpi: str, side: str = "numerator") -> str:
        return f"{reverse('metrics:metric-rows', args=[kpi, side])}?{query_of(self.period)}"


@dataclass
class Looking:
    """What rules look at: one instant, and the figures of the months that are over by then."""

    business: Business
    now: datetime

    @cached_property
    def today(self) -> date:
        return periods.local_day(self.now, self.business.zone)

    @cached_property
    def month(self) -> Period:
        """The last that is over."""
        return periods.containing(self.today, Grain.MONTH, self.business.zone).previous()

    @cached_property
    def refreshed_at(self) -> datetime | None:
        return Engine.objects.filter(pk=1).values_list("refreshed_at", flat=True).first()

    def tile(self, kpi: str, *, back: int = 0) -> Tile | None:
        """Of the last month that is over, or so many before it; None where it says nothing yet."""
        month = self.month
        for _step in range(back):
            month = month.previous()
        if self.refreshed_at is None or self.refreshed_at < month.end:
            return None
        found = self._tiles(month)[kpi]
        # One that takes long may still stand as it was while the month was running.
        is_whole = found.point.shown_as == "value" and not found.point.is_partial
        return found if is_whole else None

    def _tiles(self, month: Period) -> dict[str, Tile]:
        if month.starts_on not in self._known:
            tiles = reading.tiles(
                grain=Grain.MONTH,
                now=self.now,
                zone=self.business.zone,
                definitions=STORED,
                periods_shown=2,
                period=month,
            )
            self._known[month.starts_on] = {tile.definition.kpi: tile for tile in tiles}
        return self._known[month.starts_on]

    @cached_property
    def _known(self) -> dict[date, dict[str, Tile]]:
        return {}

    def days(self, count: int) -> tuple[date, date]:
        """[from, until) of the days up to today, for what is looked at as it stands."""
        return self.today - timedelta(days=count), self.today + timedelta(days=1)
