"""What stands beside a ticket: whose it is, who takes part, what else goes on with that customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import BigIntegerField, Case, CharField, F, OuterRef, Q, Subquery, Value, When
from django.http import Http404
from django.utils import timezone
from django.utils.text import capfirst

from crm import phones, registry
from crm.models import ContactPoint, Customer, Tag, Task, Tenure
from staff.access import acting_user
from staff.models import User
from staff.prepared import Prepared
from support.models import (
    Participant,
    SlaTarget,
    Ticket,
    TicketLink,
    TicketPresence,
    Watcher,
)
from support.sight import by_sight, sees_all

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

Row = TypeVar("Row")
# Presence is believed for so long, and typing for a little less.
PRESENT_FOR = timedelta(seconds=30)
TYPING_FOR = timedelta(seconds=20)
OTHERS = 6
# What other rooms show of a customer that is of use while one writes to them.
PANELS = ("surveys",)


@dataclass(frozen=True)
class Somebody:
    """Who takes part, or how to reach them: `what` is a role of a participant, "phone" or "here"."""

    what: str
    pk: int
    name: str
    value: str


@dataclass(frozen=True)
class Due:
    """A promise about how soon: `tone` is "late", "near", "runs", or "still" while its clock rests."""

    what: str
    at: datetime | None
    tone: str


@dataclass(frozen=True)
class Beside:
    tags: Sequence[Tag]
    participants: Sequence[Somebody]
    phones: Sequence[tuple[str, str]]
    present: Sequence[Somebody]
    dues: Sequence[Due]
    tasks: Sequence[Task]
    others: Sequence[Ticket]
    links: Sequence[TicketLink]
    panels: Sequence[tuple[registry.Panel, dict[str, Any]]]


def for_page(user: User) -> QuerySet[Ticket]:
    """A ticket this person may see, with what its page shows of it and its customer: one query."""
    return _with_customer(user, timezone.now())


def find(user: User, pk: int) -> Ticket:
    """The one of `for_page` with that number, composed once; without any, the answer is 404."""
    found = None
    if pk <= BigIntegerField.MAX_BIGINT:  # SQLite can't be asked for more
        found = _FOUND[sees_all(user)].first(pk, timezone.now(), user.pk)
    if found is None:
        raise Http404
    return found


def _with_customer(user: User, now: datetime) -> QuerySet[Ticket]:
    # An annotation of a method of crm's, which the type checker can't look into.
    income: Any = Customer.objects.filter(pk=OuterRef("customer")).with_income()
    tenures = Tenure.objects.filter(customer=OuterRef("customer"), started_at__lte=now)
    watching = Watcher.objects.filter(ticket=OuterRef("pk"), user=user)
    return (
        Ticket.objects.visible_to(user)
        .select_related("customer__owner", "contact", "queue", "category", "assignee")
        .annotate(
            income_micros=Subquery(income.values_list("income_micros", flat=True)[:1]),
            customer_since=Subquery(tenures.order_by("-started_at").values("started_at")[:1]),
            watching=Subquery(watching.values("pk")[:1]),
        )
    )


def income(ticket: Ticket) -> Decimal | None:
    """What the customer has brought so far, of a ticket read by `for_page`."""
    micros: int | None = ticket.income_micros  # type: ignore[attr-defined]
    return None if micros is None else Decimal(micros) / 1_000_000


def read(request: HttpRequest, ticket: Ticket) -> Beside:
    """Seven queries."""
    user = acting_user(request)
    everybody = _everybody(ticket, user)
    region = phones.default_region(request.business)  # type: ignore[attr-defined]
    return Beside(
        tags=_TAGS.all(ticket.pk),
        participants=[one for one in everybody if one.what in Participant.Role.values],
        phones=[
            (one.value, phones.readable(one.value, region))
            for one in everybody
            if one.what == "phone"
        ],
        present=[one for one in everybody if one.what in {"here", "typing"}],
        dues=dues(ticket),
        tasks=_tasks(ticket),
        others=_others(ticket, user),
        links=_LINKS[sees_all(user)].all(ticket.pk, user.pk),
        panels=_panels(request, ticket.customer),
    )


_TAGS = Prepared(lambda ticket: Tag.objects.filter(tickets=ticket), int)


def _everybody(ticket: Ticket, user: User) -> list[Somebody]:
    """Participants, the contact's telephones, colleagues on the page: one query."""
    now = timezone.now()
    asked = (ticket.pk, ticket.contact_id, now - PRESENT_FOR, now - TYPING_FOR, user.pk)
    return [Somebody(*row) for row in _EVERYBODY.all(*asked)]


