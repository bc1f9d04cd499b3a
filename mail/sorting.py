"""What became of a stored mail: ours come back, a report about one of ours, or mail for people.

Parsing happens outside any transaction; what is decided is committed by a conditional update, so a
mail that two sort at once, or that is sorted again after a kill, is dealt with once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from email.utils import parseaddr

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from mail import inbox, reports
from mail.models import InboundEmail, Mailbox, OutgoingEmail
from mail.parsing.parsed import ParsedMail, Report
from staff.models import Business

logger = logging.getLogger(__name__)
State = InboundEmail.State

BATCH = 100
# What a parsed mail leaves on its row, with `state`.
COLUMNS = (
    "message_id",
    "from_address",
    "from_name",
    "subject",
    "automatic",
    "state",
    "reason",
    "attempts",
    "detail",
)


def sort(*, seconds: float | None = None, batch_size: int = BATCH) -> int:
    """Sort all that is due, for at most `seconds`, and tell who waits for it; how many were sorted.

    One mail that can't be sorted is tried again later and then quarantined; the others go on.
    """
    until = time.monotonic() + seconds if seconds is not None else None
    sorted_ = 0
    while until is None or time.monotonic() < until:
        batch = list(InboundEmail.objects.to_sort().select_related("raw")[:batch_size])
        if not batch:
            break
        sort_these(batch)
        sorted_ += len(batch)
    return sorted_


def sort_after_a_death(*, seconds: float | None = None) -> int:
    """A worker died while it sorted; perhaps a mail killed it, and then not one of those before it.

    The first one goes behind the others, which are committed one by one: if it was innocent, the
    guilty one is first after the next death, and is quarantined after as many as there are attempts.
    """
    if first := InboundEmail.objects.to_sort().first():
        with suppress(inbox.NotThere):
            inbox.postpone(first, "The worker stopped while it sorted this mail.")
    return sort(seconds=seconds, batch_size=1)


def sort_these(batch: Sequence[InboundEmail]) -> None:
    own = own_addresses()
    found: list[tuple[InboundEmail, Report | None]] = []
    for row in batch:
        try:
            # Only what the row keeps outlives this line: fifty large mails would fill the memory.
            found.append((row, describe(row, inbox.read(row), own)))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with this mail, the others go on
            set_back(row, error)
    come_back = ours([row.message_id for row, _report in found])
    plain: list[InboundEmail] = []
    for row, report in found:
        if row.reason == inbox.TOO_BIG:
            row.state = State.IGNORED
        elif row.automatic == "report" or (report is not None and row.automatic):
            # A bounce that somebody forwards, with words of their own, is a person's mail.
            deal_with(row, report)
            continue
        elif row.message_id in come_back:
            row.state, row.reason = State.IGNORED, inbox.OWN
        else:
            row.state = State.WAITING
        row.attempts, row.detail = 0, ""
        plain.append(row)
    if plain:
        settle(plain)
    if any(row.state == State.WAITING for row in plain):
        inbox.announce()


def describe(row: InboundEmail, mail: ParsedMail, own: Iterable[str]) -> Report | None:
    """Put on the row what lists show of the mail; its report, if it is one."""
    row.message_id = mail.message_id[:250]
    row.from_address = mail.sender.address[:254]
    row.from_name = mail.sender.name[:200]
    row.subject = mail.subject[:250]
    row.automatic = mail.automatic or ("own" if mail.sender.address in own else "")
    return mail.report


def own_addresses() -> set[str]:
    """Who writes from one of these is us, or says so: no answer to it may ever leave by itself."""
    business = Business.current()
    found = {parseaddr(settings.DEFAULT_FROM_EMAIL)[1], business.email if business else ""}
    found.update(Mailbox.objects.exclude(address="").values_list("address", flat=True))
    return {address.lower() for address in found if address}


def ours(message_ids: Iterable[str]) -> set[str]:
    """Which of these are Message-IDs of mail that left from here."""
    asked = {message_id for message_id in message_ids if message_id}
    known = OutgoingEmail.objects.filter(message_id__in=asked) if asked else None
    return set(known.values_list("message_id", flat=True)) if known is not None else set()


def settle(rows: Sequence[InboundEmail]) -> None:
    """Commit what was decided, for all at once; if that fails, for each alone."""
    try:
        write(rows)
    except (DatabaseError, ValueError):
        for row in rows:
            try:
                write([row])
            except (DatabaseError, ValueError) as error:
                set_back(row, error)


@transaction.atomic
def write(rows: Sequence[InboundEmail]) -> None:
    """By hand: composing bulk_update's statement takes longer than all the rest of sorting."""
    table = connection.ops.quote_name(InboundEmail._meta.db_table)
    columns = ", ".join(f"{name} = %s" for name in COLUMNS)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {columns} WHERE id = %s AND state = %s",  # noqa: S608
            [(*(getattr(row, name) for name in COLUMNS), row.pk, State.RECEIVED) for row in rows],
        )


def deal_with(row: InboundEmail, report: Report | None) -> None:
    """A report of a server or provider: noted here, and of no interest to anybody above."""
    try:
        reports.note(row, report)
    except inbox.NotThere:
        pass  # another process has noted it
    except Exception as error:  # noqa: BLE001 - whatever is wrong with this mail, the others go on
        set_back(row, error)


def set_back(row: InboundEmail, error: Exception) -> None:
    logger.warning("Received mail %s can't be sorted (%s)", row.pk, type(error).__name__)
    row.state = State.RECEIVED
    with suppress(inbox.NotThere):
        inbox.postpone(row, error)
