"""Keeps a few child processes alive, and ends them together."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

# How long children may take to finish what they are at. What is cut off is found by the sweeps.
STOP_WITHIN = 10.0
# A child that lived this long had started well: the next restart is immediate again.
SETTLED_AFTER = 10.0
LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Program:
    name: str
    command: list[str]


@dataclass
class Child:
    program: Program
    process: subprocess.Popen[bytes]
    started_at: float
    # Seconds to wait before the next restart if this one ends early too.
    pause: float = 0.0
    restart_at: float | None = None


def end_with_parent() -> None:
    """In the child: on Linux the kernel sends SIGTERM when the parent dies, however it dies."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Supervisor:
    """Starts programs, each in a process group of its own, and restarts whichever ends by itself.

    `say` gets one line for each thing that a person at the terminal should know.
    """

    def __init__(self, *, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[Child] = []
        self.stopping = threading.Event()
        self.times_asked = 0

    def start(self, program: Program) -> None:
        if not self.stopping.is_set():
            self.children.append(Child(program, spawn(program), time.monotonic()))

    def ask_to_stop(self) -> None:
        """For signal handlers. Asking twice means: now."""
        self.times_asked += 1
        self.stopping.set()

    def watch(self) -> None:
        """Stay until asked to stop, then return when no child is left."""
        while not self.stopping.wait(0.5):
            for child in self.children:
                self.look_after(child)
        self.stop()

    def look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.restart_at is None:
            if child.process.poll() is None:
                return
            # Its own children may have outlived it.
            kill_group(child.process.pid, signal.SIGKILL)
            settled = now - child.started_at >= SETTLED_AFTER
            child.pause = 0.0 if settled else min(child.pause * 2 + 1, LONGEST_PAUSE)
            child.restart_at = now + (0.0 if settled else child.pause - 1)
            self.say(
                _("%(program)s ended (%(how)s); starting it again.")
                % {"program": child.program.name, "how": how_it_ended(child.process.returncode)}
            )
        if now >= child.restart_at:
            child.process = spawn(child.program)
            child.started_at, child.restart_at = now, None

    def stop(self) -> None:
        """Ask every child to end, wait, then kill what is left, with all that it started."""
        running = [child.process for child in self.children]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_WITHIN
        while time.monotonic() < deadline and self.times_asked < 2:
            if all(process.poll() is not None for process in running):
                break
            time.sleep(0.05)
        for process in running:
            kill_group(process.pid, signal.SIGKILL)
            process.wait()


def spawn(program: Program) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        program.command,
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - this process has one thread
    )


def kill_group(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def how_it_ended(returncode: int) -> str:
    if returncode < 0:
        return signal.Signals(-returncode).name
    return _("exit status %(status)s") % {"status": returncode}