def _around(
    ticket: int, contact: int, seen_after: datetime, typed_after: datetime, user: int
) -> QuerySet[Any, tuple[Any, ...]]:
    taking_part = (
        Participant.objects.filter(ticket=ticket, removed_at=None)
        .annotate(what=F("role"), label=F("name"), text=F("address"))
        .values_list("what", "pk", "label", "text")
    )
    telephones = (
        ContactPoint.objects.filter(contact=contact, kind=ContactPoint.Kind.PHONE, retired_at=None)
        .annotate(what=Value("phone", CharField()), label=Value("", CharField()), text=F("value"))
        .values_list("what", "pk", "label", "text")
    )
    here = _here(ticket, seen_after, typed_after, user).order_by()
    return taking_part.union(telephones, here, all=True).order_by("pk")


_EVERYBODY = Prepared(_around, int, int, datetime, datetime, int)


def _here(
    ticket: int, seen_after: datetime, typed_after: datetime, user: int
) -> QuerySet[TicketPresence, tuple[Any, ...]]:
    """(what, key, name, address) of the colleagues."""
    typing = When(typed_at__gt=typed_after, then=Value("typing"))
    return (
        TicketPresence.objects.filter(ticket=ticket, seen_at__gt=seen_after)
        .exclude(user=user)
        .annotate(
            what=Case(typing, default=Value("here"), output_field=CharField()),
            label=F("user__name"),
            text=F("user__email"),
        )
        .values_list("what", "pk", "label", "text")
        .order_by("pk")
    )


_PRESENT = Prepared(_here, int, datetime, datetime, int)


def present(ticket: Ticket, user: User) -> list[Somebody]:
    """Colleagues who have the ticket open just now: one query."""
    now = timezone.now()
    rows = _PRESENT.all(ticket.pk, now - PRESENT_FOR, now - TYPING_FOR, user.pk)
    return [Somebody(*row) for row in rows]


def dues(ticket: Ticket) -> list[Due]:
    """What was promised of how soon, and is neither done nor given up, the soonest first."""
    found = [_due(one) for one in _RUNNING.all(ticket.pk)]
    return sorted(found, key=lambda one: (one.at is None, one.at or timezone.now()))


_RUNNING = Prepared(
    lambda ticket: SlaTarget.objects.filter(ticket=ticket, met_at=None, cancelled_at=None), int
)


def _due(one: SlaTarget) -> Due:
    now, at = timezone.now(), one.missed_at or one.due_at
    what = str(capfirst(SlaTarget.Kind(one.kind).label))
    if at is None:
        return Due(what, None, "still")
    if at <= now:
        return Due(what, at, "late")
    return Due(what, at, "near" if one.warn_at and one.warn_at <= now else "runs")


def _tasks(ticket: Ticket) -> list[Task]:
    """What is open with the customer, the most pressing first."""
    return _TASKS.all(ticket.customer_id)


_TASKS = Prepared(
    lambda customer: (
        Task.objects.open()
        .filter(customer=customer)
        .select_related("owner")
        .order_by("due_at", "pk")[:OTHERS]
    ),
    int,
)


def _others(ticket: Ticket, user: User) -> list[Ticket]:
    """The customer's other tickets, the newest first, and those that were merged into this one;
    those of private queues stay private."""
    return _OTHERS[sees_all(user)].all(ticket.pk, ticket.customer_id, user.pk)


def _of_customer(ticket: int, customer: int, user: User) -> QuerySet[Ticket]:
    others = Ticket.objects.visible_to(user).filter(customer=customer)
    counted = ~Q(state__in=Ticket.VOID_STATES) | Q(merged_into=ticket)
    return others.filter(counted).exclude(pk=ticket).order_by("-opened_at", "-pk")[:OTHERS]


_OTHERS = by_sight(_of_customer, int, int)


def links(ticket: Ticket, user: User) -> QuerySet[TicketLink]:
    """Tickets that belong to this one, either way round, as far as this person may see them."""
    visible = Ticket.objects.visible_to(user).values("pk")
    there = Q(ticket=ticket, other__in=visible) | Q(other=ticket, ticket__in=visible)
    return TicketLink.objects.filter(there).select_related("ticket", "other").order_by("pk")


_FOUND = by_sight(lambda pk, now, user: _with_customer(user, now).filter(pk=pk), int, datetime)
_LINKS = by_sight(lambda ticket, user: links(Ticket(pk=ticket), user), int)


def _panels(
    request: HttpRequest, customer: Customer
) -> list[tuple[registry.Panel, dict[str, Any]]]:
    chosen = [panel for panel in registry.PANELS.all() if panel.name in PANELS]
    found = ((panel, panel.context(request, customer)) for panel in chosen)
    return [(panel, context) for panel, context in found if context is not None]
