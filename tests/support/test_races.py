"""Two at the same moment: nobody is answered twice unknowingly, nothing is made twice or lost.

On SQLite one waits for the other's transaction, on PostgreSQL for its rows.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from crm.models import Affiliation, Contact, Customer
from mail.models import OutgoingEmail
from staff.models import Business, User
from staff.refusals import Refusal
from support import desk, projection
from support.actions import merging, states
from support.actions.changes import take
from support.actions.conversation import StaleTicket, receive, reply, withdraw_reply
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent, who_is
from support.models import Message, Queue, SupportSettings, Ticket, TicketEvent
from tests.factories import ContactFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
ADA = Correspondent("ada@example.com", "Ada Lovelace")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each returned, or the refusal that it raised; all begin together."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait(10)
        try:
            return act()
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def opened(**values: Any) -> Ticket:
    return open_ticket(
        **{
            "customer": None,
            "requester": ADA,
            "subject": "Oven",
            "text": "Cold",
            "channel": "email",
            **values,
        }
    )


def test_a_stranger_who_writes_twice_at_once_is_one_lead(business: Business) -> None:
    first, second = at_once(opened, opened)

    assert first.customer == second.customer
    assert first.contact == second.contact
    assert (Customer.objects.count(), Contact.objects.count()) == (1, 1)
    assert Queue.objects.filter(is_default=True).count() == 1
    assert SupportSettings.objects.count() <= 1


def test_somebody_without_a_customer_becomes_one_lead(business: Business) -> None:
    contact = ContactFactory(email="ada@example.com")

    found = at_once(*[lambda: who_is(ADA)] * 3)

    assert {customer.pk for customer, _contact in found} == {Customer.objects.get().pk}
    assert Affiliation.objects.get().contact == contact


def test_the_unknown_sender_is_one(business: Business) -> None:
    found = at_once(*[lambda: who_is(Correspondent("", "Somebody"))] * 3)

    assert {customer.pk for customer, _contact in found} == {Customer.objects.get().pk}


def test_one_form_sent_twice_at_once_opens_one_ticket(business: Business) -> None:
    first, second = at_once(*[lambda: opened(once_key="k")] * 2)

    assert first == second
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 1)


def test_of_two_who_answer_at_once_one_is_asked_to_look(business: Business, agent: User) -> None:
    ticket, colleague = opened(), UserFactory()

    def answer(user: User) -> Message:
        return reply(ticket=ticket, text=f"I am {user}", by=user, version=ticket.version)

    outcomes = at_once(lambda: answer(agent), lambda: answer(colleague))

    [refusal] = [one for one in outcomes if isinstance(one, Refusal)]
    [message] = [one for one in outcomes if isinstance(one, Message)]
    assert isinstance(refusal, StaleTicket)
    assert {event.by for event in refusal.since} == {message.author}
    assert OutgoingEmail.objects.filter(about_model="support.message").count() == 1


def test_the_button_pressed_twice_at_once(business: Business, agent: User) -> None:
    ticket = opened()

    first, second = at_once(
        *[lambda: reply(ticket=ticket, text="Hi", by=agent, once_key="k", version=ticket.version)]
        * 2
    )

    assert first == second
    assert Message.objects.filter(kind="reply").count() == 1


def test_the_customer_writes_while_it_is_solved(business: Business, agent: User) -> None:
    ticket = opened()

    at_once(
        lambda: states.resolve(ticket=ticket, by=agent),
        lambda: receive(ticket=ticket, text="One more thing", sender=ADA),
    )

    ticket.refresh_from_db()
    assert ticket.messages.count() == 2
    # Solved last, or opened again by what was written.
    last = TicketEvent.objects.order_by("pk").values_list("kind", flat=True).last()
    assert (ticket.state, last) in {("solved", "resolved"), ("open", "reopened")}
    assert projection.differing([ticket.pk]) == []


def test_a_mail_that_comes_while_its_ticket_is_merged(business: Business, agent: User) -> None:
    loser, winner = opened(), opened()

    at_once(
        lambda: merging.merge(ticket=loser, into=winner, by=agent),
        lambda: receive(ticket=loser, text="Hello?", sender=ADA),
    )

    assert winner.messages.count() == 3
    assert not loser.messages.exists()
    assert projection.differing([loser.pk, winner.pk]) == []


def test_two_merge_each_into_the_other(business: Business, agent: User) -> None:
    one, other = opened(), opened()

    outcomes = at_once(
        lambda: merging.merge(ticket=one, into=other, by=agent),
        lambda: merging.merge(ticket=other, into=one, by=agent),
    )

    assert sum(isinstance(outcome, merging.CannotMerge) for outcome in outcomes) == 1
    assert Ticket.objects.filter(state="merged").count() == 1


def test_a_reply_taken_back_twice_at_once(business: Business, agent: User) -> None:
    message = reply(ticket=opened(), text="Oops", by=agent)

    outcomes = at_once(*[lambda: withdraw_reply(message=message, by=agent)] * 2)

    assert sum(isinstance(outcome, Refusal) for outcome in outcomes) == 1
    assert TicketEvent.objects.filter(kind="withdrawn").count() == 1


def test_tickets_that_come_at_once_go_to_different_people(business: Business) -> None:
    queue = desk.default_queue()
    Queue.objects.update(is_round_robin=True)
    people = [UserFactory(), UserFactory(), UserFactory()]
    queue.members.set(people)
    customer = CustomerFactory(owner=None)

    tickets = at_once(*[lambda: opened(customer=customer, requester=None)] * 3)

    assert {ticket.assignee.pk for ticket in tickets} == {one.pk for one in people}


def test_two_take_the_same_ticket(business: Business, agent: User) -> None:
    ticket, colleague = opened(), UserFactory()

    at_once(
        lambda: take(ticket=ticket, by=agent),
        lambda: take(ticket=ticket, by=colleague),
    )

    events = TicketEvent.objects.filter(kind="assigned").order_by("pk")
    assert [event.before for event in events][1] == events[0].after
    ticket.refresh_from_db()
    assert str(ticket.assignee) == events[1].after


class Killed(BaseException):
    """The process dies here: no code of ours catches it."""


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a function of the last steps of an action the place where the process dies."""

    def die_in(name: str) -> None:
        def die(*_args: object, **_values: object) -> None:
            raise Killed

        monkeypatch.setattr(name, die)

    return die_in


@pytest.mark.parametrize(
    "where",
    [
        "support.actions.conversation.letters.queue_reply",
        "support.events.keep_promised_times",
        "support.actions.conversation.tell",
    ],
)
def test_killed_between_nothing_has_happened(
    business: Business, agent: User, dying: Callable[[str], None], where: str
) -> None:
    ticket = opened()
    before = Ticket.objects.values().get()
    dying(where)

    with pytest.raises(Killed):
        reply(ticket=ticket, text="Hi", by=agent, once_key="k")

    assert Ticket.objects.values().get() == before
    assert not Message.objects.filter(kind="reply").exists()
    assert not OutgoingEmail.objects.filter(about_model="support.message").exists()
    assert projection.differing([ticket.pk]) == []
