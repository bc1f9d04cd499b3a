"""The settings of working hours and service levels, and what Today says of due times."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from staff.models import AuditEntry, Business
from support import first_levels
from support.actions import service_levels, states
from support.forms.service_levels import DurationField, SpansField, duration_text
from support.hours import Span
from support.models import CalendarVersion, SlaPolicyVersion
from tests.factories import OpenedTicketFactory, QueueFactory

HOURS, LEVELS = "/settings/hours/", "/settings/service-levels/"
WEEK = {f"day_{day}": "09:00–14:00, 16:00–19:00" for day in range(5)} | {"day_5": "", "day_6": ""}


@pytest.fixture
def levels(business: Business) -> None:
    first_levels.install_now()


# --- What people write ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("09:00–14:00, 16:00–19:00", ((540, 840), (960, 1140))),
        ("9-14 y 16-19", ((540, 840), (960, 1140))),
        ("8h às 12h e 13h30 às 18h", ((480, 720), (810, 1080))),
        ("9am to 5pm", ((540, 1020),)),
        ("16:00-19:00; 9.00-14.00", ((540, 840), (960, 1140))),
        ("22:00–24:00", ((1320, 1440),)),
        ("22:00-0:00", ((1320, 1440),)),
        ("9:00–14:00,14:00–19:00", ((540, 840), (840, 1140))),
        ("  ", ()),
    ],
)
def test_hours_are_read_as_people_write_them(text, spans):
    assert SpansField().clean(text) == spans


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nine to five", "can’t be read"),
        ("9", "can’t be read"),
        ("9:00–25:00", "no time of day"),
        ("9:00–14:75", "no time of day"),
        ("14:00–9:00", "ends before it begins"),
        ("9:00–9:00", "ends before it begins"),
        ("9:00–14:00, 13:00–19:00", "overlap"),
    ],
)
def test_hours_that_make_no_sense_are_said_to(text, words):
    field = SpansField()
    with pytest.raises(Exception, match=words):
        field.clean(text)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("4", 240),
        ("4 h", 240),
        ("4,5 h", 270),
        ("1.5", 90),
        ("1:30", 90),
        ("1 h 30 min", 90),
        ("1h30", 90),
        ("30 min", 30),
        ("90m", 90),
        ("2 horas", 120),
        ("", None),
    ],
)
def test_working_times_are_read_as_people_write_them(text, minutes):
    assert DurationField().clean(text) == minutes


@pytest.mark.parametrize("text", ["soon", "2 d", "-1", "0", "1:75", "h", "99999 h"])
def test_working_times_that_make_no_sense_are_refused(text):
    field = DurationField()
    with pytest.raises(Exception, match=r"can’t be read|at least a minute|ten years"):
        field.clean(text)


def test_what_is_shown_can_be_read_again():
    for minutes in (1, 59, 60, 90, 1440, 4321):
        assert DurationField().clean(duration_text(minutes)) == minutes


# --- Hours ------------------------------------------------------------------------------------------


def test_hours_are_saved_as_a_version_and_shown_again(levels, manager_client, manager):
    next_year = timezone.localdate().year + 1
    response = manager_client.post(
        HOURS,
        WEEK
        | {
            "holidays": "ES-VC",
            "closed_from": f"{next_year}-08-03",
            "closed_until": f"{next_year}-08-21",
        },
    )

    assertRedirects(response, HOURS)
    version = service_levels.current_hours()
    assert (version.number, version.created_by, version.holidays) == (2, manager, "ES-VC")
    assert version.week[0] == [["09:00", "14:00"], ["16:00", "19:00"]]
    assert len(version.closed) == 19
    page = manager_client.get(HOURS)
    assertContains(page, "09:00–14:00, 16:00–19:00")
    assertContains(page, f"{next_year}-08-03/{next_year}-08-21")
    assert AuditEntry.objects.get(action="hours.change").changes["weekday 0"] == [
        "08:00–12:00, 13:00–18:00",
        "09:00–14:00, 16:00–19:00",
    ]


def test_days_off_go_when_they_are_unticked_and_when_they_are_over(levels, manager_client, manager):
    today = timezone.localdate()
    tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)
    service_levels.set_hours(
        week=[(Span(540, 600),)] * 7, holidays="", closed=[yesterday, today, tomorrow], by=manager
    )
    week = {f"day_{day}": "9:00–10:00" for day in range(7)}

    manager_client.post(HOURS, week | {"keep": [f"{yesterday}/{tomorrow}"]})
    assert len(service_levels.current_hours().closed) == 3

    manager_client.post(HOURS, week)
    assert service_levels.current_hours().closed == []


def test_what_is_wrong_with_the_hours_is_said_at_the_field_and_what_was_typed_stays(
    levels, manager_client
):
    page = manager_client.post(HOURS, WEEK | {"day_2": "14:00–9:00", "closed_until": "2026-01-01"})

    assertContains(page, "ends before it begins")
    assertContains(page, 'value="14:00–9:00"')
    assertContains(page, "Say from which day on you are closed.")
    assert CalendarVersion.objects.count() == 1


def test_a_week_without_hours_is_refused(levels, manager_client):
    page = manager_client.post(HOURS, {f"day_{day}": "" for day in range(7)})

    assertContains(page, "Say at least once in the week when you work.")


def test_the_coming_holidays_of_a_region_can_be_looked_at(levels, manager_client):
    fragment = manager_client.get(
        HOURS, {"holidays": "PT"}, headers={"HX-Request": "true", "Accept-Language": "en"}
    )

    text = fragment.content.decode()
    assert "Christmas Day" in text or "Easter Sunday" in text  # whichever comes sooner
    assert "<html" not in text
    assertContains(manager_client.get(HOURS, {"holidays": "nowhere"}), "None: choose your country")


def test_hours_are_read_by_all_and_changed_by_managers(levels, agent_client, read_only_client):
    assertContains(read_only_client.get(HOURS), "08:00–12:00, 13:00–18:00")
    assertNotContains(agent_client.get(HOURS), "<fieldset")
    assert agent_client.post(HOURS, WEEK).status_code == 403
    assert agent_client.post(LEVELS, {}).status_code == 403


def test_the_hours_page_takes_a_fixed_number_of_queries(
    levels, manager_client, django_assert_max_num_queries
):
    manager_client.get(HOURS)
    with django_assert_max_num_queries(8):
        manager_client.get(HOURS)


# --- Service levels ----------------------------------------------------------------------------------


def levels_form(**changed: str) -> dict[str, str]:
    values = {
        f"{kind}_{priority}": duration_text(minutes)
        for priority, by_kind in first_levels.TARGETS.items()
        for kind, minutes in by_kind.items()
    }
    return values | {"warns_at_percent": "75"} | changed


def test_service_levels_are_saved_as_a_version(levels, manager_client):
    response = manager_client.post(
        LEVELS, levels_form(first_reply_40="30 min", next_reply_10="", warns_at_percent="60")
    )

    assertRedirects(response, LEVELS)
    version = service_levels.current_targets()
    assert version.targets["40"]["first_reply"] == 30
    assert "next_reply" not in version.targets["10"]
    assert (version.number, version.warns_at_percent) == (2, 60)
    trail = manager_client.get("/settings/audit/")
    assertContains(trail, "First reply · urgent")


def test_a_solution_before_the_first_reply_is_refused_at_the_field(levels, manager_client):
    page = manager_client.post(LEVELS, levels_form(solution_40="30 min", first_reply_30="soon"))

    assertContains(page, "A solution can’t be due before the first reply.")
    assertContains(page, "“soon” can’t be read")
    assert SlaPolicyVersion.objects.count() == 1


def test_the_page_shows_when_a_ticket_that_comes_now_would_be_due(levels, manager_client):
    page = manager_client.get(LEVELS)

    assertContains(page, "A ticket that comes in now")
    assertContains(page, "24 h")


def test_the_first_visit_makes_what_is_missing(business, manager_client):
    assert manager_client.get(LEVELS).status_code == 200
    assert SlaPolicyVersion.objects.count() == 1


# --- Today ---------------------------------------------------------------------------------------


def test_today_shows_what_nobody_of_my_queue_has_taken_in_time(levels, agent, agent_client):
    CalendarVersion.objects.update(week=[[["00:00", "24:00"]]] * 7, holidays="")
    queue = QueueFactory(name="Repairs")
    queue.members.add(agent)
    seven_hours_ago = timezone.now() - timedelta(hours=7)
    due = OpenedTicketFactory(subject="Due in an hour", at=seven_hours_ago, queue=queue)
    OpenedTicketFactory(subject="Late", at=seven_hours_ago - timedelta(days=9), queue=queue)
    OpenedTicketFactory(subject="Of others", at=seven_hours_ago)
    OpenedTicketFactory(subject="Not yet", queue=queue)

    page = agent_client.get("/today/")

    assertContains(page, "nobody has them")
    assertContains(page, "Due in an hour")
    assertContains(page, "Late")
    assertNotContains(page, "Of others")
    assertNotContains(page, "Not yet")
    states.wait(ticket=due, by=agent)
    assertNotContains(agent_client.get("/today/"), "Due in an hour")
