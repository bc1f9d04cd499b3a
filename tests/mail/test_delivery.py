"""From the outbox to a real mail server, and what is known after each way to fail."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from mail import actions, delivery, transport
from mail.actions import queue_email, queue_emails
from mail.models import DeliveryEvent, OutgoingEmail, Scope, Suppression
from staff.models import AuditEntry, Business
from tests.mail.drafting import draft
from tests.mail.servers import Misbehaving, running
from tests.services.processes import free_port
from tests.services.smtp import Sink

pytestmark = pytest.mark.django_db
State = OutgoingEmail.State


@pytest.fixture
def sink(smtp_sink: Sink, settings: Settings, business: Business) -> Sink:
    settings.EMAIL_URL = smtp_sink.url
    return smtp_sink


@pytest.fixture
def server(
    settings: Settings, business: Business, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Misbehaving]:
    monkeypatch.setattr(transport, "TIMEOUT", 2)
    with running(Misbehaving()) as misbehaving:
        settings.EMAIL_URL = misbehaving.url
        yield misbehaving


def test_what_is_due_is_sent_once(sink: Sink) -> None:
    row = queue_email(draft())
    later = queue_email(draft(1, due_at=timezone.now() + timedelta(hours=1)))

    assert delivery.sweep() == 1
    assert delivery.sweep() == 0
    delivery.send(row.pk)
    delivery.send(later.pk)

    [delivered] = sink.delivered
    assert delivered.recipients == ["maria0@example.com"]
    assert delivered.sender == "ola@padaria-aurora.example"
    row.refresh_from_db()
    assert (row.state, row.attempts, row.detail) == (State.SENT, 1, "250 2.0.0 taken")
    assert row.sent_at is not None
    assert row.lease_until is None
    assert delivered.message["Message-ID"] == row.message_id


def test_one_connection_serves_a_whole_sweep(server: Misbehaving) -> None:
    queue_emails([draft(n) for n in range(20)])
    delivery.sweep()

    assert len(server.seen) == 20
    assert server.connections == 1


def test_a_server_that_hangs_up_between_messages_gets_each_once(server: Misbehaving) -> None:
    server.hang_up_after_each = True
    queue_emails([draft(n) for n in range(5)])
    delivery.sweep()

    assert sorted(server.seen) == [f"maria{n}@example.com" for n in range(5)]
    assert server.connections == 5
    assert set(OutgoingEmail.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


def test_without_a_server_everything_waits(business: Business) -> None:
    row = queue_email(draft())
    assert delivery.is_held()
    assert delivery.sweep() == 0
    delivery.send(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.QUEUED, 0)


def test_without_a_sender_everything_waits(sink: Sink, business: Business) -> None:
    Business.objects.update(email="")
    queue_email(draft())
    assert delivery.hold() == delivery.Hold.NO_SENDER
    assert delivery.sweep() == 0


def test_the_default_sender_steps_in_under_the_name_of_the_business(
    sink: Sink, settings: Settings
) -> None:
    Business.objects.update(email="")
    settings.DEFAULT_FROM_EMAIL = "Someone <noreply@example.com>"
    queue_email(draft())
    delivery.sweep()
    assert sink.delivered[0].message["From"] == "Padaria Aurora <noreply@example.com>"


# --- Rechecks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [Scope.SURVEYS, Scope.ALL])
def test_who_left_after_the_mail_was_queued_gets_nothing(sink: Sink, scope: Scope) -> None:
    row = queue_email(draft())
    actions.unsubscribe(outgoing=row, scope=scope)
    delivery.send(row.pk)
    row.refresh_from_db()
    assert row.state == State.QUEUED  # the claim itself refuses; the sweep says why
    delivery.sweep()

    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.SUPPRESSED, 0)
    assert sink.delivered == []


def test_another_scope_and_other_streams_are_not_stopped(sink: Sink) -> None:
    row = queue_email(draft())
    actions.unsubscribe(outgoing=row, scope=Scope.OUTREACH)
    account = queue_email(draft(stream="account"))
    actions.unsubscribe(outgoing=queue_email(draft(stream="outreach")), scope=Scope.ALL)
    for standing in Suppression.objects.filter(scope=Scope.ALL):
        actions.release(suppression=standing, by=None)
    delivery.sweep()

    account.refresh_from_db()
    row.refresh_from_db()
    assert (row.state, account.state) == (State.SENT, State.SENT)


def test_what_expired_is_not_sent(sink: Sink) -> None:
    row = queue_email(draft(expires_at=timezone.now() - timedelta(seconds=1)))
    delivery.send(row.pk)
    delivery.sweep()
    row.refresh_from_db()
    assert (row.state, row.detail) == (State.CANCELLED, delivery.EXPIRED)
    assert sink.delivered == []


# --- Refusals, delays, doubt ----------------------------------------------------------------------


def test_an_address_that_does_not_exist_fails_and_is_not_written_to_again(sink: Sink) -> None:
    sink.answer("maria0@example.com", "550 5.1.1 no such user")
    [gone, fine] = queue_emails([draft(), draft(1)])
    delivery.sweep()

    gone.refresh_from_db()
    fine.refresh_from_db()
    assert (gone.state, gone.detail) == (State.FAILED, "550 5.1.1 no such user")
    assert fine.state == State.SENT
    assert Suppression.objects.get().reason == Suppression.Reason.HARD_BOUNCE
    event = DeliveryEvent.objects.get()
    assert (event.type, event.outgoing_id) == (DeliveryEvent.Type.HARD_BOUNCE, gone.pk)
    assert AuditEntry.objects.filter(action="suppression.create", by=None).exists()


@pytest.mark.parametrize(
    "reply", ["550 no such user", "550 5.7.1 policy", "553 5.1.8 bad sender", "554 5.1.15 x"]
)
def test_any_other_refusal_fails_without_suppressing(sink: Sink, reply: str) -> None:
    sink.answer("maria0@example.com", reply)
    row = queue_email(draft())
    delivery.sweep()
    row.refresh_from_db()
    assert (row.state, row.detail) == (State.FAILED, reply)
    assert not Suppression.objects.exists()


def test_a_refusal_of_the_whole_message_is_final(server: Misbehaving) -> None:
    server.data_reply = "554 5.7.1 looks like spam"
    row = queue_email(draft())
    delivery.sweep()
    row.refresh_from_db()
    assert (row.state, row.detail) == (State.FAILED, "554 5.7.1 looks like spam")


def test_a_greylisted_message_waits_and_the_others_go_on(sink: Sink) -> None:
    sink.answer("maria0@example.com", "451 4.7.1 come back later")
    [grey, fine] = queue_emails([draft(), draft(1)])
    delivery.sweep()
    grey.refresh_from_db()
    fine.refresh_from_db()

    assert fine.state == State.SENT
    assert (grey.state, grey.attempts, grey.detail) == (
        State.QUEUED, 1, "451 4.7.1 come back later",
    )  # fmt: skip
    assert timedelta(0) < grey.due_at - timezone.now() <= timedelta(minutes=1)

    first_id = grey.message_id
    sink.answers.clear()
    OutgoingEmail.objects.update(due_at=timezone.now())
    delivery.sweep()
    grey.refresh_from_db()
    assert (grey.state, grey.attempts, grey.message_id) == (State.SENT, 2, first_id)
    assert len(sink.to("maria0@example.com")) == 1


def test_a_message_that_is_put_off_too_often_has_failed(server: Misbehaving) -> None:
    server.data_reply = "452 4.2.2 mailbox full"
    row = queue_email(draft())
    for _attempt in range(delivery.MAX_ATTEMPTS):
        OutgoingEmail.objects.update(due_at=timezone.now())
        delivery.sweep()
    row.refresh_from_db()
    assert (row.state, row.detail) == (State.FAILED, "452 4.2.2 mailbox full")


def test_a_server_that_is_not_there_stops_the_sweep_at_the_first_message(
    settings: Settings, business: Business
) -> None:
    settings.EMAIL_URL = f"smtp://127.0.0.1:{free_port()}"
    queue_emails([draft(n) for n in range(3)])
    assert delivery.sweep() == 1

    rows = OutgoingEmail.objects.order_by("pk")
    assert [(row.state, row.attempts) for row in rows] == [
        ("queued", 1),
        ("queued", 0),
        ("queued", 0),
    ]
    assert "refused" in rows[0].detail.lower()


def test_a_server_that_does_not_take_our_sender_keeps_nothing_from_trying_again(
    server: Misbehaving,
) -> None:
    server.refuse_sender = "550 5.7.1 sender not allowed"
    queue_emails([draft(), draft(1)])
    assert delivery.sweep() == 1
    row = OutgoingEmail.objects.order_by("pk")[0]
    assert (row.state, row.detail) == (State.QUEUED, "550 5.7.1 sender not allowed")


@pytest.mark.parametrize("way", ["drop_after_data", "silent_after_data"])
def test_without_an_answer_after_the_hand_over_nobody_knows_and_nobody_sends_again(
    server: Misbehaving, way: str
) -> None:
    setattr(server, way, True)
    row = queue_email(draft())
    delivery.sweep()
    row.refresh_from_db()
    assert row.state == State.UNKNOWN
    assert server.seen == ["maria0@example.com"]

    setattr(server, way, False)
    delivery.sweep()
    delivery.send(row.pk)
    assert server.seen == ["maria0@example.com"]


def test_encryption_that_is_asked_for_and_not_offered_is_never_done_without(
    sink: Sink, settings: Settings
) -> None:
    for tls in ("starttls", "ssl"):
        settings.EMAIL_URL = f"smtp://user:secret@127.0.0.1:{sink.port}?tls={tls}"
        row = queue_email(draft())
        delivery.sweep()
        row.refresh_from_db()
        assert row.state == State.QUEUED
        assert sink.delivered == []
        OutgoingEmail.objects.all().delete()


def test_a_message_that_cannot_be_built_does_not_hold_up_the_next(sink: Sink) -> None:
    [odd, fine] = queue_emails([draft(), draft(1)])
    OutgoingEmail.objects.filter(pk=odd.pk).update(headers=["not", "a", "mapping"])
    delivery.sweep()
    odd.refresh_from_db()
    fine.refresh_from_db()
    assert (odd.state, fine.state) == (State.FAILED, State.SENT)
    assert "Error" in odd.detail


# --- Who dies, who races --------------------------------------------------------------------------


def test_a_lease_that_ran_out_makes_the_message_unknown(sink: Sink) -> None:
    row = queue_email(draft())
    assert OutgoingEmail.objects.claim(row.pk, holder="a worker that died")
    delivery.sweep()
    row.refresh_from_db()
    assert row.state == State.SENDING  # the lease is believed

    OutgoingEmail.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    delivery.sweep()
    row.refresh_from_db()
    assert row.state == State.UNKNOWN
    assert sink.delivered == []


def test_a_slow_worker_may_still_say_what_became_of_it(sink: Sink) -> None:
    row = queue_email(draft())
    OutgoingEmail.objects.claim(row.pk, holder="slow")
    OutgoingEmail.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    delivery.settle()
    row.refresh_from_db()

    row.lease_holder = "another"
    assert not delivery.finish(row, State.SENT)
    row.lease_holder = "slow"
    assert delivery.finish(row, State.SENT)


def test_a_claim_is_one_statement_and_only_the_first_wins(sink: Sink) -> None:
    row = queue_email(draft())
    assert OutgoingEmail.objects.claim(row.pk, holder="a", message_id="<1@example.com>")
    assert not OutgoingEmail.objects.claim(row.pk, holder="b", message_id="<2@example.com>")
    row.refresh_from_db()
    assert (row.lease_holder, row.message_id, row.attempts) == ("a", "<1@example.com>", 1)


@pytest.mark.parametrize("stream", OutgoingEmail.Stream.values)
@pytest.mark.parametrize("scope", ["", *Scope.values])
@pytest.mark.parametrize("released", [False, True])
def test_a_claim_asks_exactly_what_the_named_reads_ask(
    business: Business, stream: str, scope: str, *, released: bool
) -> None:
    now = timezone.now()
    hour = timedelta(hours=1)
    if scope:
        Suppression.objects.create(
            address="maria0@example.com",
            scope=scope,
            reason="by_hand",
            released_at=now if released else None,
        )
    rows = [
        queue_email(draft(stream=stream, due_at=due_at, expires_at=expires_at))
        for due_at in (now - hour, now + hour)
        for expires_at in (None, now - hour, now + hour)
    ]
    OutgoingEmail.objects.update(to_address="Maria0@example.com")  # as an import may write it
    due = OutgoingEmail.objects.due()
    sendable = set(due) - set(due.expired()) - set(due.unwanted())
    claimed = {row for row in rows if OutgoingEmail.objects.claim(row.pk, holder="a")}
    assert claimed == sendable


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_send_each_message_once(sink: Sink) -> None:
    queue_emails([draft(n) for n in range(60)])
    errors: list[Exception] = []

    def work() -> None:
        try:
            delivery.sweep()
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(sink.delivered) == 60
    assert len({delivered.recipients[0] for delivered in sink.delivered}) == 60
    assert set(OutgoingEmail.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


@pytest.mark.django_db(transaction=True)
def test_the_claim_is_committed_before_the_network_is_touched(
    settings: Settings, business: Business
) -> None:
    """A listener that never answers: whoever looks from another connection sees `sending`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        row = queue_email(draft())
        seen: list[str] = []

        def look() -> None:
            talk, _address = listener.accept()
            seen.append(OutgoingEmail.objects.get(pk=row.pk).state)
            talk.close()
            connection.close()

        watcher = threading.Thread(target=look)
        watcher.start()
        delivery.sweep()
        watcher.join()
    assert seen == [State.SENDING]
