"""The counters of the desk: one walk along what is open says what each view would count."""

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from staff.models import User
from support import tally as tallying
from support.filters import COUNTED, VIEWS
from support.models import Queue, Ticket
from support.tally import of_queue, tally
from tests.factories import CustomerFactory, QueueFactory, UserFactory

State = Ticket.State


@pytest.fixture(autouse=True)
def tickets(agent: User) -> None:
    """Of every kind, in a queue for all, a private one and one that is archived."""
    now = timezone.now()
    times = (None, now - timedelta(hours=1), now + timedelta(hours=1))
    queues = [
        QueueFactory(name="Front desk"),
        QueueFactory(name="Staff matters", is_private=True),
        QueueFactory(name="Of old", archived_at=now),
    ]
    states = (State.NEW, State.WAITING, State.WAITING, State.CLOSED)
    people = (None, agent, UserFactory())
    customer = CustomerFactory()
    Ticket.objects.bulk_create(
        Ticket(
            customer=customer,
            subject="Oven",
            queue=queue,
            state=state,
            assignee=person,
            next_due_at=due,
            snoozed_until=snoozed,
        )
        for queue, state, person, due, snoozed in product(queues, states, people, times, times)
    )


def each(user: User) -> dict[str, int]:
    """Every view and every queue asked by itself."""
    seen = Ticket.objects.visible_to(user)
    is_open = VIEWS["open"][1](seen, user)
    views = {name: VIEWS[name][1](seen, user).count() for name in COUNTED}
    queues = Queue.objects.visible_to(user)
    return views | {of_queue(queue): is_open.filter(queue=queue).count() for queue in queues}


def told(user: User) -> dict[str, str]:
    return {name: str(count) for name, count in tally(user, _queues(user)).items()}


def _queues(user: User) -> list[Queue]:
    return list(Queue.objects.visible_to(user))


def test_one_walk_counts_what_each_view_would(
    agent: User, manager: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for user in (agent, manager):
        queues = _queues(user)
        with django_assert_num_queries(1):
            counts = tally(user, queues)
        assert {name: int(count) for name, count in counts.items()} == each(user)
    assert each(agent)["open"] < each(manager)["open"], "private queues stay private"


def test_a_count_beyond_its_cap_says_at_least(agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = each(agent)
    monkeypatch.setattr(tallying, "CAP", exact["mine"])

    expected = {
        name: f"{exact['mine']}+" if number > exact["mine"] else str(number)
        for name, number in exact.items()
    }
    assert told(agent) == expected


@pytest.mark.parametrize("most", [1, 40, 81, 82, 200, 242, 243, 244])
def test_when_the_walk_ends_early_the_counts_are_the_same(
    agent: User,
    most: int,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    queues, before = _queues(agent), told(agent)
    monkeypatch.setattr(tallying, "MOST", most)

    with django_assert_max_num_queries(2):
        counts = tally(agent, queues)

    assert {name: str(count) for name, count in counts.items()} == before


def test_nobody_waits_on_an_empty_desk(agent: User) -> None:
    Ticket.objects.all().delete()
    assert set(told(agent).values()) == {"0"}
