"""Targets of real tickets: opened, answered, prioritised, solved, and rebuilt from their events."""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta

import pytest
from django.utils import timezone

from staff.models import Business, User
from staff.refusals import Refusal
from support import first_levels, sla_tasks, targets
from support.actions import changes, conversation, merging, sla, states
from support.correspondents import Correspondent
from support.models import (
    Message,
    SlaTarget,
    Ticket,
    TicketEvent,
)
from tests.factories import OpenedTicketFactory, TicketFactory
from tests.support.promised import at, open_round_the_clock, rows, said

pytestmark = pytest.mark.django_db
ADA = Correspondent("ada@example.com", "Ada")


@pytest.fixture
def always_open(business: Business) -> None:
    open_round_the_clock()


@pytest.fixture
def monday_ticket(business: Business) -> Ticket:
    """Opened on Monday at ten, with normal priority: a reply within eight hours, done within 24."""
    return OpenedTicketFactory(at=at("mon 10:00"))


def test_opening_a_ticket_promises_a_first_reply_and_a_solution(monday_ticket):
    found = rows(monday_ticket)

    assert found["first_reply 1"].due_at == at("tue 9:00")
    assert found["solution 1"].due_at == at("wed 17:00")
    assert found["first_reply 1"].warn_at == at("mon 17:00")


def test_a_reply_meets_the_first_target_and_waiting_stops_the_clock(monday_ticket, agent):
    conversation.reply(ticket=monday_ticket, text="We are on it.", by=agent, at=at("mon 15:00"))

    found = rows(monday_ticket)
    assert found["first_reply 1"].met_at == at("mon 15:00")
    assert found["solution 1"].due_at is None
    monday_ticket.refresh_from_db()
    assert (monday_ticket.state, monday_ticket.next_due_at) == ("waiting", None)


def test_what_the_customer_writes_starts_it_again_and_wants_the_next_reply(monday_ticket, agent):
    conversation.reply(ticket=monday_ticket, text="We are on it.", by=agent, at=at("mon 15:00"))

    conversation.receive(
        ticket=monday_ticket, text="And now?", sender=ADA, is_proven=True, at=at("tue 10:00")
    )

    found = rows(monday_ticket)
    assert found["next_reply 1"].due_at == at("wed 9:00")
    assert found["solution 1"].due_at == at("thu 12:00")  # four of 24 hours had gone
    monday_ticket.refresh_from_db()
    assert monday_ticket.next_due_at == at("wed 9:00")


def test_thanks_and_notes_count_for_nothing(monday_ticket, agent):
    conversation.reply(
        ticket=monday_ticket, text="Done.", by=agent, then="solved", at=at("mon 15:00")
    )
    conversation.receive(
        ticket=monday_ticket,
        text="Thank you",
        sender=ADA,
        is_proven=True,
        is_thanks=True,
        at=at("tue 9:00"),
    )
    other = OpenedTicketFactory(at=at("mon 10:00"))
    conversation.add_note(ticket=other, text="Who takes this?", by=agent)

    assert "next_reply 1" not in rows(monday_ticket)
    assert rows(other)["first_reply 1"].met_at is None


def test_a_reply_that_was_taken_back_was_none(business, agent):
    ticket = OpenedTicketFactory()
    message = conversation.reply(ticket=ticket, text="We are on it.", by=agent)

    conversation.withdraw_reply(message=message, by=agent)

    first = rows(ticket)["first_reply 1"]
    assert (first.met_at, first.missed_at) == (None, None)
    assert first.due_at


def test_another_priority_moves_what_runs_and_says_so(always_open, agent):
    ticket = OpenedTicketFactory()  # an hour ago
    opened = ticket.opened_at

    changes.set_priority(ticket=ticket, priority=Ticket.Priority.HIGH, by=agent)

    found = rows(ticket)
    assert found["first_reply 1"].due_at == opened + timedelta(hours=4)
    assert found["solution 1"].due_at == opened + timedelta(hours=8)
    [(before, after)] = said(ticket, "due_changed")
    assert before == (
        f"first_reply {(opened + timedelta(hours=8)).isoformat()}, "
        f"solution {(opened + timedelta(hours=24)).isoformat()}"
    )
    assert after == (
        f"first_reply {(opened + timedelta(hours=4)).isoformat()}, "
        f"solution {(opened + timedelta(hours=8)).isoformat()}"
    )


