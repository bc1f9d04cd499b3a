"""Contracts, words, referrals, reviews, training and people leave marks too, by whatever path."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from crm.models import Contract, Customer, Interaction, Tenure
from metrics.models import Mark, Training, TrainingHours
from staff.models import Business, User
from surveys.models import Review
from tests.factories import (
    ContractFactory,
    CustomerFactory,
    InteractionFactory,
    TenureSpanFactory,
    UserFactory,
)

AT = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
Span = tuple[str, datetime, datetime | None]


def marks() -> set[Span]:
    """What has been marked since the last look."""
    found = {(one.fact, one.from_at, one.until_at) for one in Mark.objects.all()}
    Mark.objects.all().delete()
    return found


def around(first: date, last: date | None) -> tuple[datetime, datetime | None]:
    """Days with room for any zone."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    if last is None:
        return start, None
    return start, datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=2)


@pytest.fixture
def customer(business: Business) -> Customer:
    found: Customer = CustomerFactory(created_at=AT - timedelta(days=400))
    TenureSpanFactory(customer=found, started_at=AT - timedelta(days=300))
    marks()
    return found


def test_a_contract_marks_the_days_that_it_runs(customer: Customer) -> None:
    ContractFactory(customer=customer, starts_on=date(2026, 1, 5))
    assert marks() == {("contract", *around(date(2026, 1, 5), None))}
    Contract.objects.update(ends_on=date(2026, 6, 1), cancelled_on=date(2026, 4, 1))
    ended = ("contract", *around(date(2026, 1, 5), date(2026, 4, 1)))
    assert marks() == {("contract", *around(date(2026, 1, 5), None)), ended}
    Contract.objects.update(amount=Decimal(7))
    assert marks() == {ended}
    Contract.objects.update(reason="nothing that is counted")
    assert marks() == set()


def test_words_mark_their_instant(customer: Customer) -> None:
    InteractionFactory(customer=customer, occurred_at=AT)
    later = AT + timedelta(hours=1)
    Interaction.objects.bulk_create(
        [Interaction(customer=customer, kind="call", occurred_at=later, summary="x")]
    )
    assert marks() >= {("contact", AT, AT)}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_interaction SET direction = 'out' WHERE direction = ''")
    assert marks() == {("contact", later, later)}
    Interaction.objects.update(summary="other words")
    assert marks() == set()
    Interaction.objects.all().delete()
    assert {fact for fact, *_ in marks()} == {"contact"}


def test_a_referrer_marks_the_start_of_who_was_brought(customer: Customer) -> None:
    other: Customer = CustomerFactory(created_at=AT)
    marks()
    Customer.objects.filter(pk=customer.pk).update(referred_by=other)
    began = Tenure.objects.get(customer=customer).started_at
    assert marks() == {("referral", began, began)}


def test_a_review_marks_its_instant(business: Business) -> None:
    Review.objects.create(site="Maps", rating=4, at=AT)
    assert marks() >= {("review", AT, AT)}
    Review.objects.update(text="more words")
    assert marks() == set()
    Review.objects.update(rating=5)
    assert marks() == {("review", AT, AT)}


def test_training_marks_the_day_on_which_it_was_held(business: Business) -> None:
    person: User = UserFactory(created_at=AT)
    assert marks() == {("people", AT, None)}
    planned = Training.objects.create(title="t", planned_on=date(2026, 3, 1))
    TrainingHours.objects.create(training=planned, user=person, hours=Decimal(2))
    assert marks() == set()
    Training.objects.update(held_on=date(2026, 3, 1))
    held = ("training", *around(date(2026, 3, 1), date(2026, 3, 1)))
    assert marks() == {held}
    TrainingHours.objects.update(hours=Decimal(3))
    assert marks() == {held}
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert marks() == {("people", AT, None)}
    User.objects.filter(pk=person.pk).update(name="Somebody")
    assert marks() == set()
