"""Every path that changes a fact leaves a mark of what it touched, in the same transaction."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from crm.models import Cost, Customer, Order, Tenure
from metrics.engine import triggers
from metrics.models import Mark
from staff.models import Business
from surveys.models import Invitation, Response
from tests.factories import (
    CostFactory,
    CustomerFactory,
    InvitationFactory,
    OrderFactory,
    ResponseFactory,
    TenureSpanFactory,
)

AT = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
Span = tuple[str, datetime, datetime | None]


def marks() -> set[Span]:
    """What has been marked since the last look."""
    found = {(one.fact, one.from_at, one.until_at) for one in Mark.objects.all()}
    Mark.objects.all().delete()
    return found


@pytest.fixture
def customer(business: Business) -> Customer:
    found: Customer = CustomerFactory(created_at=AT - timedelta(days=400))
    marks()
    return found


def order(customer: Customer, **values: Any) -> Order:
    found: Order = OrderFactory(customer=customer, ordered_at=AT, **values)
    return found


def test_an_order_marks_its_instant_before_and_after(customer: Customer) -> None:
    made = order(customer)
    assert marks() == {("order", AT, AT)}
    moved = AT + timedelta(days=5)
    made.ordered_at = moved
    made.save()
    assert marks() == {("order", AT, AT), ("order", moved, moved)}
    made.delete()
    assert marks() == {("order", moved, moved)}


def test_bulk_paths_and_plain_sql_leave_marks_too(customer: Customer) -> None:
    rows = [
        Order(customer=customer, ordered_at=AT, total=Decimal(n), currency="BRL") for n in (1, 2)
    ]
    Order.objects.bulk_create(rows)
    assert marks() == {("order", AT, AT)}
    Order.objects.update(total=5)
    assert marks() == {("order", AT, AT)}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_order SET cost = 3")
    assert marks() == {("order", AT, AT)}
    Order.objects.bulk_update(Order.objects.all(), ["currency"])
    assert marks() == set()
    Order.objects.all().delete()
    assert marks() == {("order", AT, AT)}


def test_what_no_figure_reads_leaves_no_mark(customer: Customer) -> None:
    made = order(customer)
    marks()
    made.external_id = "A-1"
    made.save()
    Customer.objects.update(name="Another", last_inbound_at=timezone.now())
    assert marks() == set()


def test_a_rollback_takes_the_mark_with_it(customer: Customer) -> None:
    with transaction.atomic():
        order(customer)
        transaction.set_rollback(True)
    assert marks() == set()


def test_a_mark_knows_the_customer(customer: Customer) -> None:
    order(customer)
    assert Mark.objects.get().entity == customer.pk


def test_another_day_of_creation_marks_both(customer: Customer) -> None:
    before = customer.created_at
    Customer.objects.update(created_at=AT, name="Another")
    assert marks() == {("customer", before, before), ("customer", AT, AT)}


def test_a_tenure_marks_all_its_time_and_its_lead(customer: Customer) -> None:
    TenureSpanFactory(customer=customer, started_at=AT)
    lead = ("customer", customer.created_at, customer.created_at)
    assert marks() == {("tenure", AT, None), lead}
    Tenure.objects.all().delete()
    assert marks() == {("tenure", AT, None), lead}


def days(n: int) -> datetime:
    return AT + timedelta(days=n)


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ((0, 50), (0, 80), (50, 80)),
        ((0, 80), (0, 50), (50, 80)),
        ((0, None), (0, 50), (50, None)),
        ((0, 50), (0, None), (50, None)),
        ((0, 50), (20, 50), (0, 20)),
        ((20, None), (0, None), (0, 20)),
        ((0, 50), (20, 80), (0, 80)),
    ],
)
def test_a_moved_edge_of_a_tenure_marks_only_what_lies_between(
    customer: Customer,
    before: tuple[int, int | None],
    after: tuple[int, int | None],
    marked: tuple[int, int | None],
) -> None:
    def at(edge: int | None) -> datetime | None:
        return None if edge is None else days(edge)

    Tenure.objects.create(
        customer=customer,
        started_at=days(before[0]),
        ended_at=at(before[1]),
        cause="manual",
        is_first=False,
    )
    marks()
    Tenure.objects.update(started_at=days(after[0]), ended_at=at(after[1]))
    assert marks() == {("tenure", days(marked[0]), at(marked[1]))}


def test_a_cost_marks_its_days_in_any_time_zone(customer: Customer) -> None:
    CostFactory(on=date(2026, 3, 10), until=date(2026, 3, 20))
    [(fact, low, high)] = marks()
    assert fact == "cost"
    assert low <= datetime(2026, 3, 9, 12, tzinfo=UTC)
    assert high is not None
    assert high >= datetime(2026, 3, 20, 12, tzinfo=UTC)
    Cost.objects.update(note="no figure reads this")
    assert marks() == set()
    Cost.objects.update(category="events")
    assert len(marks()) == 1


def test_an_answer_marks_its_instant_and_its_invitation(customer: Customer) -> None:
    invitation: Invitation = InvitationFactory(customer=customer, created_at=AT)
    assert ("invitation", AT, AT) in marks()
    later = AT + timedelta(hours=3)
    ResponseFactory(customer=customer, invitation=invitation, answered_at=later)
    assert marks() == {("response", later, later), ("invitation", AT, AT)}
    Response.objects.update(validity="invalid", validity_reason="discarded")
    assert marks() == {("response", later, later), ("invitation", AT, AT)}
    Invitation.objects.update(bounced_at=later)
    assert marks() == {("invitation", AT, AT)}
    Response.objects.update(comment="Better than last time")
    assert marks() == set()


def test_an_invitation_that_was_not_sent_is_no_fact_yet(customer: Customer) -> None:
    InvitationFactory(customer=customer, sent_at=None)
    assert not {mark for mark in marks() if mark[0] == "invitation"}


def test_another_time_zone_marks_everything(business: Business) -> None:
    marks()
    business.name = "Padaria Nova"
    business.save()
    assert marks() == set()
    business.time_zone = "Europe/Madrid"
    business.save()
    [(fact, low, high)] = marks()
    assert (fact, low.year, high) == ("business", 1, None)


@pytest.mark.parametrize("spoil", ["drop", "rename"])
def test_installing_makes_what_is_missing_and_only_that(business: Business, spoil: str) -> None:
    """What a migration that rebuilds a table on SQLite does to its triggers."""
    name, table = next(iter(triggers.present(connection).items()))
    before = set(triggers.present(connection))
    drop(name, table)
    if spoil == "rename":
        make_outdated()
    triggers.install()
    assert set(triggers.present(connection)) == before
    triggers.install()
    assert set(triggers.present(connection)) == before


def drop(name: str, table: str) -> None:
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on}")


def make_outdated() -> None:
    """A trigger of an earlier version, under our prefix."""
    name = f"{triggers.PREFIX}crm_order_insert_00000000"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RETURN NULL; END $$"
            )
            cursor.execute(
                f"CREATE TRIGGER {name} AFTER INSERT ON crm_order "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )
        else:
            cursor.execute(f"CREATE TRIGGER {name} AFTER INSERT ON crm_order BEGIN SELECT 1; END")
