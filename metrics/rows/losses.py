"""Tenures that ended: who was lost, why, and in which words."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models import Window as Over
from django.db.models.functions import RowNumber

from crm.models import LossReason, Tenure
from metrics.periods import Window
from metrics.rows.section import Rows


def _ended(window: Window) -> QuerySet[Tenure]:
    return Tenure.objects.filter(ended_at__gte=window.start, ended_at__lt=window.end)


def lost(window: Window) -> Rows:
    """The last tenure of each customer at the start who was none at the end."""
    others = Tenure.objects.filter(customer=OuterRef("customer"))
    later = others.filter(started_at__gt=OuterRef("started_at"), started_at__lt=window.end)
    at_start = others.filter(Q(ended_at=None) | Q(ended_at__gte=window.start))
    tenures = _ended(window).filter(
        ~Exists(later), Exists(at_start.filter(started_at__lt=window.start))
    )
    return Rows("loss", tenures.select_related("customer").order_by("ended_at", "pk"))


def by_silence(window: Window, *, again: bool) -> Rows:
    """One tenure for each customer whom the silence rule ended; `again`: of those who bought since.

    Of several of a customer the first one is shown: what followed it followed them all.
    """
    gone = _ended(window).filter(end_reason=LossReason.SILENCE)
    placed = gone.annotate(
        place=Over(
            RowNumber(), partition_by=[F("customer")], order_by=[F("ended_at").asc(), F("pk").asc()]
        )
    )
    tenures = Tenure.objects.filter(pk__in=placed.filter(place=1).values("pk"))
    if again:
        since = Tenure.objects.filter(
            customer=OuterRef("customer"),
            started_at__gt=OuterRef("ended_at"),
            cause__in=[Tenure.Cause.ORDER, Tenure.Cause.CONTRACT],
        )
        back = Subquery(since.order_by("started_at").values("started_at")[:1])
        tenures = tenures.filter(Exists(since)).annotate(back_at=back)
    return Rows("loss", tenures.select_related("customer").order_by("ended_at", "pk"))
