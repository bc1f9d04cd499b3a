"""Asking after a solution: once per solution, a day later, not of a ticket opened again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from crm.models import Customer
from mail.models import OutgoingEmail, Scope, Suppression
from staff.models import Business, User
from support.actions import conversation, merging, states
from support.correspondents import Correspondent
from support.models import Message, Ticket, TicketEvent
from surveys import tasks
from surveys.actions import asking, delivering
from surveys.actions.answering import Confirmation, confirm
from surveys.actions.follow_ups import see_to_answers
from surveys.actions.triggers import change_trigger
from surveys.models import FollowUp, Invitation, Response, Skip, SurveyTrigger
from surveys.moments import solved
from tests.factories import ContactFactory, CustomerFactory, OpenedTicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked_since_last_year(business: Business) -> None:
    SurveyTrigger.objects.update(active_since=timezone.now() - timedelta(days=400))


def ask(now: datetime | None = None) -> int:
    return asking.ask_about(SurveyTrigger.objects.get().pk, now)


def a_customer(name: str = "Ada") -> Customer:
    customer = CustomerFactory(name=name)
    ContactFactory(customer=customer)
    return customer


def a_solved(by: User, hours_ago: float = 25, **values: Any) -> Ticket:
    """A ticket solved some hours ago, opened a day before."""
    then = timezone.now() - timedelta(hours=hours_ago)
    customer = values.pop("customer", None) or a_customer()
    contact = customer.contacts.get()
    ticket = OpenedTicketFactory(
        customer=customer, contact=contact, at=then - timedelta(days=1), **values
    )
    return states.resolve(ticket=ticket, by=by, at=then)


def answered(invitation: Invitation, score: int, comment: str = "") -> Response:
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now() - timedelta(hours=1))
    fresh = Invitation.objects.for_answering().get(pk=invitation.pk)
    said = Confirmation(score=score, comment=comment)
    return confirm(invitation=fresh, given=None, said=said).response


def test_a_day_after_the_solution_who_asked_for_help_is_asked_how_it_went(agent: User) -> None:
    ticket = a_solved(agent, language="es")

    assert ask() == 1

    invitation = Invitation.objects.get()
    assert (invitation.subject_model, invitation.subject_id) == ("support.ticket", ticket.pk)
    assert (invitation.customer, invitation.contact) == (ticket.customer, ticket.contact)
    assert (invitation.survey.kind, invitation.language) == ("csat", "es")
    assert ticket.events.filter(kind=TicketEvent.Kind.ASKED).exists()
    delivering.queue_batch()
    assert OutgoingEmail.objects.filter(about_model="surveys.invitation").count() == 1


def test_twice_is_once_also_after_the_mail(agent: User) -> None:
    a_solved(agent)
    tasks.sweep()
    tasks.sweep()
    assert Invitation.objects.count() == 1
    assert OutgoingEmail.objects.filter(about_model="surveys.invitation").count() == 1


def test_not_before_its_time_and_not_about_what_was_solved_before_it_was_switched_on(
    agent: User,
) -> None:
    a_solved(agent, hours_ago=23)
    assert ask() == 0
    SurveyTrigger.objects.update(active_since=timezone.now())
    assert ask(timezone.now() + timedelta(hours=2)) == 0


def test_a_ticket_opened_again_is_not_asked_about_and_the_reason_is_kept(agent: User) -> None:
    ticket = a_solved(agent)
    states.reopen(ticket=ticket, by=agent)

    ask()

    assert not Invitation.objects.exists()
    skip = Skip.objects.get()
    assert (skip.reason, skip.subject_id) == (Skip.Reason.REOPENED, ticket.pk)


def test_each_solution_is_asked_about_by_itself(agent: User, business: Business) -> None:
    ticket = a_solved(agent, hours_ago=24 * 40)
    ask(timezone.now() - timedelta(days=38))
    states.reopen(ticket=ticket, by=agent)
    states.resolve(ticket=ticket, by=agent, at=timezone.now() - timedelta(hours=25))
    Invitation.objects.update(due_at=timezone.now() - timedelta(days=38), state="queued")

    ask()

    assert Invitation.objects.filter(subject_id=ticket.pk).count() == 2


def test_nobody_is_asked_twice_within_the_pause(agent: User) -> None:
    customer = a_customer()
    a_solved(agent, customer=customer)
    a_solved(agent, customer=customer, hours_ago=30)
    ask()
    assert Invitation.objects.count() == 1
    assert Skip.objects.get().reason == Skip.Reason.THROTTLED
    assert ask() == 0


def test_who_left_the_surveys_is_not_asked(agent: User) -> None:
    ticket = a_solved(agent)
    address = ticket.contact.points.get(kind="email").value  # type: ignore[union-attr]
    Suppression.objects.create(address=address, scope=Scope.SURVEYS, reason="unsubscribe")
    ask()
    assert Skip.objects.get().reason == Skip.Reason.SUPPRESSED


def test_spam_and_imported_history_are_left_alone(agent: User) -> None:
    states.mark_spam(ticket=a_solved(agent), by=agent)
    a_solved(agent, channel=Ticket.Channel.IMPORT)
    assert ask() == 0
    assert not Skip.objects.exists()


def test_a_mail_that_has_not_left_is_called_back_when_the_ticket_is_opened_again(
    agent: User,
) -> None:
    ticket = a_solved(agent)
    ask()
    delivering.queue_batch()
    conversation.receive(
        ticket=ticket, text="It is broken again.", sender=Correspondent("ada@example.com", "Ada")
    )

    assert asking.call_back(solved.KIND) == 1

    assert Invitation.objects.get().state == Invitation.State.CANCELLED
    mail = OutgoingEmail.objects.get(about_model="surveys.invitation")
    assert mail.state == OutgoingEmail.State.CANCELLED
    assert asking.call_back(solved.KIND) == 0


def test_a_low_answer_opens_the_ticket_again_with_what_they_said(agent: User) -> None:
    ticket = a_solved(agent, assignee=agent)
    ask()
    response = answered(Invitation.objects.get(), 2, "The oven is cold again.")

    see_to_answers()
    see_to_answers()

    ticket.refresh_from_db()
    assert (ticket.state, ticket.priority) == (Ticket.State.OPEN, Ticket.Priority.HIGH)
    assert ticket.assignee == agent
    note = ticket.messages.get(kind=Message.Kind.NOTE)
    assert "The oven is cold again." in note.text
    assert FollowUp.objects.get().response == response
    kinds = set(ticket.events.values_list("kind", flat=True))
    assert {TicketEvent.Kind.RATED, TicketEvent.Kind.REOPENED} <= kinds


def test_a_good_answer_opens_nothing(agent: User) -> None:
    ticket = a_solved(agent)
    ask()
    answered(Invitation.objects.get(), 3)
    see_to_answers()
    assert not FollowUp.objects.exists()
    ticket.refresh_from_db()
    assert ticket.state == Ticket.State.SOLVED


def test_a_low_answer_about_a_merged_ticket_goes_where_it_went(agent: User) -> None:
    ticket = a_solved(agent)
    ask()
    answered(Invitation.objects.get(), 1)
    into = OpenedTicketFactory(customer=ticket.customer)
    merging.merge(ticket=ticket, into=into, by=agent)

    see_to_answers()

    assert FollowUp.objects.get().ticket == into
    assert into.messages.filter(kind=Message.Kind.NOTE).exists()


def test_what_happened_while_it_was_off_is_not_asked_about(manager: User, agent: User) -> None:
    trigger = SurveyTrigger.objects.get()
    change_trigger(trigger=trigger, is_active=False, by=manager)
    a_solved(agent)
    assert ask() == 0
    change_trigger(trigger=trigger, is_active=True, by=manager)
    assert ask() == 0


def test_the_number_of_queries_per_solution_is_small(agent: User) -> None:
    from django.test.utils import CaptureQueriesContext

    def cost(solutions: int) -> int:
        for _ in range(solutions):
            a_solved(agent)
        with CaptureQueriesContext(connection) as queries:
            assert ask() == solutions
        return len(queries)

    few, many = cost(2), cost(6)
    # The invitation, and a line in the ticket's history.
    assert (many - few) / 4 <= 14


def test_what_nobody_was_asked_about_in_time_is_let_be_and_the_reason_is_kept(agent: User) -> None:
    a_solved(agent, hours_ago=24 * 20)
    assert ask() == 1
    assert Skip.objects.get().reason == Skip.Reason.TOO_LATE
    a_solved(agent, hours_ago=24 * 50)
    assert ask() == 0, "long before there was anybody to ask"
