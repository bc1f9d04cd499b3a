"""How fast a sender may send, when it stands still, and what goes on meanwhile."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as settled
from hypothesis import strategies as st
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from mail import delivery, gates
from mail.actions import queue_email, queue_emails
from mail.alarms import look
from mail.gates import Tally
from mail.models import DeliveryEvent, OutgoingEmail, SenderGate
from staff.access import Role
from staff.models import AuditEntry, Business, User
from tests.conftest import person
from tests.mail.drafting import draft
from tests.services.smtp import Sink

pytestmark = pytest.mark.django_db
State = OutgoingEmail.State
SENDER = "ola@padaria-aurora.example"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def sink(smtp_sink: Sink, settings: Settings, business: Business) -> Sink:
    settings.EMAIL_URL = smtp_sink.url
    return smtp_sink


def left(count: int, *, ago: timedelta = timedelta(hours=1)) -> list[OutgoingEmail]:
    """So many mails that this sender has sent."""
    return OutgoingEmail.objects.bulk_create(
        OutgoingEmail(
            stream="surveys",
            to_address=f"ana{n}@example.com",
            subject="?",
            text="?",
            state=State.SENT,
            from_address=SENDER,
            sent_at=timezone.now() - ago,
        )
        for n in range(count)
    )


def came_back(mails: list[OutgoingEmail], what: str = "hard_bounce") -> None:
    DeliveryEvent.objects.bulk_create(
        DeliveryEvent(outgoing=one, address=one.to_address, type=what) for one in mails
    )


# --- The bucket -----------------------------------------------------------------------------------


def test_so_many_leave_and_the_others_wait(sink: Sink) -> None:
    SenderGate.objects.create(address=SENDER, per_minute=12, tokens=2)
    queue_emails([draft(n) for n in range(5)])
    delivery.sweep()
    delivery.sweep()

    assert len(sink.delivered) == 2
    assert OutgoingEmail.objects.filter(state=State.QUEUED).count() == 3


def test_replies_do_not_wait_for_the_bucket(sink: Sink) -> None:
    SenderGate.objects.create(address=SENDER, per_minute=6, tokens=0)
    queue_emails([draft(0), draft(1, stream="replies"), draft(2, stream="account")])
    delivery.sweep()

    assert {one.recipients[0] for one in sink.delivered} == {
        "maria1@example.com",
        "maria2@example.com",
    }


@given(
    per_minute=st.integers(1, 600),
    steps=st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=60),
)
@settled(max_examples=15, deadline=None)
def test_no_minute_gets_more_than_its_tokens_and_one_bucket(
    per_minute: int, steps: list[float]
) -> None:
    gate = SenderGate(address=SENDER, per_minute=per_minute, tokens=0, filled_at=NOON)
    taken: list[datetime] = []
    now = NOON
    for step in steps:
        now += timedelta(seconds=step)
        while (tokens := gates.filled(gate, now)) >= 1:
            gate.tokens, gate.filled_at = tokens - 1, now
            taken.append(now)
    room = max(1, per_minute * gates.HELD_SECONDS / 60)
    for start in taken:
        within = [at for at in taken if start <= at < start + timedelta(minutes=1)]
        assert len(within) <= per_minute + room + 1


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_take_no_token_twice() -> None:
    gate = SenderGate.objects.create(address=SENDER, per_minute=60, tokens=10, filled_at=NOON)
    start = threading.Barrier(4)
    taken: list[bool] = []

    def work() -> None:
        own = SenderGate.objects.get(pk=gate.pk)
        start.wait()
        try:
            taken.extend(gates.take(own, NOON) for _ in range(5))
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    gate.refresh_from_db()
    assert sum(taken) == 10 - gate.tokens <= 10


# --- The lid --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tally", "reason"),
    [
        (Tally(49, 20, 0), None),
        (Tally(60, 3, 0), None),  # exactly 5 %
        (Tally(60, 4, 0), "bounces"),
        (Tally(1000, 0, 1), None),
        (Tally(667, 0, 2), None),
        (Tally(666, 0, 2), "complaints"),
        (Tally(2, 0, 2), "complaints"),
    ],
)
def test_what_stops_a_sender(tally: Tally, reason: str | None) -> None:
    assert tally.reason == reason


def test_too_many_bounces_stop_surveys_and_raise_the_alarm(sink: Sink, business: Business) -> None:
    owner = person(Role.OWNER, "carmen@example.com", "Carmen")
    Business.objects.update(language="es")
    User.objects.filter(pk=owner.pk).update(language="")
    came_back(left(60)[:4])
    queue_emails([draft(0), draft(1, stream="replies")])
    delivery.sweep()
    delivery.sweep()

    gate = SenderGate.objects.get()
    assert gate.pause_reason == "bounces"
    assert gate.pause_facts == {"sent": 60, "bounced": 4, "complained": 0}
    assert sorted(one.recipients[0] for one in sink.delivered) == [
        owner.email,
        "maria1@example.com",
    ]
    assert OutgoingEmail.objects.get(to_address="maria0@example.com").state == State.QUEUED
    [alarm] = OutgoingEmail.objects.filter(stream="account")
    assert alarm.language == "es", "the business's, where somebody has chosen none"
    assert alarm.text.startswith("Las encuestas y campañas")
    assert AuditEntry.objects.filter(action="sender_gate.pause", by=None).count() == 1
    finding = look()
    assert finding.ok is False
    assert "Of 60 messages 4 came back" in finding.detail


def test_a_pause_stops_a_message_that_was_read_before_it(sink: Sink, owner: User) -> None:
    row = queue_email(draft())
    gates.pause(address=SENDER, by=owner)
    assert not OutgoingEmail.objects.claim(row.pk, holder="w", from_address=SENDER)
    assert OutgoingEmail.objects.claim(row.pk, holder="w", from_address="other@example.com")


def test_what_was_refused_at_once_and_what_came_back_later_count_alike(business: Business) -> None:
    mails = left(57)
    refused = left(3)
    OutgoingEmail.objects.filter(pk__in=[one.pk for one in refused]).update(
        state=State.FAILED, sent_at=None
    )
    came_back(refused)
    OutgoingEmail.objects.filter(pk=mails[0].pk).update(state=State.BOUNCED)
    came_back(mails[:1] + mails[5:9], "soft_bounce")
    came_back(mails[:1])

    tally = gates.tally_of(SENDER, timezone.now() - gates.WINDOW)
    assert tally == Tally(60, 4, 0)


def test_old_mail_and_other_senders_are_not_held_against_it(business: Business) -> None:
    came_back(left(60, ago=timedelta(days=8))[:10])
    DeliveryEvent.objects.update(at=timezone.now() - timedelta(days=8))
    assert gates.judged(SENDER) is None
    others = left(60)
    OutgoingEmail.objects.filter(pk__in=[one.pk for one in others]).update(from_address="x@y.z")
    came_back(others[:10])
    assert gates.judged(SENDER) is None


def test_who_lets_it_go_on_forgives_what_was(sink: Sink, owner: User) -> None:
    came_back(left(60)[:10])
    gate = gates.judged(SENDER)
    assert gate is not None
    gate = gates.go_on(gate=gate, by=owner)

    again = gates.judged(SENDER)
    assert again is not None
    assert again.paused_at is None
    assert gate.counted_since is not None
    assert AuditEntry.objects.filter(action="sender_gate.go_on", by=owner).count() == 1
    with pytest.raises(gates.NotPaused):
        gates.go_on(gate=gate, by=owner)


def test_by_hand_once(business: Business, owner: User) -> None:
    gates.pause(address=SENDER.upper(), by=owner)
    with pytest.raises(gates.AlreadyPaused):
        gates.pause(address=SENDER, by=owner)
    assert AuditEntry.objects.filter(action="sender_gate.pause", by=owner).count() == 1


def test_managers_see_it_first_thing(
    business: Business, owner: User, manager_client: Client, agent_client: Client
) -> None:
    gates.pause(address=SENDER, by=owner)
    words = f"Surveys and outreach from {SENDER} are paused."
    assertContains(manager_client.get("/today/"), words)
    assertNotContains(agent_client.get("/today/"), words)


def test_judging_costs_two_small_queries_while_all_is_well(business: Business) -> None:
    came_back(left(30)[:1])
    with CaptureQueriesContext(connection) as queries:
        gates.judged(SENDER)
    assert len(queries) == 2  # the gate, what came back
