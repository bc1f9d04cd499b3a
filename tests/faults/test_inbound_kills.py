"""SIGKILL at every commit point on the way of a mail into the inbox: everything once, numbers equal.

One process fetches, sorts and files; it kills itself at its Nth statement that writes or commits,
just before or just after. What comes next goes on from what was committed, as a worker would.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.installation import Installation
from tests.mail.arriving import raw_mail
from tests.services import imap as dovecot
from tests.services.imap import Server

SET_UP = """
import json
from mail import secrets
from mail.models import Mailbox, MailboxFolder
from staff.models import Business
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en")
mailbox = Mailbox.objects.create(name="Help", host="127.0.0.1", port=PORT, security="none",
    username=USER, password=secrets.encrypt(PASSWORD))
for name in ("INBOX", "Archive"):
    MailboxFolder.objects.create(mailbox=mailbox, name=name)
print("1")
"""
# Runs the way of a mail in forked children, each of which dies at the point it was told, until one
# of them reaches its end alive. POINTS: at how many writes each child dies, "before" or "after".
THROUGH_KILLS = """
import json
from django.db import transaction
from tests.faults.dying import killed

def work():
    from mail import fetching, inbox, sorting
    from mail.models import InboundEmail, Mailbox
    from staff.models import Lease
    Lease.objects.update(until=None)  # that of whoever was killed has run out by now
    fetching.fetch(Mailbox.objects.get(), reconcile=RECONCILE)
    sorting.sort()
    for inbound in InboundEmail.objects.to_file():
        with transaction.atomic():
            inbox.file(inbound)

import mail.fetching, mail.sorting, mail.imap  # once, not in each child
kills = 0
for number, when in POINTS:
    if not killed(work, number, when):
        break
    kills += 1
print(json.dumps(kills))
"""
COUNTS = """
import json
from collections import Counter
from mail.models import InboundEmail, MailboxFolder
rows = InboundEmail.objects.all()
print(json.dumps({
    "states": Counter(rows.values_list("state", flat=True)),
    "living": list(rows.exclude(state="duplicate").values_list("message_id", flat=True)),
    "folders": list(MailboxFolder.objects.order_by("name").values_list("name", "on_server", "stored", "missing")),
    "files": all(__import__("staff.files").files.open_file(row.raw).close() is None for row in rows.select_related("raw")),
}))
"""
NEVER = 1_000_000
# Writes and commits until a child dies: some ten mails far.
REACH = 60


@dataclass
class Desk:
    installation: Installation
    server: Server

    def through(self, points: list[tuple[int, str]], *, reconcile: bool = False) -> int:
        code = THROUGH_KILLS.replace("POINTS", repr(points)).replace("RECONCILE", str(reconcile))
        kills: int = self.installation.ask(code)
        return kills

    def counts(self) -> dict[str, Any]:
        found: dict[str, Any] = self.installation.ask(COUNTS)
        return found


@pytest.fixture(params=["embedded", "services"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, imap_server: Server) -> Iterator[Desk]:
    """SQLite, then PostgreSQL; a mailbox with two folders."""
    urls = {}
    if request.param == "services":
        urls["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    made = Installation(tmp_path, **urls)
    made.prepare()
    set_up = SET_UP.replace("PORT", str(imap_server.port))
    set_up = set_up.replace("USER", repr(dovecot.USER)).replace("PASSWORD", repr(dovecot.PASSWORD))
    made.ask(set_up)
    imap_server.create("Archive")
    yield Desk(made, imap_server)
    made.stop_all()


def random_points(kills: int) -> list[tuple[int, str]]:
    chance = random.Random(kills)
    return [(chance.randrange(1, REACH), chance.choice(["before", "after"])) for _ in range(kills)]


def live_through(
    desk: Desk, *, mails: int, kills: int, first: Sequence[tuple[int, str]] = ()
) -> None:
    """Arrive, read elsewhere, move, renumber; kills all along; then everything is there once."""
    chance = random.Random(mails)
    numbers = list(range(mails))
    half = mails // 2
    # Every tenth has no Message-ID; some have the Message-ID of another.
    raw = {
        number: raw_mail(
            number,
            message_id="" if number % 10 == 9 else f"<{number - number % 20 // 19}@example.com>",
        )
        for number in numbers
    }
    ids = sum(1 for number in numbers if number % 10 != 9)
    desk.server.deliver([raw[number] for number in numbers[:half]])
    desk.server.do("INBOX", ("STORE", f"1:{half // 3}", "+FLAGS", r"(\Seen)"))
    killed = desk.through([*first, *random_points(kills)])

    moved = ",".join(map(str, sorted(chance.sample(range(1, half + 1), half // 4))))
    desk.server.do("INBOX", ("MOVE", moved, "Archive"))
    desk.server.deliver([raw[number] for number in numbers[half:]], "Archive")
    killed += desk.through(random_points(kills))

    desk.server.number_anew("INBOX")
    killed += desk.through(random_points(kills), reconcile=True)
    desk.through([(NEVER, "before")], reconcile=True)
    assert killed >= len(first) + kills

    found = desk.counts()
    assert found["states"].pop("filed") == mails
    assert set(found["states"]) <= {"duplicate"}
    assert len(found["living"]) == mails
    assert sum(1 for message_id in found["living"] if message_id) == ids
    assert found["files"]
    for _name, on_server, stored, missing in found["folders"]:
        assert (on_server, missing) == (stored, 0)
    assert sum(folder[1] for folder in found["folders"]) == mails


@pytest.mark.once
def test_a_hundred_mails_through_some_kills(desk: Desk) -> None:
    """First one write after another, so that each kind of write is among them, then anywhere."""
    each = [(number, when) for number in range(1, 13) for when in ("before", "after")]
    live_through(desk, mails=100, first=each, kills=6)


@pytest.mark.faults
def test_two_thousand_mails_through_hundreds_of_kills(desk: Desk) -> None:
    live_through(desk, mails=2000, kills=250)


@pytest.mark.faults
def test_every_point_on_the_way_of_six_mails(desk: Desk) -> None:
    for number in range(1, REACH + 1):
        desk.server.deliver([raw_mail(10 * number + extra) for extra in range(6)])
        desk.through([(number, "before"), (number, "after")], reconcile=number % 2 == 0)
    desk.through([(NEVER, "before")], reconcile=True)
    found = desk.counts()
    assert found["states"] == {"filed": 6 * REACH}
    assert len(set(found["living"])) == 6 * REACH
