"""Asking about help: once per solution, a while after it, and not when it was none.

The solution is an event of the ticket; an invitation or a skip names it, so whatever runs twice
asks nobody twice, and a solution that is neither has not been looked at yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from crm.models import ContactPoint
from mail.models import OutgoingEmail
from staff.models import Business
from support.actions.outcomes import note_asked
from support.models import Ticket, TicketEvent
from surveys import texts
from surveys.actions.surveys import latest_version
from surveys.audience import Person, hindrances, whom_to_ask
from surveys.models import Invitation, Skip, SurveyRun, SurveyTrigger

SUBJECT = "support.ticket"
# A solution that nobody was asked about in time (no worker for days) is not asked about any more.
TOO_LATE = timedelta(days=14)
AT_ONCE = 200
ENDED = (Ticket.State.SOLVED, Ticket.State.CLOSED)


def keep_up() -> None:
    """Call back what is no longer to be asked, and decide about every solution that is old enough."""
    drop_reopened()
    while ask_about_solved() == AT_ONCE:
        pass


@transaction.atomic
def ask_about_solved(now: datetime | None = None) -> int:
    """Decide about the solutions that are old enough, up to AT_ONCE; how many were decided about."""
    now = now or timezone.now()
    active = SurveyTrigger.objects.select_related("survey").filter(
        moment=SurveyTrigger.Moment.TICKET_SOLVED, is_active=True, survey__is_active=True
    )
    trigger = active.first()
    # As in a sending: the throttle must see what the one before it wrote.
    business = Business.objects.select_for_update().filter(pk=1).first() if trigger else None
    if trigger is None or business is None:
        return 0
    solutions = list(_solutions(trigger, now)[:AT_ONCE])
    if solutions:
        _decide(trigger, solutions, business, now)
    return len(solutions)


def _solutions(trigger: SurveyTrigger, now: datetime) -> QuerySet[TicketEvent]:
    """Events that nothing was decided about. Who asks about history that was imported?"""
    until = now - timedelta(hours=trigger.after_hours)
    named = {
        "subject_model": SUBJECT,
        "subject_id": OuterRef("ticket"),
        "occurrence": OuterRef("pk"),
    }
    return (
        TicketEvent.objects.filter(
            kind=TicketEvent.Kind.RESOLVED,
            at__gt=max(trigger.active_since, until - TOO_LATE),
            at__lte=until,
            external_id="",
        )
        .exclude(ticket__state__in=Ticket.VOID_STATES)
        .exclude(ticket__channel=Ticket.Channel.IMPORT)
        .filter(
            ~Exists(Invitation.objects.filter(**named)),
            ~Exists(Skip.objects.filter(**named)),
        )
        .select_related("ticket__customer", "ticket__contact")
        .order_by("at", "pk")
    )


def _decide(
    trigger: SurveyTrigger, solutions: Sequence[TicketEvent], business: Business, now: datetime
) -> None:
    people = {event.pk: person for event, person in _people(solutions)}
    hindered = hindrances(
        survey=trigger.survey,
        business=business,
        people=[person for person in people.values() if person],
        now=now,
    )
    run = _run(trigger)
    asked: set[int] = set()
    for event in solutions:
        person = people[event.pk]
        reason, until = _reason(event, person), None
        if not reason and person is not None:
            reason, until = hindered.get(person.contact_id, ("", None))
            if not reason and person.contact_id in asked:
                reason = Skip.Reason.THROTTLED
        if reason or person is None:
            _skip(run, event, person, Why(reason, until), now)
            continue
        asked.add(person.contact_id)
        _invite(run, event, person, business, now)
    SurveyRun.objects.filter(pk=run.pk).update(invited=run.invited, skipped=run.skipped)


def _reason(event: TicketEvent, person: Person | None) -> str:
    ticket = event.ticket
    if ticket.state not in ENDED or (ticket.last_resolved_at or event.at) > event.at:
        return Skip.Reason.REOPENED
    if ticket.customer.archived_at:
        return Skip.Reason.ARCHIVED
    return "" if person else Skip.Reason.NO_EMAIL


def _people(solutions: Sequence[TicketEvent]) -> list[tuple[TicketEvent, Person | None]]:
    """Who asked for help, where they can be reached; else the customer's first to ask."""
    contacts = {event.ticket.contact_id for event in solutions if event.ticket.contact_id}
    points = ContactPoint.objects.filter(
        contact__in=contacts, kind=ContactPoint.Kind.EMAIL, retired_at=None, contact__erased_at=None
    )
    addresses: dict[int, str] = {}
    for contact_id, value in points.order_by("pk").values_list("contact", "value"):
        addresses.setdefault(contact_id, value)
    others, _unclear = whom_to_ask([event.ticket.customer_id for event in solutions])
    found: list[tuple[TicketEvent, Person | None]] = []
    for event in solutions:
        contact = event.ticket.contact
        if contact is not None and contact.pk in addresses:
            own = Person(contact.pk, contact.name, contact.language, addresses[contact.pk])
            found.append((event, own))
        else:
            found.append((event, others.get(event.ticket.customer_id)))
    return found


