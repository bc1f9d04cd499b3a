"""Facts about a ticket, each changed on its own; who takes part, watches, or has it open."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.actions.contacts import NotAnEmail
from crm.models import Interaction
from mail.models import OutgoingEmail
from staff.models import AuditEntry, Business, User
from support import search
from support.actions import changes, merging, people
from support.actions.conversation import PromiseDraft, receive, reply
from support.actions.states import resolve
from support.correspondents import Correspondent
from support.models import (
    Category,
    Queue,
    Ticket,
    TicketAccess,
    TicketEvent,
    TicketPresence,
    Watcher,
)
from tests.factories import (
    ContactFactory,
    CustomerFactory,
    OpenedTicketFactory,
    QueueFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def last(ticket: Ticket) -> TicketEvent:
    event = ticket.events.exclude(kind="due_changed").order_by("pk").last()
    assert event is not None
    return event


def said(ticket: Ticket) -> tuple[str, str, str]:
    event = last(ticket)
    return event.kind, event.before, event.after


# --- Whose it is -----------------------------------------------------------------------------------


def test_given_to_somebody_and_back(business: Business, agent: User) -> None:
    ticket, colleague = OpenedTicketFactory(), UserFactory(name="Rita")

    changes.assign(ticket=ticket, assignee=colleague, by=agent)
    assert said(ticket) == ("assigned", "", "Rita")
    assert OutgoingEmail.objects.get().to_address == colleague.email
    version = changes.take(ticket=ticket, by=agent).version
    assert said(ticket) == ("assigned", "Rita", "Ana Reis")
    # Theirs already: nothing.
    assert changes.take(ticket=ticket, by=agent).version == version
    assert changes.assign(ticket=ticket, assignee=None, by=agent).assignee is None
    assert said(ticket) == ("assigned", "Ana Reis", "")


def test_nobody_is_given_what_they_can_not_answer(
    business: Business, agent: User, manager: User, read_only: User
) -> None:
    private = QueueFactory(name="About us", is_private=True)
    ticket = OpenedTicketFactory(queue=private)
    for user in (agent, read_only):
        with pytest.raises(changes.CannotBeGiven, match=str(user)):
            changes.assign(ticket=ticket, assignee=user, by=manager)
    assert not changes.may_work_in(agent, private)
    changes.assign(ticket=ticket, assignee=manager, by=manager)
    private.members.add(agent)
    assert changes.take(ticket=ticket, by=agent).assignee == agent


# --- Where it waits -----------------------------------------------------------------------------


def test_another_queue(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory(subject="Ana was rude", assignee=agent)
    private = QueueFactory(name="About us", is_private=True)

    changes.set_queue(ticket=ticket, queue=private, by=agent)

    kinds = list(ticket.events.order_by("pk").values_list("kind", "before", "after"))[-2:]
    assert kinds == [("queue", ticket.queue.name, "About us"), ("assigned", "Ana Reis", "")]
    assert ticket.customer.interactions.get().summary == f"#{ticket.pk}"
    assert not Ticket.objects.visible_to(agent).filter(pk=ticket.pk).exists()
    private.archived_at = timezone.now()
    with pytest.raises(changes.NoLongerUsed):
        changes.set_queue(ticket=OpenedTicketFactory(), queue=private, by=agent)


def test_a_queue_that_hands_out_in_turn(business: Business, agent: User) -> None:
    turns = QueueFactory(name="Turns", is_round_robin=True)
    turns.members.add(agent)

    assert changes.set_queue(ticket=OpenedTicketFactory(), queue=turns, by=agent).assignee == agent
    theirs = OpenedTicketFactory(assignee=UserFactory())
    kept = changes.set_queue(ticket=theirs, queue=turns, by=agent)
    assert kept.assignee == theirs.assignee


def test_priority_category_subject_and_tags(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory(subject="Oven")
    money = Category.objects.create(name="Money", folded="money")

    changes.set_priority(ticket=ticket, priority=40, by=agent)
    assert said(ticket) == ("priority", "20", "40")
    changes.set_category(ticket=ticket, category=money, by=agent)
    assert said(ticket) == ("category", "", "Money")
    changes.set_subject(ticket=ticket, subject=" The\nfridge ", by=agent)
    assert said(ticket) == ("subject", "Oven", "The fridge")
    assert ticket.customer.interactions.get().summary == f"#{ticket.pk} The fridge"
    assert search.stale([ticket.pk]) == {}
    changes.set_tags(ticket=ticket, tags=["VIP", "vip", "Árbol"], by=agent)
    assert said(ticket) == ("tags", "", "Árbol, VIP")
    before = Ticket.objects.get(pk=ticket.pk).version
    changes.set_priority(ticket=ticket, priority=40, by=agent)
    changes.set_category(ticket=ticket, category=money, by=agent)
    changes.set_subject(ticket=ticket, subject="The fridge", by=agent)
    changes.set_tags(ticket=ticket, tags=["arbol", "vip"], by=agent)
    assert Ticket.objects.get(pk=ticket.pk).version == before
    with pytest.raises(changes.SubjectMissing):
        changes.set_subject(ticket=ticket, subject=" ", by=agent)
    money.archived_at = timezone.now()
    with pytest.raises(changes.NoLongerUsed):
        changes.set_category(ticket=OpenedTicketFactory(), category=money, by=agent)


def test_of_another_customer(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    due = timezone.now() + timedelta(days=1)
    reply(ticket=ticket, text="Yes", by=agent, promise=PromiseDraft("A new one", due))
    resolve(ticket=ticket, by=agent)
    old, new = ticket.customer, CustomerFactory(name="The right one")
    count = old.interactions.count()
    contact = ContactFactory(customer=new)

    changes.set_customer(ticket=ticket, customer=new, contact=contact, by=agent)

    assert said(ticket) == ("customer", old.name, "The right one")
    assert (old.interactions.count(), new.interactions.count()) == (0, count)
    assert ticket.promises.get().task.customer == new
    old.refresh_from_db()
    new.refresh_from_db()
    assert old.last_inbound_at is None
    assert new.last_inbound_at == ticket.opened_at
    assert search.stale([ticket.pk]) == {}
    assert Ticket.objects.get(pk=ticket.pk).contact == contact


def test_what_was_merged_is_changed_no_more(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    merging.merge(ticket=ticket, into=OpenedTicketFactory(customer=ticket.customer), by=agent)

    with pytest.raises(changes.MergedAway):
        changes.take(ticket=ticket, by=agent)
    with pytest.raises(changes.MergedAway):
        changes.set_queue(ticket=ticket, queue=Queue.objects.get(), by=agent)


# --- Who takes part -------------------------------------------------------------------------------


def test_somebody_more_takes_part_until_they_are_removed(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    contact = ContactFactory(email="bob@example.com")

    bob = people.add_participant(ticket=ticket, address="Bob@example.com", name="Bob", by=agent)

    assert (bob.contact, bob.role, bob.added_by) == (contact, "copied", agent)
    assert people.add_participant(ticket=ticket, address="bob@example.com", by=agent) == bob
    assert search.stale([ticket.pk]) == {}
    message = receive(ticket=ticket, text="Me too", sender=Correspondent("bob@example.com"))
    assert message.contact == contact
    link = people.new_link(participant=bob, by=agent)
    assert "/t/" in link
    people.remove_participant(participant=bob, by=agent)
    assert TicketAccess.objects.get().revoked_at is not None
    with pytest.raises(people.AlreadyRemoved):
        people.remove_participant(participant=bob, by=agent)
    with pytest.raises(people.AlreadyRemoved):
        people.new_link(participant=bob, by=agent)
    assert people.add_participant(ticket=ticket, address="bob@example.com", by=agent) == bob
    actions = AuditEntry.objects.filter(action__startswith="ticket.").order_by("pk")
    assert [entry.action for entry in actions] == [
        "ticket.add_participant",
        "ticket.new_link",
        "ticket.remove_participant",
        "ticket.add_participant",
    ]


def test_who_can_take_no_part(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    with pytest.raises(people.StaffTakeNoPart):
        people.add_participant(ticket=ticket, address=agent.email.upper(), by=agent)
    with pytest.raises(NotAnEmail):
        people.add_participant(ticket=ticket, address="bob", by=agent)


def test_all_links_end_at_once(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory(requester=Correspondent("ada@example.com"))
    for _ in range(2):
        people.new_link(participant=ticket.participants.get(), by=agent)

    assert people.revoke_links(ticket=ticket, by=agent) == 2
    assert people.revoke_links(ticket=ticket, by=agent) == 0
    assert AuditEntry.objects.filter(action="ticket.revoke_links").count() == 1


def test_watching(business: Business, agent: User, manager: User) -> None:
    ticket = OpenedTicketFactory(queue=QueueFactory(name="About us", is_private=True))
    with pytest.raises(people.CannotWatch):
        people.watch(ticket=ticket, by=manager, user=agent)
    first = people.watch(ticket=ticket, by=manager)
    assert people.watch(ticket=ticket, by=manager) == first
    people.unwatch(ticket=ticket, by=manager)
    assert not Watcher.objects.exists()


def test_having_it_open(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    people.be_present(ticket=ticket, by=agent)
    first = TicketPresence.objects.get()
    assert first.typed_at is None
    people.be_present(ticket=ticket, by=agent, is_typing=True)
    again = TicketPresence.objects.get()
    assert again.typed_at == again.seen_at > first.seen_at


def test_the_mail_about_it_is_no_interaction(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    changes.take(ticket=ticket, by=agent)

    assert Interaction.objects.count() == 1
