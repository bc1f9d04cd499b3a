"""A mail server in a process of its own that counts what it is given.

`python -m benchmarks.sink` says its port; then, for each line that it reads, how many messages
came and how many different ones.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.scenery import ROOT
from tests.services.processes import die_with_parent, free_port


@dataclass
class Handler:
    contents: list[bytes] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)  # noqa: S101
        self.contents.append(envelope.content)
        return "250 2.0.0 taken"


@dataclass(frozen=True)
class Sink:
    port: int
    process: subprocess.Popen[str]

    def counts(self) -> tuple[int, int]:
        """(messages, different messages) since the last time."""
        assert self.process.stdin is not None  # noqa: S101
        assert self.process.stdout is not None  # noqa: S101
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        total, different = map(int, self.process.stdout.readline().split())
        return total, different


@contextmanager
def running() -> Iterator[Sink]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    assert process.stdout is not None  # noqa: S101
    try:
        yield Sink(int(process.stdout.readline()), process)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def main() -> None:
    handler = Handler()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    print(controller.port, flush=True)
    for _line in sys.stdin:
        time.sleep(0.1)
        contents, handler.contents = handler.contents, []
        parser = BytesHeaderParser()
        different = {parser.parsebytes(content)["Message-ID"] for content in contents}
        print(len(contents), len(different), flush=True)
    controller.stop()


if __name__ == "__main__":
    main()
