"""`manage.py serve`: web, worker and scheduler in one terminal, stopped as one."""

import multiprocessing
import os
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils.translation import gettext as _

from staff.installation import collect_static, prepare_database
from staff.models import Business
from staff.supervisor import Plan, Program, take_over

QUEUES = "default,mail,metrics,imports"


class Command(BaseCommand):
    help = "Starts web, worker and scheduler; Ctrl-C stops all of them."
    # They run where everything is prepared: they import every page, which this process never needs.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--web-workers", type=int, default=2)
        parser.add_argument("--concurrency", type=int, default=2, help="tasks at the same time")
        parser.add_argument(
            "--demo", action="store_true", help="load demo data first if there is no business yet"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        refuse_taken_port(host, port)
        os.environ.setdefault("BASE_URL", f"http://127.0.0.1:{port}")
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        in_a_process_of_its_own(self.prepare)
        if options["demo"] and Business.current() is None:
            load_demo()
        # The children open their own; a database must not see two processes on one connection.
        connections.close_all()
        take_over(
            Plan(
                folder=str(settings.BASE_DIR),
                host=host,
                port=port,
                programs=programs(host, port, options["web_workers"], options["concurrency"]),
                ready=self.ready(),
                ended=_("%(program)s ended (%(how)s); starting it again."),
                status=_("exit status %(status)s"),
            )
        )

    def prepare(self) -> None:
        try:
            self.check()
            prepare_database()
            collect_static()
        except CommandError as error:
            self.stderr.write(str(error))
            sys.exit(error.returncode)

    def ready(self) -> list[str]:
        """What is said once it answers; with what `manage.py demo` noted for whoever tries it."""
        note = settings.VAR_DIR / "demo-sign-in.txt"
        return [
            _("Vínculo is at %(address)s") % {"address": os.environ["BASE_URL"]},
            *([note.read_text().rstrip()] if note.exists() else []),
            _("Ctrl-C stops it."),
        ]


def in_a_process_of_its_own(work: Callable[[], None]) -> None:
    """Do it where all that it imports and builds is given back: we only watch from then on."""
    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


def load_demo() -> None:
    """In a process of its own, so that what it took of memory is given back before serving."""
    done = subprocess.run([sys.executable, "manage.py", "demo"], cwd=settings.BASE_DIR, check=False)
    if done.returncode:
        raise CommandError(_("The demo data could not be loaded."), returncode=done.returncode)


def programs(host: str, port: int, web_workers: int, concurrency: int) -> list[Program]:
    web = (
        f"-m gunicorn --config python:config.gunicorn --bind {host}:{port} --workers {web_workers}"
    )
    worker = (
        f"-m celery --app config --quiet worker --queues {QUEUES} --concurrency {concurrency}"
        " --without-gossip --without-mingle --without-heartbeat"
    )
    return [
        Program("web", [sys.executable, *web.split()]),
        Program("worker", [sys.executable, *worker.split()]),
        Program("scheduler", [sys.executable, "manage.py", "scheduler"]),
    ]


def refuse_taken_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise CommandError(
                _("Port %(port)s can't be used: %(reason)s. Choose another with --port or PORT.")
                % {"port": port, "reason": reason},
                returncode=2,
            ) from error
