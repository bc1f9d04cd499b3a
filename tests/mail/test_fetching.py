"""IMAP against a real Dovecot: everything once, nothing marked, one bad mail holds up no other."""

from __future__ import annotations

import imaplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from mail import fetching, imap, inbox, secrets, tasks
from mail.models import InboundEmail, Mailbox, MailboxFolder
from staff import leases
from staff.models import Business
from tests.mail import certificates
from tests.mail.arriving import raw_mail
from tests.services import imap as dovecot
from tests.services.imap import Server
from tests.services.processes import free_port

pytestmark = pytest.mark.django_db
State = InboundEmail.State


def mailbox_at(port: int, *folders: str, **fields: Any) -> Mailbox:
    """The account of the test's server, by its folders; not encrypted unless told."""
    made = Mailbox.objects.create(
        **{
            "name": "Help",
            "host": "127.0.0.1",
            "port": port,
            "security": Mailbox.Security.NONE,
            "username": dovecot.USER,
            "password": secrets.encrypt(dovecot.PASSWORD),
            **fields,
        }
    )
    for name in folders or ("INBOX",):
        MailboxFolder.objects.create(mailbox=made, name=name)
    return made


@pytest.fixture
def mailbox(imap_server: Server, business: Business) -> Mailbox:
    return mailbox_at(imap_server.port)


def cursor(mailbox: Mailbox, name: str = "INBOX") -> MailboxFolder:
    return mailbox.folders.get(name=name)


def living() -> int:
    return InboundEmail.objects.exclude(state=State.DUPLICATE).count()


# --- Everything, once -----------------------------------------------------------------------------


def test_new_mail_is_fetched_once_and_nothing_on_the_server_changes(
    imap_server: Server, mailbox: Mailbox
) -> None:
    mails = [raw_mail(number) for number in range(5)]
    imap_server.deliver(mails)
    assert fetching.fetch(mailbox) == 5
    assert fetching.fetch(mailbox) == 0
    assert imap_server.unseen() == 5
    rows = InboundEmail.objects.order_by("uid")
    assert [inbox.raw_bytes(row) for row in rows] == mails
    assert [row.uid for row in rows] == [1, 2, 3, 4, 5]
    assert cursor(mailbox).last_uid == 5

    imap_server.deliver([raw_mail(6)])
    assert fetching.fetch(mailbox) == 1
    assert mailbox.last_polled_at
    assert mailbox.last_message_at


def test_what_was_read_or_answered_elsewhere_is_fetched_all_the_same(
    imap_server: Server, mailbox: Mailbox
) -> None:
    imap_server.deliver([raw_mail(number) for number in range(4)])
    imap_server.do("INBOX", ("STORE", "1:3", "+FLAGS", r"(\Seen \Answered)"))
    assert fetching.fetch(mailbox) == 4


def test_a_mail_moved_between_folders_is_one_mail(imap_server: Server, business: Business) -> None:
    imap_server.create("Archivo & más")
    box = mailbox_at(imap_server.port, "INBOX", "Archivo & más")
    imap_server.deliver([raw_mail(number) for number in range(4)])
    fetching.fetch(box)
    imap_server.do("INBOX", ("MOVE", "2:3", '"Archivo &- m&AOE-s"'))
    imap_server.deliver([raw_mail(9)])
    assert fetching.fetch(box, reconcile=True) == 3
    assert living() == 5
    assert InboundEmail.objects.filter(state=State.DUPLICATE).count() == 2
    numbers = box.folders.values_list("name", "on_server", "stored", "missing")
    assert sorted(numbers) == [("Archivo & más", 2, 2, 0), ("INBOX", 3, 3, 0)]


def test_a_mailbox_numbered_anew_is_looked_through_again_and_known_again(
    imap_server: Server, mailbox: Mailbox
) -> None:
    imap_server.deliver([raw_mail(number) for number in range(4)])
    imap_server.deliver([raw_mail(8, message_id=""), raw_mail(9, message_id="")])
    fetching.fetch(mailbox)
    before = cursor(mailbox).uid_validity
    imap_server.number_anew()
    imap_server.deliver([raw_mail(20)])
    fetching.fetch(mailbox, reconcile=True)
    folder = cursor(mailbox)
    assert folder.uid_validity != before
    assert living() == 7
    assert (folder.on_server, folder.stored, folder.missing) == (7, 7, 0)


