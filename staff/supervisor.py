"""Keeps a few programs alive, and ends them together.

A script without Django: whoever watches needs neither models nor pages, which would be 50 MB.
`take_over` puts it in the place of the process that prepared everything; what it says to the person
at the terminal comes along, translated.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import NoReturn

# How long programs may take to finish what they are at. What is cut off is found by the sweeps.
STOP_WITHIN = 10.0
# A program that lived this long had started well: the next restart is immediate again.
SETTLED_AFTER = 10.0
LONGEST_PAUSE = 30.0
WEB_ANSWERS_WITHIN = 30


@dataclass(frozen=True)
class Program:
    name: str
    command: list[str]


@dataclass(frozen=True)
class Plan:
    """What is run, the first of it until it answers at (host, port), and what is said meanwhile.

    `ended` has the places %(program)s and %(how)s; `status`, of how a program ended, %(status)s.
    """

    folder: str
    host: str
    port: int
    programs: list[Program]
    ready: list[str]
    ended: str
    status: str


def take_over(plan: Plan) -> NoReturn:
    """From now on this process is the supervisor, and nothing else of what it was."""
    # -P: what lies beside this file is no part of Python.
    arguments = [sys.executable, "-P", __file__, json.dumps(asdict(plan))]
    os.execv(sys.executable, arguments)  # noqa: S606 - ourselves, with arguments of our own


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
    """Starts programs, each in a process group of its own, and restarts whichever ends by itself."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.children: list[Child] = []
        self.stopping = threading.Event()
        self.times_asked = 0

    def run(self) -> None:
        """Start the web first and the others once it answers; return when no child is left."""
        web, *others = self.plan.programs
        self.start(web)
        if self.wait_until_answering():
            say("\n".join(self.plan.ready))
        for program in others:
            self.start(program)
        self.watch()

    def start(self, program: Program) -> None:
        if not self.stopping.is_set():
            self.children.append(Child(program, self.spawn(program), time.monotonic()))

    def ask_to_stop(self) -> None:
        """For signal handlers. Asking twice means: now."""
        self.times_asked += 1
        self.stopping.set()

    def wait_until_answering(self) -> bool:
        deadline = time.monotonic() + WEB_ANSWERS_WITHIN
        while time.monotonic() < deadline and not self.stopping.is_set():
            try:
                socket.create_connection((self.plan.host, self.plan.port), timeout=1).close()
            except OSError:
                self.stopping.wait(0.05)
            else:
                return True
        return False

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
            how = self.how_it_ended(child.process.returncode)
            say(self.plan.ended % {"program": child.program.name, "how": how})
        if now >= child.restart_at:
            child.process = self.spawn(child.program)
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

    def spawn(self, program: Program) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            program.command,
            cwd=self.plan.folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - this process has one thread
        )

    def how_it_ended(self, returncode: int) -> str:
        if returncode < 0:
            return signal.Signals(-returncode).name
        return self.plan.status % {"status": returncode}


def say(line: str) -> None:
    """To the person at the terminal."""
    print(line, flush=True)


def kill_group(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def main(told: str) -> None:
    found = json.loads(told)
    found["programs"] = [Program(**one) for one in found["programs"]]
    supervisor = Supervisor(Plan(**found))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.ask_to_stop())
    supervisor.run()


if __name__ == "__main__":
    main(sys.argv[1])
