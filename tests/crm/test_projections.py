"""What is derived can be rebuilt, and a check notices when it differs."""

import logging
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm import projections, tasks
from crm.models import Customer, CustomerSearch, Tenure
from staff import jobs
from staff.models import Business
from tests.factories import ContractFactory, CustomerFactory, InteractionFactory, OrderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(business: object) -> Customer:
    customer: Customer = CustomerFactory(name="Ana")
    now = timezone.now()
    OrderFactory(customer=customer, ordered_at=now - timedelta(days=3))
    InteractionFactory(customer=customer, direction="in", occurred_at=now - timedelta(days=2))
    InteractionFactory(customer=customer, direction="out", occurred_at=now - timedelta(days=1))
    projections.rebuild([customer.pk])
    customer.refresh_from_db()
    return customer


def test_rebuild_derives_everything_from_facts(customer: Customer) -> None:
    assert customer.stage == "customer"
    assert customer.last_outbound_at is not None
    assert customer.last_inbound_at is not None
    assert customer.last_outbound_at - customer.last_inbound_at == timedelta(days=1)
    assert customer.tenures.count() == 1
    assert projections.check() == []
    assert projections.rebuild_contact_dates([customer.pk]) == 0


def test_check_names_what_differs_and_the_nightly_job_mends_it(
    customer: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    Customer.objects.update(stage="lead", last_inbound_at=None)
    CustomerSearch.objects.update(text="someone else")
    Tenure.objects.all().delete()
    [difference] = projections.check()
    assert difference.customer_id == customer.pk
    assert set(difference.fields) == {"tenures", "stage", "contact dates", "search"}
    with caplog.at_level(logging.ERROR):
        assert tasks.check_projections() == 1
    assert f"Customer {customer.pk}" in caplog.text
    assert tasks.check_projections() == 0
    assert set(Customer.objects.search("ana")) == {customer}


def test_the_jobs_are_registered() -> None:
    assert jobs.JOBS["crm.sweep_stages"].every == timedelta(minutes=10)
    assert jobs.JOBS["crm.check_projections"].every == timedelta(days=1)


def test_quiet_for(customer: Customer) -> None:
    assert not Customer.objects.quiet_for(1).exists()
    long_ago = timezone.now() - timedelta(days=50)
    Customer.objects.update(
        created_at=long_ago, last_inbound_at=long_ago, last_order_at=None, last_outbound_at=None
    )
    assert Customer.objects.quiet_for(49).count() == 1
    assert not Customer.objects.quiet_for(51).exists()


def test_income_is_null_when_a_rate_is_missing(customer: Customer) -> None:
    assert Customer.objects.with_income().get().income_micros == 100_000_000
    OrderFactory(customer=customer, total=-30)
    assert Customer.objects.with_income().get().income_micros == 70_000_000
    OrderFactory(customer=customer, currency="EUR", rate=None)
    assert Customer.objects.with_income().get().income_micros is None


def test_tenures_move_with_the_time_zone(business: Business) -> None:
    contract = ContractFactory(starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1))
    projections.rebuild([contract.customer_id])
    tasks.sweep_stages()
    business.time_zone = "Asia/Tokyo"
    business.save()

    tasks.sweep_stages()

    tenure = Tenure.objects.get()
    assert tenure.started_at == datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert tenure.ended_at == datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    with CaptureQueriesContext(connection) as queries:
        tasks.apply_time_zone()
    assert len(queries) == 2  # the business, the zone of the tenures: nothing to do
