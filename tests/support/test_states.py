"""What may follow what, exhaustively, and what each step is called."""

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from crm.models import Customer
from staff import jobs
from staff.models import Business, User
from support import desk, tasks
from support.actions import states, sweeping
from support.models import Ticket, TicketEvent
from support.states import FOLLOWS, STEPS, event_kind, may_follow
from tests.factories import CustomerFactory, OpenedTicketFactory

State = Ticket.State
# From each state: where it may go, and by which event. All that is not here is refused.
STEPS_BY_NAME = {
    ("new", "open"): "started",
    ("new", "waiting"): "waiting",
    ("new", "on_hold"): "on_hold",
    ("new", "solved"): "resolved",
    ("new", "closed"): "closed",
    ("new", "spam"): "spam",
    ("new", "merged"): "merged",
    ("open", "waiting"): "waiting",
    ("open", "on_hold"): "on_hold",
    ("open", "solved"): "resolved",
    ("open", "closed"): "closed",
    ("open", "spam"): "spam",
    ("open", "merged"): "merged",
    ("waiting", "open"): "resumed",
    ("waiting", "on_hold"): "on_hold",
    ("waiting", "solved"): "resolved",
    ("waiting", "closed"): "closed",
    ("waiting", "spam"): "spam",
    ("waiting", "merged"): "merged",
    ("on_hold", "open"): "resumed",
    ("on_hold", "waiting"): "waiting",
    ("on_hold", "solved"): "resolved",
    ("on_hold", "closed"): "closed",
    ("on_hold", "spam"): "spam",
    ("on_hold", "merged"): "merged",
    ("solved", "open"): "reopened",
    ("solved", "waiting"): "reopened",
    ("solved", "on_hold"): "reopened",
    ("solved", "closed"): "closed",
    ("solved", "spam"): "spam",
    ("solved", "merged"): "merged",
    ("closed", "open"): "reopened",
    ("closed", "waiting"): "reopened",
    ("closed", "on_hold"): "reopened",
    ("closed", "spam"): "spam",
    ("closed", "merged"): "merged",
}
PAIRS = list(product(State.values, State.values))


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_table(before: str, after: str) -> None:
    assert may_follow(before, after) == ((before, after) in STEPS_BY_NAME)
    if (before, after) in STEPS_BY_NAME:
        assert event_kind(before, after) == STEPS_BY_NAME[before, after]
        assert event_kind(before, after) in STEPS


def test_the_table_names_every_state() -> None:
    assert set(FOLLOWS) == set(State)


@pytest.mark.django_db
@pytest.mark.parametrize("before", ["new", "open", "waiting", "on_hold", "solved", "closed"])
def test_a_person_moves_it_where_the_table_says(
    business: Business, agent: User, before: str
) -> None:
    for after in State.values:
        ticket = OpenedTicketFactory(state=before)
        by_hand = (before, after) in STEPS_BY_NAME and after != "merged"
        assert states.can_move(ticket, after) == by_hand
        if not by_hand:
            with pytest.raises(states.CannotMove):
                states.move(ticket=ticket, to=after, by=agent)
            continue
        moved = states.move(ticket=ticket, to=after, by=agent)
        event = ticket.events.order_by("pk").filter(kind__in=STEPS).last()
        assert event is not None
        assert (event.before, event.after, event.by, event.actor) == (before, after, agent, "staff")
        assert event.kind == STEPS_BY_NAME[before, after]
        assert (moved.state, moved.version) == (after, ticket.version + 1)
        assert event.version == moved.version


