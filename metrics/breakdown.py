"""A figure by groups of customers: each beside the others, and whether it truly differs from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from crm.models import Customer
from crm.querysets import CustomerQuerySet
from metrics import reading
from metrics.definitions import Compared, Definition
from metrics.dimensions import Dimension, Group
from metrics.formulas.change import Change, Verdict
from metrics.formulas.student import TAIL95
from metrics.periods import Period
from metrics.points import FEW_ANSWERS, Figure, Point, compare
from metrics.scope import Scope
from metrics.segmenting import Chosen
from staff.models import User

MOST = 20  # groups that are measured, the largest first


@dataclass(frozen=True)
class Line:
    """One group's figure, and how it differs from that of all others."""

    group: Group
    point: Point
    change: Change

    @property
    def is_better(self) -> bool | None:
        """Whether a true difference is for the better; None when nothing can be said."""
        if not self.change.is_significant:
            return None
        return (self.change.verdict is Verdict.UP) == (self.point.definition.better == "up")


@dataclass(frozen=True)
class Breakdown:
    """`whole` is the figure of all of them; `others` are the groups too small to be measured here."""

    dimension: Dimension
    whole: Point
    lines: Sequence[Line]
    others: Sequence[Group]

    @property
    def size_of_others(self) -> int:
        return sum(group.size for group in self.others)

    @property
    def has_costs_of_all(self) -> bool:
        """Whether there may be costs that are in the whole and in no group."""
        return self.dimension.name == "source" and "cost" in self.whole.definition.facts

    @property
    def is_tested(self) -> bool:
        """Whether any group could be compared with the others."""
        return any(line.change.interval for line in self.lines)


@dataclass(frozen=True)
class Measured:
    """One group's figure, and that of all others where the two can be told apart by a test."""

    group: Group
    point: Point
    others: Figure | None


def by_dimension(
    definition: Definition,
    period: Period,
    dimension: Dimension,
    *,
    chosen: Chosen,
    user: User,
    now: datetime,
) -> Breakdown:
    """The figure of a period by the groups of a dimension, among the chosen customers."""
    groups = groups_of(dimension, chosen, user)
    whole = reading.point(definition, period, now=now, scope=chosen.scope)
    found = [
        measured(group, whole, chosen=chosen, now=now, is_alone=len(groups) == 1)
        for group in groups[:MOST]
    ]
    return beside_each_other(dimension, whole, found, groups[MOST:])


def groups_of(dimension: Dimension, chosen: Chosen, user: User) -> list[Group]:
    return dimension.groups(_customers(chosen), user)


def measured(
    group: Group, whole: Point, *, chosen: Chosen, now: datetime, is_alone: bool
) -> Measured:
    """A group among the chosen customers, of whom the figure is `whole`."""
    definition, period = whole.definition, whole.period
    own = reading.point(definition, period, now=now, scope=group.within(chosen))
    others = None
    if own.shown_as == "value" and not is_alone:
        others = _of_others(whole, own)
        if definition.compared is Compared.ESTIMATE:
            rest = _customers(chosen).exclude(pk__in=group.customers.order_by().values("pk"))
            others = _told(reading.point(definition, period, now=now, scope=Scope("", "", rest)))
    return Measured(group, own, others)


def beside_each_other(
    dimension: Dimension, whole: Point, found: Sequence[Measured], rest: Sequence[Group]
) -> Breakdown:
    """Each group is held against all others together. The intervals are Bonferroni's, for as many
    groups as are compared, so that chance makes a difference in fewer than one of twenty breakdowns.
    """
    compared = sum(one.others is not None for one in found)
    tail = TAIL95 / max(compared, 1)
    lines = [Line(one.group, one.point, _difference(one.point, one.others, tail)) for one in found]
    return Breakdown(dimension, whole, lines, rest)


def _customers(chosen: Chosen) -> CustomerQuerySet:
    return chosen.scope.customers if chosen.scope else Customer.objects.all()


def _difference(own: Point, others: Figure | None, tail: float) -> Change:
    if others is None:
        return Change(Verdict.UNTESTED)
    return compare(own.definition, Figure.of_point(own), others, tail=tail)


def _told(point: Point) -> Figure | None:
    return Figure.of_point(point) if point.shown_as == "value" else None


def _of_others(whole: Point, own: Point) -> Figure | None:
    """What is left of the whole without the group, where that can be taken away; None elsewhere."""
    if whole.numerator is None or own.numerator is None:
        return None
    numerator = whole.numerator - own.numerator
    denominator = (whole.denominator or Fraction(0)) - (own.denominator or Fraction(0))
    definition, n = whole.definition, whole.n - own.n
    if not denominator or (definition.is_opinion and n < FEW_ANSWERS):
        return None
    value = float(numerator / denominator)
    match definition.compared:
        case Compared.PROPORTION:
            return Figure(value, numerator, denominator, n, {})
        case Compared.NPS:
            groups = ("promoters", "detractors")
            parts = {name: whole.parts.get(name, 0) - own.parts.get(name, 0) for name in groups}
            return Figure(100 * value, numerator, denominator, n, parts)
        case _:
            return None
