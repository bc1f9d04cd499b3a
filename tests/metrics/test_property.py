"""Two truths must agree: whatever is edited, by whatever path, refreshing what marks touch gives
what computing everything gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crm import tenures
from crm.models import (
    Consent,
    Contact,
    ContactPoint,
    Cost,
    Customer,
    Order,
    Task,
    TenureSpan,
)
from mail.models import DeliveryEvent
from metrics import actions
from metrics.definitions import Theme
from metrics.engine.snapshots import same_figure
from metrics.models import Mark, Pace, Snapshot, Waiting
from staff.models import Business
from support import projection
from support.desk import default_queue
from support.models import SlaTarget, Ticket, TicketEvent
from surveys.actions.surveys import stock_survey
from surveys.models import Response
from tests.metrics import tables

START = datetime(2025, 9, 20, 15, tzinfo=UTC)
EDITS = (
    "order",
    "orders in bulk",
    "refund",
    "change orders",
    "drop orders",
    "span",
    "end spans",
    "drop spans",
    "cost",
    "change costs",
    "drop costs",
    "answer",
    "change answers",
    "lead",
    "ticket",
    "solve",
    "open again",
    "drop tickets",
    "move tickets",
    "due",
    "promise",
    "consent",
    "heard",
    "other address",
    "merge contacts",
    "time",
    "refresh",
    "refresh",
)
# Of a running period: years, ages and months grow by the second.
GROWING = {"ltv_annual", "ltv_cac", "backlog", "cac_payback", "contact_frequency"}
EDIT = st.tuples(
    st.sampled_from(EDITS), st.integers(0, 3), st.integers(-150, 40), st.integers(1, 90)
)


class Shop:
    """A small business whose facts are edited by the numbers that Hypothesis draws."""

    def __init__(self) -> None:
        self.now = START
        self.customers = [
            Customer.objects.create(
                name=f"c{i}", name_folded=f"c{i}", created_at=START - timedelta(days=40 * i)
            )
            for i in range(4)
        ]
        self.contacts = [Contact.objects.create(name=one.name) for one in self.customers]
        for i, contact in enumerate(self.contacts):
            ContactPoint.objects.create(contact=contact, kind="email", value=f"c{i}@example.com")
        self.policy, self.calendar = tables.service_level()
        self.surveys = [stock_survey(kind) for kind in ("nps", "csat", "ces")]

    def edit(self, what: str, who: int, day: int, amount: int) -> None:
        own, at = self.customers[who], self.now + timedelta(days=day)
        if what == "time":
            self.now += timedelta(hours=amount * 5)
        elif what == "refresh":
            self._refresh(resting=list(Theme)[: amount % 7])
        elif what == "lead":
            self.customers[who] = Customer.objects.create(
                name="new", name_folded="new", created_at=at
            )
        else:
            self._edit_purchases(what, own, at, amount)
            self._edit_spans(what, own, at, amount)
            self._edit_money_or_answers(what, own, at, amount)
            self._edit_tickets(what, own, at, amount)
            self._edit_due_times(what, own, at, amount)
            self._edit_subscribers(what, who, at, amount)
        tenures.rebuild([one.pk for one in self.customers])

    def _refresh(self, *, resting: list[Theme]) -> None:
        """As workers do it, while far figures of some themes wait for their turn."""
        Pace.objects.all().delete()
        Pace.objects.bulk_create(
            Pace(theme=theme, seconds=30, next_at=self.now + timedelta(minutes=10))
            for theme in resting
        )
        actions.refresh(now=self.now, everything=False)

    def _edit_purchases(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        match what:
            case "order" | "refund":
                self._orders([(own, at, amount if what == "order" else -amount)])
            case "orders in bulk":
                each = [(one, at + timedelta(hours=amount), amount) for one in self.customers]
                self._orders(each)
            case "change orders":
                Order.objects.filter(customer=own).update(total=Decimal(amount), ordered_at=at)
            case "drop orders":
                Order.objects.filter(customer=own, ordered_at__gte=at).delete()

    def _edit_spans(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        match what:
            case "span":
                ended = at + timedelta(days=amount)
                TenureSpan.objects.create(customer=own, started_at=at, ended_at=ended)
            case "end spans":
                TenureSpan.objects.filter(customer=own, started_at__lt=at).update(ended_at=at)
            case "drop spans":
                TenureSpan.objects.filter(customer=own).delete()

    def _edit_subscribers(self, what: str, who: int, at: datetime, amount: int) -> None:
        contact, address = self.contacts[who], f"c{who}@example.com"
        match what:
            case "consent":
                Consent.objects.create(
                    contact=contact, purpose="outreach", given=bool(amount % 3), at=at
                )
            case "heard":
                kind = ("unsubscribe", "hard_bounce", "soft_bounce", "inactive")[amount % 4]
                DeliveryEvent.objects.create(address=address, type=kind, at=at)
            case "other address":
                ContactPoint.objects.filter(contact=contact).update(
                    value=f"c{who}.{amount}.{at:%Y%m%d%H}@example.com"
                )
            case "merge contacts":
                Consent.objects.filter(contact=contact).update(contact=self.contacts[0])

    def _edit_money_or_answers(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        match what:
            case "cost":
                until = at.date() + timedelta(days=amount) if amount % 2 else None
                Cost.objects.create(
                    purpose="acquisition" if amount % 3 else "service",
                    customer=own if amount % 4 else None,
                    category="tools",
                    amount=Decimal(amount),
                    currency="BRL",
                    rate=None if amount == 7 else 1,
                    on=at.date(),
                    until=until,
                )
            case "change costs":
                Cost.objects.filter(customer=own).update(on=at.date(), until=None, amount=amount)
            case "drop costs":
                Cost.objects.filter(amount__gte=amount).delete()
            case "answer":
                survey = self.surveys[amount % 3]
                low, high = survey.scale
                Response.objects.create(
                    survey=survey,
                    kind=survey.kind,
                    customer=own,
                    score=low + amount % (high - low + 1),
                    answered_at=at,
                    origin="import",
                )
            case "change answers":
                Response.objects.filter(customer=own).update(
                    validity="invalid" if amount % 2 else "valid", answered_at=at
                )

    def _edit_tickets(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        tickets = Ticket.objects.filter(customer=own)
        solved, again = TicketEvent.Kind.RESOLVED, TicketEvent.Kind.REOPENED
        match what:
            case "ticket":
                ticket = Ticket.objects.create(
                    customer=own,
                    subject="t",
                    channel=Ticket.Channel.EMAIL,
                    queue=default_queue(),
                    opened_at=at,
                )
                if amount % 2:
                    self._tell([ticket], TicketEvent.Kind.REPLIED, at + timedelta(hours=amount))
            case "solve":
                self._tell(tickets, solved, at)
                tickets.update(state="solved")
            case "open again":
                self._tell(tickets.filter(first_resolved_at__lt=at), again, at)
                tickets.filter(first_resolved_at__lt=at).update(state="open")
            case "drop tickets":
                if amount % 2:
                    tickets.filter(opened_at__gte=at).update(state="spam")
                else:
                    tickets.filter(opened_at__gte=at).delete()
            case "move tickets":
                tickets.update(customer=self.customers[amount % len(self.customers)])
        projection.rebuild(Ticket.objects.values_list("pk", flat=True))

    def _edit_due_times(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        match what:
            case "due":
                for ticket in Ticket.objects.filter(customer=own)[:2]:
                    self._target(ticket, at, amount)
            case "promise":
                done = self.now if amount % 2 else None
                Task.objects.create(
                    title="p", customer=own, is_promise=True, due_at=at, done_at=done
                )

    def _tell(self, tickets: Iterable[Ticket], kind: str, at: datetime) -> None:
        TicketEvent.objects.bulk_create(
            TicketEvent(ticket=ticket, kind=kind, at=at) for ticket in tickets
        )

    def _target(self, ticket: Ticket, at: datetime, amount: int) -> None:
        decided = {0: {"met_at": at}, 1: {"missed_at": at}, 2: {}}[amount % 3]
        SlaTarget.objects.update_or_create(
            ticket=ticket,
            kind="solution",
            occurrence=90,
            defaults={
                "policy_version": self.policy,
                "calendar_version": self.calendar,
                "minutes": amount,
                "started_at": ticket.opened_at,
                "due_at": at,
                "met_at": None,
                "missed_at": None,
            }
            | decided,
        )

    def _orders(self, rows: list[tuple[Customer, datetime, int]]) -> None:
        Order.objects.bulk_create(
            Order(
                customer=own,
                ordered_at=at,
                total=Decimal(total),
                cost=Decimal(abs(total)) / 2 if total % 5 else None,
                currency="BRL",
                rate=None if total == 13 else 1,
            )
            for own, at, total in rows
        )


def current() -> dict[tuple[str, str, Any], Snapshot]:
    return {
        (one.kpi, one.grain, one.starts_on): one for one in Snapshot.objects.filter(is_current=True)
    }


def disagreements(now: datetime) -> list[Any]:
    """Cells in which the figures of the refreshes so far differ from a full recompute now."""
    by_refresh = current()
    Snapshot.objects.all().delete()
    actions.recompute_full(now=now)
    return [
        (key, str(one.status), one.value, getattr(by_refresh.get(key), "value", "nothing"))
        for key, one in current().items()
        if not _agree(by_refresh.pop(key, None), one)
    ] + [(key, one.value) for key, one in by_refresh.items() if one.value is not None]


def _agree(one: Snapshot | None, other: Snapshot) -> bool:
    if one is None:
        return False
    if other.is_partial and other.kpi in GROWING:
        return one.is_partial
    return same_figure(one, other)


Kind = TypeVar("Kind", bound="Shop")


@contextmanager
def refreshed(kind: type[Kind], edits: list[tuple[str, int, int, int]]) -> Iterator[Kind]:
    """A shop after these edits and a refresh; at the end, everything computed again agrees."""
    with transaction.atomic():
        shop = kind()
        for edit in edits:
            shop.edit(*edit)
        actions.refresh(now=shop.now)
        assert not Mark.objects.exists()
        assert not Waiting.objects.exists()
        yield shop
        assert disagreements(shop.now) == []
        transaction.set_rollback(True)


def held(examples: int) -> settings:
    return settings(
        max_examples=examples,
        # Shrinking repeats whole recomputes for minutes.
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@pytest.mark.django_db
@held(6)
@given(edits=st.lists(EDIT, min_size=1, max_size=12))
def test_refreshing_what_changed_is_computing_everything(
    business: Business, edits: list[tuple[str, int, int, int]]
) -> None:
    with refreshed(Shop, edits):
        pass


@pytest.mark.faults
@pytest.mark.django_db
@held(100)
@given(edits=st.lists(EDIT, min_size=4, max_size=40))
def test_refreshing_is_computing_everything_for_long(
    business: Business, edits: list[tuple[str, int, int, int]]
) -> None:
    with refreshed(Shop, edits):
        pass
