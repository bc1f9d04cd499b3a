"""Service levels over time: warnings, other hours and levels, what is there from the start, the jobs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mail.models import OutgoingEmail
from staff.models import AuditEntry, Business
from support import first_levels, sla_tasks, targets
from support.actions import conversation, service_levels, sla, states
from support.hours import Span
from support.models import (
    CalendarVersion,
    NewTerms,
    NoticeChoice,
    TicketEvent,
)
from tests.factories import OpenedTicketFactory, QueueFactory
from tests.support.promised import open_round_the_clock, rows, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def always_open(business: Business) -> None:
    open_round_the_clock()


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


# --- Hours and service levels change ---------------------------------------------------------------


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