def test_what_is_too_old_for_its_new_priority_is_due_at_once(always_open, agent):
    ticket = OpenedTicketFactory(at=timezone.now() - timedelta(hours=5))

    changes.set_priority(ticket=ticket, priority=Ticket.Priority.URGENT, by=agent)

    changed_at = TicketEvent.objects.get(ticket=ticket, kind="priority").at
    assert {row.due_at for row in rows(ticket).values()} == {changed_at}


def test_solving_meets_the_solution_and_reopening_promises_another(monday_ticket, agent):
    states.resolve(ticket=monday_ticket, by=agent, at=at("tue 10:00"))
    states.reopen(ticket=monday_ticket, by=agent, at=at("wed 10:00"))

    found = rows(monday_ticket)
    assert found["solution 1"].met_at == at("tue 10:00")
    assert found["solution 2"].started_at == at("wed 10:00")
    assert found["first_reply 1"].missed_at == at("tue 9:00")


def test_spam_is_owed_nothing(business, agent):
    ticket = OpenedTicketFactory()

    states.mark_spam(ticket=ticket, by=agent)

    assert all(row.cancelled_at for row in rows(ticket).values())
    ticket.refresh_from_db()
    assert ticket.next_due_at is None


# --- Time passes ------------------------------------------------------------------------------


def test_the_sweep_notes_once_what_became_overdue(always_open):
    ticket = OpenedTicketFactory()
    later = ticket.opened_at + timedelta(hours=8, minutes=1)

    assert sla.miss_overdue(later) == 1
    assert sla.miss_overdue(later) == 0

    row = rows(ticket)["first_reply 1"]
    assert row.missed_at == row.due_at == ticket.opened_at + timedelta(hours=8)
    assert said(ticket, "missed") == [("", "first_reply")]
    assert TicketEvent.objects.get(ticket=ticket, kind="missed").at == row.due_at
    ticket.refresh_from_db()
    assert ticket.next_due_at == row.due_at  # still owed: it stays late


def test_what_was_missed_stays_missed_when_it_is_done_and_is_no_longer_late(monday_ticket, agent):
    conversation.reply(
        ticket=monday_ticket, text="Sorry.", by=agent, then="open", at=at("thu 9:00")
    )

    first = rows(monday_ticket)["first_reply 1"]
    assert (first.missed_at, first.met_at) == (at("tue 9:00"), at("thu 9:00"))
    monday_ticket.refresh_from_db()
    assert monday_ticket.next_due_at == rows(monday_ticket)["solution 1"].due_at


# --- Rebuilt ------------------------------------------------------------------------------------


def live_through(ticket: Ticket, agent: User) -> None:
    """A bit of everything, over a week."""
    conversation.reply(ticket=ticket, text="On it.", by=agent, at=at("mon 15:00"))
    states.resume(ticket=ticket, by=agent, at=at("tue 9:00"))
    changes.set_priority(ticket=ticket, priority=Ticket.Priority.HIGH, by=agent)
    states.hold(ticket=ticket, by=agent, at=at("tue 11:00"))
    states.resolve(ticket=ticket, by=agent, at=at("wed 9:00"))
    states.reopen(ticket=ticket, by=agent, at=at("thu 9:00"))


def test_rebuilding_makes_the_same_rows(monday_ticket, agent):
    live_through(monday_ticket, agent)
    values = [*targets.COLUMNS, "kind", "occurrence"]
    before = set(SlaTarget.objects.values_list(*values))
    monday_ticket.refresh_from_db()
    next_due_at = monday_ticket.next_due_at
    SlaTarget.objects.all().delete()
    Ticket.objects.update(next_due_at=None)

    assert targets.rebuild([monday_ticket.pk]) == 1

    assert set(SlaTarget.objects.values_list(*values)) == before
    monday_ticket.refresh_from_db()
    assert monday_ticket.next_due_at == next_due_at
    assert targets.rebuild([monday_ticket.pk]) == 0
    assert targets.differing([monday_ticket.pk]) == []


