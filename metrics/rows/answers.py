"""Answers and invitations behind a number."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models import Window as Over
from django.db.models.functions import RowNumber

from metrics.periods import Window
from metrics.rows.section import Rows, one
from surveys.models import Invitation, Response


def counted(
    window: Window, *, kind: str, low: int, high: int, latest_per_customer: bool
) -> QuerySet[Response]:
    """The answers of customers that count in the window (metrics.facts.answers.COUNTS)."""
    responses = Response.objects.filter(
        Q(validity="valid") | Q(validity="invalid", validity_reason="out_of_scale"),
        kind=kind,
        score__range=(low, high),
        customer__isnull=False,
        answered_at__gte=window.start,
        answered_at__lt=window.end,
    )
    if latest_per_customer:
        placed = responses.annotate(
            place=Over(
                RowNumber(),
                partition_by=[F("customer")],
                order_by=[F("answered_at").desc(), F("pk").desc()],
            )
        )
        responses = Response.objects.filter(pk__in=placed.filter(place=1).values("pk"))
    return responses.select_related("customer", "survey").order_by("-answered_at", "-pk")


def answers(
    responses: QuerySet[Response], contribution: Callable[[Response], Fraction] = one
) -> Rows:
    return Rows("response", responses, contribution)


def promoters_less_detractors(responses: QuerySet[Response]) -> Rows:
    """Promoters add 1, detractors take 1 away; passives add nothing and are left out."""
    decided = responses.filter(Q(score__gte=9) | Q(score__lte=6))
    return Rows("response", decided, lambda response: Fraction(1 if response.score >= 9 else -1))


def delivered(window: Window) -> QuerySet[Invitation]:
    """Invitations sent in the window that did not bounce."""
    invitations = Invitation.objects.filter(
        sent_at__gte=window.start, sent_at__lt=window.end, bounced_at=None
    )
    return invitations.select_related("customer", "survey").order_by("-sent_at", "-pk")


def invitations(window: Window, *, answered: bool) -> Rows:
    rows = delivered(window)
    if answered:
        valid = Response.objects.filter(invitation=OuterRef("pk"), validity="valid")
        # An anonymous answer does not say whose it is; its invitation does that it was given.
        unnamed = Q(state=Invitation.State.ANSWERED, survey__is_anonymous=True)
        rows = rows.filter(Exists(valid) | unnamed)
    return Rows("invitation", rows)


def unnamed(window: Window, *, kind: str, scale: tuple[int, int]) -> QuerySet[Response]:
    """Valid answers without a customer (metrics.facts.unnamed)."""
    responses = Response.objects.counted().filter(
        kind=kind,
        score__range=scale,
        customer=None,
        answered_at__gte=window.start,
        answered_at__lt=window.end,
    )
    return responses.select_related("survey").order_by("-answered_at", "-pk")
