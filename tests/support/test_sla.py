"""Targets of real tickets: opened, answered, prioritised, solved, and rebuilt from their events."""

from __future__ import annotations

import contextlib
import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from mail.models import OutgoingEmail
from staff.models import AuditEntry, Business, User
from staff.refusals import Refusal
from support import first_levels, sla_tasks, targets
from support.actions import changes, conversation, merging, service_levels, sla, states
from support.correspondents import Correspondent
from support.hours import Span
from support.models import (
    CalendarVersion,
    Message,
    NewTerms,
    NoticeChoice,
    SlaTarget,
    Ticket,
    TicketEvent,
)
from tests.factories import OpenedTicketFactory, QueueFactory, TicketFactory

pytestmark = pytest.mark.django_db
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ADA = Correspondent("ada@example.com", "Ada")


def at(when: str) -> datetime:
    """ "mon 10:00" of a week without holidays, in São Paulo: eight to noon, one to six."""
    day, clock_time = when.split()
    hour, minute = map(int, clock_time.split(":"))
    days = "mon tue wed thu fri".split().index(day)
    return datetime(2024, 11, 4, hour, minute, tzinfo=SAO_PAULO) + timedelta(days=days)


def rows(ticket: Ticket) -> dict[str, SlaTarget]:
    found = SlaTarget.objects.filter(ticket=ticket)
    return {f"{row.kind} {row.occurrence}": row for row in found}


def said(ticket: Ticket, kind: str) -> list[tuple[str, str]]:
    events = TicketEvent.objects.filter(ticket=ticket, kind=kind).order_by("pk")
    return list(events.values_list("before", "after"))


@pytest.fixture
def always_open(business: Business) -> None:
    """Hours that have always been round the clock: due times can be read off any clock."""
    first_levels.install_now()
    CalendarVersion.objects.update(week=[[["00:00", "24:00"]]] * 7, holidays="")


@pytest.fixture
def ticket(business: Business) -> Ticket:
    """Opened on Monday at ten, with normal priority: a reply within eight hours, done within 24."""
    return OpenedTicketFactory(at=at("mon 10:00"))


def test_opening_a_ticket_promises_a_first_reply_and_a_solution(ticket):
    found = rows(ticket)

    assert found["first_reply 1"].due_at == at("tue 9:00")
    assert found["solution 1"].due_at == at("wed 17:00")
    assert found["first_reply 1"].warn_at == at("mon 17:00")


def test_a_reply_meets_the_first_target_and_waiting_stops_the_clock(ticket, agent):
    conversation.reply(ticket=ticket, text="We are on it.", by=agent, at=at("mon 15:00"))

    found = rows(ticket)
    assert found["first_reply 1"].met_at == at("mon 15:00")
    assert found["solution 1"].due_at is None
    ticket.refresh_from_db()
    assert (ticket.state, ticket.next_due_at) == ("waiting", None)


def test_what_the_customer_writes_starts_it_again_and_wants_the_next_reply(ticket, agent):
    conversation.reply(ticket=ticket, text="We are on it.", by=agent, at=at("mon 15:00"))

    conversation.receive(
        ticket=ticket, text="And now?", sender=ADA, is_proven=True, at=at("tue 10:00")
    )

    found = rows(ticket)
    assert found["next_reply 1"].due_at == at("wed 9:00")
    assert found["solution 1"].due_at == at("thu 12:00")  # four of 24 hours had gone
    ticket.refresh_from_db()
    assert ticket.next_due_at == at("wed 9:00")


def test_thanks_and_notes_count_for_nothing(ticket, agent):
    conversation.reply(ticket=ticket, text="Done.", by=agent, then="solved", at=at("mon 15:00"))
    conversation.receive(
        ticket=ticket,
        text="Thank you",
        sender=ADA,
        is_proven=True,
        is_thanks=True,
        at=at("tue 9:00"),
    )
    other = OpenedTicketFactory(at=at("mon 10:00"))
    conversation.add_note(ticket=other, text="Who takes this?", by=agent)

    assert "next_reply 1" not in rows(ticket)
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


def test_solving_meets_the_solution_and_reopening_promises_another(ticket, agent):
    states.resolve(ticket=ticket, by=agent, at=at("tue 10:00"))
    states.reopen(ticket=ticket, by=agent, at=at("wed 10:00"))

    found = rows(ticket)
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


def test_what_was_missed_stays_missed_when_it_is_done_and_is_no_longer_late(ticket, agent):
    conversation.reply(ticket=ticket, text="Sorry.", by=agent, then="open", at=at("thu 9:00"))

    first = rows(ticket)["first_reply 1"]
    assert (first.missed_at, first.met_at) == (at("tue 9:00"), at("thu 9:00"))
    ticket.refresh_from_db()
    assert ticket.next_due_at == rows(ticket)["solution 1"].due_at


# --- Rebuilt ------------------------------------------------------------------------------------


