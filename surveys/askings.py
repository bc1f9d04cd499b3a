"""Why somebody was asked, or was not: their history of it, how it stands, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import F, IntegerField, Q, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from crm import segments
from crm.models import Customer
from mail.models import OutgoingEmail, Suppression
from staff.models import Business
from staff.pages import Page
from staff.templatetags.vinculo import date_short, moment
from surveys.actions.loop_tickets import ABOUT_ANSWER
from surveys.audience import whom_to_ask
from surveys.models import Invitation, Skip, Survey, SurveyTrigger
from surveys.moments import relational
from surveys.moments.words import words_of
from surveys.throttle import HARD_LIMIT, Pauses, left_in_peace

PAGE = 30
State = Invitation.State
INVITED, REMINDED, SKIPPED = range(3)
_SIGNER = Signer(salt="surveys.askings")
# When it happened, what it was, and its row.
Place = tuple[datetime, int, int]


# --- In words -------------------------------------------------------------------------------


def asked(state: str, due_at: datetime | None = None) -> str:
    """`due_at` of one that waits."""
    if state == State.PENDING and due_at and due_at > timezone.now():
        return _("Will be asked on %(day)s.") % {"day": date_short(due_at)}
    return {
        State.ANSWERED: _("Asked, and answered."),
        State.CANCELLED: _("Was to be asked, but the reason for it went away before."),
        State.PENDING: _("About to be asked."),
        State.ELSEWHERE: _("Asked with another tool."),
    }.get(State(state), _("Asked; no answer yet."))


def not_asked(reason: str, until: datetime | None) -> str:
    why = str(Skip.Reason(reason).label)
    if until:
        return _("Not asked: %(why)s; again from %(day)s.") % {"why": why, "day": date_short(until)}
    return _("Not asked: %(why)s.") % {"why": why}


def _because(row: Invitation | Skip) -> str:
    """What it was about: "7 days after something is bought", or who sent it."""
    if row.trigger is not None:
        return words_of(row.trigger)
    if row.subject_model == ABOUT_ANSWER:
        return _("again, after what was wrong was put right")
    if row.run.by is not None:
        return _("sent by %(name)s") % {"name": row.run.by}
    return ""


# --- What was ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One asking, reminder or skip."""

    pk: int
    at: datetime
    survey: Survey
    words: str
    because: str
    is_skip: bool = False


def history(customer: Customer, request: HttpRequest) -> Page[Any]:
    """The page that `?after=` names, newest first: four queries, however long it is."""
    found = list(_places(customer, _place(request))[: PAGE + 1])
    shown = found[:PAGE]
    next_url = ""
    if len(found) > PAGE:
        at, kind, pk = shown[-1]
        next_url = f"?after={_SIGNER.sign_object([at.isoformat(), kind, pk])}"
    return Page(list(_lines(shown)), next_url=next_url)


def _place(request: HttpRequest) -> Place | None:
    """Of the row before the page; None for the first."""
    try:
        at, kind, pk = _SIGNER.unsign_object(request.GET.get("after", ""))
        known = parse_datetime(at)
    except (BadSignature, ValueError, TypeError):
        return None
    return (known, kind, pk) if known else None


def _places(customer: Customer, after: Place | None) -> QuerySet[Any, Any]:
    invitations = Invitation.objects.filter(customer=customer)
    skips = Skip.objects.filter(customer=customer)
    parts = [
        _part(invitations, "created_at", INVITED, after),
        _part(invitations.filter(reminded_at__isnull=False), "reminded_at", REMINDED, after),
        _part(skips, "created_at", SKIPPED, after),
    ]
    return parts[0].union(*parts[1:], all=True).order_by("-at", "kind", "-row")


def _part(rows: QuerySet[Any], column: str, kind: int, after: Place | None) -> QuerySet[Any, Any]:
    if after is not None:
        at, last_kind, last = after
        beyond = Q(**{f"{column}__lt": at})
        if kind == last_kind:
            beyond |= Q(**{column: at}, pk__lt=last)
        elif kind > last_kind:
            beyond |= Q(**{column: at})
        rows = rows.filter(beyond)
    named: QuerySet[Any, Any] = rows.annotate(
        at=F(column), kind=Value(kind, IntegerField()), row=F("pk")
    )
    return named.values_list("at", "kind", "row")


def _lines(places: list[Place]) -> Iterator[Line]:
    related = ("trigger", "run__by")
    of_invitations = {pk for _at, kind, pk in places if kind != SKIPPED}
    invitations = Invitation.objects.select_related("survey", *related).in_bulk(of_invitations)
    of_skips = {pk for _at, kind, pk in places if kind == SKIPPED}
    skips = Skip.objects.select_related("run__survey", *related).in_bulk(of_skips)
    for at, kind, pk in places:
        if kind == SKIPPED:
            skip = skips[pk]
            words = not_asked(skip.reason, skip.until)
            yield Line(pk, at, skip.run.survey, words, _because(skip), is_skip=True)
            continue
        one = invitations[pk]
        if kind == REMINDED:
            yield Line(pk, at, one.survey, _("Reminded."), "")
        else:
            yield Line(pk, at, one.survey, _told(one), _because(one))


def _told(one: Invitation) -> str:
    now = timezone.now()
    if one.state == State.PENDING and one.due_at > now:
        return _("Will be asked: %(when)s.") % {"when": moment(one.due_at)}
    if one.state == State.QUEUED and one.bounced_at:
        return _("Asked; the mail could not be delivered.")
    if one.state == State.QUEUED and one.expires_at <= now:
        return _("Asked; no answer came.")
    return asked(one.state)


# --- What is, and what comes ------------------------------------------------------------------


def standing(customer: Customer, business: Business) -> str:
    """Why they would not be asked now, in words; blank: they would be."""
    if customer.archived_at:
        return str(Skip.Reason.ARCHIVED.label)
    people, unclear = whom_to_ask([customer.pk])
    person = people.get(customer.pk)
    if person is None:
        reason = Skip.Reason.MANY_CONTACTS if unclear else Skip.Reason.NO_EMAIL
        return str(reason.label)
    stream = OutgoingEmail.Stream.SURVEYS
    if Suppression.objects.suppressed_addresses(stream, [person.address]):
        return str(Skip.Reason.SUPPRESSED.label)
    now = timezone.now()
    # Whichever the survey; one's own pause or its kind's may be longer.
    pauses = Pauses(0, "", Pauses.days(business.survey_pause_days), HARD_LIMIT, HARD_LIMIT)
    until = left_in_peace(pauses, [person.contact_id], at=now, now=now)
    if free := until.get(person.contact_id):
        why = Skip.Reason.THROTTLED.label
        return _("%(why)s; again from %(day)s") % {"why": why, "day": date_short(free)}
    return ""


def next_rounds(customer: Customer, business: Business) -> list[tuple[SurveyTrigger, str, date]]:
    """When each round that they belong to comes to them: (trigger, how often, the day)."""
    if customer.archived_at or customer.stage != Customer.Stage.CUSTOMER:
        return []
    rounds = SurveyTrigger.objects.filter(
        moment=SurveyTrigger.Moment.RELATIONAL, is_active=True, survey__is_active=True
    ).select_related("survey", "segment")
    now = timezone.now()
    found = []
    for trigger in rounds:
        if (
            trigger.segment is not None
            and not segments.customers_of(trigger.segment).filter(pk=customer.pk).exists()
        ):
            continue
        day = relational.next_day_of(trigger, business, customer.pk, now=now)
        if day is not None:
            found.append((trigger, words_of(trigger), day))
    return sorted(found, key=lambda one: one[2])