def _run(trigger: SurveyTrigger) -> SurveyRun:
    """The run of this trigger in the survey's present words."""
    version = latest_version(trigger.survey)
    run, _made = SurveyRun.objects.get_or_create(
        once_key=f"trigger {trigger.pk} version {version.pk}",
        defaults={"survey": trigger.survey, "version": version, "trigger": trigger},
    )
    return run


class Why(NamedTuple):
    """Why somebody is not asked, and until when."""

    reason: str
    until: datetime | None


def _skip(
    run: SurveyRun, event: TicketEvent, person: Person | None, why: Why, now: datetime
) -> None:
    run.skipped += 1
    Skip.objects.create(
        run=run,
        customer_id=event.ticket.customer_id,
        contact_id=person.contact_id if person else None,
        reason=why.reason,
        until=why.until,
        created_at=now,
        trigger=run.trigger,
        subject_model=SUBJECT,
        subject_id=event.ticket_id,
        occurrence=event.pk,
    )


def _invite(
    run: SurveyRun, event: TicketEvent, person: Person, business: Business, now: datetime
) -> None:
    run.invited += 1
    ticket = event.ticket
    languages = (ticket.language, person.language, ticket.customer.language, business.language)
    Invitation.objects.create(
        run=run,
        survey_id=run.survey_id,
        customer_id=ticket.customer_id,
        contact_id=person.contact_id,
        address=person.address,
        language=texts.supported(*languages),
        created_at=now,
        expires_at=now + timedelta(days=run.survey.expires_after_days),
        trigger=run.trigger,
        subject_model=SUBJECT,
        subject_id=ticket.pk,
        occurrence=event.pk,
    )
    note_asked(ticket=ticket, at=now)


def drop_reopened() -> int:
    """Call back what has not left yet of tickets that are open again; how many were called back."""
    waiting = (Invitation.State.PENDING, Invitation.State.QUEUED)
    reopened = Ticket.objects.open().filter(pk=OuterRef("subject_id"))
    void = Ticket.objects.filter(pk=OuterRef("subject_id"), state__in=Ticket.VOID_STATES)
    found = Invitation.objects.filter(
        Exists(reopened) | Exists(void), subject_model=SUBJECT, state__in=waiting, sent_at=None
    )
    return sum(_drop(invitation) for invitation in found[:AT_ONCE])


@transaction.atomic
def _drop(invitation: Invitation) -> bool:
    """Whether it was in time: what the post room has begun to send is not called back."""
    mails = OutgoingEmail.objects.about("surveys.invitation", [invitation.pk])
    queued = OutgoingEmail.State.QUEUED
    mails.filter(state=queued).update(state=OutgoingEmail.State.CANCELLED)
    if mails.exclude(Q(state=OutgoingEmail.State.CANCELLED)).exists():
        return False
    as_found = Invitation.objects.filter(pk=invitation.pk, state=invitation.state)
    return bool(as_found.update(state=Invitation.State.CANCELLED))
