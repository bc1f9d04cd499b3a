"""A real IMAP server: Debian's dovecot-imapd on loopback, with a folder of its own."""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imap_tools.utils import encode_folder

from tests.services.processes import die_with_parent, free_port

USER, PASSWORD = "help@padaria-aurora.example", 'con "clave" & \\ espacio'

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
mailbox_list_index = no
maildir_very_dirty_syncs = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
ssl = {tls}
{certificate}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = {tls}
  }}
}}
service anvil {{
  chroot =
  # No pause for those who have given a wrong password.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  user = {user}
}}
service auth-worker {{
  user = {user}
}}
service stats {{
  chroot =
}}
"""


def path() -> str | None:
    """Where Dovecot is; it is no program for a person's PATH."""
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")


@dataclass
class Server:
    """A running server with one account, `USER`."""

    folder: Path
    port: int
    tls_port: int

    def connect(self) -> imaplib.IMAP4:
        """As another mail program would: signed in, free to change anything."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=30)
        client._simple_command("LOGIN", client._quote(USER), client._quote(PASSWORD))  # type: ignore[attr-defined]
        client.state = "AUTH"
        return client

    def deliver(
        self, mails: Iterable[bytes], folder: str = "INBOX", *, flags: str = "", date: Any = None
    ) -> None:
        client = self.connect()
        for raw in mails:
            said = client.append(
                encode_folder(folder), flags, date or imaplib.Time2Internaldate(time.time()), raw
            )
            assert said[0] == "OK", said
        client.logout()

    def do(self, folder: str, *commands: Sequence[str]) -> None:
        """UID commands of another program: do("INBOX", ("STORE", "1:3", "+FLAGS", "(\\\\Seen)"))."""
        client = self.connect()
        assert client.select(encode_folder(folder))[0] == "OK"
        for command in commands:
            said = client.uid(*command)
            assert said[0] == "OK", said
        client.logout()

    def create(self, folder: str) -> None:
        client = self.connect()
        assert client.create(encode_folder(folder))[0] == "OK"
        client.logout()

    def delete(self, folder: str) -> None:
        client = self.connect()
        assert client.delete(encode_folder(folder))[0] == "OK"
        client.logout()

    def unseen(self, folder: str = "INBOX") -> int:
        client = self.connect()
        client.select(folder, readonly=True)
        found = client.search(None, "UNSEEN")[1][0]
        client.logout()
        return len((found or b"").split())

    def number_anew(self, folder: str = "INBOX") -> None:
        """What a restored backup or a moved server does: other UIDs, another UIDVALIDITY."""
        place = self.folder / "mail" / USER / ("" if folder == "INBOX" else f".{folder}")
        for name in (
            "dovecot-uidlist",
            "dovecot.index",
            "dovecot.index.log",
            "dovecot.index.cache",
        ):
            (place / name).unlink(missing_ok=True)


@contextmanager
def running(*, certificate: Path | None = None) -> Iterator[Server]:
    """Run a server until the block ends; with a `certificate` (and its key in one file) it offers TLS."""
    program = path()
    assert program, "Dovecot is not installed"
    with tempfile.TemporaryDirectory(prefix="vinculo-imap-", ignore_cleanup_errors=True) as name:
        server = Server(Path(name), free_port(), free_port())
        # It refuses to do most of its work as root.
        owner = pwd.getpwnam("nobody" if os.geteuid() == 0 else getpass.getuser())
        _configure(server, owner, certificate)
        process = subprocess.Popen(
            [program, "-F", "-c", str(server.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=die_with_parent,  # noqa: PLW1509
            start_new_session=True,
            **(
                {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
                if os.geteuid() == 0
                else {}
            ),
        )
        try:
            _wait_for(server, process)
            yield server
        finally:
            # Nothing has to be saved, and it takes its time over leaving.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=10)


def _configure(server: Server, owner: pwd.struct_passwd, certificate: Path | None) -> None:
    for name in ("run", "state", "mail"):
        (server.folder / name).mkdir()
    (server.folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    tls = "no"
    lines = ""
    if certificate:
        tls = "yes"
        shutil.copy(certificate, server.folder / "certificate.pem")
        lines = "\n".join(
            f"{kind} = <{server.folder}/certificate.pem" for kind in ("ssl_cert", "ssl_key")
        )
    config = CONFIG.format(
        folder=server.folder,
        user=owner.pw_name,
        group=grp.getgrgid(owner.pw_gid).gr_name,
        uid=owner.pw_uid,
        gid=owner.pw_gid,
        port=server.port,
        tls_port=server.tls_port if certificate else 0,
        tls=tls,
        certificate=lines,
    )
    (server.folder / "dovecot.conf").write_text(config)
    if os.geteuid() == 0:
        for place in (server.folder, *server.folder.iterdir()):
            os.chown(place, owner.pw_uid, owner.pw_gid)


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = process.stderr.read().decode() if process.stderr else ""
            raise AssertionError(f"Dovecot ended: {said}")
        with suppress(OSError, imaplib.IMAP4.error):
            server.connect().logout()
            return
        time.sleep(0.02)
    log = server.folder / "log"
    raise AssertionError(f"Dovecot does not answer: {log.read_text() if log.exists() else ''}")
