"""SIGKILL of the worker in the middle of a sending: nobody is lost, nobody gets two."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.faults.installation import Installation
from tests.mail.servers import Misbehaving, running

QUEUE = """
import json
from mail.actions import queue_emails
from mail.drafts import UNSUBSCRIBE, Draft
from mail.models import OutgoingEmail
from staff.models import Business
Business.objects.create(pk=1, name="Padaria", time_zone="UTC", currency="BRL", language="en",
                        email="ola@padaria.example")
queue_emails([
    Draft(stream="surveys", to_address=f"person{n}@example.com", subject="How did we do?",
          text=f"Answer: {UNSUBSCRIBE}", once_key=f"survey:{n}")
    for n in range(HOW_MANY)
])
print(json.dumps(OutgoingEmail.objects.count()))
"""
# What a kill leaves `sending` is believed until its lease runs out, and its sweep likewise; here
# that time passes at once. The nudge only saves the wait for the scheduler's next tick.
LEASES_RUN_OUT = """
import json
from django.utils import timezone
from mail.models import OutgoingEmail
from mail.tasks import sweep
from staff.models import Lease
Lease.objects.update(until=timezone.now())
sweep.delay()
print(json.dumps(OutgoingEmail.objects.filter(state="sending").update(lease_until=timezone.now())))
"""
STATES = """
import json
from mail.models import OutgoingEmail
print(json.dumps(dict(OutgoingEmail.objects.values_list("to_address", "state"))))
"""


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with running(Misbehaving()) as sink:
        yield sink


@pytest.fixture(params=["embedded", "services"])
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, server: Misbehaving
) -> Iterator[Installation]:
    """SQLite with the filesystem broker, then PostgreSQL with Valkey."""
    urls = {"EMAIL_URL": server.url}
    if request.param == "services":
        urls["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
        urls["REDIS_URL"] = request.getfixturevalue("valkey_url")
    made = Installation(tmp_path, **urls)
    made.prepare()
    yield made
    made.stop_all()


def send_through_kills(
    installation: Installation, server: Misbehaving, *, messages: int, kills: int
) -> tuple[dict[str, str], Counter[str]]:
    """Queue, send, and kill the worker again and again; what the rows say and what arrived."""
    chance = random.Random(kills)
    installation.ask(QUEUE.replace("HOW_MANY", str(messages)))
    installation.start_scheduler()
    worker = installation.start_worker()
    # Never all at the end: there has to be something left to kill.
    share = messages // (kills + 1)
    for number in range(kills):
        wanted = len(server.seen) + chance.randrange(share // 2, share)
        reached = threading.Event()
        if number % 2 == 0:  # the server has the message, and its answer is never read
            kill_before_answer(installation, server, worker.pid, wanted, reached)
            wait_for(reached.is_set, installation)
            worker.wait()
            installation.running.remove(worker)
        else:  # anywhere
            wait_for(partial(has_taken, server, wanted), installation)
            time.sleep(chance.random() * 0.02)
            installation.kill(worker)
        installation.ask(LEASES_RUN_OUT)
        worker = installation.start_worker()
    return wait_until_settled(installation), Counter(server.seen)


def kill_before_answer(
    installation: Installation,
    server: Misbehaving,
    group: int,
    wanted: int,
    reached: threading.Event,
) -> None:
    def strike(taken: int) -> None:
        if taken >= wanted and not reached.is_set():
            os.killpg(group, signal.SIGKILL)
            reached.set()

    server.before_answer = strike


def has_taken(server: Misbehaving, wanted: int) -> bool:
    return len(server.seen) >= wanted


def wait_until_settled(installation: Installation, seconds: float = 240) -> dict[str, str]:
    deadline = time.monotonic() + seconds
    while True:
        states: dict[str, str] = installation.ask(STATES)
        if not {"queued", "sending"} & set(states.values()):
            return states
        assert time.monotonic() < deadline, (Counter(states.values()), installation.log.read_text())
        time.sleep(1)


def wait_for(
    condition: Callable[[], bool], installation: Installation, seconds: float = 60
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, installation.log.read_text()
        time.sleep(0.002)


def check(states: dict[str, str], arrived: Counter[str], *, messages: int, kills: int) -> None:
    assert len(states) == messages
    assert max(arrived.values()) == 1, "somebody got two"
    assert set(states.values()) <= {"sent", "unknown"}
    assert {address for address, state in states.items() if state == "sent"} <= set(arrived)
    missing = set(states) - set(arrived)
    assert {states[address] for address in missing} <= {"unknown"}, "somebody was forgotten"
    unknown = sum(state == "unknown" for state in states.values())
    # At most what the two processes of a worker had in hand.
    assert (kills + 1) // 2 <= unknown <= 2 * kills


@pytest.mark.once
def test_a_killed_worker_loses_nobody_and_writes_to_nobody_twice(
    installation: Installation, server: Misbehaving
) -> None:
    states, arrived = send_through_kills(installation, server, messages=500, kills=1)
    check(states, arrived, messages=500, kills=1)


@pytest.mark.faults
def test_fifty_kills(installation: Installation, server: Misbehaving) -> None:
    states, arrived = send_through_kills(installation, server, messages=3000, kills=50)
    check(states, arrived, messages=3000, kills=50)
