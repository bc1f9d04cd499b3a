"""Asking again after what made somebody unhappy was put right: once, and not within a day."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from mail.models import OutgoingEmail, Scope, Suppression
from staff.models import Business, User
from support.actions import states
from support.models import Ticket, TicketEvent
from surveys.actions import loop_rules
from surveys.actions.answering import Confirmation, confirm
from surveys.actions.asking_again import call_back_reopened, keep_asking_again
from surveys.actions.follow_ups import see_to_answers
from surveys.actions.surveys import stock_survey
from surveys.models import FollowUp, Invitation, LoopRule, Skip
from tests.factories import InvitationFactory

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=40)


@pytest.fixture
def rule(business: Business) -> LoopRule:
    return loop_rules.create_rule(
        by=None, name="Unhappy", group="low", opens_ticket=True, ask_again_days=30
    )


@pytest.fixture
def followed(rule: LoopRule, agent: User) -> FollowUp:
    """A detractor of forty days ago, whose ticket was solved 31 days ago."""
    invitation = InvitationFactory(
        created_at=timezone.now() - LONG_AGO, expires_at=timezone.now() + timedelta(days=9)
    )
    answer(invitation, 2)
    follow_up = FollowUp.objects.select_related("ticket", "response").get()
    solve(follow_up.ticket, agent, days_ago=31)
    follow_up.refresh_from_db()
    return follow_up


def answer(invitation: Invitation, score: int) -> None:
    unsent = Invitation.objects.filter(pk=invitation.pk, sent_at=None)
    unsent.update(sent_at=timezone.now() - timedelta(hours=1))
    fresh = Invitation.objects.for_answering().get(pk=invitation.pk)
    confirm(invitation=fresh, given=None, said=Confirmation(score=score, comment=""))
    see_to_answers()


def solve(ticket: Ticket | None, by: User, days_ago: float) -> None:
    assert ticket is not None
    then = timezone.now() - timedelta(days=days_ago)
    Ticket.objects.filter(pk=ticket.pk).update(opened_at=then - timedelta(days=1))
    states.resolve(ticket=Ticket.objects.get(pk=ticket.pk), by=by, at=then)


def test_whoever_was_unhappy_is_asked_again_once(followed: FollowUp, business: Business) -> None:
    Business.objects.update(survey_pause_days=365)  # this is the same conversation

    assert keep_asking_again() == 1
    assert keep_asking_again() == 0

    followed.refresh_from_db()
    again, response = followed.asked_again, followed.response
    assert again is not None
    assert (again.survey, again.contact) == (response.survey, response.contact)
    assert (again.subject_model, again.subject_id) == ("surveys.response", response.pk)
    solved = TicketEvent.objects.get(kind=TicketEvent.Kind.RESOLVED)
    assert again.occurrence == solved.pk
    assert again.address == response.invitation.address  # type: ignore[union-attr]
    assert TicketEvent.objects.filter(kind=TicketEvent.Kind.ASKED).count() == 1
    assert again.run.invited == 1


def test_not_before_its_time_nor_while_the_ticket_is_open(followed: FollowUp, agent: User) -> None:
    assert keep_asking_again(timezone.now() - timedelta(days=2)) == 0
    states.reopen(ticket=followed.ticket, by=agent)  # type: ignore[arg-type]
    assert keep_asking_again() == 0


def test_not_within_a_day_of_another_survey_but_later(followed: FollowUp) -> None:
    other = InvitationFactory(
        run__survey=stock_survey("ces"),
        customer=followed.response.customer,
        contact=followed.response.contact,
    )
    assert keep_asking_again() == 0
    assert not Skip.objects.exists()
    Invitation.objects.filter(pk=other.pk).update(
        created_at=timezone.now() - timedelta(days=5), sent_at=timezone.now() - timedelta(days=5)
    )
    assert keep_asking_again() == 1


def test_who_left_is_not_asked_again_and_the_reason_is_kept(followed: FollowUp) -> None:
    address = followed.response.invitation.address  # type: ignore[union-attr]
    Suppression.objects.create(address=address, scope=Scope.SURVEYS, reason="unsubscribe")
    assert keep_asking_again() == 1
    assert keep_asking_again() == 0
    skip = Skip.objects.get()
    assert (skip.reason, skip.customer) == (Skip.Reason.SUPPRESSED, followed.response.customer)


def test_nobody_is_asked_about_what_was_long_ago(followed: FollowUp) -> None:
    assert keep_asking_again(timezone.now() + timedelta(days=20)) == 1
    assert Skip.objects.get().reason == Skip.Reason.TOO_LATE


def test_who_was_asked_since_is_not_asked_again(followed: FollowUp) -> None:
    since = InvitationFactory(
        customer=followed.response.customer,
        contact=followed.response.contact,
        created_at=timezone.now() - timedelta(days=20),
    )
    keep_asking_again()
    followed.refresh_from_db()
    assert followed.asked_again == since
    assert Invitation.objects.count() == 2


def test_a_low_score_again_opens_the_same_ticket(followed: FollowUp) -> None:
    keep_asking_again()
    answer(Invitation.objects.get(because_of=followed), 1)
    assert Ticket.objects.count() == 1
    assert Ticket.objects.get().state == Ticket.State.OPEN
    assert FollowUp.objects.count() == 2
    rated = TicketEvent.objects.get(kind=TicketEvent.Kind.RATED)
    assert rated.after == "NPS 1"


def test_what_has_not_left_is_called_back_when_the_ticket_is_opened_again(
    followed: FollowUp, agent: User
) -> None:
    keep_asking_again()
    again = Invitation.objects.get(because_of=followed)
    mail = OutgoingEmail.objects.create(
        stream="surveys",
        to_address=again.address,
        subject="s",
        text="t",
        about_model="surveys.invitation",
        about_id=again.pk,
        once_key="first",
    )
    states.reopen(ticket=followed.ticket, by=agent)  # type: ignore[arg-type]

    assert call_back_reopened() == 1
    assert call_back_reopened() == 0

    again.refresh_from_db()
    mail.refresh_from_db()
    followed.refresh_from_db()
    assert (again.state, mail.state) == ("cancelled", "cancelled")
    assert followed.asked_again is None
    # Solved again, and long enough ago: now they are asked.
    solve(followed.ticket, agent, days_ago=0)
    later: datetime = timezone.now() + timedelta(days=31)
    assert keep_asking_again(later) == 1
