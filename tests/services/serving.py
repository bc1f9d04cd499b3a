"""`manage.py serve` as a person runs it: real processes, an environment and folder of its own."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.services import tables
from tests.services.processes import die_with_parent, free_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Installation:
    """One folder, one database, one broker."""

    folder: Path
    database_url: str = ""
    redis_url: str = ""
    email_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DJANGO_", "PYTEST_", "COV_"))
        }
        return inherited | {
            "VAR_DIR": str(self.folder),
            "DATABASE_URL": self.database_url or f"sqlite:///{self.folder / 'vinculo.sqlite3'}",
            "REDIS_URL": self.redis_url,
            "EMAIL_URL": self.email_url,
            "SECRET_KEY": "",
            "DEBUG": "false",
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def prepare(self) -> None:
        """Its tables at once, for a test that isn't about how they come to be."""
        tables.lay_out(self.environment["DATABASE_URL"])
        self.manage("migrate", "--verbosity", "0")

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Run a management command to its end; return what it printed; fail with what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the installation's database answers, without a process of its own."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(query.encode()).fetchall()
        with closing(sqlite3.connect(self.folder / "vinculo.sqlite3", timeout=20)) as database:
            return database.execute(query).fetchall()


@dataclass
class Serving:
    """A running `manage.py serve`."""

    process: psutil.Popen
    address: str
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.address + path, timeout=30) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def family(self) -> list[psutil.Process]:
        """Every process below, at this moment."""
        found: list[psutil.Process] = self.process.children(recursive=True)
        return found

    def leader(self, word: str) -> psutil.Process:
        """The direct child whose command line has `word`: gunicorn, celery, scheduler."""
        [found] = self.leaders(word)
        return found

    def leaders(self, word: str) -> list[psutil.Process]:
        return [
            child
            for child in self.process.children()
            if child.status() != psutil.STATUS_ZOMBIE and word in child.cmdline()
        ]

    def memory(self) -> int:
        """Bytes of all processes, what they share counted once."""
        return sum(one.memory_full_info().pss for one in [self.process, *self.family()])


def eventually(true: Callable[[], object], *, within: float = 60, what: str = "it") -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come within {within} s"
        time.sleep(0.1)


@contextmanager
def serving(installation: Installation, *options: str) -> Iterator[Serving]:
    """Run `serve` on a free port until the block ends; leave no process behind."""
    port = free_port()
    log = installation.folder / "serve.log"
    with log.open("ab") as output:
        process = psutil.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port), *options],
            cwd=ROOT,
            env=installation.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
    running = Serving(process, f"http://127.0.0.1:{port}", log)
    try:
        eventually(lambda: answers(running), within=180, what=f"an answer ({log.read_text()})")
        yield running
    finally:
        family = running.family() if process.is_running() else []
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        for one in family:
            if one.is_running():
                one.kill()


def answers(running: Serving) -> bool:
    assert running.process.poll() is None, running.log.read_text()
    try:
        return running.get("/healthz")[0] == 200
    except OSError:
        return False
