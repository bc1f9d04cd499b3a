"""How much memory an installation needs, what its processes share counted once (PSS)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.rows import Row
from benchmarks.scenery import Site
from tests.services.serving import Installation, serving

MOST_OF_A_WORKER = 130
MOST_OF_ALL = 450
MOST_IDLE = 2  # % of a core
MEGABYTE = 1024 * 1024
SETTLING, WATCHED = 15, 15  # seconds


def measure(site: Site, folder: Path) -> Iterator[Row]:
    """`site` has answered requests before; the embedded installation is one as `make demo` has it."""
    largest = max(worker.memory_full_info().pss for worker in site.workers())
    yield Row("memory of a web worker", largest / MEGABYTE, None, "MB", MOST_OF_A_WORKER)
    place = folder / "embedded"
    place.mkdir()
    own = Installation(place)
    own.manage("demo", "--customers", "100")
    with serving(own) as running:
        for _ in range(20):
            running.get("/accounts/login/")
        time.sleep(SETTLING)
        before = busy(running.family())
        time.sleep(WATCHED)
        idle = (busy(running.family()) - before) / WATCHED * 100
        memory = running.memory() / MEGABYTE
    yield Row("memory of all processes", memory, None, "MB", MOST_OF_ALL)
    yield Row("idle, all processes", idle, None, "% of a core", MOST_IDLE)


def busy(family: list[psutil.Process]) -> float:
    """Seconds of processor time that these have used so far."""
    times = [process.cpu_times() for process in family if process.is_running()]
    return float(sum(one.user + one.system for one in times))
