"""The columns of a ticket always are what its events say, whatever happened in which order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from staff.models import Business, User
from staff.refusals import Refusal
from support import projection, targets
from support.actions import merging, states
from support.actions.changes import assign, set_priority
from support.actions.conversation import add_note, receive, reply, withdraw_reply
from support.actions.selections import change_many
from support.correspondents import Correspondent
from support.models import Message, Ticket, TicketEvent
from tests.factories import CustomerFactory, OpenedTicketFactory, TicketFactory

pytestmark = pytest.mark.django_db
ADA = Correspondent("ada@example.com", "Ada")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def imported(*told: tuple[str, int]) -> Ticket:
    """A ticket opened at START, with these events so many hours later, and nothing else."""
    ticket = TicketFactory(opened_at=START, last_activity_at=START)
    TicketEvent.objects.bulk_create(
        TicketEvent(ticket=ticket, kind=kind, at=START + timedelta(hours=hours))
        for kind, hours in told
    )
    projection.rebuild([ticket.pk])
    ticket.refresh_from_db()
    return ticket


def hours(at: datetime | None) -> float | None:
    return None if at is None else (at - START) / timedelta(hours=1)


def test_solved_again_and_opened_again(business: Business) -> None:
    ticket = imported(
        ("received", 0), ("replied", 1), ("replied", 2), ("resolved", 2), ("reopened", 5),
        ("replied", 6), ("resolved", 7), ("reopened", 9), ("received", 9), ("resolved", 10),
    )  # fmt: skip

    assert hours(ticket.first_replied_at) == 1
    assert hours(ticket.first_resolved_at) == 2
    assert hours(ticket.first_reopened_at) == 5
    assert hours(ticket.last_resolved_at) == 10
    assert ticket.replies_to_solve == 2
    assert hours(ticket.last_inbound_at) == hours(ticket.last_activity_at) == 9
    assert hours(ticket.last_outbound_at) == 6


def test_solved_twice_without_having_been_opened_between(business: Business) -> None:
    ticket = imported(("reopened", 1), ("resolved", 2), ("resolved", 4))

    assert hours(ticket.first_resolved_at) == 2
    assert hours(ticket.last_resolved_at) == 4
    assert ticket.first_reopened_at is None
    assert ticket.replies_to_solve == 0


def test_solved_before_it_was_opened_is_kept(business: Business) -> None:
    ticket = imported(("resolved", -3))

    assert hours(ticket.first_resolved_at) == -3
    assert ticket.first_resolution_business_seconds is None


def test_closed_until_it_is_opened_again(business: Business) -> None:
    assert hours(imported(("resolved", 1), ("closed", 3)).closed_at) == 3
    assert imported(("closed", 3), ("reopened", 4)).closed_at is None
    assert hours(imported(("closed", 3), ("reopened", 4), ("closed", 5)).closed_at) == 5


def test_rebuilding_a_million_takes_the_same_queries_per_thousand(
    business: Business,
    django_assert_max_num_queries: object,
) -> None:
    tickets = [imported(("replied", 1)) for _ in range(12)]
    Ticket.objects.update(first_replied_at=None, replies_to_solve=9)

    assert sorted(projection.differing(one.pk for one in tickets)) == [one.pk for one in tickets]
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert projection.rebuild(one.pk for one in tickets) == 12
    assert projection.rebuild(one.pk for one in tickets) == 0


STEPS = st.sampled_from(
    "receive thanks automatic reply solve_reply withdraw note priority assign "
    "open waiting on_hold solved closed spam unspam snooze merge unmerge split many".split()
)


def act(step: str, tickets: list[Ticket], which: int, agent: User) -> None:  # noqa: C901, PLR0912
    one = tickets[which % len(tickets)]
    match step:
        case "receive" | "thanks":
            receive(ticket=one, text="Hi", sender=ADA, is_thanks=step == "thanks")
        case "automatic":
            receive(ticket=one, text="Away", sender=ADA, automatic="auto-replied")
        case "reply" | "solve_reply":
            then = "waiting" if step == "reply" else "solved"
            reply(ticket=one, text="Hello", by=agent, then=then)
        case "withdraw":
            last = Message.objects.filter(ticket=one, kind="reply").order_by("-pk").first()
            if last:
                withdraw_reply(message=last, by=agent)
        case "note":
            add_note(ticket=one, text="Note", by=agent)
        case "priority":
            set_priority(ticket=one, priority=40 if one.priority == 20 else 20, by=agent)
        case "assign":
            assign(ticket=one, assignee=None if one.assignee_id else agent, by=agent)
        case "snooze":
            until = datetime.now(UTC) + timedelta(days=1)
            states.snooze(ticket=one, until=until, by=agent)
        case "unspam":
            states.unmark_spam(ticket=one, by=agent)
        case "merge":
            merging.merge(ticket=one, into=tickets[(which + 1) % len(tickets)], by=agent)
        case "unmerge":
            one = Ticket.objects.get(pk=one.pk)
            if change_set := merging.merge_of(one):
                merging.undo_merge(change_set=change_set, by=agent)
        case "split":
            split = list(one.messages.order_by("-pk")[:1])
            tickets.append(merging.split(ticket=one, messages=split, subject="Part", by=agent))
        case "many":
            change_many(tickets=Ticket.objects.all(), by=agent, state="solved", priority=30)
        case state:
            states.move(ticket=one, to=state, by=agent)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.tuples(STEPS, st.integers(0, 9)), max_size=12))
def test_after_any_sequence_of_actions_all_is_as_recomputed(
    business: Business, agent: User, steps: list[tuple[str, int]]
) -> None:
    Ticket.objects.all().delete()
    customer = CustomerFactory()
    tickets = [OpenedTicketFactory(customer=customer, requester=ADA) for _ in range(2)]
    for step, which in steps:
        try:
            act(step, tickets, which, agent)
        except Refusal:
            continue
    ids = [ticket.pk for ticket in tickets]
    assert projection.differing(ids) == []
    assert targets.differing(ids) == []
    for ticket in Ticket.objects.filter(pk__in=ids):
        # A ticket's state is where its last step led.
        last = ticket.events.filter(kind__in=STEP_KINDS).order_by("at", "pk").last()
        assert ticket.state == (last.after if last else "new")
        versions = list(ticket.events.exclude(version=0).values_list("version", flat=True))
        assert max(versions) <= ticket.version


STEP_KINDS = (
    "started waiting on_hold resumed resolved reopened closed spam not_spam merged unmerged".split()
)
