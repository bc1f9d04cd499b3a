"""Asking by itself: each moment becomes an invitation or a skip with its reason, once.

The row is named by (trigger, subject, occurrence), so whatever runs twice asks nobody twice, and a
moment that is neither has not been looked at yet.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm.models import ContactPoint, Customer
from mail.models import OutgoingEmail
from staff.models import Business
from surveys import texts
from surveys.actions.surveys import latest_version
from surveys.asking_hours import Room, current_rules
from surveys.audience import Person, hindrances, whom_to_ask
from surveys.models import Invitation, Skip, SurveyRun, SurveyTrigger
from surveys.moments import KINDS, Moment, MomentKind
from surveys.moments.base import TOO_LATE

AT_ONCE = 200
# What is found by when it happened; rounds are looked for in all customers.
EACH_MINUTE = tuple(kind for kind in KINDS if kind != SurveyTrigger.Moment.RELATIONAL)


def keep_up(*moments: str, seconds: float = 60) -> bool:
    """Call back what is no longer to be asked, and decide about all that is due; of these kinds.

    True when there may be more to do at once.
    """
    end = time.monotonic() + seconds
    for moment in moments or KINDS:
        call_back(KINDS[moment])
        active = SurveyTrigger.objects.filter(moment=moment, is_active=True)
        for pk in list(active.values_list("pk", flat=True)):
            while ask_about(pk):
                if time.monotonic() >= end:
                    return True
    return False


@transaction.atomic
def ask_about(trigger_id: int, now: datetime | None = None) -> int:
    """Decide about the next moments of a trigger; how many were decided about."""
    now = now or timezone.now()
    # As in a sending: the throttle must see what the one before it wrote.
    business = Business.objects.select_for_update().filter(pk=1).first()
    trigger = (
        SurveyTrigger.objects.select_related("survey", "segment")
        .filter(pk=trigger_id, is_active=True, survey__is_active=True)
        .first()
    )
    if trigger is None or business is None:
        return 0
    kind = KINDS[trigger.moment]
    moments = kind.find(trigger, business, now)
    if moments:
        _Deciding(trigger, kind, business, now).about(moments)
    return len(moments)


@dataclass
class _Deciding:
    """One batch of one trigger: constant queries, however many moments it has."""

    trigger: SurveyTrigger
    kind: MomentKind
    business: Business
    now: datetime
    invitations: list[Invitation] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    # By contact: when they are asked by this batch.
    asked: dict[int, datetime] = field(default_factory=dict)

    def about(self, moments: Sequence[Moment]) -> None:
        ids = {moment.customer_id for moment in moments}
        self.customers = Customer.objects.in_bulk(ids)
        people, self.unclear = _people(moments)
        rules = current_rules()
        self.room = Room.of(self.trigger, rules, self.business.zone, self.now)
        # Everybody's hour is the same, as long as there is room for them.
        self.hour = Room(self.room.hours).take(self.now) or self.now
        self.hindered = hindrances(
            survey=self.trigger.survey,
            business=self.business,
            people=[person for person in people if person],
            now=self.now,
            at=self.hour,
            least_of_survey=self.kind.least_pause(self.trigger),
            rules=rules,
        )
        self.run = run_of(self.trigger)
        told = []
        for moment, person in zip(moments, people, strict=True):
            if self._decide(moment, person):
                told.append(moment)
        Invitation.objects.bulk_create(self.invitations, ignore_conflicts=True)
        Skip.objects.bulk_create(self.skips, ignore_conflicts=True)
        self.run.invited += len(self.invitations)
        self.run.skipped += len(self.skips)
        self.run.save(update_fields=["invited", "skipped"])
        self.kind.told(told, self.now)

    def _decide(self, moment: Moment, person: Person | None) -> bool:
        """Whether they are asked."""
        reason, until = self._reason(moment, person)
        if not reason and person is not None:
            due_at = self.room.take(self.now)
            if due_at is not None and due_at <= moment.at + TOO_LATE:
                self._invite(moment, person, due_at)
                return True
            is_full = self.hour <= moment.at + TOO_LATE
            reason = Skip.Reason.CAPPED if is_full else Skip.Reason.TOO_LATE
        self._skip(moment, person, reason, until)
        return False

    def _reason(self, moment: Moment, person: Person | None) -> tuple[str, datetime | None]:
        if moment.reason:
            return moment.reason, None
        if self.customers[moment.customer_id].archived_at:
            return Skip.Reason.ARCHIVED, None
        if self.now > moment.at + TOO_LATE:
            return Skip.Reason.TOO_LATE, None
        if person is None:
            is_unclear = moment.customer_id in self.unclear
            return (Skip.Reason.MANY_CONTACTS if is_unclear else Skip.Reason.NO_EMAIL), None
        if person.contact_id in self.asked:
            return Skip.Reason.THROTTLED, None
        return self.hindered.get(person.contact_id, ("", None))

    def _invite(self, moment: Moment, person: Person, due_at: datetime) -> None:
        customer = self.customers[moment.customer_id]
        spoken = (moment.language, person.language, customer.language, self.business.language)
        survey = self.trigger.survey
        self.asked[person.contact_id] = due_at
        self.invitations.append(
            Invitation(
                run=self.run,
                survey=survey,
                customer=customer,
                contact_id=person.contact_id,
                address=person.address,
                language=texts.supported(*spoken),
                created_at=self.now,
                due_at=due_at,
                expires_at=due_at + timedelta(days=survey.expires_after_days),
                trigger=self.trigger,
                subject_model=self.kind.subject,
                subject_id=moment.subject_id,
                occurrence=moment.occurrence,
            )
        )

    def _skip(
        self, moment: Moment, person: Person | None, reason: str, until: datetime | None
    ) -> None:
        self.skips.append(
            Skip(
                run=self.run,
                customer_id=moment.customer_id,
                contact_id=person.contact_id if person else None,
                reason=reason,
                until=until,
                created_at=self.now,
                trigger=self.trigger,
                subject_model=self.kind.subject,
                subject_id=moment.subject_id,
                occurrence=moment.occurrence,
            )
        )


def run_of(trigger: SurveyTrigger) -> SurveyRun:
    """The run of this trigger in the survey's present words."""
    version = latest_version(trigger.survey)
    run, _made = SurveyRun.objects.get_or_create(
        once_key=f"trigger {trigger.pk} version {version.pk}",
        defaults={"survey": trigger.survey, "version": version, "trigger": trigger},
    )
    return run


