"""Asking again once what they were unhappy with was put right: the same survey, the same person.

It is part of the same conversation, so the pause between surveys does not hold; 24 hours between
two askings do, and whoever left is left in peace. At most once per follow-up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from crm.models import ContactPoint
from mail.models import OutgoingEmail, Suppression
from staff.models import Business
from support.actions.outcomes import note_asked
from support.models import Ticket, TicketEvent
from surveys import texts
from surveys.actions.asking import drop
from surveys.actions.loop_tickets import ABOUT_ANSWER
from surveys.actions.surveys import latest_version
from surveys.asking_hours import leaves_at
from surveys.models import FollowUp, Invitation, LoopRule, Response, Skip, SurveyRun
from surveys.throttle import HARD_LIMIT, Pauses, left_in_peace

# What nobody was asked about in time is not asked about any more.
TOO_LATE = timedelta(days=14)
AT_ONCE = 100
ENDED = (Ticket.State.SOLVED, Ticket.State.CLOSED)
# The longest that a rule may wait: what was solved before need not be looked at.
LONGEST = timedelta(days=400)


def keep_asking_again(now: datetime | None = None) -> int:
    """Call back what is open again, and decide about the follow-ups whose time has come; how many."""
    now = now or timezone.now()
    call_back_reopened()
    due = list(_due(now).values_list("pk", flat=True)[:AT_ONCE])
    return sum(decide(pk, now) for pk in due)


def _due(now: datetime) -> QuerySet[FollowUp]:
    """Solved for long enough, and neither asked again nor left out for this solution yet."""
    told = Skip.objects.filter(
        subject_model=ABOUT_ANSWER,
        subject_id=OuterRef("response"),
        created_at__gte=OuterRef("ticket__last_resolved_at"),
    )
    return (
        FollowUp.objects.filter(
            _has_waited(now),
            ~Exists(told),
            asked_again=None,
            ticket__state__in=ENDED,
            ticket__last_resolved_at__gt=now - LONGEST,
        )
        .exclude(response__survey__is_active=False)
        .order_by("ticket__last_resolved_at", "pk")
    )


def _has_waited(now: datetime) -> Q:
    """For as long after the solution as its rule says."""
    waits = LoopRule.objects.filter(ask_again_days__isnull=False)
    ready = Q(pk__in=[])
    for days in waits.order_by().values_list("ask_again_days", flat=True).distinct():
        since = now - timedelta(days=days or 0)
        ready |= Q(rule__ask_again_days=days, ticket__last_resolved_at__lte=since)
    return ready


@transaction.atomic
def decide(follow_up_id: int, now: datetime) -> bool:
    """Ask again, or say why not; False: not yet, or somebody has decided already."""
    # As in a sending: the throttle must see what the one before it wrote.
    business = Business.objects.select_for_update().filter(pk=1).first()
    follow_up = (
        _due(now)
        .select_for_update(of=("self",))
        .select_related("ticket", "rule", "response__survey", "response__customer")
        .filter(pk=follow_up_id)
        .first()
    )
    if business is None or follow_up is None:
        return False
    event = _solution(follow_up)
    if event is None:
        return False
    asked = _asked_since(follow_up, event)
    if asked is not None:
        # Somebody has asked them since, such as after the ticket: that is the new score's asking.
        FollowUp.objects.filter(pk=follow_up.pk).update(asked_again=asked)
        return True
    address = _address(follow_up.response)
    at = leaves_at(business, now)
    reason, is_final = _hindrance(follow_up, address, at=at, now=now)
    if reason and not is_final:
        return False
    run = _run(follow_up.response)
    if reason:
        _skip(run, follow_up, event, reason, now)
    else:
        _invite(run, follow_up, event, address, at)
    return True


def _solution(follow_up: FollowUp) -> TicketEvent | None:
    solved = TicketEvent.objects.filter(ticket=follow_up.ticket_id, kind=TicketEvent.Kind.RESOLVED)
    return solved.order_by("-at", "-pk").first()


def _asked_since(follow_up: FollowUp, event: TicketEvent) -> Invitation | None:
    """The same survey, to the same person, after the solution, and nobody else's new score."""
    response = follow_up.response
    if response.contact_id is None:
        return None
    since = Invitation.objects.filter(
        survey=response.survey_id,
        contact=response.contact_id,
        created_at__gt=event.at,
        because_of=None,
    ).exclude(state=Invitation.State.CANCELLED)
    return since.order_by("pk").first()


