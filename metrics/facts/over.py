"""Facts of many windows at once, for which each row is read as few times as the question allows.

What adds up over time is fetched for the stretches between the edges of all windows, so that days,
weeks and years together cost one reading. What doesn't (who bought in a month is not the sum of who
bought on its days) is fetched for each run of windows that follow one another.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import reduce
from operator import add
from typing import Any, TypeVar

from metrics.periods import Window
from metrics.sql import is_postgresql

Fact = TypeVar("Fact")
Fetch = Callable[[Sequence[Window]], list[Fact]]

# Of more runs than this, one statement that looks up each window does better.
MOST_RUNS = 12
# From so long on, reading a table beats looking up its rows.
LONG = timedelta(days=28)


def in_runs(windows: Sequence[Window], fetch: Fetch[Fact]) -> list[Fact]:
    """What `fetch` answers for each window, asked run by run."""
    runs = list(_runs(windows)) if is_postgresql() else []
    if len(runs) > MOST_RUNS:
        runs = []
    alone = sorted(set(range(len(windows))).difference(*runs))
    found: dict[int, Fact] = {}
    for places in (*runs, alone):
        if places:
            some = fetch([windows[place] for place in places])
            found.update(zip(places, some, strict=True))
    return [found[place] for place in range(len(windows))]


def _runs(windows: Sequence[Window]) -> Iterator[range]:
    """Places of windows that follow one another, where that is worth a statement of its own."""
    first = 0
    for place in range(1, len(windows) + 1):
        if place < len(windows) and windows[place].start == windows[place - 1].end:
            continue
        if place - first > 1 or windows[first].end - windows[first].start >= LONG:
            yield range(first, place)
        first = place


def added(
    windows: Sequence[Window],
    fetch: Fetch[Fact],
    nothing: Fact,
    plus: Callable[[Fact, Fact], Fact] = add,
) -> list[Fact]:
    """What `fetch` answers for each window, where that adds up over time."""
    steps = _stretches(windows)
    starts = [step.start for step in steps]
    each = in_runs(steps, fetch)
    return [
        reduce(plus, each[bisect_left(starts, one.start) : bisect_left(starts, one.end)], nothing)
        for one in windows
    ]


def _stretches(windows: Sequence[Window]) -> list[Window]:
    """The stretches between the edges of these windows that lie in any of them, in order."""
    edges = sorted({edge for one in windows for edge in (one.start, one.end)})
    place = {edge: number for number, edge in enumerate(edges)}
    steps = [0] * len(edges)
    for one in windows:
        steps[place[one.start]] += 1
        steps[place[one.end]] -= 1
    found, depth = [], 0
    for start, end, step in zip(edges, edges[1:], steps, strict=False):
        depth += step
        if depth:
            like = windows[0]
            # Their dates are never asked for.
            found.append(Window(start, end, like.first_on, like.until_on, like.zone))
    return found


def fieldwise(one: Any, other: Any) -> Any:
    """The sum of two dataclasses of one kind, field by field."""
    return type(one)(*map(add, vars(one).values(), vars(other).values()))
