"""SIGKILL at every commit point on the way of a mail into a ticket: each is filed once, and whole.

One process files what waits; it kills itself at its Nth statement that writes or commits, just
before or just after. What comes next goes on from what was committed, as a worker would.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.installation import Installation

# Two strangers, one with a file; an answer, a machine, a stranger who names a message of the first.
SET_UP = """
from mail import inbox, sorting
from staff.models import Business
from tests.support.mailing import mailbox, write
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en",
                        email="ola@padaria.example")
box = mailbox()
for raw in [
    write(message_id="<1@example.com>"),
    write(sender="bob@example.com", files=(("plan.pdf", b"%PDF"),)),
    write(in_reply_to="<1@example.com>", subject="", text="It smells."),
    write(sender="shop@example.com", auto_submitted="auto-generated"),
    write(sender="eve@example.com", in_reply_to="<1@example.com>"),
    write(sender="eve@example.com", subject="Another thing"),
]:
    inbox.store_raw(raw, mailbox=box)
sorting.sort()
print("1")
"""
THROUGH_KILLS = """
import json
from mail.models import InboundEmail
from support import filing
from tests.faults.dying import killed

kills = 0
for number in range(FIRST, 1000, STEP):
    died = [killed(filing.file_waiting, number, when) for when in ("before", "after")]
    kills += sum(died)
    # Where a server has not noticed yet that a connection died, its rows are left for the next time.
    if not any(died) and not InboundEmail.objects.exclude(state="filed").exists():
        break
print(json.dumps(kills))
"""
FOUND = """
import json
from collections import Counter
from crm.models import Customer, Interaction
from mail.models import InboundEmail, OutgoingEmail
from support.models import *
print(json.dumps({
    "inbound": Counter(InboundEmail.objects.values_list("state", flat=True)),
    "attempts": sum(InboundEmail.objects.values_list("attempts", flat=True)),
    "tickets": Ticket.objects.count(),
    "messages": Message.objects.count(),
    "filed": set(InboundEmail.objects.values_list("about_id", flat=True))
        == set(Message.objects.values_list("pk", flat=True)),
    "files": Attachment.objects.count(),
    "events": Counter(TicketEvent.objects.values_list("kind", flat=True)),
    "spans": OpenSpan.objects.count(),
    "customers": Customer.objects.count(),
    "interactions": Interaction.objects.count(),
    "participants": Participant.objects.count(),
    "links": TicketLink.objects.count(),
    "confirmed": OutgoingEmail.objects.count(),
    "counted": SystemMail.objects.count(),
    "accesses": TicketAccess.objects.count(),
}))
"""


@pytest.fixture(params=["embedded", "services"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """SQLite, then PostgreSQL; six mails wait."""
    urls = {}
    if request.param == "services":
        urls["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    made = Installation(tmp_path, **urls)
    made.prepare()
    made.ask(SET_UP)
    yield made
    made.stop_all()


def check(found: dict[str, Any]) -> None:
    """Five tickets of four people: the answer joined the first, the machine's was not confirmed."""
    assert found["inbound"] == {"filed": 6}
    assert found["attempts"] == 0, "somebody failed instead of dying"
    assert (found["tickets"], found["messages"], found["filed"]) == (5, 6, True)
    assert found["files"] == 1
    assert found["events"] == {"opened": 5, "received": 5, "automatic": 1}
    assert found["spans"] == 5
    assert (found["customers"], found["interactions"]) == (4, 5)
    assert (found["participants"], found["links"]) == (5, 1)
    assert found["confirmed"] == found["counted"] == found["accesses"] == 4


@pytest.mark.once
def test_mail_is_filed_once_through_kills_at_some_writes(installation: Installation) -> None:
    kills = installation.ask(THROUGH_KILLS.replace("FIRST", "5").replace("STEP", "16"))
    assert kills >= 2
    installation.ask(THROUGH_KILLS.replace("FIRST", "999").replace("STEP", "1"))
    check(installation.ask(FOUND))


@pytest.mark.faults
def test_mail_is_filed_once_through_kills_at_every_write(installation: Installation) -> None:
    kills = installation.ask(THROUGH_KILLS.replace("FIRST", "1").replace("STEP", "1"))
    # PostgreSQL takes most of what a mail becomes as one statement, so there are fewer places to die.
    assert kills >= (40 if installation.environment["DATABASE_URL"].startswith("sqlite") else 18)
    check(installation.ask(FOUND))
