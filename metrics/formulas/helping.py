"""How well customers are helped: how soon, how lastingly, and whether promises are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from metrics.formulas.keeping import RATIO, proportion
from metrics.formulas.results import OK, Result, undefined

MINUTES = "minutes"


@dataclass(frozen=True)
class Durations:
    """Durations of a period in seconds: how many, their sum, median and 90th percentile.

    Percentiles are by linear interpolation between the two nearest (percentile_cont). `invalid`
    ended before they began and count in none of them.
    """

    n: int = 0
    total: Fraction = Fraction(0)
    median: Fraction | None = None
    p90: Fraction | None = None
    invalid: int = 0


def minutes(seconds: Fraction | None) -> Fraction | None:
    return None if seconds is None else seconds / 60


def duration(durations: Durations, *, empty: str, more: Mapping[str, Any]) -> Result:
    """The median in minutes; numerator ÷ denominator is the mean. `more` are further parts."""
    parts: dict[str, Any] = {**more, "invalid": durations.invalid}
    if durations.n == 0:
        return undefined(empty, unit=MINUTES, numerator=0, denominator=0, parts=parts)
    total = durations.total / 60
    return Result(
        status=OK,
        value=minutes(durations.median),
        unit=MINUTES,
        numerator=total,
        denominator=Fraction(durations.n),
        n=durations.n,
        parts={"mean": total / durations.n, "p90": minutes(durations.p90), **parts},
    )


def share_of_resolved(matching: int, complete: int, *, pending: int) -> Result:
    """A share of first solutions whose window is over; those whose window still runs are `pending`."""
    parts: dict[str, object] = {"pending": pending}
    if complete == 0:
        status = "no_complete_windows" if pending else "no_resolved_tickets"
        return undefined(status, unit=RATIO, numerator=0, denominator=0, parts=parts)
    return proportion(matching, complete, parts=parts)


def sla_attainment(decided: Mapping[str, tuple[int, int]]) -> Result:
    """Targets met ÷ targets met or missed; `decided` holds (met, missed) by kind of target."""
    met = sum(one for one, _missed in decided.values())
    missed = sum(one for _met, one in decided.values())
    parts: dict[str, object] = {
        f"{kind}_{what}": count
        for kind, both in sorted(decided.items())
        for what, count in zip(("met", "missed"), both, strict=True)
    }
    if met + missed == 0:
        return undefined("no_targets", unit=RATIO, numerator=0, denominator=0, parts=parts)
    return proportion(met, met + missed, parts=parts)


def backlog(ages: Mapping[str, int], *, ever: bool) -> Result:
    """How many tickets are open at an instant, by age; 0 is a true figure once there were any."""
    total = sum(ages.values())
    parts: dict[str, object] = dict(ages)
    if not ever:
        return undefined("no_tickets", unit="count", parts=parts)
    return Result(
        status=OK,
        value=Fraction(total),
        unit="count",
        numerator=Fraction(total),
        n=total,
        parts=parts,
    )


def promise_kept(kept: int, due: int) -> Result:
    """Of the promises due in a period, the share that was kept by its due time."""
    if due == 0:
        return undefined("no_promises", unit=RATIO, numerator=0, denominator=0)
    return proportion(kept, due, parts={})
