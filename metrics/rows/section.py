"""The rows behind a number: a queryset, and what each row adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from django.db.models import QuerySet

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
]


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

    @property
    def in_money(self) -> bool:
        """Whether the rows add amounts of the business's currency, and not counts."""
        return self.kind in {"order", "cost"} and self.contribution is not one

    def __iter__(self) -> Iterator[tuple[Any, Fraction]]:
        """Every row with what it adds; streamed, never all in memory."""
        for row in self.queryset.iterator(chunk_size=2000):
            yield row, self.contribution(row)

    def total(self) -> Fraction:
        return sum((added for _row, added in self), Fraction(0))
