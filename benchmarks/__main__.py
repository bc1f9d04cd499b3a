"""`python -m benchmarks [--scale small] [--only NAME …]`: measure, print the table, keep it as JSON."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import django

from benchmarks import rows, scenery
from benchmarks.rows import Row
from benchmarks.scenery import Site


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    customers: int
    visits: int  # of each page
    seconds: float  # of each burst of load
    imported: int
    mails: int
    tickets: tuple[int, int]  # first few, then many


SCALES = {
    "tiny": Scale(customers=60, visits=3, seconds=0.3, imported=50, mails=10, tickets=(200, 400)),
    "small": Scale(
        customers=10_000,
        visits=100,
        seconds=2,
        imported=10_000,
        mails=2_000,
        tickets=(10_000, 1_000_000),
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default=os.environ.get("SCALE", "small"))
    parser.add_argument("--only", nargs="+", choices=WORK, default=list(WORK), metavar="NAME")
    parser.add_argument("--to", type=Path, default=rows.RESULTS / "latest.json", metavar="FILE")
    options = parser.parse_args()
    began = time.monotonic()
    measured: list[Row] = []
    with ExitStack() as stack:
        folder = stack.enter_context(scenery.services())
        bench = Bench(SCALES[options.scale], folder, stack)
        load(bench.scale)
        for name in options.only:
            say(f"Measuring {name}")
            try:
                measured += WORK[name](bench)
            except Exception as error:  # noqa: BLE001 (the others are still worth their minutes)
                traceback.print_exc()
                measured.append(Row(name, 0, None, "", None, broken=repr(error)))
    facts = {
        "scale": options.scale,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(time.monotonic() - began),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
    }
    rows.write(measured, facts, options.to)
    print(rows.table(measured))
    print(f"In {facts['seconds']} s. Kept in {options.to}.")
    return 1 if any(row.broken for row in measured) else 0


@dataclass
class Bench:
    """What is measured on: the two sites start when they are first asked for."""

    scale: Scale
    folder: Path
    stack: ExitStack

    @cached_property
    def site(self) -> Site:
        return self._serve("config.settings")

    @cached_property
    def floor(self) -> Site:
        return self._serve("benchmarks.floor.settings")

    def _serve(self, settings: str) -> Site:
        return self.stack.enter_context(scenery.gunicorn(self.folder, settings))


def load(scale: Scale) -> None:
    """The demo at this scale, vacuumed as it would be by the morning."""
    say(f"Loading {scale.customers:,} customers")
    scenery.manage("demo", "--customers", str(scale.customers))
    django.setup()
    from django.db import connection

    from staff.installation import collect_static

    collect_static()  # pages name their files by content; a fresh checkout has none yet
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# What imports Django's models can only be imported once the database is known.


def measure_pages(bench: Bench) -> Iterator[Row]:
    from benchmarks import pages

    return pages.measure(bench.site, bench.floor, bench.scale.visits)


def measure_tickets(bench: Bench) -> Iterator[Row]:
    from benchmarks import tickets

    few, many = bench.scale.tickets
    return tickets.measure(bench.site, bench.floor, bench.scale.visits, few, many)


def measure_answers(bench: Bench) -> Iterator[Row]:
    from benchmarks import answers

    return answers.measure(bench.site, bench.floor, bench.scale.seconds, bench.folder)


def measure_import(bench: Bench) -> Iterator[Row]:
    from benchmarks import importing

    return importing.measure(bench.scale.imported, bench.folder)


def measure_sending(bench: Bench) -> Iterator[Row]:
    from benchmarks import sending

    return sending.measure(bench.scale.mails)


def measure_filing(bench: Bench) -> Iterator[Row]:
    from benchmarks import filing

    return filing.measure(bench.scale.mails)


def measure_figures(_bench: Bench) -> Iterator[Row]:
    from benchmarks import figures

    return figures.measure()


def measure_marks(_bench: Bench) -> Iterator[Row]:
    from benchmarks import marks

    return marks.measure()


def measure_memory(bench: Bench) -> Iterator[Row]:
    from benchmarks import memory

    return memory.measure(bench.site, bench.folder)


WORK: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "pages": measure_pages,
    "answers": measure_answers,
    "import": measure_import,
    "send": measure_sending,
    "file": measure_filing,
    "figures": measure_figures,
    "marks": measure_marks,
    "memory": measure_memory,
    # Last: a million rows more would weigh on everything else.
    "tickets": measure_tickets,
}


if __name__ == "__main__":
    sys.exit(main())