def _people(moments: Sequence[Moment]) -> tuple[list[Person | None], set[int]]:
    """Whom each concerned, where they can be reached; else the customer's first to ask.

    And the customers of whom it is unclear who that is.
    """
    concerned = {moment.contact_id for moment in moments if moment.contact_id}
    own = _reachable(concerned) if concerned else {}
    others, unclear = whom_to_ask(
        [moment.customer_id for moment in moments if moment.contact_id not in own]
    )
    found = [
        own.get(moment.contact_id or 0) or others.get(moment.customer_id) for moment in moments
    ]
    return found, unclear


def _reachable(contact_ids: set[int]) -> dict[int, Person]:
    points = ContactPoint.objects.filter(
        contact__in=contact_ids,
        kind=ContactPoint.Kind.EMAIL,
        retired_at=None,
        contact__erased_at=None,
    )
    rows = points.order_by("-pk").values_list(
        "contact", "contact__name", "contact__language", "value"
    )
    # The oldest of several addresses comes last, and stays.
    return {pk: Person(pk, name, language, value) for pk, name, language, value in rows}


# --- Calling back ---------------------------------------------------------------------------


def call_back(kind: MomentKind) -> int:
    """Call back what has not left yet though its reason is no more; how many were called back."""
    waiting = Invitation.objects.filter(
        trigger__isnull=False,
        subject_model=kind.subject,
        state__in=[Invitation.State.PENDING, Invitation.State.QUEUED],
        sent_at=None,
        expires_at__gt=timezone.now(),
    )
    return sum(drop(invitation) for invitation in kind.gone(waiting).order_by("pk")[:AT_ONCE])


@transaction.atomic
def drop(invitation: Invitation) -> bool:
    """Call one back; whether it was in time: what the post room has begun to send is not called back."""
    mails = OutgoingEmail.objects.about("surveys.invitation", [invitation.pk])
    queued = OutgoingEmail.State.QUEUED
    mails.filter(state=queued).update(state=OutgoingEmail.State.CANCELLED)
    if mails.exclude(Q(state=OutgoingEmail.State.CANCELLED)).exists():
        return False
    as_found = Invitation.objects.filter(pk=invitation.pk, state=invitation.state)
    return bool(as_found.update(state=Invitation.State.CANCELLED))
