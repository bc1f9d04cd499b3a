"""An installation of its own, in real processes that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.services import tables
from tests.services.processes import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
WORKER = (
    "-m celery --app config --quiet worker --queues {queues} --concurrency 2"
    " --without-gossip --without-mingle --without-heartbeat"
)


class Installation:
    """`environment` chooses database and broker, as a person would; `folder` is its VAR_DIR."""

    def __init__(self, folder: Path, **environment: str) -> None:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in {"REDIS_URL", "EMAIL_URL", "BASE_URL"}
        }
        self.environment = {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'vinculo.sqlite3'}",
            "SECRET_KEY": "only-for-tests",
            "LOG_LEVEL": "ERROR",
            **environment,
        }
        self.log = folder / "processes.log"
        self.running: list[subprocess.Popen[bytes]] = []

    def prepare(self) -> None:
        """Its tables at once: these tests aren't about how they come to be."""
        tables.lay_out(self.environment["DATABASE_URL"])
        self.manage("migrate", "--verbosity", "0")

    def start(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        """A process of the installation, with all its children in one group."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def start_worker(self, queues: str = "mail,default") -> subprocess.Popen[bytes]:
        return self.start(WORKER.format(queues=queues).split())

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        return self.start(["manage.py", "scheduler"])

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL to the process and all its children: nobody can clean up."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def stop_all(self) -> None:
        for process in list(self.running):
            self.kill(process)

    def manage(self, *arguments: str) -> None:
        self._run([sys.executable, "manage.py", *arguments])

    def ask(self, code: str) -> Any:
        """Run Python inside the installation; what it prints is JSON."""
        prelude = "import django; django.setup()\n"
        return json.loads(self._run([sys.executable, "-c", prelude + code]))

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
