"""/surveys/triggers/ and /settings/surveys/: what is sent by itself, and the rules of all asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Segment
from mail.models import OutgoingEmail
from staff.models import AuditEntry, Business, User
from surveys.actions import delivering, sending
from surveys.actions.surveys import stock_survey
from surveys.asking_hours import leaves_at
from surveys.audience import Audience
from surveys.models import AskingRules, Invitation, Skip, SurveyTrigger
from tests.factories import CustomerFactory, InvitationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("business")]

RULES = {
    "quiet_until": 10,
    "quiet_from": 18,
    "daily_cap": "",
    "nps_pause_days": 60,
    "csat_pause_days": 30,
    "ces_pause_days": 30,
    "reminder_after_days": 3,
}
# A Friday evening, and the Monday after it, at ten, in São Paulo.
FRIDAY = datetime(2026, 9, 18, 22, tzinfo=UTC)
MONDAY = datetime(2026, 9, 21, 13, tzinfo=UTC)


def test_a_manager_lets_a_survey_be_sent_by_itself(
    manager_client: Client, agent_client: Client
) -> None:
    address = "/surveys/triggers/new/ordered/"
    nps = stock_survey("nps")
    segment = Segment.objects.create(name="Warm", query="stage=customer")
    given = {
        "survey": nps.pk,
        "after_days": 10,
        "segment": segment.pk,
        "daily_cap": "",
        "is_active": "on",
    }
    assert agent_client.get(address).status_code == 403
    assert manager_client.get("/surveys/triggers/new/nonsense/").status_code == 404
    assertContains(manager_client.get(address), "Long enough to have used what they bought")
    assert manager_client.post(address, given | {"after_days": ""}).status_code == 422

    assertRedirects(manager_client.post(address, given), "/surveys/triggers/")

    trigger = SurveyTrigger.objects.get(moment="ordered")
    assert (trigger.survey, trigger.after_days, trigger.segment) == (nps, 10, segment)
    assert AuditEntry.objects.get(action="survey.trigger_create").by is not None
    response = manager_client.post(address, given)
    assertContains(response, "sent at this moment already", status_code=422)
    assertContains(agent_client.get("/surveys/triggers/"), "10 days after something is bought")
    assertNotContains(agent_client.get("/surveys/triggers/"), "Pause</button>")


def test_a_trigger_is_changed_paused_and_sent_again(
    manager_client: Client, agent_client: Client
) -> None:
    trigger = SurveyTrigger.objects.get(moment="ticket_solved")
    SurveyTrigger.objects.update(active_since=timezone.now() - timedelta(days=90))
    address, ces = f"/surveys/triggers/{trigger.pk}/", stock_survey("ces")
    given = {"survey": ces.pk, "after_hours": 48, "is_active": "on"}
    assert agent_client.post(f"{address}pause/").status_code == 403
    assert manager_client.post(address, given | {"after_hours": 0}).status_code == 422

    assertRedirects(manager_client.post(address, given), "/surveys/triggers/")
    trigger.refresh_from_db()
    assert (trigger.survey, trigger.after_hours) == (ces, 48)
    assert trigger.active_since < timezone.now() - timedelta(days=80)

    manager_client.post(f"{address}pause/")
    trigger.refresh_from_db()
    assert not trigger.is_active
    assertContains(manager_client.get("/surveys/triggers/"), "paused")
    manager_client.post(f"{address}pause/", {"resume": "1"})
    trigger.refresh_from_db()
    assert trigger.is_active
    assert trigger.active_since > timezone.now() - timedelta(minutes=1)
    assert AuditEntry.objects.filter(action="survey.trigger").count() == 3


def test_the_list_counts_what_came_of_each(
    manager_client: Client, django_assert_max_num_queries: Any
) -> None:
    trigger = SurveyTrigger.objects.get()
    for number, state in enumerate(["queued", "answered", "pending"]):
        InvitationFactory(
            state=state,
            trigger=trigger,
            subject_model="support.ticket",
            subject_id=number,
            occurrence=1,
        )
    with django_assert_max_num_queries(6):
        response = manager_client.get("/surveys/triggers/")
    [(found, words)] = response.context["lines"]
    assert (found.asked, found.answered, found.waiting, found.skipped) == (2, 1, 1, None)
    assert words == "24 hours after a ticket is solved"


def test_managers_set_the_rules_and_others_read_them(
    manager_client: Client, read_only_client: Client
) -> None:
    address = "/settings/surveys/"
    assert read_only_client.post(address, RULES).status_code == 403
    assert manager_client.post(address, RULES | {"quiet_from": 9}).status_code == 422
    assert manager_client.post(address, RULES | {"reminder_after_days": 0}).status_code == 422

    assertRedirects(manager_client.post(address, RULES), address)

    rules = AskingRules.objects.get()
    assert (rules.quiet_until, rules.quiet_from, rules.asks_on_weekends) == (10, 18, False)
    assert (rules.nps_pause_days, rules.reminder_after_days, rules.daily_cap) == (60, 3, None)
    assert AuditEntry.objects.filter(action="survey.asking_rules").count() == 1
    assertContains(read_only_client.get(address), "10:00–18:00")
    assertContains(manager_client.get(address), "A survey that you send now leaves:")


def test_before_there_are_rules_the_usual_ones_hold(manager_client: Client) -> None:
    AskingRules.objects.all().delete()
    assertContains(manager_client.get("/settings/surveys/"), "09:00")
    manager_client.post("/settings/surveys/", RULES)
    assert AskingRules.objects.get().quiet_until == 10


def test_what_is_sent_by_hand_in_quiet_hours_leaves_after_them(
    manager: User, business: Business
) -> None:
    AskingRules.objects.update(quiet_until=10, quiet_from=18, asks_on_weekends=False)
    CustomerFactory(email="ada@example.com", stage="customer")
    assert leaves_at(business, FRIDAY) == MONDAY
    assert leaves_at(business, MONDAY) == MONDAY

    sending.send_survey(
        survey=stock_survey("nps"), audience=Audience(), once_key="a", by=manager, now=FRIDAY
    )

    invitation = Invitation.objects.get()
    assert (invitation.due_at, invitation.expires_at) == (MONDAY, MONDAY + timedelta(days=30))
    assert delivering.queue_batch(now=FRIDAY) == 0
    assert delivering.queue_batch(now=MONDAY - timedelta(minutes=1)) == 0
    # No worker on Monday until it was too late in the day.
    assert delivering.queue_batch(now=MONDAY + timedelta(hours=8)) == 0
    assert delivering.queue_batch(now=MONDAY + timedelta(hours=24)) == 1
    assert OutgoingEmail.objects.count() == 1


def test_what_waits_is_put_off_or_left_out_when_somebody_else_was_quicker(
    manager: User, business: Business
) -> None:
    ada = CustomerFactory(email="ada@example.com", stage="customer")
    sending.send_survey(
        survey=stock_survey("nps"), audience=Audience(), once_key="a", by=manager, now=MONDAY
    )
    other = InvitationFactory(
        customer=ada,
        contact=ada.contacts.get(),
        survey=stock_survey("csat"),
        created_at=MONDAY - timedelta(days=20),
    )

    assert delivering.queue_batch(now=MONDAY) == 1
    waiting = Invitation.objects.exclude(pk=other.pk).get()
    assert (waiting.state, waiting.due_at) == ("pending", MONDAY + timedelta(days=10))

    Invitation.objects.filter(pk=other.pk).update(sent_at=MONDAY + timedelta(days=9))
    assert delivering.queue_batch(now=MONDAY + timedelta(days=10)) == 1
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    assert Skip.objects.get().reason == Skip.Reason.THROTTLED
    assert not OutgoingEmail.objects.exists()


def test_whoever_sends_in_quiet_hours_is_told_when_it_leaves(
    manager_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = CustomerFactory(email="ada@example.com")
    later = timezone.now() + timedelta(hours=5)
    monkeypatch.setattr(sending, "leaves_at", lambda *_given: later)
    address = f"/surveys/{stock_survey('nps').pk}/send/"
    response = manager_client.post(address, {"customer": ada.pk, "once_key": "a"}, follow=True)
    assertContains(response, "Nobody is asked at this hour. They leave:")
