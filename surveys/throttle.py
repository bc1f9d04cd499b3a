"""How long whoever was asked is left in peace: one rule for sendings, triggers and the outbox."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, F, Max, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest

from crm.among import Among
from staff.models import Business
from surveys.models import AskingRules, Invitation, Survey

# Nobody is asked twice in a day, whatever the business or a survey says.
HARD_LIMIT = timedelta(hours=24)


@dataclass(frozen=True)
class Pauses:
    """What lies between two askings of one person, the second of them by this survey."""

    survey_id: int
    kind: str
    between_any: timedelta
    of_kind: timedelta
    of_survey: timedelta

    @classmethod
    def of(
        cls,
        survey: Survey,
        business: Business,
        rules: AskingRules,
        *,
        least_of_survey: timedelta = HARD_LIMIT,
    ) -> Pauses:
        by_kind = {
            Survey.Kind.NPS: rules.nps_pause_days,
            Survey.Kind.CSAT: rules.csat_pause_days,
            Survey.Kind.CES: rules.ces_pause_days,
        }
        return cls(
            survey.pk,
            survey.kind,
            between_any=Pauses.days(business.survey_pause_days),
            of_kind=Pauses.days(by_kind[Survey.Kind(survey.kind)]),
            of_survey=max(Pauses.days(survey.throttle_days), least_of_survey),
        )

    @classmethod
    def least(cls, survey: Survey) -> Pauses:
        """What holds in any case."""
        return cls(survey.pk, survey.kind, HARD_LIMIT, HARD_LIMIT, HARD_LIMIT)

    def after(self, earlier: Survey) -> timedelta:
        """What lies between an asking by that survey and this one's."""
        of_kind = self.of_kind if earlier.kind == self.kind else HARD_LIMIT
        of_survey = self.of_survey if earlier.pk == self.survey_id else HARD_LIMIT
        return max(self.between_any, of_kind, of_survey)

    @staticmethod
    def days(days: int) -> timedelta:
        """So many days, and never less than what holds in any case."""
        return max(timedelta(days=days), HARD_LIMIT)

    @property
    def longest(self) -> timedelta:
        return max(self.between_any, self.of_kind, self.of_survey)


def left_in_peace(
    pauses: Pauses, contact_ids: Collection[int], *, at: datetime, now: datetime
) -> dict[int, datetime]:
    """Of these contacts those who must not be asked at `at`, and from when they may be.

    What waits for its hour counts as well, so that two who plan don't both ask.
    """
    asked = Invitation.objects.exclude(state=Invitation.State.CANCELLED)
    return _until(asked.annotate(reached=_reached(now)), pauses, contact_ids, at)


def left_in_peace_now(
    pauses: Pauses, contact_ids: Collection[int], *, now: datetime
) -> dict[int, datetime]:
    """The same for those whose hour has come: only what has reached them counts, reminders too."""
    gone = Invitation.objects.exclude(
        state__in=[Invitation.State.CANCELLED, Invitation.State.PENDING]
    )
    until = _until(gone.annotate(reached=Coalesce("sent_at", "due_at")), pauses, contact_ids, now)
    for contact_id, reminded_at in gone.filter(
        Among("contact_id", list(contact_ids)), reminded_at__gt=now - HARD_LIMIT
    ).values_list("contact", "reminded_at"):
        assert reminded_at is not None  # noqa: S101 - the filter says so
        free = reminded_at + HARD_LIMIT
        until[contact_id] = max(free, until.get(contact_id, free))
    return until


def _until(
    askings: QuerySet[Any], pauses: Pauses, contact_ids: Collection[int], at: datetime
) -> dict[int, datetime]:
    def near(pause: timedelta) -> Q:
        return Q(reached__gt=at - pause, reached__lt=at + pause)

    survey, kind = Q(survey=pauses.survey_id), Q(survey__kind=pauses.kind)
    rows = (
        askings.filter(Among("contact_id", list(contact_ids)), near(pauses.longest))
        .order_by()
        .values_list("contact")
        .annotate(
            any_last=Max("reached", filter=near(pauses.between_any)),
            kind_last=Max("reached", filter=kind & near(pauses.of_kind)),
            survey_last=Max("reached", filter=survey & near(pauses.of_survey)),
        )
    )
    pause_of = (pauses.between_any, pauses.of_kind, pauses.of_survey)
    found: dict[int, datetime] = {}
    for contact_id, *lasts in rows:
        free = [last + pause for last, pause in zip(lasts, pause_of, strict=True) if last]
        if free:
            found[contact_id] = max(free)
    return found


def _reached(now: datetime) -> Combinable:
    """When an asking reached its person, or will: what waits leaves at its hour, or from now on."""
    waiting = Greatest(F("due_at"), Value(now, DateTimeField()))
    return Case(
        When(state=Invitation.State.PENDING, then=waiting),
        default=Coalesce("sent_at", "due_at"),
        output_field=DateTimeField(),
    )
