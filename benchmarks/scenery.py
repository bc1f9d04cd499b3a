"""The stage on which everything is measured: PostgreSQL, Valkey, and two gunicorns, ours and the floor's.

Everything lives in a folder of its own and ends with the block, or with this process, however
it ends; a folder that is to be kept stays, with its database.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.services import postgresql, valkey
from tests.services.processes import die_with_parent, free_port

ROOT = Path(__file__).resolve().parents[1]

# As a small business would run it, except that nothing waits for the disk: that wait would be the
# same in both columns, and hide what is ours.
FLAGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "autovacuum_naptime": "10s",
}
WORKERS = 2


@dataclass(frozen=True)
class Site:
    """A running gunicorn."""

    address: str
    process: psutil.Popen

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def workers(self) -> list[psutil.Process]:
        found: list[psutil.Process] = self.process.children()
        return found


@contextmanager
def services(keep: Path | None = None) -> Iterator[Path]:
    """Run database and broker, and point this process (and so its children) at them.

    What they write stays in `keep`, if given, and is there again the next time.
    """
    with ExitStack() as stack:
        if keep is None:
            temporary = tempfile.TemporaryDirectory(prefix="vinculo-bench-")
            folder = Path(stack.enter_context(temporary))
        else:
            folder = keep.resolve()
            folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # the database runs as an account of its own
        database, url = postgresql.start(folder / "postgresql", FLAGS)
        stack.callback(postgresql.stop, database)
        redis_url = stack.enter_context(valkey.running())
        os.environ |= {
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "VAR_DIR": str(folder / "var"),
            "EMAIL_URL": "",
            "SECRET_KEY": "",
            "DEBUG": "false",
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        yield folder


def manage(*arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, check=True)


@contextmanager
def gunicorn(folder: Path, settings: str) -> Iterator[Site]:
    """Serve these settings as `manage.py serve` would, with two workers."""
    port = free_port()
    log = folder / f"{settings}.log"
    with log.open("wb") as output:
        process = psutil.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn"),
                *("--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}"),
            ],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
    site = Site(f"http://127.0.0.1:{port}", process)
    try:
        wait_for(site, log)
        yield site
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


def wait_for(site: Site, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        if site.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(log.read_text())
        try:
            with urllib.request.urlopen(f"{site.address}/healthz", timeout=5):  # noqa: S310
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
