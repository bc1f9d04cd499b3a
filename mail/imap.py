"""Talking to an IMAP server: what is there, in bytes, without changing anything on it.

Folders are opened read-only and mails are peeked at, so nothing is ever marked as read. Every way
to fail is a Trouble whose code says what a person can do about it.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxFolderStatusError,
    MailboxLoginError,
    UnexpectedCommandStatusError,
)
from imap_tools.mailbox import BaseMailBox

from mail import secrets
from mail.models import Mailbox

Result = TypeVar("Result")
Security = Mailbox.Security

# Seconds for each answer of the server.
TIMEOUT = 20
DEFAULT_PORTS = {Security.SSL: 993, Security.STARTTLS: 143, Security.NONE: 143}

PROBLEMS: dict[str, str | Promise] = {
    "no_such_host": _("No server has this name. Check how it is written."),
    "refused": _("The server does not listen on this port. Check the port."),
    "silent": _("The server does not answer. Check the name and the port, or a firewall."),
    "unreachable": _("The server can't be reached."),
    "certificate": _("The server's certificate can't be trusted, so nothing was sent to it."),
    "no_tls": _(
        "The connection could not be encrypted this way. Check the port and the encryption."
    ),
    "login": _("The server refused the user name or the password."),
    "password": _(
        "The password can't be read any more: the secret key has changed. Enter it again."
    ),
    "folder": _("This folder is not there: it may have been renamed or deleted."),
    "dropped": _("The connection broke off. It is tried again."),
    "answer": _("The server answered with an error."),
    "storing": _("The mail could not be stored here. Check the disk and the database."),
}


class Trouble(Exception):
    """The server can't be read now; `code` is one of PROBLEMS, `words` are the server's own."""

    def __init__(self, code: str, words: str = "") -> None:
        super().__init__(f"{code} {words}".strip())
        self.code, self.words = code, words


class Dropped(Trouble):
    """The conversation ended in the middle: nothing more can be asked on this connection."""


class Refused(Trouble):
    """The server said no to this one thing; the conversation can go on."""


def explained(error: str) -> tuple[str, str]:
    """Mailbox.error or MailboxFolder.error for a person: (what is wrong, the server's words)."""
    code, _space, words = error.partition(" ")
    return (str(PROBLEMS[code]), words) if code in PROBLEMS else ("", error)


@dataclass(frozen=True)
class Status:
    uid_validity: int
    uid_next: int


@dataclass(frozen=True)
class Listed:
    """A mail on the server before its content is fetched."""

    uid: int
    size: int
    arrived_at: datetime | None


class Connection:
    """One signed-in conversation with a mailbox's server; `reconnect` starts it anew."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._box: BaseMailBox | None = None

    def __enter__(self) -> Self:
        self._box = connect(self._mailbox)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            with suppress(Exception):  # it may be gone already; there is nothing left to lose
                box.client.logout()
            with suppress(Exception):
                box.client.shutdown()

    def reconnect(self) -> None:
        self.close()
        self._box = connect(self._mailbox)

    def folders(self) -> list[str]:
        """The names of the folders that can hold mail, the inbox first."""
        found = self._ask(lambda box: box.folder.list())
        names = [one.name for one in found if "\\noselect" not in map(str.lower, one.flags)]
        return sorted(names, key=lambda name: (name.upper() != "INBOX", name.casefold()))

    def status(self, folder: str) -> Status:
        """Cheap: tells whether there is anything new without opening the folder."""
        said = self._ask(lambda box: box.folder.status(folder, ["UIDVALIDITY", "UIDNEXT"]))
        return Status(said.get("UIDVALIDITY", 0), said.get("UIDNEXT", 0))

    def open(self, folder: str) -> None:
        """Open the folder for reading alone."""
        self._ask(lambda box: box.folder.set(folder, readonly=True))

    def uids(self, *, above: int = 0, since: date | None = None) -> list[int]:
        """The UIDs in the open folder, ascending; above 6: from 7 on."""
        criteria = f"UID {above + 1}:*"
        if since:
            criteria += f" SINCE {since.day}-{MONTHS[since.month - 1]}-{since.year}"
        found = self._ask(lambda box: box.uids(criteria, charset=None))
        # "7:*" includes the last mail even if its UID is less.
        return sorted(uid for uid in map(int, found) if uid > above)

    def listed(self, uids: Sequence[int]) -> list[Listed]:
        """Size and time of arrival of each mail that is still there."""
        found: dict[int, Listed] = {}
        for head, _literal, _tail in self._fetch(uids, "(UID RFC822.SIZE INTERNALDATE)"):
            uid, size = _number(rb"UID (\d+)", head), _number(rb"RFC822\.SIZE (\d+)", head)
            if uid is not None and size is not None:
                found[uid] = Listed(uid, size, _arrived(head))
        return [found[uid] for uid in uids if uid in found]

    def bodies(self, uids: Sequence[int], *, only_headers: bool = False) -> dict[int, bytes]:
        """The mails by UID, as they are; one that is gone meanwhile is missing."""
        part = "BODY.PEEK[HEADER]" if only_headers else "BODY.PEEK[]"
        found: dict[int, bytes] = {}
        for head, literal, tail in self._fetch(uids, f"(UID {part})"):
            uid = _number(rb"UID (\d+)", head + b" " + tail)
            if uid is not None and literal is not None:
                found[uid] = literal
        return {uid: found[uid] for uid in uids if uid in found}

    def _fetch(
        self, uids: Sequence[int], parts: str
    ) -> Iterator[tuple[bytes, bytes | None, bytes]]:
        """Each answer as (what precedes the literal, the literal, what follows it).

        Servers put in news of other mails, such as flags that somebody else has set: those are
        answers without a literal.
        """
        asked = ",".join(map(str, uids))
        answers: list[Any] = self._ask(lambda box: _checked(box.client.uid("FETCH", asked, parts)))
        for place, answer in enumerate(answers):
            following = answers[place + 1] if place + 1 < len(answers) else b""
            if isinstance(answer, tuple):
                yield answer[0], answer[1], following if isinstance(following, bytes) else b""
            elif isinstance(answer, bytes):
                yield answer, None, b""

    def _ask(self, question: Callable[[BaseMailBox], Result]) -> Result:
        if self._box is None:
            raise Dropped("dropped")
        with troubles_of_asking():
            return question(self._box)


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def connect(mailbox: Mailbox) -> BaseMailBox:
    """Connected, encrypted as asked, signed in; raises Trouble."""
    try:
        password = secrets.decrypt(mailbox.password)
    except secrets.Unreadable as error:
        raise Trouble("password") from error
    with troubles_of_connecting():
        box = _box(mailbox)
    try:
        with troubles_of_signing_in():
            plain = (mailbox.username + password).isascii()
            login = box.login if plain else box.login_utf8
            login(mailbox.username, password, initial_folder=None)
    except Trouble:
        with suppress(Exception):
            box.client.shutdown()
        raise
    return box


def _box(mailbox: Mailbox) -> BaseMailBox:
    host, port = mailbox.host, mailbox.port
    if mailbox.security == Security.NONE:
        return MailBoxUnencrypted(host, port, timeout=TIMEOUT)
    # Without a context of ours imaplib would believe any certificate.
    context = ssl.create_default_context()
    if mailbox.security == Security.SSL:
        return MailBox(host, port, timeout=TIMEOUT, ssl_context=context)
    return StartTls(host, port, timeout=TIMEOUT, ssl_context=context)


class StartTls(MailBoxStartTls):
    """Hangs up when the encryption fails, rather than leave that to the collector."""

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4(self._host, self._port, self._timeout)
        try:
            client.starttls(self._ssl_context)
        except BaseException:
            with suppress(OSError):  # the attempt may have closed it
                client.shutdown()
            raise
        return client


# --- What went wrong ------------------------------------------------------------------------------


@contextmanager
def troubles_of_connecting() -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Trouble("certificate", error.verify_message) from error
    except ssl.SSLError as error:
        raise Trouble("no_tls", error.reason or str(error)) from error
    except (socket.gaierror, UnicodeError) as error:
        raise Trouble("no_such_host") from error
    except ConnectionRefusedError as error:
        raise Trouble("refused") from error
    except TimeoutError as error:
        raise Trouble("silent") from error
    except OSError as error:
        raise Trouble("unreachable", error.strerror or str(error)) from error
    except (imaplib.IMAP4.error, ImapToolsError, ValueError) as error:
        # STARTTLS is not offered, or what answers there does not speak IMAP.
        raise Trouble("no_tls", said(error)) from error


@contextmanager
def troubles_of_signing_in() -> Iterator[None]:
    try:
        yield
    except MailboxLoginError as error:
        raise Trouble("login", said(error)) from error
    except imaplib.IMAP4.abort as error:
        raise Dropped("dropped", said(error)) from error
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        raise Trouble("login", said(error)) from error
    except OSError as error:
        raise Dropped("dropped", str(error)) from error


@contextmanager
def troubles_of_asking() -> Iterator[None]:
    try:
        yield
    except (MailboxFolderStatusError, MailboxFolderSelectError) as error:
        raise Refused("folder", said(error)) from error
    except (imaplib.IMAP4.abort, OSError, EOFError) as error:
        raise Dropped("dropped", said(error)) from error
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        raise Refused("answer", said(error)) from error


def said(error: BaseException) -> str:
    """The server's own words, in a line of a length that a page can show."""
    words = str(error)
    if isinstance(error, UnexpectedCommandStatusError):
        data = error.command_result[1]
        first = data[0] if isinstance(data, list) and data else data
        words = first.decode(errors="replace") if isinstance(first, bytes) else str(first)
    return " ".join(words.replace("\0", "").split())[:300]


# --- Reading answers --------------------------------------------------------------------------------


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(said(UnexpectedCommandStatusError(answer, "OK")))
    return data


def _number(pattern: bytes, text: bytes) -> int | None:
    found = re.search(pattern, text)
    return int(found[1]) if found else None


_DATE = re.compile(
    rb'INTERNALDATE "([ \d]\d)-(\w{3})-(\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})"', re.IGNORECASE
)


def _arrived(head: bytes) -> datetime | None:
    """When the mail came to the server; None when it does not say, or says it wrongly."""
    found = _DATE.search(head)
    if not found:
        return None
    day, month, year, clock, zone = (part.decode() for part in found.groups())
    try:
        number = MONTHS.index(month.title()) + 1
        text = f"{year}-{number:02}-{int(day):02} {clock} {zone}"
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return None
