"""The engine: from changed facts to stored figures, and what is kept when late facts come."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import tenures
from crm.models import Customer, Tenure
from metrics import actions, reading, tasks
from metrics.definitions import find
from metrics.engine import LEASE, LeaseLost, computing, recomputing
from metrics.models import Engine, Grain, Mark, Snapshot
from metrics.periods import Period, containing
from staff import leases
from staff.jobs import JOBS
from staff.models import Business
from tests.factories import (
    CustomerFactory,
    OrderFactory,
    ResponseFactory,
    TenureSpanFactory,
)

NOW = datetime(2026, 3, 18, 15, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1), ZONE, Grain.MONTH)
MARCH = FEBRUARY.following()


def at(month: int, day: int, hour: int = 15) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def customer(since: datetime, **values: Any) -> Customer:
    found: Customer = CustomerFactory(created_at=since, **values)
    return found


def nps_answer(score: int, when: datetime, **values: Any) -> None:
    ResponseFactory(score=score, answered_at=when, customer=customer(when), **values)


def stored(kpi: str, period: Period) -> Snapshot:
    return Snapshot.objects.get(
        kpi=kpi, grain=period.grain, starts_on=period.starts_on, is_current=True
    )


# --- Refreshing ----------------------------------------------------------------------------


def test_a_change_reaches_every_grain_and_its_marks_go(business: Business) -> None:
    nps_answer(9, at(2, 10))
    done = actions.refresh(now=NOW)
    assert done is not None
    assert done.marks > 0
    assert not Mark.objects.exists()
    for grain in Grain:
        period = containing(date(2026, 2, 10), grain, ZONE)
        assert stored("nps", period).value == 100


def test_refreshing_twice_changes_nothing(business: Business) -> None:
    nps_answer(9, at(2, 10))
    actions.refresh(now=NOW)
    before = set(Snapshot.objects.values_list("pk", flat=True))
    assert actions.refresh(now=NOW) == actions.Refreshed()
    assert set(Snapshot.objects.values_list("pk", flat=True)) == before


def test_nothing_happens_before_the_business_is_set_up(db: None) -> None:
    assert actions.refresh(now=NOW) == actions.Refreshed()
    assert actions.recompute_full(now=NOW) == actions.Refreshed()
    assert actions.check(now=NOW) == []


def test_only_one_refresh_runs_at_a_time(business: Business) -> None:
    nps_answer(9, at(2, 10))
    assert leases.acquire(LEASE, "another worker", 60)
    assert actions.refresh(now=NOW) is None
    assert actions.recompute_full(now=NOW) is None
    assert Mark.objects.exists()
    leases.release(LEASE, "another worker")
    assert actions.refresh(now=NOW)
    assert leases.acquire(LEASE, "another worker", 60)


def test_a_crash_leaves_the_marks(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    nps_answer(9, at(2, 10))
    waiting = Mark.objects.count()

    def crash(*_args: object, **_options: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(computing.Writing, "apply", crash)
        with pytest.raises(RuntimeError):
            actions.refresh(now=NOW)

    assert Mark.objects.count() == waiting
    assert actions.refresh(now=NOW)
    assert stored("nps", FEBRUARY).value == 100


def test_one_that_lost_its_lease_stores_nothing_more(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    nps_answer(9, at(2, 10))
    computed = actions.computed

    def slow(*args: Any) -> Any:
        leases.Lease.objects.filter(name=LEASE).update(holder="another worker")
        return computed(*args)

    monkeypatch.setattr(actions, "computed", slow)
    with pytest.raises(LeaseLost):
        actions.refresh(now=NOW)
    assert not Snapshot.objects.exists()
    assert Mark.objects.exists()


def test_many_marks_are_taken_in_parts(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MARKS_AT_ONCE", 3)
    for day in range(1, 9):
        nps_answer(9, at(2, day))
    actions.refresh(now=NOW)
    assert not Mark.objects.exists()
    assert stored("nps", FEBRUARY).n == 8


# --- What is stored ------------------------------------------------------------------------


def test_a_late_fact_adds_a_revision_to_a_closed_period(business: Business) -> None:
    nps_answer(9, at(2, 10))
    actions.refresh(now=NOW)
    nps_answer(0, at(2, 11))
    actions.refresh(now=NOW + timedelta(hours=1))

    latest, first = reading.history(find("nps"), FEBRUARY)
    assert (first.value, first.is_current, first.is_revision) == (100, False, False)
    assert (latest.value, latest.is_current, latest.is_revision) == (0, True, True)


def test_a_late_fact_that_changes_nothing_revises_nothing(business: Business) -> None:
    TenureSpanFactory(customer=customer(at(1, 1)), started_at=at(1, 1))
    actions.refresh(now=NOW)
    Tenure.objects.update(started_at=at(1, 1, 16))
    actions.refresh(now=NOW + timedelta(hours=1))
    assert len(reading.history(find("customer_churn"), FEBRUARY)) == 1


def test_a_running_period_is_overwritten_and_closes_at_midnight(business: Business) -> None:
    nps_answer(9, at(3, 10))
    actions.refresh(now=NOW)
    nps_answer(9, at(3, 12))
    actions.refresh(now=NOW + timedelta(hours=1))
    [running] = reading.history(find("nps"), MARCH)
    assert running.is_partial
    assert running.n == 2

    actions.refresh(now=datetime(2026, 4, 1, 3, 1, tzinfo=UTC))
    [closed] = reading.history(find("nps"), MARCH)
    assert not closed.is_partial
    assert not closed.is_revision


def test_a_deleted_fact_leaves_an_undefined_figure_not_a_stale_one(business: Business) -> None:
    nps_answer(9, at(2, 10))
    actions.refresh(now=NOW)
    Customer.objects.all().delete()
    actions.refresh(now=NOW + timedelta(hours=1))
    assert stored("nps", FEBRUARY).status == "no_responses"


def test_periods_without_any_fact_have_no_row(business: Business) -> None:
    nps_answer(9, at(2, 10))
    actions.recompute_full(now=NOW)
    assert not Snapshot.objects.filter(kpi="cac").exists()
    assert not Snapshot.objects.filter(kpi="nps", grain="day", starts_on="2026-02-11").exists()


# --- Time itself ---------------------------------------------------------------------------


def test_silence_ends_a_tenure_when_its_time_comes(business: Business) -> None:
    bought = customer(at(2, 1))
    OrderFactory(customer=bought, ordered_at=NOW - timedelta(days=180) + timedelta(hours=2))
    tenures.rebuild([bought.pk])
    actions.refresh(now=NOW)
    assert stored("customer_churn", MARCH).value == 0
    assert Engine.objects.get().next_change_at == NOW + timedelta(hours=2)
    assert not actions.is_due(NOW + timedelta(hours=1))

    actions.refresh(now=NOW + timedelta(hours=2, seconds=1))
    assert stored("customer_churn", MARCH).value == 1


def test_leads_whose_time_is_over_stop_pending(business: Business) -> None:
    customer(NOW - timedelta(days=90) + timedelta(hours=1))
    created = containing((NOW - timedelta(days=90)).date(), Grain.MONTH, ZONE)
    actions.refresh(now=NOW)
    pending = stored("lead_conversion", created)
    assert (pending.status, pending.parts["pending"]) == ("no_complete_leads", 1)

    actions.refresh(now=NOW + timedelta(hours=1, seconds=1))
    [complete] = reading.history(find("lead_conversion"), created)
    assert (complete.status, complete.n, complete.is_revision) == ("ok", 1, False)


def test_a_fact_dated_ahead_counts_when_its_time_comes(business: Business) -> None:
    nps_answer(9, NOW + timedelta(seconds=5))
    actions.refresh(now=NOW)
    assert not Snapshot.objects.filter(kpi="nps").exists()
    actions.refresh(now=NOW + timedelta(seconds=6))
    assert stored("nps", MARCH).value == 100


def test_a_month_away_is_caught_up(business: Business) -> None:
    TenureSpanFactory(customer=customer(at(1, 1)), started_at=at(1, 1))
    actions.refresh(now=NOW)
    later = NOW + timedelta(days=40)
    actions.refresh(now=later)
    for day in range(1, 40):
        period = containing((NOW + timedelta(days=day)).date(), Grain.DAY, ZONE)
        assert stored("customer_churn", period).value == 0
    assert actions.check(now=later) == []


def test_another_time_zone_moves_every_edge(business: Business) -> None:
    nps_answer(9, datetime(2026, 2, 1, 2, tzinfo=UTC))  # still January in São Paulo
    actions.refresh(now=NOW)
    assert not Snapshot.objects.filter(kpi="nps", grain="month", starts_on="2026-02-01").exists()
    business.time_zone = "Europe/Madrid"
    business.save()
    actions.refresh(now=NOW)
    assert stored("nps", FEBRUARY).value == 100
    assert stored("nps", FEBRUARY.previous()).status == "no_responses"
    assert actions.check(now=NOW) == []


# --- Checking ------------------------------------------------------------------------------


def test_a_tampered_figure_is_found_and_mended(
    business: Business, caplog: pytest.LogCaptureFixture
) -> None:
    nps_answer(9, at(2, 10))
    actions.refresh(now=NOW)
    assert actions.check(now=NOW) == []
    Snapshot.objects.filter(kpi="nps", grain="month").update(value=50, numerator="1/2")
    [found] = actions.check(now=NOW)
    assert (found.kpi, found.grain, found.starts_on) == ("nps", "month", FEBRUARY.starts_on)

    with caplog.at_level(logging.ERROR):
        tasks.nightly()
    assert "nps month 2026-02-01" in caplog.text
    while run := recomputing.under_way():
        recomputing.work(run)
    assert stored("nps", FEBRUARY).value == 100


def test_the_jobs_are_registered() -> None:
    assert JOBS["metrics.refresh"].every <= timedelta(seconds=30)
    assert JOBS["metrics.nightly"].every == timedelta(days=1)


def test_a_full_recompute_tells_how_far_it_is(business: Business) -> None:
    nps_answer(9, at(2, 10))
    told: list[tuple[int, int]] = []
    actions.recompute_full(now=NOW, progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert not Mark.objects.exists()


def test_the_number_of_statements_does_not_grow_with_facts_or_what_is_stored(
    business: Business,
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as context:
            actions.recompute_full(now=NOW)
        return len(context)

    nps_answer(9, at(2, 1))
    nps_answer(9, at(2, 28))
    statements()
    few = statements()
    for day in range(2, 28):
        nps_answer(9, at(2, day))
    assert statements() <= few + 5  # some figures are superseded now
