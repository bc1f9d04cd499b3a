"""What contracts were worth a month at the two edges of windows, per customer. Money in millionths.

A contract runs over [starts_on, end), its end the earlier of its own and its cancellation's, from
local midnight to local midnight: at an edge b it runs ⇔ start < b ≤ end. Windows begin at a local
midnight, and `until_on` is the first day that has not begun by their end; so days may be compared.

A customer's contracts are worth the same from one of their edges to the next. So each contract is
read once, whatever the number of windows: what lasts is added up by the stretch, and only those whose
worth changed within a window are looked at one by one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

from django.db.models import Q

from crm.models import Contract, Tenure
from metrics.facts.orders import MICROS
from metrics.formulas import RatioSums
from metrics.formulas.contracts import Recurring
from metrics.periods import Window
from metrics.scope import Scope
from metrics.sql import keep_to_time

A_YEAR = 12 * MICROS  # of millionths: what a month's worth is a part of


def runs_at(day: str) -> str:
    """Whether contract `c` runs at the local midnight that begins `day`, in SQL."""
    return (
        f"(c.starts_on < {day} AND (c.ends_on IS NULL OR c.ends_on >= {day}) "
        f"AND (c.cancelled_on IS NULL OR c.cancelled_on >= {day}))"
    )


def recurring(windows: Sequence[Window], *, scope: Scope | None = None) -> list[Recurring]:
    """Of those who were customers at the start of each window. Two queries."""
    if not windows:
        return []
    counted = _Counted(_Edges(windows))
    for place, customer in enumerate(_customers(windows, scope)):
        if place % 1000 == 0:
            keep_to_time()
        counted.add(customer)
    return counted.results()


@dataclass
class _Customer:
    """Their tenures, and their contracts with what each is worth a year; None: nobody knows."""

    tenures: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    contracts: list[tuple[date, date | None, int | None]] = field(default_factory=list)


def _customers(windows: Sequence[Window], scope: Scope | None) -> Iterable[_Customer]:
    """Who has contracts that may run at an edge of these windows."""
    first = min(window.first_on for window in windows)
    contracts = Contract.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=first),
        Q(cancelled_on=None) | Q(cancelled_on__gte=first),
        starts_on__lt=max(window.until_on for window in windows),
    )
    if scope:
        contracts = contracts.filter(customer__in=scope.customers.order_by().values("pk"))
    found: dict[int, _Customer] = defaultdict(_Customer)
    columns = ("customer_id", "starts_on", "ends_on", "cancelled_on", "interval", "amount_micros")
    for who, start, end, cancelled, interval, micros in contracts.values_list(*columns).iterator():
        until = min((day for day in (end, cancelled) if day), default=None)
        worth = None if micros is None else micros * (12 if interval == "month" else 1)
        found[who].contracts.append((start, until, worth))
    tenures = Tenure.objects.filter(customer__in=contracts.values("customer")).order_by()
    for who, start_at, end_at in tenures.values_list("customer_id", "started_at", "ended_at"):
        if who in found:
            found[who].tenures.append((start_at, end_at))
    return found.values()


class _Edges:
    """The edges of all windows in order, each with the day by which contracts are compared."""

    def __init__(self, windows: Sequence[Window]) -> None:
        both = {window.start: window.first_on for window in windows}
        both |= {window.end: window.until_on for window in windows}
        self.instants = sorted(both)
        self.days = [both[instant] for instant in self.instants]
        place = {instant: number for number, instant in enumerate(self.instants)}
        self.windows = [(place[window.start], place[window.end]) for window in windows]
        # Windows by each step between two edges that lies in them.
        self.around: list[list[int]] = [[] for _ in self.instants]
        for number, (start, end) in enumerate(self.windows):
            for step in range(start + 1, end + 1):
                self.around[step].append(number)

    def __len__(self) -> int:
        return len(self.instants)

    def between(self, values: Sequence[Any], start: Any, end: Any) -> tuple[int, int]:
        """The places [first, last) of edges b with start < b ≤ end; no end: None."""
        last = len(values) if end is None else bisect_right(values, end)
        return bisect_right(values, start), last


@dataclass
class _Counted:
    """Sums over customers: by edge while they last, by window where something changed."""

    edges: _Edges

    def __post_init__(self) -> None:
        size, many = len(self.edges) + 1, len(self.edges.windows)
        # Steps, at each edge, of: how many hold contracts, Σ worth, Σ worth², contracts without a rate.
        self.steps = {name: [0] * size for name in ("n", "y", "yy", "missing")}
        # What to add to that at the start of a window: of those who came, Σ lost, Σ kept − start …
        self.more = {
            name: [0] * many for name in ("n", "x", "xx", "xy", "z", "zz", "zy", "missing")
        }

    def add(self, customer: _Customer) -> None:
        active = [self.edges.between(self.edges.instants, *span) for span in customer.tenures]
        active = [(first, last) for first, last in active if first < last]
        pieces = [
            (max(first, begin), min(last, end), worth)
            for start, until, worth in customer.contracts
            for begin, end in [self.edges.between(self.edges.days, start, until)]
            for first, last in active
            if max(first, begin) < min(last, end)
        ]
        if not pieces:
            return
        worths = list(_steps(pieces, active))
        for first, last, held in worths:
            self._lasting(first, last, held)
        self._changing(worths)

    def _lasting(self, first: int, last: int, held: _Held) -> None:
        for name, amount in (
            ("n", held.is_held),
            ("y", held.worth),
            ("yy", held.worth**2),
            ("missing", held.missing),
        ):
            self.steps[name][first] += amount
            self.steps[name][last] -= amount

    def _changing(self, worths: list[tuple[int, int, _Held]]) -> None:
        """Windows in which this customer's worth changed between the edges."""
        edges = {place for first, last, _held in worths for place in (first, last)}
        touched = {
            number
            for place in edges
            if place < len(self.edges)
            for number in self.edges.around[place]
        }
        for number in touched:
            start, end = self.edges.windows[number]
            before, after = _at(worths, start), _at(worths, end)
            if before is None or not before.is_customer:
                continue
            after = after or NOTHING
            lost = max(0, before.worth - after.worth)
            for name, amount in (
                ("n", max(before.is_held, after.is_held) - before.is_held),
                ("x", lost),
                ("xx", lost**2),
                ("xy", lost * before.worth),
                ("z", after.worth - before.worth),
                ("zz", after.worth**2 - before.worth**2),
                ("zy", (after.worth - before.worth) * before.worth),
                ("missing", max(before.missing, after.missing) - before.missing),
            ):
                self.more[name][number] += amount

    def results(self) -> list[Recurring]:
        totals = {name: list(accumulate(steps)) for name, steps in self.steps.items()}
        return [self._result(totals, number) for number in range(len(self.edges.windows))]

    def _result(self, totals: dict[str, list[int]], number: int) -> Recurring:
        start = self.edges.windows[number][0]
        n, y, yy, missing = (totals[name][start] for name in ("n", "y", "yy", "missing"))
        more = {name: by_window[number] for name, by_window in self.more.items()}
        opening = Fraction(y, A_YEAR)
        squares = A_YEAR**2
        return Recurring(
            lost=RatioSums(
                n + more["n"],
                Fraction(more["x"], A_YEAR),
                opening,
                more["xx"] / squares,
                more["xy"] / squares,
                yy / squares,
            ),
            kept=RatioSums(
                n + more["n"],
                Fraction(y + more["z"], A_YEAR),
                opening,
                (yy + more["zz"]) / squares,
                (yy + more["zy"]) / squares,
                yy / squares,
            ),
            missing_rates=missing + more["missing"],
        )


@dataclass(frozen=True)
class _Held:
    """A customer's contracts at an edge: how much a year, how many without a rate, and whether any."""

    worth: int = 0
    missing: int = 0
    is_held: int = 0
    is_customer: bool = False


NOTHING = _Held()


def _steps(
    pieces: Sequence[tuple[int, int, int | None]], active: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, _Held]]:
    """[first, last) and what is held at the edges in it, from the first change to the last."""
    spans = [*active, *((first, last) for first, last, _worth in pieces)]
    places = {place for span in spans for place in span}
    for first, last in pairwise(sorted(places)):
        held = [worth for begin, end, worth in pieces if begin <= first < end]
        yield (
            first,
            last,
            _Held(
                worth=sum(worth for worth in held if worth is not None),
                missing=held.count(None),
                is_held=int(bool(held)),
                is_customer=any(begin <= first < end for begin, end in active),
            ),
        )


def _at(worths: Sequence[tuple[int, int, _Held]], place: int) -> _Held | None:
    return next((held for first, last, held in worths if first <= place < last), None)
