"""Whatever is imported, taken back, merged and taken apart, in any order: nothing is lost or doubled,
and figures that were kept up step by step are those that are computed anew."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from crm import projections
from crm.actions import merging
from crm.merging import KIND
from crm.models import Customer, Interaction, Order
from metrics import actions as metrics
from staff import changes
from staff.models import Business, Change, ChangeSet
from staff.refusals import Refusal
from support.models import Ticket
from tests.factories import CustomerFactory, InteractionFactory, OrderFactory, TicketFactory
from tests.metrics.test_property import disagreements, held

NOW = datetime(2025, 9, 20, 15, tzinfo=UTC)
STEP = st.tuples(
    st.sampled_from("bring_in again corrected revert merge merge undo undo order refresh".split()),
    st.integers(0, 5),
    st.integers(0, 5),
)
Counts = tuple[int, int, int, Decimal]


def counts() -> Counts:
    """Orders, interactions, tickets, money."""
    total = Order.objects.aggregate(sum=Sum("total"))["sum"] or Decimal(0)
    kinds = (Order, Interaction, Ticket)
    orders, interactions, tickets = (model.objects.count() for model in kinds)
    return orders, interactions, tickets, total


class Shop:
    """A few customers, each with something, and files that bring more."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, 0
        # The rows of orders that came last: their keys, and their customers'.
        self.latest: list[tuple[str, int]] = []
        for number in range(3):
            customer = CustomerFactory(
                name=f"Ana {number}", created_at=NOW - timedelta(days=60 * number + 30)
            )
            OrderFactory(customer=customer, ordered_at=NOW - timedelta(days=50 * number + 9))
            InteractionFactory(customer=customer, occurred_at=NOW)
            TicketFactory(customer=customer, opened_at=NOW - timedelta(days=3))
        projections.rebuild(Customer.objects.values_list("pk", flat=True))

    def act(self, step: str, one: int, other: int) -> None:
        getattr(self, step)(one, other)

    def bring(self, kind: str, header: str, rows: list[str]) -> None:
        file = self.folder / f"{kind}.csv"
        file.write_text("\n".join([header, *rows]))
        call_command("import", kind, str(file), source="shop", stdout=StringIO())

    def bring_in(self, one: int, other: int) -> None:
        """New orders each time, of customers whom another file may have brought before."""
        before, keys = counts(), {one, other}
        self.files += 1
        customers = [f"{key},Rui {key},2025-03-0{key + 1}" for key in keys]
        self.bring("customers", "external_id,name,created_at", customers)
        self.latest = [(f"{self.files}-{key}", key) for key in sorted(keys)]
        self.bring_orders(Decimal("0.50"))
        money = sum(Decimal(f"1{key}.50") for key in keys)
        assert (counts()[0], counts()[3]) == (before[0] + len(keys), before[3] + money)

    def bring_orders(self, cents: Decimal) -> None:
        rows = [f"{name},{key},2025-08-1{key},{10 + key + cents}" for name, key in self.latest]
        self.bring("orders", "external_id,customer,ordered_at,total", rows)

    def again(self, one: int, other: int) -> None:
        """The latest file once more, which changes nothing, or brings back what was taken back."""
        self.bring_orders(Decimal("0.50"))
        before = counts()
        self.bring_orders(Decimal("0.50"))
        assert counts() == before

    def corrected(self, one: int, other: int) -> None:
        """The latest file with other sums: the money is what it says, and no row is there twice."""
        self.again(one, other)
        before = counts()
        self.bring_orders(Decimal("0.75"))
        there = Order.objects.filter(
            external_source="shop", external_id__in=[name for name, _key in self.latest]
        )
        assert counts() == (*before[:3], before[3] + there.count() * Decimal("0.25"))

    def order(self, one: int, other: int) -> None:
        customer = self.pick(one)
        OrderFactory(customer=customer, ordered_at=NOW - timedelta(days=7 * other), rebuild=True)

    def pick(self, number: int) -> Customer:
        customers = list(Customer.objects.order_by("pk"))
        return customers[number % len(customers)]

    def refresh(self, _one: int, _other: int) -> None:
        metrics.refresh(now=NOW)

    def merge(self, one: int, other: int) -> None:
        before = counts()
        with suppress(Refusal), transaction.atomic():
            merging.merge_customers(winner=self.pick(one), loser=self.pick(other), by=None)
        assert counts() == before

    def undo(self, one: int, _other: int) -> None:
        before = counts()
        if sets := list(ChangeSet.objects.filter(kind=KIND).order_by("pk")):
            change_set = sets[one % len(sets)]
            with suppress(Refusal), transaction.atomic():
                merging.undo_merge(change_set=change_set, by=None)
        assert counts() == before

    def revert(self, one: int, _other: int) -> None:
        """Taken back are the rows that the import made and that nothing kept."""
        before = counts()
        sets = list(ChangeSet.objects.filter(kind="import", reverted_at=None).order_by("pk"))
        if not sets:
            return
        change_set = sets[one % len(sets)]
        changes.revert(change_set=change_set, by=None)
        back = Change.objects.filter(change_set=change_set, left_alone="", model="crm.order")
        gone = back.filter(operation="created")
        money = sum((Decimal((change.after or {})["total"]) for change in gone), Decimal(0))
        for change in back.filter(operation="updated"):
            was, became = change.before or {}, change.after or {}
            money += Decimal(became.get("total", 0)) - Decimal(was.get("total", 0))
        orders, interactions, tickets, total = counts()
        told = before[1] - interactions
        assert (orders, tickets, total) == (before[0] - len(gone), before[2], before[3] - money)
        assert 0 <= told <= len(gone)


def holds(steps: list[tuple[str, int, int]]) -> None:
    with transaction.atomic(), TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        for step in steps:
            shop.act(*step)
        assert projections.check() == []
        metrics.refresh(now=NOW)
        assert disagreements(NOW) == []
        transaction.set_rollback(True)


@pytest.mark.django_db
@held(5)
@given(steps=st.lists(STEP, min_size=4, max_size=14))
def test_nothing_is_lost_whatever_is_done(
    business: Business, steps: list[tuple[str, int, int]]
) -> None:
    holds(steps)


@pytest.mark.faults
@pytest.mark.django_db
@held(100)
@given(steps=st.lists(STEP, min_size=10, max_size=40))
def test_nothing_is_lost_whatever_is_done_for_long(
    business: Business, steps: list[tuple[str, int, int]]
) -> None:
    holds(steps)
