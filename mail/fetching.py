"""From IMAP mailboxes into the inbox: each mail its own commit, together with the folder's cursor.

What is new is found by UID alone, never by a flag that another program could set. A process may
die anywhere: the next pass goes on behind the last committed mail.

Mailboxes are asked every 20 seconds, which costs one STATUS per folder while nothing is new. IDLE
would be some seconds faster, at the price of one resident process and connection per folder.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from mail import imap, inbox
from mail.imap import Connection, Dropped, Listed, Refused, Trouble
from mail.models import InboundEmail, Mailbox, MailboxFolder
from staff import leases

logger = logging.getLogger(__name__)

# Mails asked for at once, and how many bytes of them are held in memory together.
BATCH = 50
BATCH_BYTES = 8 * 1024 * 1024
# Longer than one answer may take (imap.TIMEOUT): whoever is alive prolongs it with each batch. Two
# readers at once would do no harm, only the same work.
LEASE = 90
# How long a mailbox that can't be read is left in peace, at first and then.
SOON, LATER = timedelta(minutes=1), timedelta(minutes=5)


class Busy(Exception):
    """Another process reads this mailbox right now."""


class Pass:
    """One look into a mailbox: held by one process, for at most `seconds` if given."""

    def __init__(self, mailbox: Mailbox, connection: Connection, seconds: float | None) -> None:
        self.mailbox, self.connection = mailbox, connection
        self.stored = 0
        self.skipped: list[int] = []
        self.holder = secrets.token_hex(8)
        self._until = None if seconds is None else time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return self._until is not None and time.monotonic() > self._until

    def hold(self) -> None:
        if not leases.acquire(f"mail.fetch:{self.mailbox.pk}", self.holder, LEASE):
            raise Busy

    def release(self) -> None:
        leases.release(f"mail.fetch:{self.mailbox.pk}", self.holder)


def fetch(mailbox: Mailbox, *, seconds: float | None = None, reconcile: bool = False) -> int:
    """Store what is new in the mailbox's folders; how many rows were made.

    With `reconcile` also compare each folder with the server. Never raises for what a server does:
    that is noted at the mailbox or the folder. Raises Busy while another process reads it.
    """
    one = Pass(mailbox, Connection(mailbox), seconds)
    one.hold()
    try:
        note(mailbox, read_folders(one, reconcile=reconcile), stored=one.stored)
    finally:
        one.release()
    return one.stored


def read_folders(one: Pass, *, reconcile: bool) -> Trouble | None:
    """Every folder of the mailbox; what kept the mailbox as a whole from being read, if anything."""
    try:
        with one.connection:
            for folder in one.mailbox.folders.order_by("name"):
                read_folder(one, folder, reconcile=reconcile)
    except Trouble as trouble:
        return trouble
    except OSError as error:  # the disk: what could not be stored is still on the server
        logger.exception("Mail of mailbox %s could not be stored", one.mailbox.pk)
        return Trouble("storing", str(error))
    return None


def note(mailbox: Mailbox, trouble: Trouble | None, *, stored: int) -> None:
    """Write down at the mailbox how it went."""
    now = timezone.now()
    mailbox.last_polled_at = now
    mailbox.error = str(trouble) if trouble else ""
    mailbox.failing_since = (mailbox.failing_since or now) if trouble else None
    fields = ["last_polled_at", "error", "failing_since"]
    if stored:
        newest = InboundEmail.objects.filter(mailbox=mailbox).order_by("-received_at").first()
        mailbox.last_message_at = newest.received_at if newest else None
        fields.append("last_message_at")
    mailbox.save(update_fields=fields)


def read_folder(one: Pass, folder: MailboxFolder, *, reconcile: bool) -> None:
    """One folder; if it alone can't be read, that is noted at it and the others go on."""
    try:
        fetch_folder(one, folder)
        if reconcile and not one.is_over:
            reconcile_folder(one, folder)
    except Refused as error:
        trouble = str(error)
    else:
        trouble = ""
    if folder.error != trouble:
        MailboxFolder.objects.filter(pk=folder.pk).update(error=trouble)


def fetch_folder(one: Pass, folder: MailboxFolder) -> None:
    """Everything behind the cursor, oldest first."""
    status = one.connection.status(folder.name)
    if status.uid_validity != folder.uid_validity:
        # The server has numbered its mails anew: all are looked at again, and known again by content.
        MailboxFolder.objects.filter(pk=folder.pk).update(
            uid_validity=status.uid_validity, last_uid=0
        )
        folder.uid_validity, folder.last_uid = status.uid_validity, 0
    if status.uid_next and status.uid_next <= folder.last_uid + 1:
        return
    one.connection.open(folder.name)
    uids = one.connection.uids(above=folder.last_uid, since=one.mailbox.since)
    if store(one, folder, uids) and status.uid_next:
        # What lay between and is gone by now need not be asked for again.
        inbox.advance(folder, uid_validity=status.uid_validity, uid=status.uid_next - 1)


