"""What an answer sets going: the first rule that fits, once, also when the answer changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.actions.segments import SegmentNeeded, delete_segment
from crm.models import Customer, Interaction, ReferralLink, Segment
from mail.models import OutgoingEmail, Scope, Suppression
from staff.models import AuditEntry, Business, User
from staff.tokens import hashed
from support import terms
from support.actions import states
from support.models import Message, Ticket
from surveys import tasks
from surveys.actions import loop_rules
from surveys.actions.answering import Confirmation, confirm
from surveys.actions.follow_ups import see_to_answers
from surveys.actions.held import count_response
from surveys.actions.surveys import stock_survey
from surveys.models import FollowUp, Invitation, LoopRule, Response
from tests.factories import (
    CustomerFactory,
    InvitationFactory,
    OpenedTicketFactory,
    ResponseFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(business: Business) -> LoopRule:
    """Alone: whoever is unhappy, within two working hours."""
    return a_rule(opens_ticket=True, due_hours=2)


def a_rule(**values: Any) -> LoopRule:
    return loop_rules.create_rule(by=None, **({"name": "A rule", "group": "low"} | values))


def answered(score: int, comment: str = "", **values: Any) -> Response:
    invitation = InvitationFactory(**values)
    fresh = Invitation.objects.for_answering().get(pk=invitation.pk)
    return confirm(
        invitation=fresh, given=None, said=Confirmation(score=score, comment=comment)
    ).response


def changed(response: Response, score: int, comment: str = "") -> None:
    """What the browser that answered does: another score, a while later."""
    Response.objects.filter(pk=response.pk).update(
        answered_at=timezone.now() - timedelta(minutes=9), edit_hash=SECRET_HASH, changed_at=None
    )
    response.refresh_from_db()
    invitation = Invitation.objects.for_answering().get(pk=response.invitation_id)
    said = Confirmation(score=score, comment=comment, secret=SECRET)
    confirm(invitation=invitation, given=response, said=said)


SECRET = "the browser's"
SECRET_HASH = hashed(SECRET)


def test_an_unhappy_customer_becomes_a_ticket_with_an_owner_and_a_due_time(
    rule: LoopRule,
) -> None:
    loop_rules.update_rule(rule=rule, by=UserFactory(), tag="unhappy")
    response = answered(3, "The bread was stale.", language="es")

    see_to_answers()
    see_to_answers()

    follow_up = FollowUp.objects.get()
    ticket = Ticket.objects.get()
    assert (follow_up.response, follow_up.ticket, follow_up.rule) == (response, ticket, rule)
    assert (ticket.customer, ticket.contact) == (response.customer, response.contact)
    assert ticket.assignee == response.customer.owner  # type: ignore[union-attr]
    assert (ticket.channel, ticket.state, ticket.language) == ("survey", "new", "es")
    assert ticket.priority == Ticket.Priority.HIGH
    assert ticket.next_due_at is not None, "its service level runs"
    assert [tag.name for tag in ticket.tags.all()] == ["unhappy"]
    working = terms.agreement().now.hours.between(follow_up.created_at, follow_up.due_at)  # type: ignore[arg-type]
    assert abs(working - timedelta(hours=2)) < timedelta(seconds=30)


def test_the_answer_is_its_first_message_and_the_reply_goes_to_whoever_answered(
    rule: LoopRule, agent: User
) -> None:
    response = answered(0, "Nobody came.")
    see_to_answers()

    ticket = Ticket.objects.get()
    [message] = ticket.messages.all()
    assert message.kind == Message.Kind.RECEIVED
    assert message.is_proven
    assert "how likely are you to recommend Padaria Aurora" in message.text
    assert "0 of 10" in message.text
    assert "Nobody came." in message.text
    [participant] = ticket.participants.all()
    assert participant.address == response.invitation.address  # type: ignore[union-attr]


def test_the_first_rule_that_fits_counts(business: Business) -> None:
    big = Segment.objects.create(name="Tagged", query="tag=vip")
    vips = a_rule(name="vips", segment=big, opens_ticket=True)
    csat = a_rule(name="csat", survey=stock_survey("csat"), opens_ticket=True)
    spanish = a_rule(name="spanish", language="es", kind="nps", opens_ticket=True)
    others = a_rule(name="others", opens_ticket=True)
    happy = a_rule(name="happy", group="high")
    found = [
        (answered(2, customer=CustomerFactory(tags=["vip"]), language="es"), vips),
        (ResponseFactory(kind="csat", score=1, unseen_since=timezone.now()), csat),
        (answered(6, language="es"), spanish),
        (answered(6, language="en"), others),
        (answered(9), happy),
        (answered(8), None),
    ]
    see_to_answers()
    rules = dict(FollowUp.objects.values_list("response", "rule"))
    assert rules == {response.pk: rule.pk for response, rule in found if rule}
    assert not Response.objects.filter(unseen_since__isnull=False).exists()


def test_paused_and_deleted_rules_are_passed_over(rule: LoopRule, manager: User) -> None:
    loop_rules.update_rule(rule=rule, by=manager, is_active=False)
    loop_rules.delete_rule(rule=a_rule(opens_ticket=True), by=manager)
    answered(1)
    see_to_answers()
    assert not FollowUp.objects.exists()


def test_what_is_anonymous_imported_or_held_sets_nothing_going(rule: LoopRule) -> None:
    ResponseFactory(score=1)
    ResponseFactory(score=1, customer=None, is_anonymous=True, unseen_since=timezone.now())
    ResponseFactory(score=1, validity="held", unseen_since=timezone.now())
    archived = CustomerFactory(archived_at=timezone.now())
    ResponseFactory(score=1, customer=archived, unseen_since=timezone.now())
    see_to_answers()
    assert not FollowUp.objects.exists()


def test_a_held_answer_that_counts_later_is_seen_to_then(rule: LoopRule, agent: User) -> None:
    invitation = InvitationFactory()
    fresh = Invitation.objects.for_answering().get(pk=invitation.pk)
    said = Confirmation(score=2, comment="", hidden_field=True)
    response = confirm(invitation=fresh, given=None, said=said).response
    see_to_answers()
    assert not FollowUp.objects.exists()

    count_response(response=response, by=agent)
    see_to_answers()
    assert FollowUp.objects.get().response == response


def test_an_answer_that_becomes_low_is_seen_to(rule: LoopRule) -> None:
    response = answered(9)
    see_to_answers()
    assert not FollowUp.objects.exists()

    changed(response, 4, "It fell apart.")
    see_to_answers()

    ticket = FollowUp.objects.get().ticket
    assert ticket is not None
    assert "It fell apart." in ticket.messages.get().text


def test_the_ticket_hears_of_an_answer_that_changed_once(rule: LoopRule) -> None:
    response = answered(2)
    see_to_answers()
    changed(response, 9, "You called me. Thank you.")
    see_to_answers()
    Response.objects.update(unseen_since=timezone.now())
    see_to_answers()

    ticket = Ticket.objects.get()
    [note] = ticket.messages.filter(kind=Message.Kind.NOTE)
    assert "9 of 10" in note.text
    assert "You called me. Thank you." in note.text
    assert FollowUp.objects.count() == 1


def test_thanks_that_turn_out_wrong_become_a_ticket(rule: LoopRule) -> None:
    a_rule(group="high", sends_thanks=True)
    response = answered(10)
    see_to_answers()
    changed(response, 1)
    see_to_answers()
    follow_up = FollowUp.objects.get()
    assert follow_up.thanked_at
    assert follow_up.ticket
    assert follow_up.rule == rule


def test_the_rules_owner_comes_first_and_who_may_not_answer_is_passed_over(
    rule: LoopRule, agent: User, read_only: User
) -> None:
    loop_rules.update_rule(rule=rule, by=agent, owner=agent)
    answered(2)
    see_to_answers()
    assert Ticket.objects.get().assignee == agent

    loop_rules.update_rule(rule=rule, by=agent, owner=read_only)
    second = answered(2, customer=CustomerFactory(owner=None))
    see_to_answers()
    assert Ticket.objects.get(customer=second.customer).assignee is None


def test_without_an_owner_the_desk_hands_it_out(rule: LoopRule, agent: User) -> None:
    from support import desk

    queue = desk.default_queue()
    queue.members.add(agent)
    type(queue).objects.update(is_round_robin=True)
    answered(2, customer=CustomerFactory(owner=None))
    see_to_answers()
    assert Ticket.objects.get().assignee == agent


def test_an_answer_about_a_ticket_opens_it_again_for_the_rules_owner(
    rule: LoopRule, agent: User, manager: User
) -> None:
    loop_rules.update_rule(
        rule=rule, by=manager, owner=manager, tag="again", priority=Ticket.Priority.URGENT
    )
    customer = CustomerFactory(email="ada@example.com")
    ticket = OpenedTicketFactory(customer=customer, assignee=agent, state=Ticket.State.SOLVED)
    answered(
        1, customer=customer, subject_model="support.ticket", subject_id=ticket.pk, occurrence=1
    )
    see_to_answers()
    ticket.refresh_from_db()
    assert FollowUp.objects.get().ticket == ticket
    assert (ticket.state, ticket.priority, ticket.assignee) == ("open", 40, manager)
    assert [tag.name for tag in ticket.tags.all()] == ["again"]
    assert Ticket.objects.count() == 1


def test_a_ticket_that_was_spam_is_not_opened_again_but_a_new_one_is(
    rule: LoopRule, agent: User
) -> None:
    customer = CustomerFactory(email="ada@example.com")
    spam = states.mark_spam(ticket=OpenedTicketFactory(customer=customer), by=agent)
    answered(1, customer=customer, subject_model="support.ticket", subject_id=spam.pk, occurrence=1)
    see_to_answers()
    assert FollowUp.objects.get().ticket != spam


def test_whoever_is_happy_is_thanked_with_a_link_of_their_own(business: Business) -> None:
    a_rule(group="high", sends_thanks=True)
    response = answered(10, language="es")
    see_to_answers()
    Response.objects.update(unseen_since=timezone.now())
    see_to_answers()

    mail = OutgoingEmail.objects.get(about_model="surveys.response")
    link = ReferralLink.objects.get(customer=response.customer)
    assert (mail.stream, mail.language) == ("surveys", "es")
    assert mail.to_address == response.invitation.address  # type: ignore[union-attr]
    assert "Gracias" in mail.text
    assert f"/r/{link.slug}/" in mail.text
    assert f"/r/{link.slug}/" in mail.html
    assert "/u/" in mail.text or "unsubscribe" in mail.text
    told = Interaction.objects.get(kind=Interaction.Kind.OUTREACH)
    assert (told.customer, told.direction) == (response.customer, "out")
    assert FollowUp.objects.get().thanked_at
    # The same person again some days later: once is enough for a while.
    answered(9, customer=response.customer, contact=response.contact)
    see_to_answers()
    assert OutgoingEmail.objects.filter(about_model="surveys.response").count() == 1


def test_who_left_is_not_thanked(business: Business) -> None:
    a_rule(group="high", sends_thanks=True)
    response = answered(10)
    address = response.invitation.address  # type: ignore[union-attr]
    Suppression.objects.create(address=address, scope=Scope.SURVEYS, reason="unsubscribe")
    see_to_answers()
    assert not OutgoingEmail.objects.filter(about_model="surveys.response").exists()
    assert FollowUp.objects.get().thanked_at is None


def test_there_are_rules_from_the_start_and_deleted_ones_stay_away(
    business: Business, manager: User
) -> None:
    Business.objects.update(language="es")
    unhappy, happy = loop_rules.in_order()
    assert (unhappy.group, unhappy.opens_ticket, unhappy.ask_again_days) == ("low", True, 30)
    assert (happy.sends_thanks, happy.is_active) == (True, False)
    LoopRule.objects.all().delete()
    assert not loop_rules.in_order().exists()


def test_the_sweep_sees_to_what_a_lost_nudge_forgot(rule: LoopRule) -> None:
    answered(2)
    tasks.sweep()
    assert FollowUp.objects.count() == 1


def test_rules_change_with_a_line_in_the_trail(rule: LoopRule, manager: User) -> None:
    with pytest.raises(loop_rules.RuleNameMissing):
        loop_rules.update_rule(rule=rule, by=manager, name="  ")
    with pytest.raises(loop_rules.OtherKind):
        loop_rules.update_rule(rule=rule, by=manager, kind="nps", survey=stock_survey("ces"))
    second = a_rule(name="Second")
    loop_rules.move_rule(rule=second, up=True, by=manager)
    loop_rules.move_rule(rule=second, up=True, by=manager)
    assert [one.pk for one in loop_rules.in_order()] == [second.pk, rule.pk]
    loop_rules.delete_rule(rule=rule, by=manager)
    with pytest.raises(loop_rules.RuleGone):
        loop_rules.update_rule(rule=rule, by=manager, name="Other")
    loop_rules.restore_rule(rule=rule, by=manager)
    actions = AuditEntry.objects.filter(by=manager).values_list("action", flat=True)
    assert sorted(actions) == ["loop_rule.arrange", "loop_rule.delete", "loop_rule.restore"]


def test_a_segment_that_a_rule_asks_is_not_deleted(business: Business, manager: User) -> None:
    vips = Segment.objects.create(name="Tagged", query="tag=vip")
    a_rule(name="For our best", segment=vips)
    with pytest.raises(SegmentNeeded, match="For our best"):
        delete_segment(segment=vips, by=manager)


def test_a_rule_without_a_ticket_says_nothing_of_one(rule: LoopRule, manager: User) -> None:
    loop_rules.update_rule(rule=rule, by=manager, opens_ticket=False)
    assert LoopRule.objects.get().due_hours is None


def test_looking_costs_the_same_however_many_rules(
    rule: LoopRule, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        a_rule(group="high")
    answered(8)
    customers = Customer.objects.count()
    # rules there ever, rules, what waits, the answer with its row locked, its follow-up, its mark
    with django_assert_max_num_queries(10):
        see_to_answers()
    assert Customer.objects.count() == customers
