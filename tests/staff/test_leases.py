import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connection
from django.utils import timezone

from staff import leases
from staff.models import Lease


@pytest.mark.django_db
def test_one_holder_until_it_gives_back():
    assert leases.acquire("refresh", "ana", 60)
    assert not leases.acquire("refresh", "rui", 60)
    assert leases.acquire("other", "rui", 60)
    assert leases.acquire("refresh", "ana", 120)  # prolonged
    assert not leases.release("refresh", "rui")
    assert leases.release("refresh", "ana")
    assert not leases.release("refresh", "ana")
    assert leases.acquire("refresh", "rui", 60)


@pytest.mark.django_db
def test_a_dead_holder_s_lease_expires():
    leases.acquire("refresh", "ana", 60)
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))

    assert leases.acquire("refresh", "rui", 60)
    assert not leases.release("refresh", "ana")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_is_told_yes():
    start = Barrier(8)

    def ask(name: str) -> bool:
        start.wait()
        try:
            return leases.acquire("refresh", name, 60)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, "abcdefgh")) == 1


@pytest.mark.django_db(transaction=True)
def test_one_that_is_kept_is_prolonged_until_its_block_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leases, "BEATS", 6000)
    monkeypatch.setattr(leases, "OFTEN", 0)
    with leases.kept("refresh", 60) as holder:
        assert holder
        before = Lease.objects.get().until
        deadline = time.monotonic() + 20
        while Lease.objects.get().until == before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert Lease.objects.get().until > before
        with leases.kept("refresh", 60) as other:
            assert other is None
    assert leases.acquire("refresh", "rui", 60)


@pytest.mark.django_db(transaction=True)
def test_one_that_was_lost_is_not_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    leases.acquire("refresh", "rui", 60)
    until = Lease.objects.get().until
    done = Event()
    beats = iter([False, True])
    monkeypatch.setattr(done, "wait", lambda _seconds: next(beats))
    leases._prolong("refresh", "ana", 600, done)
    assert (Lease.objects.get().holder, Lease.objects.get().until) == ("rui", until)
