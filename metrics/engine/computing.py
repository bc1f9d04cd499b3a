"""Cells computed from the facts, and stored where they differ from what is stored."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from metrics.definitions import Definition, Theme
from metrics.engine.snapshots import is_empty, same_figure, snapshot
from metrics.facts import Facts
from metrics.formulas.results import Result
from metrics.models import Snapshot
from metrics.periods import Period
from staff.bulk import insert

Cell = tuple[str, str, date]  # a KPI, the grain of its period, and the first day
AT_ONCE = 400  # periods whose facts are fetched together


@dataclass(frozen=True)
class Made:
    """A computed cell; one that `is_empty` needs no row, unless it had one.

    Most are, in a small business: the snapshot is made when it is asked for.
    """

    definition: Definition
    period: Period
    result: Result
    as_of: datetime
    previous_part: Result | None = None

    @property
    def is_empty(self) -> bool:
        previous = self.previous_part
        return is_empty(self.result) and (previous is None or is_empty(previous))

    @cached_property
    def snapshot(self) -> Snapshot:
        return snapshot(
            self.definition,
            self.period,
            self.result,
            as_of=self.as_of,
            previous_part=self.previous_part,
        )


def computed(
    definitions: Sequence[Definition],
    shown: Sequence[Period],
    now: datetime,
    spent: dict[Theme, float] | None = None,
) -> dict[Cell, Made]:
    """A snapshot for each KPI and period of its grains, all from the same facts.

    A running period carries the same part of the previous one, for comparison. The seconds that it took
    are added to `spent` for every theme that shares the facts: alone it would have taken no more.
    """
    spent = {} if spent is None else spent
    by_grains = defaultdict(list)
    for definition in definitions:
        by_grains[definition.grains].append(definition)
    cells: dict[Cell, Made] = {}
    for grains, alike in by_grains.items():
        if own := [period for period in shown if period.grain in grains]:
            began = time.monotonic()
            cells |= _computed(alike, own, now)
            took = time.monotonic() - began
            for theme in {definition.theme for definition in alike}:
                spent[theme] = spent.get(theme, 0.0) + took
    return cells


def _computed(
    definitions: Sequence[Definition],
    shown: Sequence[Period],
    now: datetime,
) -> dict[Cell, Made]:
    windows = [period.window(now) for period in shown]
    running = [period for period in shown if period.is_running(now)]
    parts = [period.same_part_of_previous(now) for period in running]
    facts = Facts([*windows, *parts], as_of=now)
    cells: dict[Cell, Made] = {}
    for definition in definitions:
        results = definition.compute(facts, {})
        before = dict(zip(running, results[len(shown) :], strict=True))
        for period, result in zip(shown, results, strict=False):
            cell = definition.kpi, period.grain or "", period.starts_on
            cells[cell] = Made(definition, period, result, now, before.get(period))
    return cells


def stored(cells: Iterable[Cell]) -> dict[Cell, Snapshot]:
    """The current snapshots of these cells."""
    wanted = set(cells)
    if not wanted:
        return {}
    days = [day for _kpi, _grain, day in wanted]
    current = Snapshot.objects.filter(
        kpi__in={kpi for kpi, _grain, _day in wanted},
        grain__in={grain for _kpi, grain, _day in wanted},
        segment="",
        is_current=True,
        starts_on__gte=min(days),
        starts_on__lte=max(days),
    )
    return {
        (one.kpi, one.grain, one.starts_on): one
        for one in current.iterator()
        if (one.kpi, one.grain, one.starts_on) in wanted
    }


@dataclass
class Writing:
    """What storing computed cells comes to; nothing is written before `apply`."""

    create: list[Snapshot] = field(default_factory=list)
    overwrite: list[int] = field(default_factory=list)  # of running periods
    supersede: list[int] = field(default_factory=list)  # of closed ones: kept, no longer current

    def apply(self) -> None:
        for some in _batches(self.overwrite):
            Snapshot.objects.filter(pk__in=some).delete()
        for some in _batches(self.supersede):
            Snapshot.objects.filter(pk__in=some).update(is_current=False)
        insert(self.create)


def _batches(ids: Sequence[int], size: int = 2000) -> Iterable[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def prepared(cells: dict[Cell, Made]) -> Writing:
    """Compare computed cells with what is stored.

    A closed period's figure is never changed: a different one is added, as a revision. One that
    was running, or that waits for what is to come (`WAITING`), is overwritten.
    """
    writing = Writing()
    known = stored(cells)
    for cell, made in cells.items():
        before = known.get(cell)
        if before is None:
            if not made.is_empty:
                writing.create.append(made.snapshot)
            continue
        if before.is_partial or _waits(before):
            writing.overwrite.append(before.pk)
        elif same_figure(before, made.snapshot):
            continue
        else:
            writing.supersede.append(before.pk)
            made.snapshot.is_revision = True
        writing.create.append(made.snapshot)
    return writing


# Parts that count what only time or a later fact decides.
WAITING = ("pending", "unanswered", "still_open")


def _waits(before: Snapshot) -> bool:
    return any(before.parts.get(part) for part in WAITING)


def differing(cells: dict[Cell, Made]) -> list[tuple[Made, Snapshot | None]]:
    """Computed cells that say something else than what is stored."""
    known = stored(cells)
    return [
        (made, known.get(cell))
        for cell, made in cells.items()
        if not _agrees(made, known.get(cell))
    ]


def _agrees(made: Made, before: Snapshot | None) -> bool:
    return made.is_empty if before is None else same_figure(before, made.snapshot)


def in_parts(shown: Sequence[Period]) -> Iterator[Sequence[Period]]:
    """Lists of periods short enough for memory."""
    for start in range(0, len(shown), AT_ONCE):
        yield shown[start : start + AT_ONCE]
