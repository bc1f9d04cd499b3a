"""`manage.py scheduler`: each slot's task is sent once, whatever happens to broker and clock."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import Celery, Task, shared_task
from django.conf import settings
from django.core.management import call_command

from staff import ticks
from staff.jobs import JOBS, Job
from staff.management.commands.scheduler import Clock
from staff.models import Heartbeat, Tick

NOON = datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC)
MINUTELY = timedelta(minutes=1)


@shared_task
def sweep() -> None:
    """What a job of a room would be."""


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    """The only registered job: a sweep each minute."""
    only = Job("tests.sweep", MINUTELY, sweep)
    monkeypatch.setattr("staff.jobs.JOBS", {only.name: only})
    for module in ("staff.ticks", "staff.management.commands.scheduler"):
        monkeypatch.setattr(f"{module}.JOBS", {only.name: only})
    return only


@pytest.fixture
def sent() -> Iterator[list[Path]]:
    """The messages that wait in the broker's folder; call it to look anew."""
    folder = Path(settings.VAR_DIR) / "broker"

    class Waiting(list[Path]):
        def __len__(self) -> int:
            return len(list(folder.glob("*.msg")))

    for message in folder.glob("*.msg"):
        message.unlink()
    yield Waiting()
    for message in folder.glob("*.msg"):
        message.unlink()


@pytest.fixture
def unreachable_broker(monkeypatch: pytest.MonkeyPatch, job: Job) -> Job:
    """The same job, of an application whose broker nobody answers for."""
    app = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
    app.conf.broker_transport_options = {"max_retries": 1, "interval_start": 0.1}

    @app.task(name="tests.unreachable")
    def unreachable() -> None: ...

    lonely: Task[..., object] = unreachable
    return Job(job.name, job.every, lonely)


def test_a_slot_begins_at_a_whole_multiple_since_the_epoch(job: Job) -> None:
    assert job.due_at(NOON) == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert job.due_at(NOON + timedelta(seconds=52)) == job.due_at(NOON)
    assert job.due_at(NOON + timedelta(seconds=53)) == datetime(2026, 3, 1, 12, 1, tzinfo=UTC)


@pytest.mark.django_db
def test_two_schedulers_send_a_slot_once(job: Job, sent: list[Path]) -> None:
    one, other = Clock(), Clock()
    one.look(NOON)
    other.look(NOON + timedelta(seconds=1))
    one.look(NOON + timedelta(seconds=2))
    assert len(sent) == 1

    other.look(NOON + MINUTELY)
    one.look(NOON + MINUTELY)
    assert len(sent) == 2
    assert Tick.objects.filter(job=job.name).count() == 2


@pytest.mark.django_db
def test_a_broker_that_is_down_costs_one_line_and_the_slot_is_tried_again(
    unreachable_broker: Job, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="staff.ticks"):
        assert not ticks.start(unreachable_broker, due_at=NOON)

    assert len(caplog.records) == 1
    assert "Could not send tests.sweep" in caplog.text
    assert not Tick.objects.exists(), "the next look must try again"


@pytest.mark.django_db
def test_old_ticks_go_but_never_a_slot_that_still_counts(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    weekly = Job("tests.weekly", timedelta(weeks=1), sweep)
    for days in (1, 3, 15):
        Tick.objects.create(job=job.name, due_at=NOON - timedelta(days=days))

    ticks.forget_old_ticks(NOON)
    assert Tick.objects.count() == 1

    Tick.objects.create(job=weekly.name, due_at=NOON - timedelta(days=6))
    monkeypatch.setattr("staff.ticks.JOBS", {weekly.name: weekly})
    ticks.forget_old_ticks(NOON)
    assert Tick.objects.filter(job=weekly.name).exists()


@pytest.mark.django_db
def test_the_scheduler_shows_that_it_lives(job: Job) -> None:
    clock = Clock()
    clock.look(NOON)
    first = Heartbeat.objects.get(name="scheduler").at
    clock.look(NOON + timedelta(seconds=1))
    assert Heartbeat.objects.get(name="scheduler").at == first, "not at each look"

    clock.look(NOON + timedelta(seconds=20))
    assert Heartbeat.objects.get(name="scheduler").at > first


def test_it_sleeps_until_a_slot_begins_or_its_heart_must_beat(job: Job) -> None:
    clock = Clock()
    assert clock.seconds_to_next(NOON) == pytest.approx(15)
    assert clock.seconds_to_next(NOON + timedelta(seconds=50)) == pytest.approx(3)


@pytest.mark.django_db
def test_an_idle_look_asks_the_database_nothing(
    job: Job, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    clock = Clock()
    clock.look(NOON)
    with django_assert_num_queries(0):  # type: ignore[operator]
        clock.look(NOON + timedelta(seconds=1))


@pytest.mark.django_db
def test_one_pass_from_the_command_line(job: Job, sent: list[Path]) -> None:
    call_command("scheduler", "--once")
    assert len(sent) == 1


def test_the_house_has_a_job_that_proves_the_worker_alive() -> None:
    assert JOBS["staff.beat"].every <= timedelta(minutes=1)