def test_a_difference_is_found_and_mended(monday_ticket):
    SlaTarget.objects.filter(kind="solution").update(minutes=1)

    assert targets.differing([monday_ticket.pk]) == [monday_ticket.pk]
    assert targets.rebuild([monday_ticket.pk]) == 1
    assert rows(monday_ticket)["solution 1"].minutes == 1440


def test_a_hundred_tickets_take_as_many_queries_as_one(business, django_assert_num_queries):
    tickets = [TicketFactory(opened_at=at("mon 10:00")) for _number in range(100)]
    first_levels.install_now()
    one, *others = [ticket.pk for ticket in tickets]

    # Savepoint twice, tickets, versions of promises and hours, events, rows, new rows, next_due_at.
    with django_assert_num_queries(9):
        targets.rebuild([one])
    with django_assert_num_queries(9):
        targets.rebuild(others)

    assert SlaTarget.objects.count() == 200


def test_an_imported_ticket_that_ended_nobody_knows_when_is_not_judged(business):
    ticket = TicketFactory(state="solved", opened_at=at("mon 10:00"))

    targets.rebuild([ticket.pk])

    assert all(row.cancelled_at and not row.met_at for row in rows(ticket).values())


def test_the_nightly_check_mends_what_differs_and_says_so(monday_ticket, caplog):
    assert sla_tasks.check_targets() == 0
    SlaTarget.objects.filter(kind="solution").update(minutes=1)

    assert sla_tasks.check_targets() == 1

    assert "1 tickets differed" in caplog.text
    assert rows(monday_ticket)["solution 1"].minutes == 1440


def test_the_nightly_check_leaves_imported_history_without_due_times(monday_ticket):
    SlaTarget.objects.all().delete()
    Ticket.objects.update(channel=Ticket.Channel.IMPORT)

    assert sla_tasks.check_targets() == 0

    assert not SlaTarget.objects.exists()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_the_rows_are_what_the_events_say(business, agent, seed):
    chance = random.Random(seed)
    tickets = [OpenedTicketFactory(at=at("mon 10:00")) for _number in range(2)]
    replies: list[Message] = []
    now = at("mon 10:00")

    def reply(ticket: Ticket) -> None:
        then = chance.choice(["", "open", "waiting", "on_hold", "solved"])
        replies.append(conversation.reply(ticket=ticket, text="So.", by=agent, then=then, at=now))

    def merge(ticket: Ticket) -> None:
        [other] = [one for one in tickets if one != ticket]
        merged = merging.merge(ticket=ticket, into=other, by=agent, across_customers=True)
        if chance.random() < 0.7:
            merging.undo_merge(change_set=merged, by=agent)

    todo = [
        reply,
        lambda ticket: conversation.receive(
            ticket=ticket, text="And?", sender=ADA, is_proven=True, at=now
        ),
        lambda ticket: conversation.withdraw_reply(message=replies.pop(), by=agent),
        lambda ticket: states.move(
            ticket=ticket, to=chance.choice(states.BY_HAND), by=agent, at=now
        ),
        lambda ticket: states.reopen(ticket=ticket, by=agent, at=now),
        lambda ticket: states.unmark_spam(ticket=ticket, by=agent, at=now),
        lambda ticket: changes.set_priority(
            ticket=ticket, priority=chance.choice(Ticket.Priority.values), by=agent
        ),
        merge,
    ]
    for _step in range(25):
        now += timedelta(minutes=chance.randrange(600))
        with contextlib.suppress(Refusal, IndexError):
            chance.choice(todo)(Ticket.objects.get(pk=chance.choice(tickets).pk))
        assert targets.differing(one.pk for one in tickets) == []
