"""Tenures follow from facts: the rule against a naive oracle, and the rebuild against the rule."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm import tenures
from crm.models import (
    Contract,
    Customer,
    Loss,
    LossReason,
    Order,
    SilenceRule,
    Tenure,
    TenureSpan,
)
from crm.tenures import Calendar, Cut, Span, intervals
from staff.models import Business
from tests.factories import ContractFactory, CustomerFactory, OrderFactory, TenureSpanFactory

START = datetime(2026, 1, 1, tzinfo=UTC)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def day(n: float) -> datetime:
    return START + timedelta(days=n)


def span(start: float, end: float | None, cause: str = "order", reason: str = "silence") -> Span:
    return Span(day(start), None if end is None else day(end), cause, reason)


def shape(spans: list[Span], cuts: list[Cut] | None = None) -> list[tuple[Any, Any]]:
    found = intervals(spans, cuts or [])
    return [((i.started_at - START).days, i.ended_at and (i.ended_at - START).days) for i in found]


# --- The rule ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([], []),
        ([span(0, 5), span(5, 9)], [(0, 9)]),  # touching is one
        ([span(0, 5), span(6, 9)], [(0, 5), (6, 9)]),
        ([span(0, 9), span(2, 3)], [(0, 9)]),
        ([span(3, None), span(0, 4)], [(0, None)]),
        ([span(0, None), span(1, None)], [(0, None)]),
    ],
)
def test_the_union_of_spans(spans: list[Span], wanted: list[tuple[int, int | None]]) -> None:
    assert shape(spans) == wanted
    assert shape(spans[::-1]) == wanted


@pytest.mark.parametrize(
    ("spans", "cuts", "wanted"),
    [
        ([span(0, 9)], [4], [(0, 4)]),
        ([span(0, None)], [4], [(0, 4)]),
        ([span(0, 9), span(6, 15)], [4], [(0, 4), (6, 15)]),  # the next purchase begins anew
        ([span(0, 9), span(4, 13)], [4], [(0, 13)]),  # … and at the same instant it goes on
        ([span(0, 9)], [0], [(0, 9)]),  # a loss before there is anything to lose
        ([span(0, 9)], [20], [(0, 9)]),
        ([span(0, 9), span(1, 12)], [5, 3], [(0, 3)]),
        ([span(0, 9), span(4, 14)], [3, 6], [(0, 3), (4, 6)]),
    ],
)
def test_a_loss_cuts_until_the_next_purchase(
    spans: list[Span], cuts: list[int], wanted: list[tuple[int, int | None]]
) -> None:
    assert shape(spans, [Cut(day(at), "service") for at in cuts]) == wanted


def test_what_begins_it_and_what_ends_it() -> None:
    [one] = intervals(
        [span(0, 9), span(0, 5, "contract", "moved"), span(3, 9, "manual", "product")]
    )
    assert (one.cause, one.end_reason, one.is_first) == ("contract", "product", True)
    [cut] = intervals([span(0, 9, "manual", "product")], [Cut(day(9), "moved", "To Lisbon")])
    assert (cut.end_reason, cut.end_note) == ("moved", "To Lisbon")
    first, second = intervals([span(0, 5), span(7, None, "contract", "contract_ended")])
    assert (first.is_first, second.is_first) == (True, False)
    assert (second.end_reason, second.ended_at) == ("", None)


instants = st.integers(0, 40)
spans_of_days = st.lists(
    st.builds(
        lambda start, length, cause: span(start, length and start + length, cause, "silence"),
        instants,
        st.one_of(st.none(), st.integers(1, 15)),
        st.sampled_from(["order", "contract", "manual"]),
    ),
    max_size=8,
)
cuts_of_days = st.lists(st.builds(lambda at: Cut(day(at), "service"), instants), max_size=4)


def runs(spans: list[Span], cuts: list[Cut], at: datetime) -> bool:
    """The oracle, half-day by half-day: some span has begun, has not ended, and no loss came since."""
    return any(
        one.started_at <= at
        and (one.ended_at is None or at < one.ended_at)
        and not any(one.started_at < cut.lost_at <= at for cut in cuts)
        for one in spans
    )


@given(spans_of_days, cuts_of_days)
@settings(max_examples=250, deadline=None)
def test_intervals_agree_with_the_oracle_at_every_instant(
    spans: list[Span], cuts: list[Cut]
) -> None:
    found = intervals(spans, cuts)
    for half in range(-2, 130):
        at = day(half / 2)
        running = [i for i in found if i.started_at <= at and (not i.ended_at or at < i.ended_at)]
        assert len(running) == runs(spans, cuts, at)
    for before, after in pairwise(found):
        assert before.ended_at is not None
        assert before.ended_at < after.started_at
    assert [i.is_first for i in found] == [True] * bool(found) + [False] * (len(found) - 1)
    assert all(bool(i.end_reason) == (i.ended_at is not None) for i in found)
    assert intervals(spans[::-1], cuts[::-1]) == found or len({s.cause for s in spans}) > 1


def test_the_rule_of_the_purchases_own_local_day_counts() -> None:
    calendar = Calendar(SAO_PAULO, ((date(2026, 3, 1), 30), (date(2026, 6, 1), 90)))
    # 02:59 UTC is still the evening before in São Paulo.
    before, after = datetime(2026, 6, 1, 2, 59, tzinfo=UTC), datetime(2026, 6, 1, 3, tzinfo=UTC)
    assert calendar.silence(before) == timedelta(days=30)
    assert calendar.silence(after) == timedelta(days=90)
    assert calendar.silence(datetime(2020, 1, 1, tzinfo=UTC)) == timedelta(days=180)
    assert Calendar(SAO_PAULO).silence(after) == timedelta(days=180)


def test_contracts_run_from_local_midnight_to_local_midnight() -> None:
    calendar = Calendar(ZoneInfo("Europe/Madrid"))
    start, end = date(2026, 3, 1), date(2026, 4, 1)
    one = calendar.contract_span(start, end, None, "")
    assert one == Span(
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),  # summer time has begun
        "contract",
        "contract_ended",
    )
    cancelled = calendar.contract_span(start, end, date(2026, 3, 10), "competitor_price")
    assert cancelled is not None
    assert cancelled.ended_at == datetime(2026, 3, 9, 23, tzinfo=UTC)
    assert (cancelled.end_reason, cancelled.end_note) == ("competitor_price", "")
    in_words = calendar.contract_span(start, None, date(2026, 3, 10), "They moved to Faro")
    assert in_words is not None
    assert (in_words.end_reason, in_words.end_note) == ("contract_ended", "They moved to Faro")
    assert calendar.contract_span(start, end, start, "") is None
    late = calendar.contract_span(start, end, date(2026, 9, 1), "")
    assert late is not None
    assert late.ended_at == one.ended_at


# --- The rebuild ---------------------------------------------------------------------------


@pytest.fixture
def customer(business: Business) -> Customer:
    return CustomerFactory(name="Padaria do João")


def stored(customer: Customer) -> list[tuple[datetime, datetime | None]]:
    rows = customer.tenures.order_by("started_at")
    return list(rows.values_list("started_at", "ended_at"))


def test_a_purchase_makes_a_customer_and_silence_loses_them(customer: Customer) -> None:
    OrderFactory(customer=customer, ordered_at=day(0))
    assert tenures.rebuild([customer.pk], now=day(10)) == 1
    [tenure] = customer.tenures.all()
    customer.refresh_from_db()
    assert (tenure.started_at, tenure.ended_at) == (day(0), day(180))
    assert (tenure.cause, tenure.end_reason, tenure.is_first) == ("order", "silence", True)
    assert (customer.stage, customer.first_order_at, customer.last_order_at) == (
        "customer",
        day(0),
        day(0),
    )
    assert tenures.sweep_stages(day(179)) == 0
    assert tenures.sweep_stages(day(180)) == 1
    assert tenures.sweep_stages(day(180)) == 0
    customer.refresh_from_db()
    assert customer.stage == "lost"
    OrderFactory(customer=customer, ordered_at=day(200))
    tenures.rebuild([customer.pk], now=day(201))
    customer.refresh_from_db()
    assert customer.stage == "customer"
    assert stored(customer) == [(day(0), day(180)), (day(200), day(380))]


@pytest.mark.parametrize("total", ["0", "-10"])
def test_neither_a_refund_nor_nothing_makes_a_customer(customer: Customer, total: str) -> None:
    OrderFactory(customer=customer, total=Decimal(total))
    assert tenures.rebuild([customer.pk]) == 0
    assert not customer.tenures.exists()


def test_a_contract_to_come_makes_a_customer_when_it_comes(customer: Customer) -> None:
    ContractFactory(customer=customer, starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1))
    tenures.rebuild([customer.pk], now=day(0))
    customer.refresh_from_db()
    assert customer.stage == "lead"
    assert tenures.sweep_stages(day(32)) == 1
    customer.refresh_from_db()
    assert customer.stage == "customer"
    assert tenures.sweep_stages(day(100)) == 0  # three days back only
    assert tenures.sweep_stages(day(100), back=None) == 1
    customer.refresh_from_db()
    assert customer.stage == "lost"


def test_nothing_differing_writes_nothing(
    customer: Customer, django_assert_num_queries: Any
) -> None:
    for n in range(5):
        OrderFactory(customer=customer, ordered_at=day(n * 200))
    tenures.rebuild([customer.pk])
    before = list(customer.tenures.values_list("pk", flat=True))
    # business, rules, savepoint, lock, orders, contracts, spans, losses, tenures, customers, release
    with django_assert_num_queries(11):
        assert tenures.rebuild([customer.pk]) == 0
    assert list(customer.tenures.values_list("pk", flat=True)) == before


def test_only_what_differs_is_written(customer: Customer) -> None:
    OrderFactory(customer=customer, ordered_at=day(0))
    OrderFactory(customer=customer, ordered_at=day(300))
    tenures.rebuild([customer.pk])
    first, second = customer.tenures.order_by("started_at")
    OrderFactory(customer=customer, ordered_at=day(400))
    tenures.rebuild([customer.pk])
    kept, longer = customer.tenures.order_by("started_at")
    assert (kept.pk, longer.pk) == (first.pk, second.pk)
    assert longer.ended_at == day(580)
    Order.objects.filter(ordered_at=day(0)).delete()
    tenures.rebuild([customer.pk])
    [only] = customer.tenures.all()
    assert only.is_first


def test_deleting_all_facts_makes_a_lead_again(customer: Customer) -> None:
    order = OrderFactory(customer=customer, rebuild=True)
    order.delete()
    tenures.rebuild([customer.pk])
    customer.refresh_from_db()
    assert (customer.stage, customer.first_order_at) == ("lead", None)
    assert not customer.tenures.exists()


def test_a_changed_silence_rule_rebuilds_everyone(customer: Customer) -> None:
    OrderFactory(customer=customer, ordered_at=day(0), rebuild=True)
    SilenceRule.objects.create(since=date(2025, 1, 1), days=30)
    assert tenures.rebuild_all() == 1
    assert stored(customer) == [(day(0), day(30))]
    SilenceRule.objects.create(since=date(2026, 6, 1), days=60)
    assert tenures.rebuild_all() == 0


def test_the_database_refuses_overlaps(customer: Customer) -> None:
    TenureSpanFactory(customer=customer)
    for end in (None, day(2000)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Tenure.objects.create(
                customer=customer, started_at=day(300), ended_at=end, cause="manual"
            )


facts = st.lists(
    st.one_of(
        st.tuples(st.just("order"), instants, st.sampled_from([-5, 0, 10])),
        st.tuples(st.just("contract"), instants, st.integers(1, 20)),
        st.tuples(st.just("cancelled"), instants, st.integers(0, 20)),
        st.tuples(st.just("span"), instants, st.one_of(st.none(), st.integers(1, 20))),
        st.tuples(st.just("loss"), instants, st.just(0)),
        st.tuples(st.just("remove"), instants, st.just(0)),
    ),
    min_size=1,
    max_size=10,
)


def apply(customer: Customer, fact: tuple[str, int, Any]) -> None:
    what, at, value = fact
    on = (START + timedelta(days=at)).date()
    if what == "order":
        OrderFactory(customer=customer, ordered_at=day(at + 0.4), total=Decimal(value))
    elif what == "contract":
        ContractFactory(customer=customer, starts_on=on, ends_on=on + timedelta(days=value))
    elif what == "cancelled":
        ContractFactory(customer=customer, starts_on=on, cancelled_on=on + timedelta(days=value))
    elif what == "span":
        end = None if value is None else day(at + value)
        TenureSpan.objects.create(customer=customer, started_at=day(at), ended_at=end)
    elif what == "loss":
        Loss.objects.create(customer=customer, lost_at=day(at + 0.7), reason=LossReason.SERVICE)
    else:
        for model in (Order, Contract, TenureSpan, Loss):
            model.objects.filter(customer=customer, pk__gte=at).delete()


def naive(customer: Customer) -> Callable[[datetime], bool]:
    """Whether the facts as they are make a customer at an instant."""
    spans = [
        Span(o.ordered_at, o.ordered_at + timedelta(days=7), "order")
        for o in Order.objects.filter(customer=customer)
        if o.total > 0
    ]
    for c in Contract.objects.filter(customer=customer):
        end = min(filter(None, [c.ends_on, c.cancelled_on]), default=None)
        if end is None or end > c.starts_on:
            local = [
                d and datetime(d.year, d.month, d.day, tzinfo=SAO_PAULO) for d in (c.starts_on, end)
            ]
            spans.append(Span(local[0], local[1], "contract"))  # type: ignore[arg-type]
    spans += [
        Span(s.started_at, s.ended_at, "manual")
        for s in TenureSpan.objects.filter(customer=customer)
    ]
    cuts = [Cut(loss.lost_at, loss.reason) for loss in Loss.objects.filter(customer=customer)]
    return lambda at: runs(spans, cuts, at)


@given(st.lists(st.tuples(st.booleans(), facts), min_size=1, max_size=3))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_edits_leave_tenures_as_the_oracle_has_them(
    business: Business, edits: list[tuple[bool, list[tuple[str, int, Any]]]]
) -> None:
    with transaction.atomic():
        SilenceRule.objects.create(since=date(2025, 1, 1), days=7)
        one, other = CustomerFactory.create_batch(2)
        for is_other, batch in edits:
            for fact in batch:
                apply(other if is_other else one, fact)
            # Never half-way in the way of the constraint, whatever the order of the writes.
            tenures.rebuild([one.pk, other.pk], now=day(20))
        for customer in (one, other):
            customer.refresh_from_db()
            found, is_customer = stored(customer), naive(customer)
            for quarter in range(70 * 4):
                at = day(quarter / 4 + 0.01)
                running = [s for s, e in found if s <= at and (e is None or at < e)]
                assert len(running) == is_customer(at), at
            assert (customer.stage == "customer") == is_customer(day(20))
        assert tenures.rebuild([one.pk, other.pk], now=day(20)) == 0
        transaction.set_rollback(True)


def test_four_thousand_customers_take_a_moment(business: Business) -> None:
    customers = Customer.objects.bulk_create(
        Customer(name=f"C{n}", name_folded=f"c{n}") for n in range(4000)
    )
    now = timezone.now()
    Order.objects.bulk_create(
        [
            Order(
                customer=customers[n % 4000],
                ordered_at=now - timedelta(days=n % 730, minutes=n),
                total=10,
                currency="BRL",
            )
            for n in range(18_000)
        ],
        batch_size=2000,
    )
    began = process_time()
    assert tenures.rebuild([customer.pk for customer in customers]) == 4000
    # Of this process alone: what else the machine does takes no part in it.
    assert process_time() - began < 10
    assert tenures.rebuild([customer.pk for customer in customers]) == 0
