"""Interactions, customers, feedback, reviews and training behind how much a business listens."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value

from crm.models import Interaction
from metrics.facts.listening import BY_ITSELF, quiet_before_end
from metrics.models import TrainingHours
from metrics.periods import Window
from metrics.rows import customers
from metrics.rows.customers import served_in
from metrics.rows.section import Rows
from staff.access import Role
from staff.models import User
from support.models import Ticket
from surveys.models import Invitation, Response, Review


def talked(window: Window) -> Rows:
    """Interactions that went one way or the other, with customers served."""
    passed = Interaction.objects.filter(
        served_in(window, "customer"), occurred_at__gte=window.start, occurred_at__lt=window.end
    ).exclude(direction="")
    return Rows("interaction", passed.select_related("customer").order_by("-occurred_at", "-pk"))


def served_months(window: Window) -> Rows:
    """Customers served; each adds the months of the window."""
    months = window.months
    return Rows("customer", customers.served(window).queryset, lambda _customer: months)


def heard_lately(window: Window, days: int) -> Exists:
    """Whether something passed with a customer in the days before the window's end."""
    quiet = quiet_before_end([window], days)[0]
    words = Interaction.objects.filter(
        customer=OuterRef("pk"), occurred_at__gte=quiet.start, occurred_at__lt=quiet.end
    )
    return Exists(words.exclude(direction="").exclude(kind__in=BY_ITSELF))


def silent(window: Window, days: int) -> Rows:
    return Rows("customer", customers.served(window).queryset.filter(~heard_lately(window, days)))


def asked(window: Window) -> Rows:
    """Customers served who were asked for their opinion in the twelve months to the end."""
    year = window.year_to_end()
    own = Invitation.objects.filter(
        customer=OuterRef("pk"),
        sent_at__gte=year.start,
        sent_at__lt=year.end,
        bounced_at=None,
    )
    return Rows("customer", customers.served(window).queryset.filter(Exists(own)))


def latest_score_in_year(window: Window) -> QuerySet[Response]:
    """The NPS answers of a customer in the twelve months to the end, the latest first."""
    year = window.year_to_end()
    return Response.objects.filter(
        kind="nps",
        validity="valid",
        customer=OuterRef("pk"),
        answered_at__gte=year.start,
        answered_at__lt=year.end,
    ).order_by("-answered_at", "-pk")


def _replied(at: str, days: int) -> Exists:
    spoken = Interaction.objects.filter(
        customer=OuterRef("customer"),
        direction=Interaction.Direction.OUT,
        occurred_at__gt=OuterRef(at),
        occurred_at__lt=OuterRef(at) + Value(timedelta(days=days)),
    )
    return Exists(spoken.exclude(kind__in=BY_ITSELF))


def unanswered(window: Window, *, days: int, as_of: datetime) -> list[Rows]:
    """Feedback, and detractors' answers, whose days for a reply are over without one."""
    more = Q(channel=Ticket.Channel.FORM) | Q(kind__in=["complaint", "suggestion", "praise"])
    inside = {"opened_at__gte": window.start, "opened_at__lt": window.end}
    feedback = (
        Ticket.objects.counted()
        .filter(more, opened_at__lte=as_of - timedelta(days=days), **inside)
        .exclude(channel=Ticket.Channel.SURVEY)
        .exclude(first_replied_at__lt=F("opened_at") + Value(timedelta(days=days)))
        .filter(~_replied("opened_at", days))
        .select_related("customer")
        .order_by("opened_at", "pk")
    )
    answers = (
        Response.objects.counted()
        .filter(
            ~_replied("answered_at", days),
            kind="nps",
            score__lte=6,
            customer__isnull=False,
            answered_at__gte=window.start,
            answered_at__lt=window.end,
            answered_at__lte=as_of - timedelta(days=days),
        )
        .select_related("customer", "survey")
        .order_by("answered_at", "pk")
    )
    return [Rows("ticket", feedback), Rows("response", answers)]


def reviews(window: Window, *, site: str = "", stars: bool) -> Rows:
    """Reviews of the window: each adds its stars, or 1."""
    found = Review.objects.filter(at__gte=window.start, at__lt=window.end)
    if site:
        found = found.filter(site=site)
    found = found.select_related("customer").order_by("-at", "-pk")
    if not stars:
        return Rows("review", found)
    return Rows("review", found, lambda review: Fraction(review.rating))


def meets_customers(window: Window) -> Rows:
    """Who works with customers, and was there by the end."""
    people = User.objects.filter(is_active=True, role__gte=Role.AGENT, created_at__lt=window.end)
    return Rows("person", people.order_by("name", "email"))


def training(window: Window) -> Rows:
    """Hours of training held, by who took part."""
    hours = TrainingHours.objects.filter(
        training__held_on__gte=window.first_on,
        training__held_on__lt=window.until_on,
        user__is_active=True,
        user__role__gte=Role.AGENT,
        user__created_at__lt=window.end,
    )
    rows = hours.select_related("training", "user").order_by("training__held_on", "pk")
    return Rows("training", rows, lambda one: Fraction(one.hours))