def live_through(ticket: Ticket, agent: User) -> None:
    """A bit of everything, over a week."""
    conversation.reply(ticket=ticket, text="On it.", by=agent, at=at("mon 15:00"))
    states.resume(ticket=ticket, by=agent, at=at("tue 9:00"))
    changes.set_priority(ticket=ticket, priority=Ticket.Priority.HIGH, by=agent)
    states.hold(ticket=ticket, by=agent, at=at("tue 11:00"))
    states.resolve(ticket=ticket, by=agent, at=at("wed 9:00"))
    states.reopen(ticket=ticket, by=agent, at=at("thu 9:00"))


def test_rebuilding_makes_the_same_rows(ticket, agent):
    live_through(ticket, agent)
    values = [*targets.COLUMNS, "kind", "occurrence"]
    before = set(SlaTarget.objects.values_list(*values))
    ticket.refresh_from_db()
    next_due_at = ticket.next_due_at
    SlaTarget.objects.all().delete()
    Ticket.objects.update(next_due_at=None)

    assert targets.rebuild([ticket.pk]) == 1

    assert set(SlaTarget.objects.values_list(*values)) == before
    ticket.refresh_from_db()
    assert ticket.next_due_at == next_due_at
    assert targets.rebuild([ticket.pk]) == 0
    assert targets.differing([ticket.pk]) == []


def test_a_difference_is_found_and_mended(ticket):
    SlaTarget.objects.filter(kind="solution").update(minutes=1)

    assert targets.differing([ticket.pk]) == [ticket.pk]
    assert targets.rebuild([ticket.pk]) == 1
    assert rows(ticket)["solution 1"].minutes == 1440


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


# --- Warned in time -----------------------------------------------------------------------------


def test_whoever_has_the_ticket_is_warned_once_at_three_quarters(always_open, agent):
    ticket = OpenedTicketFactory(assignee=agent)
    OutgoingEmail.objects.all().delete()
    near = ticket.opened_at + timedelta(hours=6)

    assert sla.warn(near - timedelta(seconds=1)) == 0
    assert sla.warn(near) == 1
    assert sla.warn(near) == 0

    [sent] = OutgoingEmail.objects.all()
    assert sent.to_address == agent.email
    assert "first reply" in sent.subject
    assert said(ticket, "breach_near") == [("", "first_reply")]


def test_while_nobody_has_it_everybody_of_the_queue_who_wants_to_is_warned(
    always_open, agent, manager
):
    queue = QueueFactory(is_private=True)
    queue.members.add(agent, manager)
    NoticeChoice.objects.create(user=manager, due=False)
    ticket = OpenedTicketFactory(queue=queue)

    sla.warn(ticket.opened_at + timedelta(hours=6))

    warned = OutgoingEmail.objects.filter(about_id=ticket.pk, subject__contains="Due")
    assert [one.to_address for one in warned] == [agent.email]


def test_nobody_is_warned_of_what_is_done_paused_or_too_late(always_open, agent):
    done, paused, late = (OpenedTicketFactory(assignee=agent) for _number in range(3))
    states.resolve(ticket=done, by=agent)
    states.wait(ticket=paused, by=agent)
    OutgoingEmail.objects.all().delete()

    sla.warn(late.opened_at + timedelta(hours=25))

    assert not OutgoingEmail.objects.exists()


# --- Hours and promises change --------------------------------------------------------------------


def test_new_service_levels_reach_what_runs_and_leave_what_was_met(always_open, agent, manager):
    answered, waits = OpenedTicketFactory(), OpenedTicketFactory()
    conversation.reply(ticket=answered, text="Here.", by=agent, then="open")

    version = service_levels.set_targets(
        targets={"20": {"first_reply": 120, "solution": 600}}, warns_at_percent=50, by=manager
    )
    while sla.follow_new_terms():
        pass

    met, running = rows(answered)["first_reply 1"], rows(waits)["first_reply 1"]
    assert (met.minutes, running.minutes) == (480, 120)
    assert met.policy_version_id != running.policy_version_id == version.pk
    assert running.due_at == waits.opened_at + timedelta(hours=2)
    assert rows(answered)["solution 1"].minutes == 600
    assert len(said(waits, "due_changed")) == 1
    assert NewTerms.objects.filter(done_at=None).count() == 0
    assert targets.differing([answered.pk, waits.pk]) == []


def test_a_priority_that_had_no_target_gets_one(always_open, manager):
    service_levels.set_targets(targets={"40": {"solution": 60}}, warns_at_percent=75, by=manager)
    ticket = OpenedTicketFactory(at=timezone.now())
    assert rows(ticket) == {}

    service_levels.set_targets(targets={"20": {"solution": 600}}, warns_at_percent=75, by=manager)
    while sla.follow_new_terms():
        pass

    assert rows(ticket)["solution 1"].due_at == ticket.opened_at + timedelta(hours=10)


