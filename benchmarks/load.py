"""Many requests at once: wrk where it is installed, else threads of our own."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Lock

from benchmarks.scenery import Site

CONNECTIONS = 32
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class Burst:
    """What became of a burst; `failed` are those that were refused or not answered."""

    requests: int
    seconds: float
    failed: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def burst(site: Site, requests: Sequence[Request], seconds: float, folder: Path) -> Burst:
    """Send them in turn over 32 connections; more than fit into the time are needed."""
    wrk = shutil.which("wrk")
    return (
        by_wrk(wrk, site, requests, seconds, folder) if wrk else by_threads(site, requests, seconds)
    )


def by_wrk(
    wrk: str, site: Site, requests: Sequence[Request], seconds: float, folder: Path
) -> Burst:
    given = folder / "requests"
    given.write_text("".join(f"{one.method}\t{one.path}\t{one.body}\n" for one in requests))
    script = Path(__file__).with_name("load.lua")
    # One thread: its script is what makes every request a different one.
    done = subprocess.run(
        [
            *(wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "20s"),
            *("-s", script, site.address, "--", given),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    count, micros, failed = map(int, done.stdout.splitlines()[-1].split())
    return Burst(count, micros / 1_000_000, failed)


def by_threads(site: Site, requests: Sequence[Request], seconds: float) -> Burst:
    remaining, lock = iter(requests), Lock()
    began = time.monotonic()
    until = began + seconds

    def work(_number: int) -> tuple[int, int]:
        connection = HTTPConnection("127.0.0.1", site.port, timeout=20)
        count = failed = 0
        for one in taken(remaining, lock):
            if time.monotonic() > until:
                break
            headers = {"Host": "localhost", "User-Agent": AGENT, "Content-Type": FORM}
            connection.request(one.method, one.path, one.body, headers)
            answer = connection.getresponse()
            answer.read()
            count += 1
            failed += answer.status >= 400
        return count, failed

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        parts = list(threads.map(work, range(CONNECTIONS)))
    counts, failures = zip(*parts, strict=True)
    return Burst(sum(counts), time.monotonic() - began, sum(failures))


def taken(remaining: Iterator[Request], lock: Lock) -> Iterator[Request]:
    while True:
        with lock:
            one = next(remaining, None)
        if one is None:
            return
        yield one
