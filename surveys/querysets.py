"""Reads of the surveys room."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Exists, OuterRef, Q, QuerySet

from crm.models import Interaction, Task
from surveys.scores import LOW, SCALES, bounds

if TYPE_CHECKING:
    from surveys.models import Invitation, Response


OF_A_PRESS = (
    "language",
    "state",
    "expires_at",
    "sent_at",
    "held_at",
    "customer_id",
    "contact_id",
    "subject_model",
    "subject_id",
    "run__version_id",
    "survey__kind",
    "survey__name",
    "survey__is_active",
    "survey__is_anonymous",
    "survey__colour",
    "survey__asks_for_reviews",
    "survey__asks_for_testimonials",
)


class InvitationQuerySet(QuerySet["Invitation"]):
    def for_answering(self) -> Self:
        """What the answer page shows and its button needs, and nothing more, in one query."""
        words = ("run__version__texts", "run__version__questions")
        return self.select_related("survey", "run__version").only(*OF_A_PRESS, *words)

    def for_pressing(self) -> Self:
        """What its button needs; the words that the page shows are read if they are asked for."""
        return self.select_related("survey", "run").only(*OF_A_PRESS)

    def pending(self) -> Self:
        """Frozen, but without a mail so far; oldest first."""
        return self.filter(state="pending").order_by("pk")

    def due(self, now: datetime) -> Self:
        """Those of them whose hour has come, in that order."""
        return self.pending().filter(due_at__lte=now).order_by("due_at", "pk")


class ResponseQuerySet(QuerySet["Response"]):
    def counted(self) -> Self:
        return self.filter(validity="valid")

    def held(self) -> Self:
        return self.filter(validity="held")

    def of_group(self, group: str) -> Self:
        """Those of the group low, middle or high of their kind's scale."""
        matching = Q()
        for kind in SCALES:
            matching |= Q(kind=kind, score__range=bounds(kind, group))
        return self.filter(matching)

    def detractors_unanswered(self, *, since: datetime) -> Self:
        """Counted low answers since then, to which nobody has written, called or made a task, and
        whose ticket, if one followed, nobody has solved. What leaves by itself is no reply."""
        spoken = Interaction.objects.filter(
            customer=OuterRef("customer"),
            occurred_at__gt=OuterRef("answered_at"),
            direction=Interaction.Direction.OUT,
        ).exclude(kind__in=[Interaction.Kind.SURVEY_INVITATION, Interaction.Kind.OUTREACH])
        planned = Task.objects.filter(
            customer=OuterRef("customer"), created_at__gt=OuterRef("answered_at")
        )
        return (
            self.counted()
            .of_group(LOW)
            .filter(
                ~Exists(spoken),
                ~Exists(planned),
                customer__archived_at=None,
                answered_at__gte=since,
            )
            .exclude(follow_up__ticket__state__in=["solved", "closed", "spam"])
        )