def test_new_hours_count_from_now_on_in_the_business_s_time_zone(always_open, business, manager):
    ticket = OpenedTicketFactory()
    nine_to_ten = (Span(540, 600),)

    version = service_levels.set_hours(
        week=[nine_to_ten] * 7, holidays="BR-SP", closed=[], by=manager
    )
    while sla.follow_new_terms():
        pass

    found = rows(ticket)["first_reply 1"]
    assert version.number == 2
    assert found.calendar_version_id == version.pk
    # An hour of eight had gone; an hour a day is left, so a week at least.
    assert found.due_at > timezone.now() + timedelta(days=6)


def test_the_same_again_makes_no_version_and_leaves_no_trace(always_open, business, manager):
    hours, wanted = service_levels.current_hours(), service_levels.current_targets()
    AuditEntry.objects.all().delete()

    service_levels.set_hours(week=[(Span(0, 1440),)] * 7, holidays="", closed=[], by=manager)
    service_levels.set_targets(targets=first_levels.TARGETS, warns_at_percent=75, by=manager)

    assert service_levels.current_hours() == hours
    assert service_levels.current_targets() == wanted
    assert not NewTerms.objects.exists()
    assert not AuditEntry.objects.exists()


def test_changes_of_hours_and_service_levels_are_on_the_trail(always_open, manager):
    service_levels.set_hours(week=[(Span(540, 600),)] * 7, holidays="BR", closed=[], by=manager)
    service_levels.set_targets(
        targets={**first_levels.TARGETS, "10": {"solution": 600}}, warns_at_percent=75, by=manager
    )

    hours = AuditEntry.objects.get(action="hours.change")
    levels = AuditEntry.objects.get(action="service_levels.change")
    assert hours.by == manager
    assert hours.changes["weekday 6"] == ["00:00–24:00", "09:00–10:00"]
    assert levels.changes == {
        "first_reply 10": [1440, None],
        "next_reply 10": [1440, None],
        "solution 10": [4320, 600],
    }


def test_a_week_without_hours_is_refused(always_open, manager):
    with pytest.raises(service_levels.NeverOpen):
        service_levels.set_hours(week=[()] * 7, holidays="", closed=[], by=manager)


def test_hours_move_along_with_the_business(always_open, business):
    assert service_levels.follow_time_zone() is None

    Business.objects.update(time_zone="Europe/Lisbon")

    assert service_levels.follow_time_zone().time_zone == "Europe/Lisbon"
    assert service_levels.follow_time_zone() is None


# --- What is there from the start -------------------------------------------------------------------


def test_the_first_hours_are_those_that_are_usual_where_the_business_is(business):
    first_levels.install_now()
    first_levels.install_now()

    hours = service_levels.current_hours()
    assert hours.week[0] == [["08:00", "12:00"], ["13:00", "18:00"]]
    assert hours.week[5] == []
    assert (hours.time_zone, hours.holidays) == ("America/Sao_Paulo", "BR")
    assert CalendarVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("zone", "country", "monday"),
    [
        ("Europe/Madrid", "ES", [["09:00", "14:00"], ["16:00", "19:00"]]),
        ("America/Bogota", "CO", [["09:00", "13:00"], ["14:00", "18:00"]]),
        ("UTC", "", [["09:00", "13:00"], ["14:00", "18:00"]]),
    ],
)
def test_in_spanish_too(business, zone, country, monday):
    Business.objects.update(time_zone=zone, language="es")

    first_levels.install_now()

    hours = service_levels.current_hours()
    assert (hours.holidays, hours.week[0]) == (country, monday)


# --- The jobs -----------------------------------------------------------------------------------


def test_the_sweep_does_all_of_it_and_a_second_one_nothing_more(always_open, agent, manager):
    late = OpenedTicketFactory(at=timezone.now() - timedelta(hours=7), assignee=agent)
    service_levels.set_targets(
        targets={"20": {"first_reply": 60, "solution": 1440}}, warns_at_percent=25, by=manager
    )
    Business.objects.update(time_zone="Europe/Lisbon")

    sla_tasks.sweep()
    told = [TicketEvent, OutgoingEmail, CalendarVersion, NewTerms]
    counted = [model.objects.count() for model in told]
    sla_tasks.sweep()

    assert [model.objects.count() for model in told] == counted
    assert service_levels.current_hours().time_zone == "Europe/Lisbon"
    assert not NewTerms.objects.filter(done_at=None).exists()
    # An hour was long over when it became the time for a first reply; a quarter of the day too.
    assert rows(late)["first_reply 1"].missed_at
    assert said(late, "missed") == [("", "first_reply")]
    assert said(late, "breach_near") == [("", "solution")]


def test_the_nightly_check_mends_what_differs_and_says_so(ticket, caplog):
    assert sla_tasks.check_targets() == 0
    SlaTarget.objects.filter(kind="solution").update(minutes=1)

    assert sla_tasks.check_targets() == 1

    assert "1 tickets differed" in caplog.text
    assert rows(ticket)["solution 1"].minutes == 1440


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