def store(one: Pass, folder: MailboxFolder, uids: Sequence[int]) -> bool:
    """Fetch and store these mails of the open folder; False when time ran out first."""
    for start in range(0, len(uids), BATCH):
        if one.is_over:
            return False
        one.hold()
        for few in by_size(one.connection.listed(uids[start : start + BATCH])):
            store_few(one, folder, few)
    return True


def by_size(listed: Sequence[Listed]) -> Iterator[list[Listed]]:
    """In the same order, in groups that fit into memory; a large mail is a group of its own."""
    group: list[Listed] = []
    size = 0
    for mail in listed:
        if group and size + mail.size > BATCH_BYTES:
            yield group
            group, size = [], 0
        group.append(mail)
        size += mail.size
    if group:
        yield group


def store_few(one: Pass, folder: MailboxFolder, few: Sequence[Listed]) -> None:
    too_big = {mail.uid for mail in few if mail.size > inbox.SIZE_LIMIT}
    bodies = contents(one, folder, [mail.uid for mail in few if mail.uid not in too_big])
    if too_big:
        bodies |= one.connection.bodies(sorted(too_big), only_headers=True)
    assert folder.uid_validity is not None  # noqa: S101 (fetch_folder has set it)
    now = timezone.now()
    for mail in few:
        if mail.uid not in bodies:
            continue  # deleted meanwhile, or skipped
        inbox.store_raw(
            bodies.pop(mail.uid),
            mailbox=one.mailbox,
            place=inbox.Place(folder, folder.uid_validity, mail.uid),
            received_at=min(mail.arrived_at or now, now),
            reason=inbox.TOO_BIG if mail.uid in too_big else "",
        )
        one.stored += 1


def contents(one: Pass, folder: MailboxFolder, uids: Sequence[int]) -> dict[int, bytes]:
    """The mails of these UIDs. One at which the server stumbles is left out, not the others.

    What is left out counts as missing when the folder is reconciled, which tries it again.
    """
    if not uids:
        return {}
    try:
        return one.connection.bodies(uids)
    except Dropped:
        again(one, folder)
    except Refused:
        pass
    found: dict[int, bytes] = {}
    for uid in uids:
        for _attempt in (1, 2):
            try:
                found |= one.connection.bodies([uid])
                break
            except Dropped:
                again(one, folder)
            except Refused:
                continue
        else:
            logger.warning("Folder %s: the server does not hand out UID %s", folder.pk, uid)
            one.skipped.append(uid)
    return found


def again(one: Pass, folder: MailboxFolder) -> None:
    one.connection.reconnect()
    one.connection.open(folder.name)


# --- Reconciliation ---------------------------------------------------------------------------------


def reconcile_folder(one: Pass, folder: MailboxFolder) -> None:
    """Compare what is on the server with what is stored, fetch what is missing, keep the numbers.

    Mails that were deleted or moved on the server since are none of its numbers.
    """
    folder.refresh_from_db()
    if folder.uid_validity is None:
        return
    one.connection.open(folder.name)
    there = set(one.connection.uids(since=one.mailbox.since))
    missing = there - stored_uids(folder)
    if missing:
        store(one, folder, sorted(missing))
        missing = there - stored_uids(folder)
    MailboxFolder.objects.filter(pk=folder.pk).update(
        reconciled_at=timezone.now(),
        on_server=len(there),
        stored=len(there) - len(missing),
        missing=len(missing),
    )


def stored_uids(folder: MailboxFolder) -> set[int]:
    rows = InboundEmail.objects.filter(
        folder=folder, uid_validity=folder.uid_validity, uid__isnull=False
    )
    return {uid for uid in rows.values_list("uid", flat=True) if uid is not None}


# --- What tasks and commands call -----------------------------------------------------------------


def readable() -> list[Mailbox]:
    """The mailboxes that are read over IMAP."""
    return list(Mailbox.objects.filter(kind=Mailbox.Kind.IMAP, is_active=True))


def due() -> list[Mailbox]:
    """Those to be read now: one that fails is asked less often, lest its server shut us out."""
    now = timezone.now()
    return [mailbox for mailbox in readable() if is_due(mailbox, now)]


def is_due(mailbox: Mailbox, now: datetime) -> bool:
    if not mailbox.failing_since or not mailbox.last_polled_at:
        return True
    failing_for = mailbox.last_polled_at - mailbox.failing_since
    return now - mailbox.last_polled_at >= (SOON if failing_for < SOON * 5 else LATER)


def test(mailbox: Mailbox) -> list[str]:
    """Connect as this mailbox says, saved or not; its folders. Raises Trouble."""
    with imap.Connection(mailbox) as connection:
        return connection.folders()
