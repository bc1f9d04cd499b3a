"""What a moment is, and what each kind of them has to know."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from crm import segments
from staff.models import Business
from surveys.models import Invitation, Skip, SurveyTrigger

# A moment that nobody was asked about in time is not asked about any more …
TOO_LATE = timedelta(days=14)
# … and before that it is not even looked at: no worker for weeks, or an import of the past.
LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True)
class Moment:
    """Something that happened with one customer: once, (subject, occurrence) of a trigger."""

    customer_id: int
    subject_id: int
    occurrence: int
    # When asking about it was due.
    at: datetime
    # Whom it concerned, if that is known; else the customer's first to ask.
    contact_id: int | None = None
    # The language that it was in, if any.
    language: str = ""
    # Why nobody is asked about it, as far as its kind knows; a Skip.Reason.
    reason: str = ""


@dataclass(frozen=True)
class MomentKind:
    """How moments of one kind are found, set-based, and how one is told that it is over.

    `find(trigger, business, now)` gives those that are due and that nothing was decided about, the
    oldest first, at most `at_once`. `gone(waiting)` narrows invitations of its subjects down to
    those whose reason is no more. `told` is called for each that is asked about.
    """

    subject: str
    find: Callable[[SurveyTrigger, Business, datetime], list[Moment]]
    gone: Callable[[QuerySet[Invitation]], QuerySet[Invitation]]
    # How much must lie between two askings by the same trigger, whatever the pauses.
    least_pause: Callable[[SurveyTrigger], timedelta] = lambda _trigger: timedelta(hours=24)
    told: Callable[[Collection[Moment], datetime], None] = lambda _moments, _now: None


def undecided(
    trigger: SurveyTrigger,
    rows: QuerySet[Any],
    *,
    subject: str,
    subject_id: str = "pk",
    occurrence: Any = 0,
) -> QuerySet[Any]:
    """Those that neither an invitation nor a skip of this trigger names."""
    named = {
        "trigger": trigger,
        "subject_model": subject,
        "subject_id": OuterRef(subject_id),
        "occurrence": occurrence,
    }
    return rows.filter(
        ~Exists(Invitation.objects.filter(**named)), ~Exists(Skip.objects.filter(**named))
    )


def of_segment(trigger: SurveyTrigger, path: str) -> Q:
    """Rows whose customer (at `path`) the trigger's segment finds now; without one, all rows."""
    if trigger.segment is None:
        return Q()
    return Q(**{f"{path}__in": segments.customers_of(trigger.segment).order_by().values("pk")})
