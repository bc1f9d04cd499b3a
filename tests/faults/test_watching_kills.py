"""SIGKILL at every commit and every write of what looks at the figures: an alert tells once, each reader
has one digest with its pictures, a finding is there once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.installation import Installation

SET_UP = """
import json
from datetime import UTC, date, datetime, timedelta
from crm.models import Customer
from metrics.models import Alert, DigestReader, Engine, Mark, Snapshot
from staff.access import Role
from staff.models import Business, User
from surveys.actions.surveys import stock_survey
from surveys.models import Response
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en",
                        email="ola@padaria.example")
users = [User.objects.create_user(email=f"reader{n}@padaria.example", password=None,
                                  role=Role.MANAGER) for n in range(3)]
DigestReader.objects.bulk_create(DigestReader(user=user) for user in users)
Response.objects.create(survey=stock_survey("nps"), kind="nps", score=2, origin="mail_link",
                        customer=Customer.objects.create(name="Ana"),
                        answered_at=NOW - timedelta(days=5))
def figure(kpi, grain, starts_on, ends_on, value):
    return Snapshot(kpi=kpi, grain=grain, starts_on=starts_on, ends_on=ends_on, value=value,
                    numerator="40", denominator="100", n=100, status="ok", definition_version=1,
                    as_of=NOW)
weeks = [date(2026, 2, 23) - timedelta(days=7 * n) for n in range(6)]
Snapshot.objects.bulk_create(
    [figure("csat", "month", date(2026, 2, 1), date(2026, 3, 1), 0.4)]
    + [figure("retention", "week", day, day + timedelta(days=7), 0.9 + n / 100)
       for n, day in enumerate(weeks)])
alert = Alert.objects.create(kpi="csat", low="0.8", judged_on=date(2026, 1, 1))
alert.told.set(users[:2])
Mark.objects.all().delete()
Engine.objects.update_or_create(pk=1, defaults={"refreshed_at": NOW})
print(json.dumps(alert.pk))
"""
THROUGH_KILLS = """
import json
from datetime import UTC, datetime
from metrics.alerts import judging
from metrics.digest import weekly
from metrics.findings.looking import look
from metrics.findings.rules import RULES
from staff.models import Lease
from tests.faults.dying import killed
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

def way():
    judging.judge_all(now=NOW)
    weekly.send_due(NOW)
    look(now=NOW, rules=[RULES["detractors_unanswered"]])

kills = 0
# What one commits is done for the next, so early points lie at different places of the way.
for point in (1, 2, 3, 5, 8, 12):
    for when in ("before", "after"):
        kills += killed(way, point, when)
        Lease.objects.update(until=None)  # what a kill leaves is believed for a while: it passes
way()
print(json.dumps(kills))
"""
FOUND = """
import json
from collections import Counter
from mail.models import OutgoingAttachment, OutgoingEmail
from metrics.models import Alert, AlertEvent, Digest, Finding
keys = OutgoingEmail.objects.values_list("once_key", flat=True)
print(json.dumps({
    "state": Alert.objects.get().state,
    "events": AlertEvent.objects.count(),
    "digests": Digest.objects.count(),
    "mails": Counter(key.split(":")[0] for key in keys),
    "pictures": OutgoingAttachment.objects.count(),
    "findings": list(Finding.objects.values_list("kind", "state")),
}))
"""


@pytest.fixture(params=["embedded", "services"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """SQLite, then PostgreSQL."""
    urls = {}
    if request.param == "services":
        urls["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    made = Installation(tmp_path, **urls)
    made.prepare()
    yield made
    made.stop_all()


@pytest.mark.once
def test_everything_is_told_once_through_kills(installation: Installation) -> None:
    installation.ask(SET_UP)
    assert installation.ask(THROUGH_KILLS) >= 5
    assert installation.ask(FOUND) == {
        "state": "below",
        "events": 1,
        "digests": 3,
        "mails": {"metrics.alert": 2, "metrics.digest": 3},
        "pictures": 3,
        "findings": [["detractors_unanswered", "open"]],
    }
