"""SIGKILL at the commit points of a survey's sending, from the frozen audience to the last mail:
everyone is asked, nobody twice, and who may have the mail or not is known by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.installation import Installation
from tests.mail.servers import Misbehaving, running

SET_UP = """
import json
from django.utils import timezone
from crm.models import Affiliation, Contact, ContactPoint, Customer
from staff.access import Role
from staff.models import Business, User
from surveys.models import AskingRules
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en",
                        email="ola@padaria.example")
User.objects.create_user(email="olga@padaria.example", password=None, role=Role.OWNER)
AskingRules.objects.create(pk=1, quiet_until=0, quiet_from=24, asks_on_weekends=True)
names = [f"Person {n}" for n in range(PEOPLE)]
customers = Customer.objects.bulk_create(
    Customer(name=name, stage=Customer.Stage.CUSTOMER) for name in names)
contacts = Contact.objects.bulk_create(Contact(name=name) for name in names)
Affiliation.objects.bulk_create(
    Affiliation(customer=one, contact=two, is_primary=True)
    for one, two in zip(customers, contacts))
ContactPoint.objects.bulk_create(
    ContactPoint(contact=one, kind="email", value=f"person{n}@example.com")
    for n, one in enumerate(contacts))
print(json.dumps(Customer.objects.count()))
"""
THROUGH_KILLS = """
import json, random
from datetime import timedelta
from django.utils import timezone
from mail import delivery
from mail.models import OutgoingEmail
from staff.models import User
from surveys.actions.delivering import queue_batch
from surveys.actions.sending import send_survey
from surveys.actions.surveys import stock_survey
from surveys.audience import Audience
from tests.faults.dying import killed

def way():
    # The button pressed again, as by somebody whose browser saw the connection drop.
    send_survey(survey=stock_survey("nps"), audience=Audience(), once_key="one",
                by=User.objects.get())
    while queue_batch(size=100):
        pass
    delivery.sweep()

chance = random.Random(7)
kills = 0
# One point after the other through freezing and queueing, then anywhere in the sending.
for point in [*range(1, EARLY), *(chance.randrange(2, FAR) for _ in range(LATE))]:
    for when in ("before", "after"):
        kills += killed(way, point, when, writes=False)
        # What a kill leaves is believed until its lease runs out; here that time passes at once.
        OutgoingEmail.objects.filter(state="sending").update(lease_until=timezone.now())
way()
print(json.dumps(kills))
"""
FOUND = """
import json
from collections import Counter
from crm.models import Interaction
from mail.models import OutgoingEmail
from surveys.models import Invitation, SurveyRun
print(json.dumps({
    "runs": SurveyRun.objects.count(),
    "invitations": Counter(Invitation.objects.values_list("state", flat=True)),
    "contacts": Invitation.objects.values("contact").distinct().count(),
    "told": Interaction.objects.filter(kind="survey_invitation").count(),
    "links": Invitation.objects.exclude(token_hash="").count(),
    "mails": dict(OutgoingEmail.objects.values_list("to_address", "state")),
    "rows": OutgoingEmail.objects.count(),
}))
"""


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with running(Misbehaving()) as sink:
        yield sink


@pytest.fixture(params=["embedded", "services"])
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, server: Misbehaving
) -> Iterator[Installation]:
    """SQLite, then PostgreSQL."""
    urls = {"EMAIL_URL": server.url}
    if request.param == "services":
        urls["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    made = Installation(tmp_path, **urls)
    made.prepare()
    yield made
    made.stop_all()


def ask_through_kills(installation: Installation, *, people: int, early: int, late: int) -> int:
    installation.ask(SET_UP.replace("PEOPLE", str(people)))
    code = THROUGH_KILLS.replace("EARLY", str(early)).replace("LATE", str(late))
    # Two commits a mail: so far that there is something left for the last kill.
    far = max(3, 2 * people // (2 * late))
    kills: int = installation.ask(code.replace("FAR", str(far)))
    return kills


def check(found: dict[str, Any], arrived: Counter[str], *, people: int, kills: int) -> None:
    assert found["runs"] == 1
    assert found["invitations"] == {"queued": people}
    assert found["contacts"] == found["told"] == found["links"] == found["rows"] == people
    assert max(arrived.values()) == 1, "somebody got two"
    assert set(found["mails"].values()) <= {"sent", "unknown"}
    missing = set(found["mails"]) - set(arrived)
    assert {found["mails"][one] for one in missing} <= {"unknown"}, "somebody was forgotten"
    assert sum(state == "unknown" for state in found["mails"].values()) <= kills


@pytest.mark.once
def test_a_sending_goes_on_through_some_kills(
    installation: Installation, server: Misbehaving
) -> None:
    kills = ask_through_kills(installation, people=40, early=4, late=2)
    assert kills >= 6
    check(installation.ask(FOUND), Counter(server.seen), people=40, kills=kills)


@pytest.mark.faults
def test_two_thousand_are_asked_through_many_kills(
    installation: Installation, server: Misbehaving
) -> None:
    kills = ask_through_kills(installation, people=2000, early=30, late=30)
    assert kills >= 50
    check(installation.ask(FOUND), Counter(server.seen), people=2000, kills=kills)