def _hindrance(
    follow_up: FollowUp, address: str, *, at: datetime, now: datetime
) -> tuple[str, bool]:
    """(why they are not asked `at` that time, whether that is the last word); blank: they may be."""
    response, ticket, rule = follow_up.response, follow_up.ticket, follow_up.rule
    if response.customer is None or response.customer.archived_at:
        return Skip.Reason.ARCHIVED, True
    if not address:
        return Skip.Reason.NO_EMAIL, True
    if Suppression.objects.suppressed_addresses(OutgoingEmail.Stream.SURVEYS, [address]):
        return Skip.Reason.SUPPRESSED, True
    waited = timedelta(days=(rule and rule.ask_again_days) or 0) + TOO_LATE
    if ticket and ticket.last_resolved_at and ticket.last_resolved_at + waited < now:
        return Skip.Reason.TOO_LATE, True
    hard = Pauses(response.survey_id, response.kind, HARD_LIMIT, HARD_LIMIT, HARD_LIMIT)
    asked = left_in_peace(hard, [response.contact_id or 0], at=at, now=now)
    return (Skip.Reason.THROTTLED, False) if asked else ("", True)


def _address(response: Response) -> str:
    """Where they were asked before, while it is theirs; else where they can be reached now."""
    points = ContactPoint.objects.filter(
        contact=response.contact_id,
        contact__erased_at=None,
        kind=ContactPoint.Kind.EMAIL,
        retired_at=None,
    )
    known = list(points.order_by("pk").values_list("value", flat=True))
    before = response.invitation.address if response.invitation else ""
    return before if before in known else next(iter(known), "")


def _run(response: Response) -> SurveyRun:
    """The run of all askings again in the survey's present words."""
    version = latest_version(response.survey)
    run, _made = SurveyRun.objects.get_or_create(
        once_key=f"again version {version.pk}",
        defaults={"survey": response.survey, "version": version},
    )
    return run


def _invite(
    run: SurveyRun, follow_up: FollowUp, event: TicketEvent, address: str, due_at: datetime
) -> None:
    response, now = follow_up.response, timezone.now()
    follow_up.asked_again = Invitation.objects.create(
        run=run,
        survey_id=run.survey_id,
        customer_id=response.customer_id or 0,
        contact_id=response.contact_id or 0,
        address=address,
        language=texts.supported(response.language),
        due_at=due_at,
        created_at=now,
        expires_at=due_at + timedelta(days=run.survey.expires_after_days),
        subject_model=ABOUT_ANSWER,
        subject_id=response.pk,
        occurrence=event.pk,
    )
    follow_up.save(update_fields=["asked_again"])
    SurveyRun.objects.filter(pk=run.pk).update(invited=F("invited") + 1)
    if follow_up.ticket is not None:
        note_asked(ticket=follow_up.ticket, at=now)


def _skip(
    run: SurveyRun, follow_up: FollowUp, event: TicketEvent, reason: str, now: datetime
) -> None:
    if follow_up.response.customer_id is None:
        return
    Skip.objects.create(
        run=run,
        customer_id=follow_up.response.customer_id,
        contact_id=follow_up.response.contact_id,
        reason=reason,
        created_at=now,
        subject_model=ABOUT_ANSWER,
        subject_id=follow_up.response_id,
        occurrence=event.pk,
    )
    SurveyRun.objects.filter(pk=run.pk).update(skipped=F("skipped") + 1)


# --- Called back ------------------------------------------------------------------------------


def call_back_reopened() -> int:
    """Take back what has not left yet of tickets that are open again; how many.

    Nobody was asked then: once the ticket is solved again, they may be.
    """
    waiting = (Invitation.State.PENDING, Invitation.State.QUEUED)
    found = FollowUp.objects.filter(
        asked_again__state__in=waiting,
        asked_again__sent_at=None,
        asked_again__subject_model=ABOUT_ANSWER,
        ticket__state__in=Ticket.OPEN_STATES,
    ).select_related("asked_again")
    return sum(_call_back(one) for one in found[:AT_ONCE])


@transaction.atomic
def _call_back(follow_up: FollowUp) -> bool:
    invitation = follow_up.asked_again
    if invitation is None or not drop(invitation):
        return False
    FollowUp.objects.filter(pk=follow_up.pk).update(asked_again=None)
    return True
