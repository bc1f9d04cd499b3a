"""As test_property, by every path on which a fact can change: the actions of the rooms, merges and what
takes them back, deletions and what takes those back, and SQL that knows nothing of the program. Also
that the rows behind figures add up to what the refreshes made of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from crm import tenures
from crm.actions.merging import merge_customers, undo_merge
from crm.actions.orders import correct_order, delete_order
from crm.models import Cost, Customer, Order
from metrics import periods, reading
from metrics.definitions import find
from metrics.models import Grain, Snapshot
from staff import changes
from staff.models import Business, ChangeSet
from staff.refusals import Refusal
from surveys.models import Response
from tests.metrics.test_property import EDITS as BASE
from tests.metrics.test_property import Shop, held, refreshed

OWN = (
    "correct",
    "delete",
    "take back",
    "merge",
    "part",
    "sql moves",
    "sql changes",
    "sql deletes",
    "sql copies",
)
EDIT = st.tuples(
    st.sampled_from((*OWN, *OWN, *BASE)),
    st.integers(0, 3),
    st.integers(-150, 40),
    st.integers(1, 90),
)
# Rows of what grows by the second, or is a median, don't add up to a stored number.
NOT_ROWS = {"first_response_time", "resolution_time"}


class Office(Shop):
    """A shop whose people use the program, and whose database is reached past it."""

    def __init__(self) -> None:
        super().__init__()
        self.ids = [one.pk for one in self.customers]
        self.done: list[ChangeSet] = []
        self.merged: list[ChangeSet] = []

    def edit(self, what: str, who: int, day: int, amount: int) -> None:
        at = self.now + timedelta(days=day)
        if what not in OWN:
            super().edit(what, who, day, amount)
            if what == "lead":
                self.ids[who] = self.customers[who].pk
            return
        try:
            with transaction.atomic():
                self._use(what, self.customers[who], at, amount)
                self._merge(what, who, amount)
        except Refusal:
            pass  # as a page would say; nothing changed
        self._reach_past(what, self.customers[who], at, amount)
        self._look_who_is_there()
        tenures.rebuild([one.pk for one in self.customers])

    def _use(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        order = Order.objects.filter(customer=own).order_by("pk").first()
        match what:
            case "correct" if order:
                correct_order(order=order, by=None, ordered_at=at, total=Decimal(amount))
            case "delete" if order:
                self.done.append(delete_order(order=order, by=None))
            case "take back" if self.done:
                changes.revert(change_set=self.done.pop(), by=None)

    def _merge(self, what: str, who: int, amount: int) -> None:
        match what:
            case "merge":
                loser = self.customers[(who + 1 + amount % 3) % 4]
                done = merge_customers(winner=self.customers[who], loser=loser, by=None)
                self.merged.append(done)
            case "part" if self.merged:
                undo_merge(change_set=self.merged.pop(), by=None)

    def _reach_past(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        other = self.customers[amount % 4]
        match what:
            case "sql moves":
                tables: Iterable[type[Any]] = (Order, Response)
                for model in tables:
                    run(
                        f"UPDATE {name(model)} SET customer_id = %s WHERE customer_id = %s",
                        other,
                        own,
                    )
            case "sql changes":
                run(f"UPDATE {name(Order)} SET total = total + 1 WHERE customer_id = %s", own)
                run(f"UPDATE {name(Response)} SET score = 1 WHERE customer_id = %s", own)
                run(f"UPDATE {name(Cost)} SET amount = amount + 1 WHERE customer_id = %s", own)
            case "sql deletes":
                run(f"DELETE FROM {name(Cost)} WHERE customer_id = %s", own)
                run(f"DELETE FROM {name(Response)} WHERE customer_id = %s", own)
            case "sql copies":
                fields = [
                    f for f in Order._meta.concrete_fields if not (f.generated or f.primary_key)
                ]
                columns = ", ".join(f'"{f.column}"' for f in fields)
                chosen = columns.replace('"ordered_at"', "%s").replace('"customer_id"', "%s")
                order = [f.column for f in fields if f.column in {"ordered_at", "customer_id"}]
                values = {"ordered_at": at, "customer_id": other.pk}
                run(
                    f"INSERT INTO {name(Order)} ({columns}) SELECT {chosen} FROM {name(Order)} "
                    "WHERE external_id = '' AND customer_id = %s",
                    *(values[column] for column in order),
                    own,
                )

    def _look_who_is_there(self) -> None:
        """Who was merged is not, and who was parted is again; an empty place takes anybody."""
        there = Customer.objects.in_bulk(self.ids)
        anybody = next(iter(there.values()))
        self.customers = [there.get(pk, anybody) for pk in self.ids]


def name(model: type[Any]) -> str:
    return str(model._meta.db_table)


def run(statement: str, *params: object) -> None:
    values = [one.pk if isinstance(one, Customer) else one for one in params]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def rows_that_differ(now: datetime, zone: Any) -> list[Any]:
    """Figures of the last whole month whose rows add up to something else than is stored."""
    running = periods.containing(periods.local_day(now, zone), Grain.MONTH, zone)
    month = running.previous()
    found = []
    for one in Snapshot.objects.filter(grain="month", starts_on=month.starts_on, is_current=True):
        definition = find(one.kpi)
        if one.kpi in NOT_ROWS:
            continue
        for side in ("numerator", "denominator"):
            stored = getattr(one, side)
            if not stored or not getattr(definition, side):
                continue
            behind = reading.rows(definition, month, side, now=now)
            total = sum((rows.total() for rows in behind), Fraction(0))
            if total != Fraction(stored):
                found.append((one.kpi, side, str(total), stored))
    return found


def holds(business: Business, edits: list[tuple[str, int, int, int]]) -> None:
    with refreshed(Office, edits) as shop:
        assert rows_that_differ(shop.now, business.zone) == []


@pytest.mark.django_db
@held(5)
@given(edits=st.lists(EDIT, min_size=4, max_size=12))
def test_by_whatever_path_refreshing_is_computing_everything(
    business: Business, edits: list[tuple[str, int, int, int]]
) -> None:
    holds(business, edits)


@pytest.mark.faults
@pytest.mark.django_db
@held(150)
@given(edits=st.lists(EDIT, min_size=10, max_size=40))
def test_by_whatever_path_for_long(
    business: Business, edits: list[tuple[str, int, int, int]]
) -> None:
    holds(business, edits)
