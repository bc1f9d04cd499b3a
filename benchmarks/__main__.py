"""`python -m benchmarks [--scale small] [--only NAME …]`: measure, print the table, keep it as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import django

from benchmarks import rows, scenery
from benchmarks.rows import Row
from benchmarks.scenery import Site
from tests.services import tables


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
    # For what is measured by its files rather than by what is there already.
    "middle": Scale(
        customers=10_000,
        visits=100,
        seconds=2,
        imported=100_000,
        mails=2_000,
        tickets=(10_000, 100_000),
    ),
    "large": Scale(
        customers=1_000_000,
        visits=100,
        seconds=2,
        imported=1_000_000,
        mails=10_000,
        tickets=(10_000, 1_000_000),
    ),
}
# Others leave behind much else than what was loaded.
FOR_KEEPS = {"pages", "figures", "marks"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default=os.environ.get("SCALE", "small"))
    parser.add_argument("--only", nargs="+", choices=WORK, default=list(WORK), metavar="NAME")
    parser.add_argument("--to", type=Path, default=rows.RESULTS / "latest.json", metavar="FILE")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep what is loaded, and don't load it again"
    )
    parser.add_argument("--rows", type=int, metavar="N", help="import so many, whatever the scale")
    options = parser.parse_args()
    if options.keep and not FOR_KEEPS.issuperset(options.only):
        parser.error(f"--keep goes with --only {' '.join(sorted(FOR_KEEPS))}: the others write")
    began = time.monotonic()
    measured: list[Row] = []
    with ExitStack() as stack:
        folder = stack.enter_context(scenery.services(options.keep))
        bench = Bench(options.scale, folder, stack, options.keep, options.rows)
        load(bench.scale, folder)
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

    name: str
    folder: Path
    stack: ExitStack
    keep: Path | None
    rows: int | None = None

    @property
    def scale(self) -> Scale:
        scale = SCALES[self.name]
        return replace(scale, imported=self.rows) if self.rows else scale

    @cached_property
    def site(self) -> Site:
        return self._serve("config.settings")

    @cached_property
    def floor(self) -> Site:
        return self._serve("benchmarks.floor.settings")

    def _serve(self, settings: str) -> Site:
        return self.stack.enter_context(scenery.gunicorn(self.folder, settings))


def load(scale: Scale, folder: Path) -> None:
    """The demo at this scale, vacuumed as it would be by the morning, unless it is in a folder that
    was kept."""
    note = folder / f"{scale.customers}-customers-in-seconds"
    if note.exists():
        scenery.manage("migrate", "--verbosity", "0")
    else:
        say(f"Loading {scale.customers:,} customers")
        tables.lay_out(os.environ["DATABASE_URL"])
        scenery.manage("migrate", "--verbosity", "0")
        began = time.monotonic()
        scenery.manage("demo", "--customers", str(scale.customers))
    django.setup()
    from django.db import connection

    from staff.installation import collect_static

    collect_static()  # pages name their files by content; a fresh checkout has none yet
    if not note.exists():
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
        note.write_text(f"{time.monotonic() - began:.0f}")


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# What imports Django's models can only be imported once the database is known.


def measure_pages(bench: Bench) -> Iterator[Row]:
    from benchmarks import pages

    before = measured_small(bench) if bench.name == "large" else []
    yield from before
    yield from pages.measure(bench.site, bench.floor, bench.scale.visits, before)


def measured_small(bench: Bench) -> list[Row]:
    """The same pages in an installation of their own at "small", a moment before."""
    say("Measuring pages at small")
    told = bench.folder / "small.json"
    arguments = ["--scale", "small", "--only", "pages", "--to", str(told)]
    if bench.keep:
        arguments += ["--keep", str(bench.keep / "small")]
    subprocess.run([sys.executable, "-m", "benchmarks", *arguments], cwd=scenery.ROOT, check=True)
    return rows.read(json.loads(told.read_text()))


def measure_tickets(bench: Bench) -> Iterator[Row]:
    from benchmarks import tickets

    few, many = bench.scale.tickets
    return tickets.measure(bench.site, bench.floor, bench.scale.visits, few, many)


def measure_answers(bench: Bench) -> Iterator[Row]:
    from benchmarks import answers

    return answers.measure(bench.site, bench.floor, bench.scale.seconds, bench.folder)


def measure_import(bench: Bench) -> Iterator[Row]:
    from benchmarks import importing

    return importing.measure(bench.scale.imported, bench.folder, bench.site)


def measure_export(bench: Bench) -> Iterator[Row]:
    from benchmarks import exporting

    return exporting.measure(bench.folder)


def measure_sending(bench: Bench) -> Iterator[Row]:
    from benchmarks import sending

    return sending.measure(bench.scale.mails)


def measure_freezing(_bench: Bench) -> Iterator[Row]:
    from benchmarks import freezing

    return freezing.measure()


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
    "export": measure_export,
    "send": measure_sending,
    "freeze": measure_freezing,
    "file": measure_filing,
    "figures": measure_figures,
    "marks": measure_marks,
    "memory": measure_memory,
    # Last: a million rows more would weigh on everything else.
    "tickets": measure_tickets,
}


if __name__ == "__main__":
    sys.exit(main())
