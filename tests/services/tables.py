"""An empty database with all its tables: migrated once for each state of the migrations, then copied.

Django takes a quarter of a minute over them, nearly all of it in Python; every process of the
suite and every installation that a test starts needs them.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import postgresql

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".pytest_cache" / "tables"
A_DAY = 24 * 60 * 60
# What migrations ask of the rooms, beside themselves.
WRITES_TABLES = re.compile(r"CREATE |WordIndex")


def lay_out(url: str) -> None:
    """Give the empty database at `url` its tables; what `migrate` adds afterwards is still to do."""
    kept = KEPT / (_fingerprint() + (".sqlite3" if url.startswith("sqlite") else ".sql"))
    with _one_at_a_time(kept):
        if not kept.exists():
            _make(kept)
    if url.startswith("sqlite"):
        shutil.copyfile(kept, url.removeprefix("sqlite:///"))
    else:
        postgresql.run(
            "psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={kept}", url
        )


@contextmanager
def _one_at_a_time(kept: Path) -> Iterator[None]:
    KEPT.mkdir(parents=True, exist_ok=True)
    with kept.with_suffix(f"{kept.suffix}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fingerprint() -> str:
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    rooms = [migrations.parent for migrations in ROOT.glob("*/migrations")]
    for file in sorted(file for room in rooms for file in room.rglob("*.py")):
        text = file.read_text()
        if file.parent.name == "migrations" or WRITES_TABLES.search(text):
            digest.update(f"{file}\n{text}".encode())
    return digest.hexdigest()[:16]


def _make(kept: Path) -> None:
    for old in KEPT.glob("*.*"):
        if time.time() - old.stat().st_mtime > A_DAY:  # another run may be copying a younger one
            old.unlink()
    draft = kept.with_suffix(f"{kept.suffix}.draft")
    draft.unlink(missing_ok=True)
    if kept.suffix == ".sqlite3":
        _migrate(f"sqlite:///{draft}")
    else:
        url = postgresql.new_database()
        _migrate(url)
        postgresql.run("pg_dump", "--no-owner", "--no-privileges", f"--file={draft}", url)
        postgresql.drop_database(url)
    draft.rename(kept)


def _migrate(url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="vinculo-tables-") as folder:
        subprocess.run(
            [sys.executable, "-m", "tests.services.tables"],
            cwd=ROOT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": url,
                "REDIS_URL": "",
                "VAR_DIR": folder,
            },
            check=True,
        )


def migrate() -> None:
    """Every migration, but nothing of what the rooms do after each `migrate`: that may change daily."""
    import django
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    call_command("createcachetable", verbosity=0)


if __name__ == "__main__":
    migrate()
