"""The facts of a list of windows, each kind fetched once and only when a figure asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property, partial

from metrics.facts import answers as answered
from metrics.facts import contracts, costs, orders, tenures, tickets
from metrics.facts import subscribers as listed
from metrics.facts.over import Fact, added, fieldwise, in_runs
from metrics.formulas import RatioSums, TenureCounts
from metrics.formulas.contracts import Recurring
from metrics.formulas.helping import Durations
from metrics.periods import GREGORIAN_YEAR, Window
from metrics.scope import Scope


@dataclass(frozen=True)
class YearBehind:
    """The twelve months that end with a window, and how long customers have stayed by then."""

    income: Fraction
    missing_rates: int
    served: int
    mean_years: Fraction | None


class Facts:
    """What the tables say about `windows` as of an instant; every list is in the windows' order.

    With a `scope`, of its customers alone.
    """

    def __init__(
        self, windows: Sequence[Window], *, as_of: datetime, scope: Scope | None = None
    ) -> None:
        self.windows = windows
        self.as_of = as_of
        self.scope = scope
        self._answers: dict[tuple[str, int, int, bool], list[answered.Answers]] = {}
        self._leads: dict[int, list[answered.Leads]] = {}
        self._solved: dict[tuple[int, bool, str], list[tickets.Solved]] = {}

    def _added(self, fetch: Callable[..., list[Fact]], nothing: Fact) -> list[Fact]:
        """Counts that add up over time, field by field."""
        return added(self.windows, partial(fetch, scope=self.scope), nothing, fieldwise)

    @cached_property
    def _edges(self) -> dict[datetime, tenures.AtEdge]:
        return tenures.at_edges(self.windows, scope=self.scope)

    @cached_property
    def tenure_counts(self) -> list[TenureCounts]:
        moved = in_runs(self.windows, partial(tenures.moves, scope=self.scope))
        return tenures.counts(self.windows, self._edges, moved)

    @cached_property
    def bought(self) -> list[orders.Bought]:
        summed = self._added(orders.summed, orders.Summed())
        buyers = in_runs(self.windows, partial(orders.buyers, scope=self.scope))
        return list(map(orders.bought, summed, buyers))

    @cached_property
    def orders_of_others(self) -> list[orders.OfOthers]:
        return in_runs(self.windows, partial(orders.of_others, scope=self.scope))

    @cached_property
    def acquisition_costs(self) -> list[costs.Spent]:
        return costs.accrued(self.windows, "acquisition", scope=self.scope)

    @cached_property
    def service_costs(self) -> list[costs.Spent]:
        return costs.accrued(self.windows, "service", scope=self.scope)

    @cached_property
    def service_costs_of_nobody(self) -> list[bool]:
        """Whether some service cost belongs to no customer, and so to no scope either."""
        return costs.of_nobody(self.windows, "service")

    @cached_property
    def profits(self) -> list[RatioSums]:
        """Profit and cost per customer: sums exact, service costs of nobody in particular included."""
        own = [bought.profit for bought in self.bought]
        if costs.any_for_customers(self.windows, "service"):
            own = costs.profit_per_customer(self.windows, scope=self.scope)
        results = []
        for bought, spent, sums in zip(self.bought, self.service_costs, own, strict=True):
            cost = bought.sums.cost + spent.total
            profit = bought.sums.income - cost
            results.append(RatioSums(sums.n, profit, cost, sums.xx, sums.xy, sums.yy))
        return results

    @cached_property
    def years_behind(self) -> list[YearBehind]:
        years = [window.year_to_end() for window in self.windows]
        edges = tenures.at_edges(years, scope=self.scope)
        served = tenures.served(years, edges, scope=self.scope)
        income = {}
        if years:
            income = orders.income_until(sorted(edges), years[0], scope=self.scope)
        results = []
        for year, reached in zip(years, served, strict=True):
            (before, missing_before), (after, missing_after) = income[year.start], income[year.end]
            total = edges[year.end]
            mean = Fraction(total.seconds, total.ever * GREGORIAN_YEAR) if total.ever else None
            results.append(
                YearBehind(after - before, missing_after - missing_before, reached, mean)
            )
        return results

    @cached_property
    def asked(self) -> list[answered.Asked]:
        return self._added(answered.asked, answered.Asked())

    def answers(
        self, kind: str, *, low: int, high: int, latest_per_customer: bool
    ) -> list[answered.Answers]:
        key = (kind, low, high, latest_per_customer)
        if key not in self._answers:
            fetch = partial(
                answered.answers,
                kind=kind,
                low=low,
                high=high,
                latest_per_customer=latest_per_customer,
            )
            if latest_per_customer:
                self._answers[key] = in_runs(self.windows, partial(fetch, scope=self.scope))
            else:
                self._answers[key] = self._added(fetch, answered.Answers())
        return self._answers[key]

    def leads(self, *, days: int) -> list[answered.Leads]:
        if days not in self._leads:
            fetch = partial(answered.leads, days=days, as_of=self.as_of)
            self._leads[days] = self._added(fetch, answered.Leads())
        return self._leads[days]

    @cached_property
    def recurring(self) -> list[Recurring]:
        return contracts.recurring(self.windows, scope=self.scope)

    @cached_property
    def subscribers(self) -> list[listed.Subscribers]:
        return listed.subscribers(self.windows, scope=self.scope)

    # --- Tickets -----------------------------------------------------------------------------

    @cached_property
    def backlog(self) -> list[tickets.Backlog]:
        return tickets.backlog(self.windows, scope=self.scope)

    @cached_property
    def targets(self) -> list[dict[str, tuple[int, int]]]:
        fetch = partial(tickets.targets, as_of=self.as_of, scope=self.scope)
        return added(self.windows, fetch, {}, tickets.targets_together)

    @cached_property
    def promises(self) -> list[tuple[int, int]]:
        fetch = partial(tickets.promises, scope=self.scope)
        return added(
            self.windows, fetch, (0, 0), lambda one, other: (one[0] + other[0], one[1] + other[1])
        )

    def durations(self, which: str, clock: str) -> list[Durations]:
        fetch = partial(tickets.durations, which=which, clock=clock, scope=self.scope)
        return in_runs(self.windows, fetch)

    def waiting(self, which: str) -> list[int]:
        return added(self.windows, partial(tickets.waiting, which=which, scope=self.scope), 0)

    def solved(self, *, days: int, same_topic: bool, at: str) -> list[tickets.Solved]:
        key = (days, same_topic, at)
        if key not in self._solved:
            fetch = partial(
                tickets.solved, days=days, same_topic=same_topic, at=at, as_of=self.as_of
            )
            self._solved[key] = self._added(fetch, tickets.Solved())
        return self._solved[key]
