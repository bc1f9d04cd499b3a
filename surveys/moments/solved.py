"""A ticket was solved: each solution is asked about once, and not when it was none.

The solution is an event of the ticket, and the event's key is the occurrence.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from staff.models import Business
from support.actions.outcomes import note_asked
from support.models import Ticket, TicketEvent
from surveys.models import Invitation, Skip, SurveyTrigger
from surveys.moments.base import LOOKED_BACK, Moment, MomentKind, of_segment, undecided

SUBJECT = "support.ticket"
AT_ONCE = 200
ENDED = (Ticket.State.SOLVED, Ticket.State.CLOSED)


def find(trigger: SurveyTrigger, _business: Business, now: datetime) -> list[Moment]:
    """Who asks about history that was imported?"""
    waits = timedelta(hours=trigger.after_hours)
    until = now - waits
    solutions = (
        TicketEvent.objects.filter(
            of_segment(trigger, "ticket__customer"),
            kind=TicketEvent.Kind.RESOLVED,
            at__gt=max(trigger.active_since, until - LOOKED_BACK),
            at__lte=until,
            external_id="",
        )
        .exclude(ticket__state__in=Ticket.VOID_STATES)
        .exclude(ticket__channel=Ticket.Channel.IMPORT)
    )
    new = undecided(
        trigger, solutions, subject=SUBJECT, subject_id="ticket", occurrence=OuterRef("pk")
    )
    return [
        Moment(
            customer_id=event.ticket.customer_id,
            subject_id=event.ticket_id,
            occurrence=event.pk,
            at=event.at + waits,
            contact_id=event.ticket.contact_id,
            language=event.ticket.language,
            reason=_reason(event),
        )
        for event in new.select_related("ticket").order_by("at", "pk")[:AT_ONCE]
    ]


def _reason(event: TicketEvent) -> str:
    ticket = event.ticket
    if ticket.state not in ENDED or (ticket.last_resolved_at or event.at) > event.at:
        return Skip.Reason.REOPENED
    return ""


def gone(waiting: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """About tickets that are open again, or that were none."""
    reopened = Ticket.objects.open().filter(pk=OuterRef("subject_id"))
    void = Ticket.objects.filter(pk=OuterRef("subject_id"), state__in=Ticket.VOID_STATES)
    return waiting.filter(Exists(reopened) | Exists(void))


def told(moments: Collection[Moment], now: datetime) -> None:
    """The ticket's own history says that the customer is being asked."""
    tickets = Ticket.objects.in_bulk([moment.subject_id for moment in moments])
    for moment in moments:
        note_asked(ticket=tickets[moment.subject_id], at=now)


KIND = MomentKind(SUBJECT, find, gone, told=told)
