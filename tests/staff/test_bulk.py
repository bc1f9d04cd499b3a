"""Rows saved in one statement hold what each was given, whatever the type of the column."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from crm.models import Customer, Order
from staff.bulk import insert, save_columns
from staff.models import User
from tests.factories import CustomerFactory, OrderFactory

pytestmark = pytest.mark.django_db


def test_each_row_gets_its_own_values_of_every_kind(agent: User) -> None:
    ana, bea = CustomerFactory(name="Ana"), CustomerFactory(name="Bea")
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    ana.city, ana.birthday, ana.custom, ana.owner, ana.last_order_at = (
        "Lima",
        date(1990, 5, 6),
        {"shoe": "38"},
        agent,
        at,
    )
    bea.city, bea.referred_by = "Évora '\" %s", ana
    columns = ("city", "birthday", "custom", "owner", "last_order_at", "referred_by_id")
    save_columns([ana, bea], columns)
    for customer in (ana, bea):
        stored = Customer.objects.get(pk=customer.pk)
        assert [getattr(stored, name) for name in columns] == [
            getattr(customer, name) for name in columns
        ]


def test_what_the_database_generates_follows(agent: User) -> None:
    order = OrderFactory(total=Decimal("10.00"))
    order.total = Decimal("12.34")
    save_columns([order], ["total"])
    assert Order.objects.get(pk=order.pk).total_micros == 12_340_000


def test_ten_thousand_rows_take_a_few_statements() -> None:
    customers = Customer.objects.bulk_create(
        [Customer(name=str(n), name_folded=str(n)) for n in range(10_000)]
    )
    for customer in customers:
        customer.city = f"city {customer.name}"
    connection.force_debug_cursor = True
    before = len(connection.queries_log)
    save_columns(customers, ["city"])
    assert len(connection.queries_log) - before <= 1
    connection.force_debug_cursor = False
    assert Customer.objects.filter(city="city 9999").count() == 1


def test_nothing_to_do_and_no_such_column() -> None:
    save_columns([], ["name"])
    with pytest.raises(ValueError, match="no column shoe"):
        save_columns([CustomerFactory()], ["shoe"])


def test_inserted_rows_are_as_given_and_have_their_keys(agent: User) -> None:
    ana = CustomerFactory(name="Ana")
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    made = [
        Customer(
            name="Évora\t'\" \\N %s\n",
            name_folded="evora",
            kind=Customer.Kind.COMPANY,
            owner=agent,
            referred_by=ana,
            custom={"shoe": "38", "hat": None},
            birthday=date(1990, 5, 6),
            created_at=at,
        ),
        Customer(name="Bea", name_folded="bea"),
    ]
    insert(made)
    columns = [field.attname for field in Customer._meta.concrete_fields]
    for customer in made:
        stored = Customer.objects.get(pk=customer.pk)
        assert [getattr(stored, name) for name in columns] == [
            getattr(customer, name) for name in columns
        ]
        assert not customer._state.adding
    # Whoever comes next gets a key of their own.
    assert CustomerFactory(name="Carla").pk not in {ana.pk, *(one.pk for one in made)}


def test_inserted_orders_have_what_the_database_generates() -> None:
    customer = CustomerFactory()
    order = Order(customer=customer, ordered_at=datetime(2026, 1, 2, tzinfo=UTC), currency="BRL")
    order.total = Decimal("12.34")
    insert([order])
    assert Order.objects.get(pk=order.pk).total_micros == 12_340_000


def test_ten_thousand_rows_are_inserted_in_a_few_statements() -> None:
    connection.force_debug_cursor = True
    before = len(connection.queries_log)
    insert([Customer(name=str(n), name_folded=str(n)) for n in range(10_000)])
    assert len(connection.queries_log) - before <= 10
    connection.force_debug_cursor = False
    assert Customer.objects.filter(name="9999").count() == 1
    insert([])


def test_a_rule_of_the_database_is_refused_as_anywhere_in_django() -> None:
    known = CustomerFactory(external_source="till", external_id="7")
    again = Customer(name="B", name_folded="b", external_source="till", external_id="7")
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([again])
    assert Customer.objects.get() == known
