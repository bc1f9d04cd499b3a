"""Talking to a mail server: what exactly is known of a message after each way to fail.

smtplib's own sendmail() does not tell whether a failure came before or after the message was
handed over, and that difference decides whether it may be sent again.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.mail.utils import DNS_NAME

# Seconds for each answer of the server; RFC 5321 is more patient, but a queue stands behind it.
TIMEOUT = 30
DEFAULT_PORTS = {"starttls": 587, "ssl": 465, "none": 25}
# The recipient's address itself is wrong (RFC 3463); 5.1.7 and 5.1.8 blame the sender's.
NO_SUCH_ADDRESS = re.compile(r"\A5\d\d[ -]5\.1\.(1|2|3|6|10)\b")


class NotTaken(Exception):
    """The server does not have the message; it may be sent again later."""


class ServerTrouble(NotTaken):
    """No message would get through now: no connection, no encryption, no sign-in, sender refused."""


class Dropped(ServerTrouble):
    """The connection ended before the message was handed over."""


class Refused(Exception):
    """The server will never take this message."""

    def __init__(self, words: str, *, is_hard_bounce: bool = False) -> None:
        super().__init__(words)
        # Whether the recipient's address does not exist.
        self.is_hard_bounce = is_hard_bounce or NO_SUCH_ADDRESS.match(words) is not None


class Unclear(Exception):
    """The message was handed over and no answer came: the server may have it, or not."""


@dataclass(frozen=True)
class Taken:
    """What was said when a message was taken, and how a provider's events will name it."""

    words: str
    provider_id: str = ""


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    tls: str
    user: str = ""
    password: str = ""

    @classmethod
    def of(cls, url: str) -> Server:
        """Read `smtp://user:pass@host:port?tls=starttls|ssl|none`; ValueError says what is wrong.

        Without `tls`, encryption is required, except on this very machine.
        """
        parts = urlsplit(url)
        if parts.scheme != "smtp" or not parts.hostname:
            raise ValueError(
                "EMAIL_URL must look like smtp://user:password@host:port or anymail-postmark://"
            )
        [tls] = parse_qs(parts.query).get(
            "tls", ["none" if is_loopback(parts.hostname) else "starttls"]
        )
        if tls not in DEFAULT_PORTS:
            raise ValueError("EMAIL_URL: tls must be starttls, ssl or none")
        return cls(
            host=parts.hostname,
            port=parts.port or DEFAULT_PORTS[tls],
            tls=tls,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Connection:
    """One conversation with a server, opened for the first message and kept for the next ones."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                client.quit()
            except (smtplib.SMTPException, OSError):
                client.close()

    def send(self, sender: str, recipient: str, raw: bytes) -> str:
        """Hand one message over; return the server's words.

        Raises NotTaken, Refused or Unclear, and nothing else for whatever the server does.
        """
        is_reused = self._client is not None
        try:
            return self._send(sender, recipient, raw)
        except Dropped:
            if not is_reused:
                raise
        # A server may hang up between two messages; this one it has not seen.
        return self._send(sender, recipient, raw)

    def _send(self, sender: str, recipient: str, raw: bytes) -> str:
        if self._client is None:
            self._client = connect(self._server)
        client = self._client
        try:
            code, words = client.mail(
                sender, [f"size={len(raw)}"] if client.has_extn("size") else []
            )
            self._expect(250, code, words, later=ServerTrouble, never=ServerTrouble)
            code, words = client.rcpt(recipient)
            self._expect(251 if code == 251 else 250, code, words)
            code, words = client.docmd("DATA")
            self._expect(354, code, words)
            # Without its last line, the lone dot, no server may take a message.
            client.send(re.sub(rb"(?m)^\.", b"..", raw).removesuffix(b"\r\n") + b"\r\n.\r\n")
        except (smtplib.SMTPException, OSError) as error:
            self._hang_up()
            raise Dropped(str(error)) from error
        return self._answer(client)

    def _answer(self, client: smtplib.SMTP) -> str:
        """What the server says to the whole message; silence leaves everything open."""
        try:
            code, words = client.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._hang_up()
            raise Unclear(str(error)) from error
        if not 200 <= code < 600 or 300 <= code < 400:
            self._hang_up()
            raise Unclear(said(code, words))
        if code >= 400:
            self._expect(250, code, words)
        return said(code, words)

    def _expect(
        self,
        wanted: int,
        code: int,
        words: bytes,
        *,
        later: type[Exception] = NotTaken,
        never: type[Exception] = Refused,
    ) -> None:
        if code == wanted:
            return
        if code == 421 or code < 0:  # it is closing
            self._hang_up()
            raise Dropped(said(code, words))
        self._start_over()
        raise (never if 500 <= code < 600 else later)(said(code, words))

    def _start_over(self) -> None:
        """Ready for the next message on the same connection, or on a new one."""
        try:
            if self._client is not None and self._client.rset()[0] != 250:
                self._hang_up()
        except (smtplib.SMTPException, OSError):
            self._hang_up()

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def connect(server: Server) -> smtplib.SMTP:
    """A conversation in which a message can be handed over at once; never without the TLS asked for."""
    context = ssl.create_default_context()
    name = DNS_NAME.get_fqdn()
    client: smtplib.SMTP | None = None
    try:
        if server.tls == "ssl":
            client = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=name, timeout=TIMEOUT, context=context
            )
        else:
            client = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=TIMEOUT)
        client.ehlo_or_helo_if_needed()
        if server.tls == "starttls":
            client.starttls(context=context)  # raises when it is not offered
            client.ehlo()
        if server.user:
            client.login(server.user, server.password)
    except (smtplib.SMTPException, OSError) as error:
        if client is not None:
            client.close()
        raise ServerTrouble(trouble(error)) from error
    return client


def trouble(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return said(error.smtp_code, words if isinstance(words, bytes) else words.encode())
    return str(error)


def said(code: int, words: bytes) -> str:
    return f"{code} {words.decode(errors='replace')}".strip()