@pytest.mark.django_db
def test_each_step_by_its_name(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    steps = (
        (states.resume, "open"),
        (states.hold, "on_hold"),
        (states.wait, "waiting"),
        (states.resolve, "solved"),
        (states.reopen, "open"),
        (states.close, "closed"),
        (states.reopen, "open"),
        (states.mark_spam, "spam"),
    )
    for step, state in steps:
        assert step(ticket=ticket, by=agent).state == state
    assert states.unmark_spam(ticket=ticket, by=agent).state == "open"
    with pytest.raises(states.NotSpam):
        states.unmark_spam(ticket=ticket, by=agent)
    with pytest.raises(states.CannotMove, match="open"):
        states.reopen(ticket=ticket, by=agent)
    with pytest.raises(states.CannotMove):
        states.resume(ticket=ticket, by=agent)


@pytest.mark.django_db
def test_the_solution_is_on_the_timeline(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    states.resolve(ticket=ticket, by=agent)

    told = ticket.customer.interactions.get(about_model="support.ticket")
    assert (told.about_id, told.direction, told.by) == (ticket.pk, "", agent)


@pytest.mark.django_db
def test_spam_takes_a_lead_along_and_brings_it_back(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory(customer=CustomerFactory(source="support", owner=None))
    another = OpenedTicketFactory(customer=ticket.customer)

    states.mark_spam(ticket=ticket, by=agent)
    assert not Customer.objects.archived().exists()
    states.mark_spam(ticket=another, by=agent)
    assert Customer.objects.archived().get() == ticket.customer
    states.unmark_spam(ticket=ticket, by=agent)
    assert not Customer.objects.archived().exists()


@pytest.mark.django_db
def test_spam_archives_nobody_who_is_known(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory(customer=CustomerFactory(source="support"))

    states.mark_spam(ticket=ticket, by=agent)

    assert not Customer.objects.archived().exists()


@pytest.mark.django_db
def test_out_of_sight_for_a_while(business: Business, agent: User) -> None:
    ticket, now = OpenedTicketFactory(), timezone.now()
    with pytest.raises(states.NotLater):
        states.snooze(ticket=ticket, until=now, by=agent)
    with pytest.raises(states.NotOpen):
        states.snooze(
            ticket=OpenedTicketFactory(state="solved"), until=now + timedelta(days=1), by=agent
        )
    states.snooze(ticket=ticket, until=now + timedelta(days=1), by=agent)
    assert not Ticket.objects.awake().filter(pk=ticket.pk).exists()
    assert states.wake(ticket=ticket, by=agent).snoozed_until is None
    version = states.wake(ticket=ticket, by=agent).version
    assert Ticket.objects.get(pk=ticket.pk).version == version
    states.snooze(ticket=ticket, until=now + timedelta(days=2), by=agent)
    assert states.resolve(ticket=ticket, by=agent).snoozed_until is None


@pytest.mark.django_db
def test_time_brings_back_what_was_snoozed(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    later = OpenedTicketFactory(customer=ticket.customer)
    for one in (ticket, later):
        states.snooze(ticket=one, until=timezone.now() + timedelta(days=1), by=agent)
    Ticket.objects.filter(pk=ticket.pk).update(snoozed_until=timezone.now())

    assert (sweeping.wake_snoozed(), sweeping.wake_snoozed()) == (1, 0)

    event = TicketEvent.objects.get(kind="awoken")
    assert (event.ticket, event.actor, event.by) == (ticket, "system", None)


@pytest.mark.django_db
def test_time_closes_what_is_solved(business: Business, agent: User) -> None:
    solved = OpenedTicketFactory(at=timezone.now() - timedelta(days=20))
    days = desk.settings().closes_after_days
    states.resolve(ticket=solved, by=agent, at=timezone.now() - timedelta(days=days, minutes=1))
    younger = OpenedTicketFactory(customer=solved.customer, at=solved.opened_at)
    states.resolve(ticket=younger, by=agent, at=timezone.now() - timedelta(days=days, minutes=-1))

    assert (sweeping.close_solved(), sweeping.close_solved()) == (1, 0)

    solved.refresh_from_db()
    younger.refresh_from_db()
    assert (solved.state, younger.state) == ("closed", "solved")
    assert solved.closed_at is not None
    assert [event.kind for event in solved.events.order_by("at", "pk")][-1] == "closed"


@pytest.mark.django_db
def test_the_job_goes_on_until_nothing_is_due(business: Business, agent: User) -> None:
    ticket = OpenedTicketFactory()
    states.snooze(ticket=ticket, until=timezone.now() + timedelta(days=1), by=agent)
    Ticket.objects.update(snoozed_until=timezone.now())

    tasks.keep_time()
    tasks.keep_time()

    assert TicketEvent.objects.filter(kind="awoken").count() == 1
    assert jobs.JOBS["support.keep_time"].task == tasks.keep_time
