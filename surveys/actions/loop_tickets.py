"""The ticket that follows an answer: the one that it is about opens again, else there is a new one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from staff.models import Business, User
from support import desk, terms
from support.actions.changes import assign, may_work_in, set_tags
from support.actions.conversation import add_note, where_it_went
from support.actions.outcomes import follow_up, note_rated
from support.actions.tickets import open_ticket
from support.actions.turns import next_in_turn
from support.correspondents import Correspondent
from support.models import Queue, Ticket
from surveys import texts
from surveys.models import LoopRule, Response

# What an invitation can be about: a ticket that was solved, or the answer after which we ask again.
ABOUT_TICKET, ABOUT_ANSWER = "support.ticket", "surveys.response"


def ticket_about(response: Response) -> Ticket | None:
    """The ticket whose solution was asked about, or that followed the answer before this one."""
    invitation = response.invitation
    if invitation is None or invitation.subject_id is None:
        return None
    if invitation.subject_model == ABOUT_TICKET:
        return Ticket.objects.filter(pk=invitation.subject_id).first()
    if invitation.subject_model == ABOUT_ANSWER:
        return Ticket.objects.filter(follow_ups__response=invitation.subject_id).first()
    return None


def tell_ticket(response: Response) -> None:
    """The ticket that an answer is about, if any, tells of it."""
    if ticket := ticket_about(response):
        note_rated(ticket=ticket, score=f"{response.kind.upper()} {response.score}")


def ticket_for(response: Response, rule: LoopRule) -> Ticket:
    """Open, in somebody's hands if anybody can be found; twice is once."""
    about = ticket_about(response)
    about = where_it_went(about) if about is not None else None
    if about is None or about.state in Ticket.VOID_STATES:
        ticket = _open_new(response, rule)
    else:
        ticket = _open_again(about, response, rule)
    if rule.tag:
        there = list(ticket.tags.values_list("name", flat=True))
        ticket = set_tags(ticket=ticket, tags=[*there, rule.tag], by=None)
    return ticket


def due_at(rule: LoopRule) -> datetime | None:
    """When somebody is to have replied, in the desk's working hours if it has any."""
    if rule.due_hours is None:
        return None
    now, wanted = timezone.now(), timedelta(hours=rule.due_hours)
    return terms.agreement().now.hours.after(now, wanted) or now + wanted


def tell_of_change(ticket: Ticket, response: Response) -> None:
    """They have changed their answer: its ticket says so, once per change."""
    if response.changed_at is None:
        return
    with override(_language_of_business()):
        words = _("They have changed their answer. It is %(score)s of %(highest)s now.") % {
            "score": response.score,
            "highest": response.survey.scale[1],
        }
    key = f"response {response.pk} {response.changed_at.timestamp():.6f}"
    text = "\n\n".join(filter(None, [words, response.comment]))
    add_note(ticket=where_it_went(ticket), text=text, by=None, once_key=key)


# --- Whose it is ----------------------------------------------------------------------------


def _owners(response: Response, rule: LoopRule) -> Iterator[User]:
    """Who is to see to it, the first choice first."""
    if rule.owner is not None:
        yield rule.owner
    if response.customer is not None and response.customer.owner is not None:
        yield response.customer.owner


def _owner(response: Response, rule: LoopRule, queue: Queue) -> User | None:
    able = (user for user in _owners(response, rule) if user.is_active and may_work_in(user, queue))
    return next(able, None)


# --- Again ----------------------------------------------------------------------------------


def _open_again(ticket: Ticket, response: Response, rule: LoopRule) -> Ticket:
    with override(_language_of_business()):
        words = _("They answered %(score)s of %(highest)s to “%(survey)s”.") % {
            "survey": response.survey.name,
            "score": response.score,
            "highest": response.survey.scale[1],
        }
    text = "\n\n".join(filter(None, [words, response.comment]))
    key = f"response {response.pk}"
    follow_up(ticket=ticket, text=text, once_key=key, priority=rule.priority)
    ticket = Ticket.objects.select_related("queue").get(pk=ticket.pk)
    owner = _owner(response, rule, ticket.queue)
    # Whoever solved it goes on with it, unless the rule names somebody.
    if ticket.assignee_id is None or (owner is not None and owner == rule.owner):
        if owner is None and ticket.queue.is_round_robin:
            owner = next_in_turn(ticket.queue)
        if owner is not None:
            ticket = assign(ticket=ticket, assignee=owner, by=None)
    return ticket


# --- New ------------------------------------------------------------------------------------


def _open_new(response: Response, rule: LoopRule) -> Ticket:
    """In the customer's own words and language; what is replied goes where the survey went."""
    queue, invitation = desk.default_queue(), response.invitation
    business = Business.objects.get(pk=1)
    language = texts.supported(response.language, business.language)
    with override(language):
        subject = _("Your answer: %(score)s of %(highest)s") % {
            "score": response.score,
            "highest": response.survey.scale[1],
        }
    name = response.contact.name if response.contact else ""
    return open_ticket(
        customer=response.customer,
        contact=response.contact,
        requester=Correspondent(invitation.address, name) if invitation else None,
        subject=subject,
        text=_first_message(response, business, language, subject),
        channel=Ticket.Channel.SURVEY,
        priority=rule.priority,
        queue=queue,
        assignee=_owner(response, rule, queue),
        language=language,
        once_key=f"response {response.pk}",
        is_proven=invitation is not None,
    )


def _first_message(response: Response, business: Business, language: str, said: str) -> str:
    parts = [said, response.comment]
    if response.version is not None:
        asked = texts.of_version(response.version, response.kind, language)
        parts.insert(0, asked.named(business.name).question)
    return "\n\n".join(filter(None, parts))


def _language_of_business() -> str:
    business = Business.current()
    return business.language if business else settings.LANGUAGE_CODE
