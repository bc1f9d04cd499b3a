"""The rows behind a number: a queryset, and what each row adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from django.db.models import Q, QuerySet

from metrics.scope import Scope

RowKind = Literal[
    "customer",
    "order",
    "cost",
    "response",
    "invitation",
    "ticket",
    "target",
    "promise",
    "subscriber",
    "loss",
    "interaction",
    "review",
    "training",
    "person",
]


# From a row to its customer, where that isn't its `customer`.
PATHS = {"customer": "pk", "target": "ticket__customer", "subscriber": "customer_id"}


def one(_row: Any) -> Fraction:
    return Fraction(1)


@dataclass(frozen=True)
class Rows:
    """Rows of one kind in a fixed order, ending in the key, so that they can be paged by it.

    The contributions of all sections of a side add up to the number.
    """

    kind: RowKind
    queryset: QuerySet[Any]
    contribution: Callable[[Any], Fraction] = one
    # Of rows that are no orders or costs themselves, but add what such are worth.
    is_money: bool = False

    def within(self, scope: Scope) -> Rows:
        """Those of the scope's customers alone; they add up to its figure."""
        path = PATHS.get(self.kind, "customer")
        own = Q(**{f"{path}__in": scope.customers.order_by().values("pk")})
        if self.kind == "cost" and scope.source:
            # As metrics.facts.costs.spent_on has it.
            won = Q(purpose="acquisition")
            own = (own & (~won | Q(source=""))) | (won & Q(source=scope.source))
        return replace(self, queryset=self.queryset.filter(own))

    @property
    def in_money(self) -> bool:
        """Whether the rows add amounts of the business's currency, and not counts."""
        is_own = self.kind in {"order", "cost"} and self.contribution is not one
        return self.is_money or is_own

    def __iter__(self) -> Iterator[tuple[Any, Fraction]]:
        """Every row with what it adds; streamed, never all in memory."""
        for row in self.queryset.iterator(chunk_size=2000):
            yield row, self.contribution(row)

    def total(self) -> Fraction:
        return sum((added for _row, added in self), Fraction(0))