def test_the_same_mail_in_two_mailboxes_is_one(imap_server: Server, mailbox: Mailbox) -> None:
    imap_server.deliver([raw_mail(1, top="Delivered-To: help@x.example")])
    fetching.fetch(mailbox)
    with dovecot.running() as other_server:
        other_server.deliver([raw_mail(1, top="Delivered-To: sales@x.example"), raw_mail(2)])
        other = mailbox_at(other_server.port, name="Sales")
        assert fetching.fetch(other) == 2
    assert living() == 2


def test_mail_older_than_the_chosen_day_is_left_alone(
    imap_server: Server, mailbox: Mailbox
) -> None:
    old = imaplib.Time2Internaldate(datetime(2020, 5, 1, tzinfo=UTC))
    imap_server.deliver([raw_mail(1), raw_mail(2)], date=old)
    imap_server.deliver([raw_mail(3)])
    mailbox.since = date(2021, 1, 1)
    mailbox.save()
    assert fetching.fetch(mailbox, reconcile=True) == 1
    folder = cursor(mailbox)
    assert (folder.on_server, folder.stored, folder.missing) == (1, 1, 0)
    assert fetching.fetch(mailbox) == 0


def test_it_arrived_when_it_came_to_the_server(imap_server: Server, mailbox: Mailbox) -> None:
    long_ago = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    tomorrow = timezone.now() + timedelta(days=1)
    imap_server.deliver([raw_mail(1)], date=imaplib.Time2Internaldate(long_ago))
    imap_server.deliver([raw_mail(2)], date=imaplib.Time2Internaldate(tomorrow))
    fetching.fetch(mailbox)
    first, second = InboundEmail.objects.order_by("uid")
    assert first.received_at == long_ago
    assert second.received_at <= timezone.now()


