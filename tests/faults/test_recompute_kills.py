"""SIGKILL at every point of a recompute: other workers end it, and every figure is right, and there once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.installation import Installation

SET_UP = """
from datetime import timedelta
from django.utils import timezone
from crm import tenures
from crm.actions.customers import create_customer
from crm.models import Order
from metrics import actions
from staff.models import Business
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en",
                        email="ola@padaria.example")
now = timezone.now()
for n in range(3):
    one = create_customer(name=f"Person {n}", by=None)
    for days in (3, 40):
        Order.objects.create(customer=one, ordered_at=now - timedelta(days=days + n), total=10,
                             currency="BRL", rate=1)
    tenures.rebuild([one.pk])
actions.refresh()
print(1)
"""
THROUGH_KILLS = """
import json
from collections import Counter
from django.utils import timezone
from metrics import actions, engine
from metrics.engine import recomputing
from metrics.models import Mark, Recompute, Snapshot
from tests.faults.dying import killed

# Whoever died holds nothing: waiting for a dead one's lease is another test's matter.
engine.LEASE_SECONDS = 0
recomputing.PAUSE = 0

def work():
    actions.recompute_full()

Snapshot.objects.filter(kpi="average_ticket").update(numerator="1", value=1)
kills, number = 0, 1
while True:
    died = [killed(work, number, when) for when in ("before", "after")]
    kills += sum(died)
    number += 7
    if not any(died):
        break
cells = Snapshot.objects.filter(is_current=True).values_list("kpi", "grain", "starts_on")
print(json.dumps([
    kills,
    len(actions.check()),
    max(Counter(cells).values()),
    Recompute.objects.filter(finished_at=None).count(),
    Snapshot.objects.filter(kpi="average_ticket", is_current=True, value=1).count(),
]))
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


@pytest.mark.faults
def test_a_recompute_goes_on_through_kills(installation: Installation) -> None:
    installation.ask(SET_UP)
    kills, differences, most_of_a_cell, unfinished, wrong = installation.ask(THROUGH_KILLS)
    assert kills >= 10
    assert (differences, most_of_a_cell, unfinished, wrong) == (0, 1, 0, 0)
