"""Prepared queries give what the query itself gives."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from django.db import connection
from django.db.models import F, Q
from django.test.utils import CaptureQueriesContext

from crm.models import Customer, Interaction
from staff.access import Role
from staff.models import Business, User
from staff.prepared import Prepared, PreparedFor, PreparedInsert
from surveys.models import Invitation
from tests.factories import CustomerFactory, InvitationFactory

OF_EMAIL = Prepared(lambda email: User.objects.filter(email=email))
OF_TOKEN = Prepared(lambda digest: Invitation.objects.for_answering().filter(token_hash=digest))


def fields(row: User | Business | None) -> dict[str, object]:
    assert row is not None
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_it_finds_the_row_of_each_value(owner: User, agent: User) -> None:
    assert OF_EMAIL.first(owner.email) == owner
    assert OF_EMAIL.first(agent.email) == agent
    assert OF_EMAIL.first("nobody@example.com") is None


def test_its_columns_are_converted_as_the_querys_are(business: Business) -> None:
    assert fields(Business.current()) == fields(Business.objects.get(pk=1))


def test_it_sees_what_was_changed_since(business: Business) -> None:
    Business.current()
    Business.objects.update(name="Padaria Boreal")
    current = Business.current()
    assert current is not None
    assert current.name == "Padaria Boreal"
    assert not current._state.adding


def test_related_rows_and_left_out_columns_are_as_in_the_query(business: Business) -> None:
    invitation = InvitationFactory()
    with CaptureQueriesContext(connection) as captured:
        found = OF_TOKEN.first(invitation.token_hash)
        assert found is not None
        assert found.survey.kind == "nps"
        assert found.run.version.texts == invitation.run.version.texts
    assert len(captured) == 1
    assert "address" in found.get_deferred_fields()
    assert found.address == invitation.address


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_through_its_own_connection(owner: User) -> None:
    found = []

    def ask() -> None:
        found.append(OF_EMAIL.first(owner.email))
        connection.close()

    OF_EMAIL.first(owner.email)
    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [owner]


def test_all_rows_are_the_querys(owner: User, agent: User) -> None:
    by_name = Prepared(lambda _value: User.objects.order_by("name"))

    assert by_name.all() == list(User.objects.order_by("name"))
    assert by_name.first() == agent
    User.objects.all().delete()
    assert by_name.all() == []
    assert by_name.first() is None


def test_several_values_of_several_kinds_each_go_to_their_places(agent: User) -> None:
    since = Prepared(
        lambda pk, at, email: (
            User.objects.filter(Q(pk=pk) | Q(email=email), created_at__gt=at)
            .annotate(again=F("email"))
            .order_by("pk")
        ),
        int,
        datetime,
        str,
    )
    before = agent.created_at - timedelta(microseconds=1)

    assert since.all(agent.pk, before, "") == since.all(0, before, agent.email) == [agent]
    assert since.all(agent.pk, agent.created_at, agent.email) == []
    found = since.first(agent.pk, before, "")
    assert found is not None
    assert found.again == agent.email


def test_rows_of_values_are_tuples_also_of_several_tables(agent: User, business: Business) -> None:
    people = User.objects.order_by().values_list("name")
    named = Prepared(
        lambda pk: (
            people.filter(pk=pk)
            .union(Business.objects.values_list("name"), all=True)
            .order_by("name")
        ),
        int,
    )

    assert sorted(named.all(agent.pk)) == sorted([(agent.name,), (business.name,)])
    assert named.all(0) == [(business.name,)]


def test_for_each_role_it_is_composed_anew(owner: User, agent: User, manager: User) -> None:
    seen = PreparedFor(
        lambda user, email: User.objects.filter(email=email).filter(
            Q() if user.has_role(Role.MANAGER) else Q(pk=user.pk)
        ),
        str,
    )

    for _ in range(2):
        assert seen.all(agent, agent.email) == [agent]
        assert seen.all(agent, owner.email) == []
        assert seen.all(manager, agent.email) == [agent]
        assert seen.all(owner, manager.email) == [manager]


def test_an_insert_is_what_save_would_write(business: Business) -> None:
    customer: Customer = CustomerFactory()
    insert = PreparedInsert(Interaction)
    kept = []
    for summary in ("By telephone", "O'Brien said 100 %"):
        made = Interaction(customer=customer, kind="call", direction="in", summary=summary)
        insert(made)
        assert not made._state.adding
        read = Interaction.objects.get(pk=made.pk)
        for field in Interaction._meta.concrete_fields:
            assert getattr(read, field.attname) == getattr(made, field.attname)
        kept.append(read.pk)
    assert kept[0] < kept[1]