def test_a_large_backlog_comes_in_bounded_groups_and_goes_on_after_a_pause(
    imap_server: Server, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BATCH", 10)
    imap_server.deliver([raw_mail(number) for number in range(35)])
    assert fetching.fetch(mailbox, seconds=-1) == 0
    assert cursor(mailbox).last_uid == 0
    assert fetching.fetch(mailbox) == 35


def test_few_bytes_are_held_at_once() -> None:
    sizes = [1, 2, 9_000_000, 3, 5_000_000, 5_000_000]
    listed = [imap.Listed(uid, size, None) for uid, size in enumerate(sizes)]
    groups = [[mail.uid for mail in group] for group in fetching.by_size(listed)]
    assert groups == [[0, 1], [2], [3, 4], [5]]


def test_of_a_huge_mail_the_headers_are_kept_and_it_says_so(
    imap_server: Server, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "SIZE_LIMIT", 20_000)
    imap_server.deliver([raw_mail(1), raw_mail(2, text="x" * 30_000), raw_mail(3)])
    call_command("fetch_mail")
    states = dict(InboundEmail.objects.values_list("uid", "state"))
    assert states == {1: State.WAITING, 2: State.IGNORED, 3: State.WAITING}
    huge = InboundEmail.objects.get(uid=2)
    assert (huge.reason, huge.subject) == (inbox.TOO_BIG, "Question 2")
    assert huge.raw.size < 1000
    fetching.fetch(mailbox, reconcile=True)
    assert cursor(mailbox).missing == 0


def test_mail_that_no_parser_likes_is_stored_among_the_others(
    imap_server: Server, mailbox: Mailbox
) -> None:
    nasty = [
        b"\r\n",
        b"no header\r\n\r\n\xff\xfe\x00",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x",
        b"Subject: =?utf-8?b?????=\r\nFrom: <<<>>>\r\n\r\n",
    ]
    # Dovecot's APPEND takes no NUL.
    imap_server.deliver([raw_mail(1), *(raw.replace(b"\0", b"") for raw in nasty), raw_mail(2)])
    call_command("fetch_mail")
    assert InboundEmail.objects.filter(state=State.WAITING).count() == 6


def test_flags_that_others_set_meanwhile_do_not_mix_up_the_answers(
    imap_server: Server, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap_server.deliver([raw_mail(number) for number in range(6)])
    bodies = imap.Connection.bodies

    def disturbed(self: imap.Connection, uids: Any, **options: Any) -> dict[int, bytes]:
        imap_server.do("INBOX", ("STORE", "1:*", "FLAGS", r"(\Flagged)"))
        return bodies(self, uids, **options)

    monkeypatch.setattr(imap.Connection, "bodies", disturbed)
    assert fetching.fetch(mailbox) == 6
    assert living() == 6


# --- Reconciliation -------------------------------------------------------------------------------


def test_what_is_missing_below_the_cursor_is_found_and_fetched(
    imap_server: Server, mailbox: Mailbox
) -> None:
    imap_server.deliver([raw_mail(number) for number in range(5)])
    fetching.fetch(mailbox)
    InboundEmail.objects.filter(uid__in=[2, 4]).delete()
    assert fetching.fetch(mailbox) == 0  # the cursor is beyond
    assert fetching.fetch(mailbox, reconcile=True) == 2
    folder = cursor(mailbox)
    assert (folder.on_server, folder.stored, folder.missing) == (5, 5, 0)
    assert folder.reconciled_at


def test_mail_deleted_on_the_server_stays_here_and_is_no_difference(
    imap_server: Server, mailbox: Mailbox
) -> None:
    imap_server.deliver([raw_mail(number) for number in range(5)])
    fetching.fetch(mailbox)
    imap_server.do("INBOX", ("STORE", "1:2", "+FLAGS", r"(\Deleted)"), ("EXPUNGE", "1:2"))
    fetching.fetch(mailbox, reconcile=True)
    folder = cursor(mailbox)
    assert (folder.on_server, folder.stored, folder.missing) == (3, 3, 0)
    assert living() == 5


# --- What can go wrong ----------------------------------------------------------------------------


def trouble(mailbox: Mailbox) -> str:
    fetching.fetch(mailbox)
    mailbox.refresh_from_db()
    assert mailbox.failing_since
    return mailbox.error.split()[0]


def test_a_wrong_password_is_said_and_the_first_failure_remembered(
    imap_server: Server, mailbox: Mailbox
) -> None:
    mailbox.password = secrets.encrypt("wrong")
    mailbox.save()
    assert trouble(mailbox) == "login"
    since = mailbox.failing_since
    assert trouble(mailbox) == "login"
    assert mailbox.failing_since == since
    assert imap.explained(mailbox.error)[0] == imap.PROBLEMS["login"]

    mailbox.password = secrets.encrypt(dovecot.PASSWORD)
    fetching.fetch(mailbox)
    assert (mailbox.failing_since, mailbox.error) == (None, "")


def test_each_way_of_not_getting_in_has_its_own_words(business: Business) -> None:
    box = mailbox_at(free_port())
    assert trouble(box) == "refused"
    box.host = "no-such-host.invalid"
    assert trouble(box) == "no_such_host"
    box.host = "bad..host"
    assert trouble(box) == "no_such_host"
    box.password = "not encrypted by us"
    assert trouble(box) == "password"


def test_a_server_that_says_nothing_is_given_up(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert trouble(mailbox_at(listener.getsockname()[1])) == "silent"


def test_a_folder_that_is_gone_is_said_at_it_and_the_others_are_read(
    imap_server: Server, business: Business
) -> None:
    box = mailbox_at(imap_server.port, "INBOX", "Gone")
    imap_server.deliver([raw_mail(1)])
    assert fetching.fetch(box, reconcile=True) == 1
    assert (box.error, cursor(box).error) == ("", "")
    assert cursor(box, "Gone").error.startswith("folder ")

    imap_server.create("Gone")
    fetching.fetch(box)
    assert cursor(box, "Gone").error == ""


def test_one_mailbox_that_fails_holds_up_no_other(imap_server: Server, mailbox: Mailbox) -> None:
    mailbox_at(free_port(), name="Away")
    imap_server.deliver([raw_mail(1)])
    with pytest.raises(CommandError, match=r"Away: The server does not listen") as failure:
        call_command("fetch_mail")
    assert failure.value.returncode == 1
    assert living() == 1


def test_two_processes_do_not_read_one_mailbox_at_once(
    imap_server: Server, mailbox: Mailbox
) -> None:
    imap_server.deliver([raw_mail(1)])
    leases.acquire(f"mail.fetch:{mailbox.pk}", "another", 60)
    with pytest.raises(fetching.Busy):
        fetching.fetch(mailbox)
    tasks.fetch_mailbox(mailbox.pk)
    assert living() == 0
    leases.release(f"mail.fetch:{mailbox.pk}", "another")
    tasks.fetch_mailbox(mailbox.pk)
    assert living() == 1


def test_reading_the_same_place_twice_makes_one_row(imap_server: Server, mailbox: Mailbox) -> None:
    """As when a lease ran out under a slow process and another began."""
    imap_server.deliver([raw_mail(number) for number in range(3)])
    fetching.fetch(mailbox)
    mailbox.folders.update(last_uid=0)
    fetching.fetch(mailbox)
    assert InboundEmail.objects.count() == 3
    assert cursor(mailbox).last_uid == 3


def test_a_paused_mailbox_is_not_read(imap_server: Server, mailbox: Mailbox) -> None:
    imap_server.deliver([raw_mail(1)])
    Mailbox.objects.update(is_active=False)
    assert fetching.readable() == []
    tasks.fetch_mailbox(mailbox.pk)
    assert living() == 0


def test_a_mailbox_that_fails_is_asked_less_often(business: Business) -> None:
    box = mailbox_at(free_port())
    assert fetching.due() == [box]
    fetching.fetch(box)
    assert fetching.due() == []
    now = timezone.now()
    for failing, polled, is_due in ((2, 2, True), (60, 2, False), (60, 6, True)):
        Mailbox.objects.update(
            failing_since=now - timedelta(minutes=failing),
            last_polled_at=now - timedelta(minutes=polled),
        )
        assert bool(fetching.due()) is is_due


def test_a_large_mailbox_lets_others_in_between(
    imap_server: Server, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[int] = []
    monkeypatch.setattr(tasks, "STRETCH", 0.0)
    monkeypatch.setattr(tasks.fetch_mailbox, "delay", lambda pk, **_: again.append(pk))
    monkeypatch.setattr(fetching.Pass, "is_over", False)
    imap_server.deliver([raw_mail(1)])
    tasks.fetch_mailbox(mailbox.pk)
    assert again == [mailbox.pk]
    tasks.fetch_mailbox(mailbox.pk)  # nothing is left
    assert again == [mailbox.pk]


@contextmanager
def cutting(server: Server, at: bytes) -> Iterator[int]:
    """A way to the server on which the connection breaks whenever somebody asks for `at`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listening = threading.Thread(target=serve, args=(listener, server.port, at))
        listening.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        listening.join()


def serve(listener: socket.socket, port: int, at: bytes) -> None:
    with suppress(OSError):  # it is closed when the test is over
        while True:
            client, _address = listener.accept()
            with client, socket.create_connection(("127.0.0.1", port)) as upstream:
                back = threading.Thread(target=copy, args=(upstream, client, b"\0"))
                back.start()
                copy(client, upstream, at)
                back.join()


def copy(source: socket.socket, target: socket.socket, until: bytes) -> None:
    with suppress(OSError):
        while (data := source.recv(65536)) and until not in data:
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def test_a_mail_at_which_the_server_breaks_off_is_left_out_and_counted_as_missing(
    imap_server: Server, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BATCH", 3)
    imap_server.deliver([raw_mail(number) for number in range(5)])
    with cutting(imap_server, at=b"3 (UID BODY") as port:
        box = mailbox_at(port)
        fetching.fetch(box, reconcile=True)
    assert sorted(InboundEmail.objects.values_list("uid", flat=True)) == [1, 2, 4, 5]
    folder = cursor(box)
    assert (folder.last_uid, folder.on_server, folder.stored, folder.missing) == (5, 5, 4, 1)

    box.port = imap_server.port
    assert fetching.fetch(box, reconcile=True) == 1
    assert cursor(box).missing == 0


# --- Encryption -----------------------------------------------------------------------------------


@pytest.fixture
def secure(tmp_path: Path, business: Business) -> Iterator[Server]:
    if dovecot.path() is None:
        pytest.skip("no Dovecot")
    certificate = certificates.write(tmp_path)
    with dovecot.running(certificate=certificate) as server:
        yield server


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Server) -> None:
    box = mailbox_at(secure.tls_port, security=Mailbox.Security.SSL)
    assert trouble(box) == "certificate"
    box.port, box.security = secure.port, Mailbox.Security.STARTTLS
    assert trouble(box) == "certificate"


def test_it_is_read_over_tls_and_starttls_once_the_certificate_is_trusted(
    secure: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.folder / "certificate.pem"))
    secure.deliver([raw_mail(1)])
    box = mailbox_at(secure.tls_port, security=Mailbox.Security.SSL)
    assert fetching.fetch(box) == 1
    box.port, box.security = secure.port, Mailbox.Security.STARTTLS
    secure.deliver([raw_mail(2)])
    assert fetching.fetch(box) == 1
    assert box.error == ""


def test_without_the_encryption_asked_for_nothing_is_said_to_the_server(
    imap_server: Server, business: Business
) -> None:
    box = mailbox_at(imap_server.port, security=Mailbox.Security.STARTTLS)
    assert trouble(box) == "no_tls"
    box.security = Mailbox.Security.SSL
    assert trouble(box) == "no_tls"


# --- All of it ------------------------------------------------------------------------------------


def test_folders_are_listed_with_their_real_names(imap_server: Server, mailbox: Mailbox) -> None:
    for name in ("Z", "Ventas ñ"):
        imap_server.create(name)
    assert fetching.test(mailbox) == ["INBOX", "Ventas ñ", "Z"]
