"""Everything that a customer's page shows, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone

from crm import custom, files, health, phones, registry, timeline
from crm.gathering import gathered
from crm.models import Affiliation, ContactPoint, Contract, Customer, Order, Task, Tenure
from staff.prepared import Prepared

if TYPE_CHECKING:
    from django.http import HttpRequest

RECENT_ORDERS = 4


@dataclass(frozen=True)
class Person:
    """Somebody at the customer, with the ways to reach them: addresses, (E.164, as written here)."""

    affiliation: Affiliation
    emails: Sequence[str]
    phones: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Record:
    customer: Customer
    people: Sequence[Person]
    tenures: Sequence[Tenure]
    contracts: Sequence[Contract]
    orders: Sequence[Order]
    tasks: Sequence[Task]
    timeline: timeline.Timeline
    panels: Sequence[tuple[registry.Panel, dict[str, Any]]]

    @property
    def tenure(self) -> Tenure | None:
        """The one that runs, else the last one."""
        now = timezone.now()
        past = [tenure for tenure in self.tenures if tenure.started_at <= now]
        return past[0] if past else None

    @property
    def earlier_tenures(self) -> list[Tenure]:
        """The times as a customer that are over, the latest first."""
        now = timezone.now()
        return [one for one in self.tenures if one.ended_at and one.ended_at <= now]

    @property
    def is_back(self) -> bool:
        """Whether they were a customer before, were lost, and are one again."""
        return self.customer.stage == Customer.Stage.CUSTOMER and bool(self.earlier_tenures)

    @property
    def income(self) -> Decimal | None:
        """What they have brought so far, in the business's currency: refunds taken off."""
        micros: int | None = self.customer.income_micros  # type: ignore[attr-defined]
        return None if micros is None else Decimal(micros) / 1_000_000

    @property
    def next_end(self) -> date | None:
        today = timezone.localdate()
        ends = [one.ends_on for one in self.contracts if one.ends_on and one.ends_on >= today]
        return min(ends, default=None)

    @property
    def health(self) -> list[health.Reason]:
        return health.reasons(
            self.customer,
            tenure=self.tenure,
            contracts=self.contracts,
            tasks=self.tasks,
            facts=[fact for _panel, context in self.panels for fact in context.get("health", ())],
        )


def _head(pk: int) -> QuerySet[Customer]:
    rows = Customer.objects.for_page().with_counts().with_merges().filter(pk=pk)
    rows = rows.select_related(*registry.read_along())
    return rows.annotate(own_fields=custom.beside(), latest_files=files.beside())


def _people(pk: int) -> QuerySet[Affiliation]:
    """Who is there, with their `points` as [key, kind, value]."""
    points = ContactPoint.objects.filter(contact=OuterRef("contact"), retired_at=None)
    return (
        Affiliation.objects.filter(customer=pk, until=None)
        .select_related("contact")
        .annotate(points=gathered(points, "contact", "pk", "kind", "value"))
        .order_by("-is_primary", "contact__name", "pk")
    )


def _orders_of(pk: int, *ids: int) -> QuerySet[Order]:
    orders = Order.objects.filter(customer=pk)
    recent = orders.order_by("-ordered_at", "-pk").values("pk")[:RECENT_ORDERS]
    return orders.filter(Q(pk__in=ids) | Q(pk__in=recent))


def _tasks_of(pk: int, *ids: int) -> QuerySet[Task]:
    tasks = Task.objects.filter(Q(done_at=None) | Q(pk__in=ids), customer=pk)
    return tasks.select_related("owner")


# On a page that is opened all day, composing these would cost more than asking.
HEAD = Prepared(_head, int)
PEOPLE = Prepared(_people, int)
CONTRACTS = Prepared(
    lambda pk: Contract.objects.filter(customer=pk).order_by("-starts_on", "-pk"), int
)
ORDERS = Prepared(_orders_of, *[int] * (1 + timeline.SIZE))
TASKS = Prepared(_tasks_of, *[int] * (1 + timeline.SIZE))
TENURES = Prepared(lambda pk: Tenure.objects.filter(customer=pk).order_by("-started_at"), int)


def customer_of_page(pk: int) -> Customer | None:
    """With all that their page's head shows, `own_fields` and `latest_files`."""
    return HEAD.first(pk)


def read(request: HttpRequest, customer: Customer) -> Record:
    """`customer` comes from `customer_of_page`."""
    page = timeline.rows(request, customer)
    about = timeline.about(page.rows)
    orders = _orders(customer, about["crm.order"])
    tasks = _tasks(customer, about["crm.task"])
    contracts = CONTRACTS.all(customer.pk)
    known: timeline.Known = {"crm.order": orders, "crm.task": tasks, "crm.contract": contracts}
    tenures = TENURES.all(customer.pk)
    return Record(
        customer=customer,
        people=people(customer, phones.default_region(request.business)),  # type: ignore[attr-defined]
        tenures=tenures,
        contracts=contracts,
        orders=sorted(orders, key=lambda one: (one.ordered_at, one.pk), reverse=True)[
            :RECENT_ORDERS
        ],
        tasks=[task for task in tasks if not task.is_done],
        timeline=timeline.lay_out(request, customer, page, known=known, tenures=tenures),
        panels=registry.panels(request, customer),
    )


def _orders(customer: Customer, ids: set[int]) -> list[Order]:
    """The last few, and those that the timeline tells of."""
    return ORDERS.all(customer.pk, *_filled_up(ids))


def _tasks(customer: Customer, ids: set[int]) -> list[Task]:
    """The open ones, first due first, and those that the timeline tells of."""
    undated = timezone.now() + timedelta(days=36_500)
    tasks = TASKS.all(customer.pk, *_filled_up(ids))
    return sorted(tasks, key=lambda task: (task.due_at or undated, task.pk))


def _filled_up(ids: set[int]) -> list[int]:
    """As many as a page of the timeline has lines, with keys that no row has."""
    return [*ids, *[0] * (timeline.SIZE - len(ids))]


def people(customer: Customer, region: str) -> list[Person]:
    """Those who are there now, the first to ask first, with what reaches them: one query."""
    return [_person(affiliation, region) for affiliation in PEOPLE.all(customer.pk)]


def _person(affiliation: Affiliation, region: str) -> Person:
    points = sorted(affiliation.points or ())  # type: ignore[attr-defined]
    return Person(
        affiliation=affiliation,
        emails=[value for _pk, kind, value in points if kind == ContactPoint.Kind.EMAIL],
        phones=[
            (value, phones.readable(value, region))
            for _pk, kind, value in points
            if kind == ContactPoint.Kind.PHONE
        ],
    )
