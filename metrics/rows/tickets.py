"""Tickets, targets and promises behind a number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from crm.models import Task
from metrics.facts.tickets import MEASURES
from metrics.periods import Window
from metrics.rows.section import Rows
from support.models import OpenSpan, SlaTarget, Ticket


def _tickets() -> QuerySet[Ticket]:
    return Ticket.objects.counted().select_related("customer")


def _dated(window: Window, at: str) -> QuerySet[Ticket]:
    """Tickets dated within the window by a column; a date before the opening is invalid."""
    inside = {f"{at}__gte": window.start, f"{at}__lt": window.end}
    return _tickets().filter(**inside).filter(**{f"{at}__gte": F("opened_at")}).order_by(at, "pk")


def whole_seconds(instant: datetime) -> int:
    """As metrics.sql.epoch counts them: what is below a second is cut off at each end."""
    return int(instant.timestamp() // 1)


def durations(window: Window, *, which: str, clock: str) -> Rows:
    """Each ticket with its minutes."""
    at, business_seconds, _condition = MEASURES[which]
    tickets = _dated(window, at)
    if which == "full":
        tickets = tickets.exclude(state__in=Ticket.OPEN_STATES)
    if clock == "business":
        measured = tickets.filter(**{f"{business_seconds}__isnull": False})
        return Rows("ticket", measured, lambda one: Fraction(getattr(one, business_seconds), 60))
    return Rows("ticket", tickets, _minutes_until(at))


def _minutes_until(at: str) -> Callable[[Any], Fraction]:
    def minutes(one: Ticket) -> Fraction:
        return Fraction(whole_seconds(getattr(one, at)) - whole_seconds(one.opened_at), 60)

    return minutes


def measured(window: Window, *, which: str, clock: str) -> Rows:
    """The same tickets, each adding 1."""
    return Rows("ticket", durations(window, which=which, clock=clock).queryset)


def solved(window: Window, *, at: str, days: int, as_of: datetime) -> QuerySet[Ticket]:
    """First solutions (or replies) whose days are over."""
    return _dated(window, at).filter(**{f"{at}__lte": as_of - timedelta(days=days)})


def came_back(at: str, days: int, *, same_topic: bool) -> Q:
    """metrics.facts.tickets.came_back, on the ORM."""
    end = OuterRef(at) + Value(timedelta(days=days))
    others = (
        Ticket.objects.counted()
        .filter(customer=OuterRef("customer"), opened_at__gt=OuterRef(at), opened_at__lt=end)
        .exclude(pk=OuterRef("pk"))
    )
    if same_topic:
        others = others.filter(category=OuterRef("category"))
    reopened = Q(
        first_reopened_at__gt=F(at), first_reopened_at__lt=F(at) + Value(timedelta(days=days))
    )
    return reopened | Q(Exists(others))


def at_one_contact() -> Q:
    return Q(replies_to_solve=1) | Q(replies_to_solve=0, channel=Ticket.Channel.PHONE)


def targets(window: Window, *, as_of: datetime, met: bool) -> Rows:
    """Targets decided in the window; with `met` those that were met in time."""
    overdue = Case(When(cancelled_at=None, due_at__lte=as_of, then=F("due_at")))
    decided = (
        SlaTarget.objects.annotate(decided_at=Coalesce("missed_at", "met_at", overdue))
        .filter(decided_at__gte=window.start, decided_at__lt=window.end)
        .exclude(ticket__state__in=Ticket.VOID_STATES)
        .select_related("ticket__customer")
        .order_by("decided_at", "pk")
    )
    if met:
        decided = decided.filter(met_at__isnull=False, missed_at=None)
    return Rows("target", decided)


def open_at(instant: datetime) -> Rows:
    spans = OpenSpan.objects.filter(ticket=OuterRef("pk"), started_at__lt=instant)
    is_open = Exists(spans.filter(Q(ended_at=None) | Q(ended_at__gte=instant)))
    tickets = Ticket.objects.select_related("customer").filter(is_open)
    return Rows("ticket", tickets.order_by("opened_at", "pk"))


def promises(window: Window, *, kept: bool) -> Rows:
    due = Task.objects.filter(is_promise=True, due_at__gte=window.start, due_at__lt=window.end)
    if kept:
        due = due.filter(done_at__lte=F("due_at"))
    return Rows("promise", due.select_related("customer").order_by("due_at", "pk"))
