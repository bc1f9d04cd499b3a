"""Change sets: what a stroke did is taken back exactly, and nothing else is touched."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Customer, Order
from staff.changes import (
    AlreadyReverted,
    Reverted,
    can_revert,
    on_revert,
    open_change_set,
    record_created,
    record_deleted,
    record_updated,
    registry,
    revert,
    reverting,
)
from staff.models import AuditEntry, Change, ChangeSet, User

ORDERED_AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
def change_set(owner: User) -> ChangeSet:
    return open_change_set("import", "customers.csv", owner, {"rows": 3})


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reverting, "BATCH", 2)


@pytest.fixture
def order_hook() -> Iterator[list[Reverted]]:
    seen: list[Reverted] = []
    hook = seen.extend
    on_revert("crm.order", hook)
    yield seen
    registry.HOOKS["crm.order"].remove(hook)


def customer(name: str = "Ada", **fields: object) -> Customer:
    return Customer.objects.create(name=name, name_folded=name.lower(), **fields)


def order(of: Customer, total: str = "12.50") -> Order:
    return Order.objects.create(
        customer=of, ordered_at=ORDERED_AT, total=Decimal(total), currency="BRL"
    )


def left_alone(outcome: reverting.RevertOutcome) -> set[tuple[str, int, str]]:
    return set(outcome.left_alone)


@pytest.mark.usefixtures("small_batches")
def test_created_rows_go_with_those_that_were_created_after_them(
    change_set: ChangeSet, owner: User
):
    customers = [customer(f"c{n}") for n in range(5)]
    record_created(change_set, customers)
    record_created(change_set, [order(c) for c in customers])
    bystander = customer("bystander")

    outcome = revert(change_set=change_set, by=owner)

    assert (outcome.reverted, outcome.left_alone_count) == (10, 0)
    assert list(Customer.objects.all()) == [bystander]
    assert not Order.objects.exists()
    entry = AuditEntry.objects.get(action="change_set.revert")
    assert (entry.by, entry.changes["reverted"]) == (owner, [None, 10])


@pytest.mark.parametrize("between", [0, 20])  # keys close together, and far apart
def test_created_rows_that_others_now_point_to_stay_and_are_reported(
    change_set: ChangeSet, owner: User, between: int
):
    used = customer("used")
    bystanders = {customer(f"bystander {number}") for number in range(between)}
    for bystander in bystanders:
        order(bystander)
    spare = customer("spare")
    referrer, referred = customer("referrer"), customer("referred")
    record_created(change_set, [used, spare, referrer, referred])
    order(used)
    outsider = customer("outsider", referred_by=referrer)

    outcome = revert(change_set=change_set, by=owner)

    assert set(Customer.objects.all()) == {used, referrer, outsider} | bystanders
    assert left_alone(outcome) == {
        ("crm.customer", used.pk, "other records point to it"),
        ("crm.customer", referrer.pk, "other records point to it"),
    }


def test_a_row_that_stays_keeps_those_of_its_batch_that_it_points_to(
    change_set: ChangeSet, owner: User
):
    first = customer("first")
    second = customer("second", referred_by=first)
    record_created(change_set, [first, second])
    order(second)

    outcome = revert(change_set=change_set, by=owner)

    assert outcome.left_alone_count == 2
    assert Customer.objects.count() == 2


def test_updates_come_back_exactly_and_a_row_changed_since_is_left_alone(
    change_set: ChangeSet, owner: User
):
    ada = customer()
    mine, theirs = order(ada), order(ada)
    for row in (mine, theirs):
        row.total, row.cost = Decimal("0.10"), Decimal("0.05")
        row.save()
    record_updated(
        change_set,
        Order,
        [
            (
                row.pk,
                {"total": Decimal("12.50"), "cost": None},
                {"total": Decimal("0.1"), "cost": Decimal("0.05")},
            )
            for row in (mine, theirs)
        ],
    )
    Order.objects.filter(pk=theirs.pk).update(total=Decimal("7.00"))

    outcome = revert(change_set=change_set, by=owner)

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.total, mine.cost, mine.ordered_at) == (Decimal("12.50"), None, ORDERED_AT)
    assert (theirs.total, theirs.cost) == (Decimal("7.00"), Decimal("0.05"))
    assert outcome.left_alone == [("crm.order", theirs.pk, "changed since")]


def test_two_updates_of_one_row_go_back_to_the_first(change_set: ChangeSet, owner: User):
    ada = customer("one")
    for before, after in (("one", "two"), ("two", "three")):
        Customer.objects.filter(pk=ada.pk).update(name=after)
        record_updated(change_set, Customer, [(ada.pk, {"name": before}, {"name": after})])

    assert revert(change_set=change_set, by=owner).reverted == 2
    ada.refresh_from_db()
    assert ada.name == "one"


def test_deleted_rows_come_back_under_their_own_key(change_set: ChangeSet, owner: User):
    ada = customer(custom={"a": [1]}, created_at=ORDERED_AT)
    bought = order(ada)
    record_deleted(change_set, [bought])
    record_deleted(change_set, [ada])
    ada_id, bought_id = ada.pk, bought.pk
    ada.delete()

    revert(change_set=change_set, by=owner)

    restored = Order.objects.get(pk=bought_id)
    assert (restored.total, restored.customer_id) == (Decimal("12.50"), ada_id)
    assert restored.customer.custom == {"a": [1]}
    assert restored.customer.created_at == ORDERED_AT


def test_what_clashes_with_a_newer_row_is_reported_and_the_rest_goes_on(
    change_set: ChangeSet, owner: User
):
    old = customer("old", external_source="shop", external_id="7")
    other = customer("other", external_source="shop", external_id="8")
    record_deleted(change_set, [old, other])
    old_id, other_id = old.pk, other.pk
    Customer.objects.all().delete()
    customer("newcomer", external_source="shop", external_id="7")

    outcome = revert(change_set=change_set, by=owner)

    assert outcome.left_alone == [("crm.customer", old_id, "it clashes with a newer record")]
    assert Customer.objects.filter(pk=other_id).exists()


def test_what_points_to_a_row_that_is_gone_does_not_come_back(change_set: ChangeSet, owner: User):
    ada, grace = customer(), customer("Grace")
    record_deleted(change_set, [order(ada)])
    moved = order(grace)
    record_updated(
        change_set, Order, [(moved.pk, {"customer_id": ada.pk}, {"customer_id": grace.pk})]
    )
    ada.delete()

    outcome = revert(change_set=change_set, by=owner)

    assert {reason for _model, _id, reason in outcome.left_alone} == {"no longer there"}
    assert outcome.reverted == 0
    assert Order.objects.get().customer == grace


def test_a_row_that_is_gone_already_is_reported(change_set: ChangeSet, owner: User):
    ada = customer()
    record_created(change_set, [ada])
    ada.delete()

    assert revert(change_set=change_set, by=owner).left_alone[0][2] == "no longer there"


def test_pairs_record_only_what_was_given_and_derived_columns_are_nobody_s_change(
    change_set: ChangeSet, owner: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(registry.DERIVED_COLUMNS, "crm.customer", {"last_order_at"})
    ada, grace = customer(), customer("Grace")
    record_created(change_set, [(ada.pk, {"name": "Ada"})], model=Customer)
    record_created(change_set, [grace])
    Customer.objects.update(last_order_at=ORDERED_AT, city="London")

    outcome = revert(change_set=change_set, by=owner)

    # Ada's city was not given by the stroke; Grace was recorded whole, so it is a change.
    assert outcome.left_alone == [("crm.customer", grace.pk, "changed since")]
    assert list(Customer.objects.all()) == [grace]


def test_rows_of_derived_models_go_along(
    change_set: ChangeSet, owner: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(registry, "DERIVED_MODELS", {"crm.order"})
    monkeypatch.setattr(reverting, "DERIVED_MODELS", {"crm.order"})
    ada = customer()
    record_created(change_set, [ada])
    order(ada)

    assert revert(change_set=change_set, by=owner).left_alone_count == 0
    assert not Order.objects.exists()


def test_hooks_see_each_row_before_and_after(
    change_set: ChangeSet, owner: User, order_hook: Sequence[Reverted]
):
    ada, grace = customer(), customer("Grace")
    created, moved = order(ada), order(grace)
    record_created(change_set, [created])
    record_updated(
        change_set, Order, [(moved.pk, {"customer_id": ada.pk}, {"customer_id": grace.pk})]
    )

    revert(change_set=change_set, by=owner)

    by_id = {row.id: row for row in order_hook}
    assert by_id[created.pk].was.customer_id == ada.pk
    assert by_id[created.pk].now is None
    assert (by_id[moved.pk].was.customer_id, by_id[moved.pk].now.customer_id) == (
        grace.pk,
        ada.pk,
    )


def test_twice_is_refused(change_set: ChangeSet, owner: User):
    record_created(change_set, [customer()])
    assert can_revert(change_set)

    revert(change_set=change_set, by=owner)

    assert not can_revert(change_set)
    assert change_set.reverted_by == owner
    with pytest.raises(AlreadyReverted, match="taken back already"):
        revert(change_set=change_set, by=owner)
    assert AuditEntry.objects.filter(action="change_set.revert").count() == 1


@pytest.mark.usefixtures("small_batches")
def test_a_killed_revert_goes_on_where_it_stopped(change_set: ChangeSet, owner: User):
    record_created(change_set, [customer(f"c{n}") for n in range(5)])

    reverting._revert_batch(change_set.pk)  # and here the process died
    assert Customer.objects.count() == 3
    outcome = revert(change_set=change_set, by=owner)

    assert (outcome.reverted, outcome.left_alone_count) == (5, 0)
    assert not Customer.objects.exists()


def test_queries_grow_with_batches_not_with_rows(change_set: ChangeSet, owner: User):
    def queries(rows: int) -> int:
        changes = open_change_set("import", "x", owner)
        with CaptureQueriesContext(
            connection,
        ) as recording:
            record_created(changes, [customer(f"{rows}-{n}") for n in range(rows)])
        assert Change.objects.filter(change_set=changes).count() == rows
        assert len([q for q in recording if "staff_change" in q["sql"]]) <= 2 + rows // 1000
        with CaptureQueriesContext(connection) as taken:
            revert(change_set=changes, by=owner)
        return len(taken)

    assert queries(3) == queries(60)
