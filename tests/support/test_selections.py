"""Many tickets changed in one stroke, and the stroke taken back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Customer
from staff import changes
from staff.models import AuditEntry, Business, ChangeSet, User
from support import projection, targets
from support.actions.selections import change_many
from support.actions.states import NotLater, move
from support.models import Category, Queue, Ticket, TicketEvent
from tests.factories import CustomerFactory, OpenedTicketFactory, QueueFactory, UserFactory

pytestmark = pytest.mark.django_db


def tickets(count: int = 3, **values: object) -> list[Ticket]:
    customer = CustomerFactory()
    return [OpenedTicketFactory(customer=customer, **values) for _ in range(count)]


def everything(ticket: Ticket) -> dict[str, object]:
    row = Ticket.objects.filter(pk=ticket.pk).values().get()
    del row["version"]
    return row | {
        "tags": list(Ticket.objects.get(pk=ticket.pk).tags.values_list("name", flat=True)),
        "events": list(ticket.events.order_by("pk").values_list("pk", flat=True)),
        "spans": list(ticket.open_spans.values_list("started_at", "ended_at")),
    }


def test_a_stroke_changes_all_and_is_taken_back_as_one(business: Business, agent: User) -> None:
    three = tickets()
    Ticket.objects.get(pk=three[0].pk).tags.create(name="old", folded="old")
    before = [everything(ticket) for ticket in three]

    change_set = change_many(
        tickets=Ticket.objects.all(),
        by=agent,
        assignee=agent,
        queue=QueueFactory(name="Invoices"),
        priority=40,
        category=Category.objects.create(name="Money", folded="money"),
        add_tags=["vip"],
        remove_tags=["old"],
        state="solved",
    )

    assert isinstance(change_set, ChangeSet)
    assert change_set.facts["tickets"] == 3
    for ticket in three:
        ticket.refresh_from_db()
        assert (ticket.state, ticket.assignee, ticket.priority) == ("solved", agent, 40)
        assert [tag.name for tag in ticket.tags.all()] == ["vip"]
        assert ticket.first_resolved_at is not None
        assert set(ticket.events.filter(by=agent).values_list("kind", flat=True)) == {
            "assigned", "queue", "priority", "category", "tags", "resolved",
        }  # fmt: skip
    assert AuditEntry.objects.get(action="ticket.change_many").changes == {"tickets": [None, 3]}
    assert three[0].customer.interactions.filter(about_model="support.ticket").count() == 3

    outcome = changes.revert(change_set=change_set, by=agent)

    assert outcome.left_alone_count == 0
    for ticket, was in zip(three, before, strict=True):
        assert everything(ticket) == was
    assert three[0].customer.interactions.filter(about_model="support.ticket").count() == 0
    assert projection.differing(ticket.pk for ticket in three) == []
    assert targets.differing(ticket.pk for ticket in three) == []


def test_what_was_changed_since_is_left_alone(business: Business, agent: User) -> None:
    one, other = tickets(2)
    change_set = change_many(tickets=Ticket.objects.all(), by=agent, state="solved")
    assert change_set is not None
    move(ticket=one, to="open", by=agent)

    outcome = changes.revert(change_set=change_set, by=agent)

    assert outcome.left_alone_count == 1
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, other.state) == ("open", "new")
    assert one.first_resolved_at is not None
    assert other.first_resolved_at is None


def test_what_can_not_be_done_is_counted(business: Business, agent: User) -> None:
    new, closed = tickets(2)
    move(ticket=closed, to="closed", by=agent)

    change_set = change_many(tickets=Ticket.objects.all(), by=agent, state="solved")

    assert change_set is not None
    assert change_set.facts["tickets"] == 1
    assert change_set.facts["refused"] == {"state": 1}
    assert change_many(tickets=Ticket.objects.filter(pk=new.pk), by=agent, state="solved") is None


def test_only_what_the_person_may_see_changes(business: Business, agent: User) -> None:
    [ticket] = tickets(1, queue=QueueFactory(name="Private", is_private=True))

    assert change_many(tickets=Ticket.objects.all(), by=agent, priority=40) is None
    ticket.refresh_from_db()
    assert ticket.priority == 20


def test_a_stroke_of_spam_takes_its_leads_along(business: Business, agent: User) -> None:
    lead = CustomerFactory(source="support", owner=None)
    OpenedTicketFactory(customer=lead)

    change_set = change_many(tickets=Ticket.objects.all(), by=agent, spam=True)

    assert change_set is not None
    assert Customer.objects.archived().get() == lead
    changes.revert(change_set=change_set, by=agent)
    assert not Customer.objects.archived().exists()
    change_many(tickets=Ticket.objects.all(), by=agent, spam=True)
    change_many(tickets=Ticket.objects.all(), by=agent, spam=False)
    assert not Customer.objects.archived().exists()
    assert Ticket.objects.get().state == "new"


def test_a_queue_that_hands_out_in_turn_hands_out(business: Business, agent: User) -> None:
    tickets(4)
    people = [agent, UserFactory()]
    queue = QueueFactory(name="Turns", is_round_robin=True)
    queue.members.set(people)

    change_many(tickets=Ticket.objects.all(), by=agent, queue=queue)

    assert [Ticket.objects.filter(assignee=one).count() for one in people] == [2, 2]


def test_snoozing_many_until_yesterday_is_refused(business: Business, agent: User) -> None:
    with pytest.raises(NotLater):
        change_many(
            tickets=Ticket.objects.all(), by=agent, snoozed_until=timezone.now() - timedelta(days=1)
        )


def test_the_queries_do_not_grow_with_the_tickets(business: Business, agent: User) -> None:
    def queries() -> int:
        queue = Queue.objects.create(name=f"Queue {Queue.objects.count()}")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            change_many(
                tickets=Ticket.objects.open(),
                by=agent,
                assignee=agent,
                queue=queue,
                state="solved",
                add_tags=["vip"],
            )
        return len(captured)

    tickets(2)
    few = queries()
    tickets(12)
    assert queries() <= few
    assert TicketEvent.objects.filter(kind="resolved").count() == 14
