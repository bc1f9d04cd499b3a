"""A real mail server on loopback that keeps what it is given."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services.processes import free_port


@dataclass(frozen=True)
class Delivered:
    """One message as the server took it: the envelope, and the message parsed."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def body(self, kind: str = "plain") -> str:
        """The text of the `plain` or `html` part."""
        part = self.message.get_body((kind,))
        assert part is not None, f"no text/{kind} part"
        return str(part.get_content())


@dataclass
class Sink:
    """What arrived, in order; `answer` lets a test refuse: recipient → an SMTP reply or None."""

    port: int
    delivered: list[Delivered] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    refuse_all: str = ""
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """What EMAIL_URL would be."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def answer(self, recipient: str, reply: str) -> None:
        """From now on answer RCPT TO of `recipient` with `reply`, such as `550 5.1.1 unknown`."""
        self.answers[recipient.lower()] = reply

    def to(self, recipient: str) -> list[Delivered]:
        return [one for one in self.delivered if recipient in one.recipients]

    def wait(self, count: int, timeout: float = 60) -> list[Delivered]:
        """Wait until at least `count` messages are here; fail after `timeout` seconds."""
        with self.arrived:
            enough = self.arrived.wait_for(lambda: len(self.delivered) >= count, timeout)
        assert enough, f"{len(self.delivered)} of {count} messages arrived"
        return list(self.delivered)

    def clear(self) -> None:
        self.delivered.clear()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.refuse_all or self.answers.get(address.lower())
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        with self.arrived:
            self.delivered.append(
                Delivered(envelope.mail_from or "", list(envelope.rcpt_tos), content)
            )
            self.arrived.notify_all()
        return "250 2.0.0 taken"


@contextmanager
def running() -> Iterator[Sink]:
    """Run a mail server on a free port for the length of the block."""
    sink = Sink(port=free_port())
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
