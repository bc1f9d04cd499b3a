"""Mail servers on loopback that misbehave in one chosen way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services.processes import free_port


class Misbehaving:
    """Takes messages as a sink does, unless told otherwise; `seen` is what it really has."""

    def __init__(self) -> None:
        self.port = free_port()
        self.seen: list[str] = []
        self.data_reply = ""  # said to the whole message, which it then does not take
        self.drop_after_data = False  # keeps the message and hangs up without a word
        self.silent_after_data = False  # keeps the message and says nothing
        self.hang_up_after_each = False
        # Called when it has a message and has not answered yet, with how many it has.
        self.before_answer: Callable[[int], None] = lambda taken: None
        self.refuse_sender = ""
        self.connections = 0
        self.last_session: Session | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_sender:
            return self.refuse_sender
        if self.hang_up_after_each and session is self.last_session:
            return "421 4.3.2 one message is enough"
        self.last_session = session
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data_reply:
            return self.data_reply
        self.seen.append(envelope.rcpt_tos[0])
        self.before_answer(len(self.seen))
        if self.drop_after_data:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if self.silent_after_data:
            await asyncio.sleep(60)
        return "250 2.0.0 taken"


@contextmanager
def running(server: Misbehaving) -> Iterator[Misbehaving]:
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
