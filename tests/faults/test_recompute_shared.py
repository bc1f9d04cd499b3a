"""A recompute that two hosts of workers share, when one of them dies, and then all: begun again, it goes
on where it was, and every figure is right, and there once."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest

from tests.faults.installation import Installation

SET_UP = """
from datetime import timedelta
from django.utils import timezone
from crm import tenures
from crm.actions.customers import create_customer
from crm.models import Order
from metrics import actions
from metrics.models import Snapshot
from staff.models import Business
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en",
                        email="ola@padaria.example")
now = timezone.now()
people = [create_customer(name=f"Person {n}", by=None) for n in range(20)]
Order.objects.bulk_create(
    Order(customer=one, ordered_at=now - timedelta(days=days + n), total=10 + n, currency="BRL", rate=1)
    for n, one in enumerate(people) for days in range(3, 2500, 60))
tenures.rebuild([one.pk for one in people])
actions.refresh()
print(Snapshot.objects.filter(kpi="average_ticket").update(numerator="1", value=1))
"""
FOUND = """
import json
from collections import Counter
from metrics.models import Mark, Piece, Recompute, Snapshot
cells = Snapshot.objects.filter(is_current=True).values_list("kpi", "grain", "starts_on")
print(json.dumps([
    max(Counter(cells).values()),
    Recompute.objects.exclude(finished_at=None).count(),
    Piece.objects.filter(done_at=None).count(),
    Mark.objects.count(),
    Snapshot.objects.filter(kpi="average_ticket", is_current=True, value=1).count(),
]))
"""
RUN = ["manage.py", "recompute", "--full"]


def pieces_done(database: str) -> tuple[int, int]:
    with psycopg.connect(database) as connection:
        counts = connection.execute("SELECT count(done_at), count(*) FROM metrics_piece").fetchone()
    assert counts
    return counts[0], counts[1]


def wait_for_pieces(database: str, share: float) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        done, pieces = pieces_done(database)
        if pieces and done >= share * pieces:
            assert done < pieces, "there was nothing left to do"
            return
        time.sleep(0.02)
    pytest.fail("nobody works")


@pytest.mark.faults
def test_what_one_host_leaves_others_finish(
    tmp_path: Path, postgresql_url: str, valkey_url: str
) -> None:
    installation = Installation(tmp_path, DATABASE_URL=postgresql_url, REDIS_URL=valkey_url)
    installation.prepare()
    assert installation.ask(SET_UP)
    first, _second = (installation.start_worker("metrics") for _host in range(2))
    installation.start(RUN)
    wait_for_pieces(postgresql_url, 0.2)
    installation.kill(first)
    wait_for_pieces(postgresql_url, 0.4)
    installation.stop_all()
    done, pieces = pieces_done(postgresql_url)
    assert done < pieces

    installation.start_worker("metrics")
    installation.manage(*RUN[1:], "--check")
    installation.stop_all()
    most_of_a_cell, finished, undone, marks, wrong = installation.ask(FOUND)
    assert (most_of_a_cell, finished, undone, marks, wrong) == (1, 1, 0, 0, 0)
    assert pieces_done(postgresql_url) == (pieces, pieces), "it went on, and did not begin anew"
