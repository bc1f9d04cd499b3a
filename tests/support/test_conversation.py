"""What is said in a ticket, and what follows from it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import Interaction, Task
from mail.models import OutgoingEmail
from staff.files import store_file
from staff.models import Business, User
from support import desk, projection
from support.actions import conversation
from support.actions.conversation import (
    PromiseDraft,
    add_note,
    needs_new_ticket,
    receive,
    reply,
    withdraw_reply,
)
from support.actions.desk import update_settings
from support.actions.states import move, snooze
from support.actions.tickets import WhoAsks, open_ticket
from support.correspondents import Correspondent
from support.files import FileDraft
from support.models import Mention, Message, Queue, ReplyPromise, Ticket, TicketEvent
from tests.factories import CustomerFactory, OpenedTicketFactory, UserFactory

pytestmark = pytest.mark.django_db
ADA = Correspondent("ada@example.com", "Ada Lovelace")


def kinds(ticket: Ticket) -> list[str]:
    return list(ticket.events.order_by("at", "pk").values_list("kind", flat=True))


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


# --- Opening -------------------------------------------------------------------------------------


def test_a_stranger_opens_a_ticket_of_a_new_lead(business: Business) -> None:
    ticket = open_ticket(
        customer=None, requester=ADA, subject="The\noven", text="It is cold.", channel="email"
    )

    assert (ticket.customer.name, ticket.customer.stage) == ("Ada Lovelace", "lead")
    assert (ticket.subject, ticket.state, ticket.queue) == ("The oven", "new", desk.default_queue())
    assert kinds(ticket) == ["opened", "received"]
    assert ticket.last_inbound_at == ticket.opened_at
    assert ticket.participants.get().address == "ada@example.com"
    told = ticket.customer.interactions.get()
    assert (told.kind, told.direction, told.summary) == ("ticket", "in", f"#{ticket.pk} The oven")
    assert projection.differing([ticket.pk]) == []


def test_the_same_form_twice_opens_one_ticket(business: Business) -> None:
    twice = [
        open_ticket(
            customer=None, requester=ADA, subject="", text="Hi", channel="form", once_key="k"
        )
        for _ in range(2)
    ]

    assert twice[0] == twice[1]
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 1)
    assert twice[0].subject == "Hi"
    with pytest.raises(WhoAsks):
        open_ticket(customer=None, subject="", text="", channel="form")


def test_what_we_write_first_leaves_by_mail(business: Business, agent: User) -> None:
    customer = CustomerFactory(email="ada@example.com")
    ticket = open_ticket(
        customer=customer,
        contact=customer.contacts.get(),
        subject="Your order",
        text="It is ready.",
        channel="staff",
        by=agent,
    )

    assert (ticket.state, kinds(ticket)) == ("waiting", ["opened", "replied", "waiting"])
    assert OutgoingEmail.objects.get().to_address == "ada@example.com"
    assert ticket.last_inbound_at is None
    withdraw_reply(message=ticket.messages.get(), by=agent)
    assert (fresh(ticket).state, OutgoingEmail.objects.get().state) == ("new", "cancelled")


def test_a_private_queue_is_a_mere_number_on_the_timeline(business: Business, agent: User) -> None:
    queue = Queue.objects.create(name="About us", is_private=True)
    ticket = OpenedTicketFactory(queue=queue, subject="Ana was rude", text="Very.")
    reply(ticket=ticket, text="We are sorry.", by=agent, then="solved")

    told = ticket.customer.interactions.values_list("summary", flat=True)
    assert set(told) == {f"#{ticket.pk}"}


def test_an_automatic_mail_counts_for_nothing(business: Business) -> None:
    ticket = OpenedTicketFactory(automatic="auto-replied")

    assert kinds(ticket) == ["opened", "automatic"]
    assert ticket.last_inbound_at is None
    assert not ticket.customer.interactions.exists()


# --- Receiving -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "after", "event"),
    [
        ("new", "new", None),
        ("open", "open", None),
        ("waiting", "open", "resumed"),
        ("on_hold", "open", "resumed"),
        ("solved", "open", "reopened"),
        ("closed", "open", "reopened"),
        ("spam", "spam", None),
    ],
)
def test_what_the_customer_writes_brings_back(
    business: Business, state: str, after: str, event: str | None
) -> None:
    ticket = OpenedTicketFactory(state=state)
    had = kinds(ticket)

    message = receive(ticket=ticket, text="Still cold.", sender=ADA, is_proven=True)

    ticket = fresh(ticket)
    assert ticket.state == after
    assert kinds(ticket) == [*had, "received", *([event] if event else [])]
    assert ticket.last_inbound_at == message.created_at
    assert message.is_proven


@pytest.mark.parametrize("kind", [{"automatic": "auto-replied"}, {"is_thanks": True}])
def test_machines_and_thanks_change_nothing(business: Business, kind: dict[str, object]) -> None:
    ticket = OpenedTicketFactory(state="solved")

    receive(ticket=ticket, text="Thank you", sender=ADA, **kind)  # type: ignore[arg-type]

    after = fresh(ticket)
    assert after.state == "solved"
    assert after.last_inbound_at == ticket.last_inbound_at
    assert after.messages.count() == 2


def test_a_snoozed_ticket_wakes_when_the_customer_writes(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    snooze(ticket=ticket, until=timezone.now() + timedelta(days=1), by=agent)

    receive(ticket=ticket, text="Hello?", sender=ADA)

    assert fresh(ticket).snoozed_until is None
    assert kinds(ticket)[-2:] == ["received", "awoken"]


def test_the_same_message_twice_is_one(business: Business) -> None:
    ticket = OpenedTicketFactory()
    twice = [receive(ticket=ticket, text="Hi", sender=ADA, once_key="k") for _ in range(2)]

    assert twice[0] == twice[1]
    assert kinds(ticket) == ["opened", "received", "received"]


def test_whether_a_closed_ticket_is_left_alone(business: Business, manager: User) -> None:
    ticket = OpenedTicketFactory(state="closed")
    now = timezone.now()
    assert not needs_new_ticket(ticket, now)
    assert needs_new_ticket(ticket, now + timedelta(days=31))
    assert not needs_new_ticket(OpenedTicketFactory(state="solved"), now + timedelta(days=31))
    update_settings(by=manager, mail_to_closed="new")
    assert needs_new_ticket(ticket, now)


# --- Replying ------------------------------------------------------------------------------------


def test_a_reply_goes_out_and_waits_for_the_customer(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory(requester=ADA)
    file = FileDraft("../a\\b.pdf", "application/pdf", store_file(b"pdf", "application/pdf"))

    message = reply(ticket=ticket, text="Is it plugged in?", by=agent, files=[file])

    ticket = fresh(ticket)
    assert (ticket.state, ticket.assignee) == ("waiting", agent)
    assert ticket.first_replied_at == message.created_at
    assert ticket.replies_to_solve == 1
    assert kinds(ticket)[2:] == ["replied", "assigned", "waiting"]
    outgoing = OutgoingEmail.objects.get()
    assert outgoing.to_address == "ada@example.com"
    assert outgoing.due_at == message.leaves_at
    assert message.attachments.get().name == "b.pdf"
    told = ticket.customer.interactions.order_by("-pk")[0]
    assert (told.direction, told.by) == ("out", agent)


@pytest.mark.parametrize(
    ("state", "then", "after"),
    [
        ("new", "solved", "solved"),
        ("open", "", "open"),
        ("open", "on_hold", "on_hold"),
        ("solved", "waiting", "waiting"),
        ("solved", "solved", "solved"),
        ("closed", "solved", "closed"),
        ("closed", "waiting", "waiting"),
    ],
)
def test_what_a_reply_leaves(
    business: Business, agent: User, state: str, then: str, after: str
) -> None:
    ticket = OpenedTicketFactory(state=state)

    reply(ticket=ticket, text="There.", by=agent, then=then)

    assert fresh(ticket).state == after


def test_what_is_no_reply(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    with pytest.raises(conversation.EmptyMessage):
        reply(ticket=ticket, text=" \n", by=agent)
    with pytest.raises(conversation.EmptyMessage):
        add_note(ticket=ticket, text=" ", by=agent)
    with pytest.raises(conversation.CannotReply):
        reply(ticket=OpenedTicketFactory(state="spam"), text="Hi", by=agent)


def test_the_button_pressed_twice_makes_one_reply(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory(requester=ADA)
    version = ticket.version
    twice = [
        reply(ticket=ticket, text="Hi", by=agent, once_key="k", version=version) for _ in range(2)
    ]

    assert twice[0] == twice[1]
    assert OutgoingEmail.objects.count() == 1


def test_nobody_answers_what_a_colleague_has_answered(business: Business, agent: User) -> None:
    ticket, colleague = OpenedTicketFactory(), UserFactory()
    reply(ticket=ticket, text="I was first.", by=colleague, version=ticket.version)

    with pytest.raises(conversation.StaleTicket) as refusal:
        reply(ticket=ticket, text="And me?", by=agent, version=ticket.version)

    assert [event.kind for event in refusal.value.since] == ["replied", "assigned", "waiting"]
    assert {event.by for event in refusal.value.since} == {colleague}
    reply(ticket=ticket, text="And me!", by=agent, version=refusal.value.ticket.version)
    assert ticket.messages.filter(kind="reply").count() == 2


def test_ones_own_changes_make_no_answer_stale(business: Business, agent: User) -> None:
    from support.actions.changes import set_priority

    ticket = OpenedTicketFactory()
    set_priority(ticket=ticket, priority=40, by=UserFactory())
    move(ticket=ticket, to="open", by=agent)

    assert reply(ticket=ticket, text="Hi", by=agent, version=ticket.version)


def test_a_promise_made_on_the_spot(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    due = timezone.now() + timedelta(days=2)

    message = reply(
        ticket=ticket, text="You get a new one.", by=agent, promise=PromiseDraft("New oven", due)
    )

    task = Task.objects.get()
    assert (task.title, task.customer, task.owner) == ("New oven", ticket.customer, agent)
    assert task.is_promise
    assert message.promises.get().task == task
    withdraw_reply(message=message, by=agent)
    assert not Task.objects.exists()
    assert not ReplyPromise.objects.exists()
    assert not Interaction.objects.filter(kind="promise").exists()


# --- Taking back ---------------------------------------------------------------------------------


def test_a_reply_taken_back_never_was(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory(state="open", requester=ADA)
    before = Ticket.objects.filter(pk=ticket.pk).values(*projection.COLUMNS, "state").get()
    message = reply(ticket=ticket, text="Never mind", by=agent, then="solved")

    taken_back = withdraw_reply(message=message, by=agent)

    assert taken_back.text == "Never mind"
    assert taken_back.withdrawn_at is not None
    assert Ticket.objects.filter(pk=ticket.pk).values(*before).get() == before
    assert OutgoingEmail.objects.get().state == "cancelled"
    assert kinds(ticket)[-1] == "withdrawn"
    assert {"replied", "resolved"}.isdisjoint(kinds(ticket))
    assert ticket.customer.interactions.count() == 1
    assert ticket.open_spans.get().ended_at is None
    with pytest.raises(conversation.TooLate):
        withdraw_reply(message=message, by=agent)


def test_what_came_meanwhile_stays(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    message = reply(ticket=ticket, text="Solved.", by=agent, then="solved")
    receive(ticket=ticket, text="It works again!", sender=ADA)

    withdraw_reply(message=message, by=agent)

    ticket = fresh(ticket)
    assert ticket.state == "open"
    assert (ticket.first_resolved_at, ticket.first_reopened_at) == (None, None)


def test_too_late_or_somebody_elses(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory(requester=ADA)
    message = reply(ticket=ticket, text="Hi", by=agent)
    with pytest.raises(conversation.NotYourReply):
        withdraw_reply(message=message, by=UserFactory())
    OutgoingEmail.objects.update(state="sent")
    with pytest.raises(conversation.TooLate):
        withdraw_reply(message=message, by=agent)
    message.refresh_from_db()
    assert message.withdrawn_at is None
    assert fresh(ticket).state == "waiting"
    OutgoingEmail.objects.update(state="queued")
    Message.objects.filter(pk=message.pk).update(leaves_at=timezone.now())
    with pytest.raises(conversation.TooLate):
        withdraw_reply(message=message, by=agent)


# --- Notes ---------------------------------------------------------------------------------------


def test_a_note_is_for_staff_and_tells_those_it_names(business: Business, agent: User) -> None:
    ticket, colleague = OpenedTicketFactory(state="waiting"), UserFactory()

    note = add_note(ticket=ticket, text="@Person?", by=agent, mentioned=[colleague, colleague])

    ticket = fresh(ticket)
    assert (ticket.state, ticket.first_replied_at) == ("waiting", None)
    assert not note.is_public
    assert Mention.objects.get().user == colleague
    assert OutgoingEmail.objects.get().to_address == colleague.email
    assert ticket.customer.interactions.count() == 1


def test_nobody_is_told_of_what_they_may_not_see(business: Business, manager: User) -> None:
    queue = Queue.objects.create(name="About us", is_private=True)
    ticket = OpenedTicketFactory(queue=queue)

    with pytest.raises(conversation.CannotBeTold):
        add_note(ticket=ticket, text="@Person?", by=manager, mentioned=[UserFactory()])

    assert not TicketEvent.objects.filter(kind="noted").exists()
