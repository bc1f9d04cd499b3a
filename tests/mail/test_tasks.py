"""What workers run: any number of times, at once, for nothing or for much."""

import socket
import time

import pytest
from pytest_django import Settings

from mail import delivery, tasks
from mail.actions import queue_email, queue_emails
from mail.models import OutgoingEmail
from staff import leases
from staff.jobs import JOBS
from staff.models import Business
from tests.mail.drafting import draft
from tests.services.smtp import Sink

pytestmark = pytest.mark.django_db
State = OutgoingEmail.State


@pytest.fixture
def sink(smtp_sink: Sink, settings: Settings, business: Business) -> Sink:
    settings.EMAIL_URL = smtp_sink.url
    return smtp_sink


def test_a_nudge_sends_its_message_and_again_nothing(sink: Sink) -> None:
    row = queue_email(draft())
    tasks.send(row.pk)
    tasks.send(row.pk)
    tasks.send(row.pk + 1)
    assert len(sink.delivered) == 1


def test_the_sweep_is_due_every_ten_seconds(sink: Sink) -> None:
    job = JOBS["mail.sweep"]
    assert job.task.name == tasks.sweep.name
    queue_emails([draft(n) for n in range(3)])
    tasks.sweep()
    tasks.sweep()
    assert len(sink.delivered) == 3


def test_one_sweep_at_a_time_so_that_a_stuck_server_takes_one_worker(sink: Sink) -> None:
    queue_email(draft())
    assert leases.acquire(tasks.SWEEP, "another worker", 30)
    tasks.sweep()
    assert sink.delivered == []

    leases.release(tasks.SWEEP, "another worker")
    tasks.sweep()
    assert len(sink.delivered) == 1


def test_a_sweep_ends_in_time_and_leaves_the_rest_in_the_queue(sink: Sink) -> None:
    queue_emails([draft(n) for n in range(3)])
    assert delivery.sweep(seconds=-1) == 0
    assert OutgoingEmail.objects.filter(state=State.QUEUED).count() == 3


def test_a_server_that_never_answers_is_given_up(
    settings: Settings, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.transport.TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        queue_emails([draft(n) for n in range(3)])
        begun = time.monotonic()
        tasks.sweep()
    assert time.monotonic() - begun < 5
    assert set(OutgoingEmail.objects.values_list("state", flat=True)) == {State.QUEUED}
    assert leases.acquire(tasks.SWEEP, "the next", 30)
