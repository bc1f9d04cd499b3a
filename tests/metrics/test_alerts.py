"""Alerts: when they go off, that they do so once, and how people set them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from crm.models import Cost
from mail.models import OutgoingEmail
from metrics import actions as engine
from metrics.alerts import actions, judging, mail
from metrics.alerts.actions import Band
from metrics.models import Alert, AlertEvent, Snapshot
from staff.models import AuditEntry, Business, ChangeSet, User
from surveys.models import Response, Survey
from tests.factories import CustomerFactory

State = Alert.State
LIST = "/alerts/"
APRIL = datetime(2026, 4, 2, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def utc(business: Business) -> None:
    business.time_zone = "UTC"
    business.save()


def answers(month: int, *scores: int) -> None:
    survey = Survey.objects.get(kind="csat")
    for score in scores:
        Response.objects.create(
            survey=survey,
            kind="csat",
            customer=CustomerFactory(),
            score=score,
            answered_at=datetime(2026, month, 10, 12, tzinfo=UTC),
            origin=Response.Origin.MAIL_LINK,
        )


def judged(now: datetime = APRIL) -> int:
    engine.refresh(now=now)
    return judging.judge_all(now=now)


def an_alert(told: User | None = None, **fields: object) -> Alert:
    given = {"kpi": "csat", "low": Decimal("0.8"), "least_n": 5} | fields
    alert = Alert.objects.create(**given)
    if told:
        alert.told.set([told])
    return alert


# --- Judging --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "value", "expected"),
    [
        (State.INSIDE, 0.81, State.INSIDE),
        (State.INSIDE, 0.79, State.BELOW),
        (State.BELOW, 0.81, State.BELOW),  # not inside by the margin yet
        (State.BELOW, 0.85, State.INSIDE),
        (State.INSIDE, 0.96, State.ABOVE),
        (State.ABOVE, 0.94, State.ABOVE),
        (State.ABOVE, 0.90, State.INSIDE),
        (State.ABOVE, 0.70, State.BELOW),
    ],
)
def test_a_figure_on_the_border_is_told_of_once(state: str, value: float, expected: str) -> None:
    band = {"low": Decimal("0.8"), "high": Decimal("0.95"), "margin": Decimal("0.04")}
    assert judging.judged(state, value, **band) == expected  # type: ignore[arg-type]


def test_it_goes_off_once_and_says_when_it_is_back(manager: User) -> None:
    alert = an_alert(told=manager, judged_on=date(2025, 12, 1))
    answers(1, 5, 5, 5, 5, 5)
    answers(2, 1, 1, 1, 5, 5)
    answers(3, 5, 5, 5, 5, 5)
    assert judged() == 2
    alert.refresh_from_db()
    assert (alert.state, str(alert.judged_on)) == (State.INSIDE, "2026-03-01")
    told = AlertEvent.objects.order_by("starts_on").values_list("state", "starts_on__month", "n")
    assert list(told) == [(State.BELOW, 2, 5), (State.INSIDE, 3, 5)]
    subjects = list(OutgoingEmail.objects.order_by("pk").values_list("subject", flat=True))
    assert subjects == [
        "Outside its band: Satisfaction (CSAT)",
        "Back within its band: Satisfaction (CSAT)",
    ]
    first = OutgoingEmail.objects.order_by("pk")[0]
    assert (
        "Satisfaction (CSAT) was 40.0% in February 2026: below the 80.0% that you want at least."
        in first.text
    )
    assert first.to_address == manager.email


def test_judging_twice_tells_nothing_twice(manager: User) -> None:
    an_alert(told=manager)
    answers(3, 1, 1, 1, 5, 5)
    assert (judged(), judged(), judged(APRIL + timedelta(days=3))) == (1, 0, 0)
    assert OutgoingEmail.objects.count() == 1


def test_an_alert_taken_back_to_before_judges_without_a_second_mail(manager: User) -> None:
    """As after a kill between two workers: the event of a period is there once."""
    alert = an_alert(told=manager)
    answers(3, 1, 1, 1, 5, 5)
    judged()
    Alert.objects.filter(pk=alert.pk).update(state=State.INSIDE, judged_on=None)
    assert judged() == 0
    assert (AlertEvent.objects.count(), OutgoingEmail.objects.count()) == (1, 1)


def test_a_running_period_and_too_few_answers_are_not_judged() -> None:
    alert = an_alert()
    answers(3, 1, 1, 1, 1)
    answers(4, 1, 1, 1, 1, 1, 1)
    assert judged() == 0
    alert.refresh_from_db()
    assert alert.state == State.INSIDE


def test_what_has_no_n_and_a_true_none_are_judged() -> None:
    Cost.objects.create(purpose="service", amount=50, currency="EUR", on=date(2026, 3, 10), rate=1)
    alert = an_alert(kpi="experience_budget", low=Decimal("0.1"))
    assert judged() == 1
    alert.refresh_from_db()
    assert alert.state == State.BELOW


def test_one_that_fails_stops_no_other_and_is_judged_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = an_alert(), an_alert(low=Decimal("0.7"))
    answers(3, 1, 1, 1, 5, 5)
    tell = mail.tell

    def fails_once(event: AlertEvent, *rest: Any) -> None:
        if event.alert_id == first.pk:
            raise OSError
        tell(event, *rest)

    with monkeypatch.context() as broken:
        broken.setattr(mail, "tell", fails_once)
        assert judged() == 1
    assert f"Alert {first.pk} can't be judged" in caplog.text
    assert [event.alert_id for event in AlertEvent.objects.all()] == [second.pk]
    assert judged() == 1
    assert AlertEvent.objects.filter(alert=first).count() == 1


def test_what_is_not_counted_yet_is_not_judged() -> None:
    alert = an_alert()
    answers(3, 1, 1, 1, 5, 5)
    engine.refresh(now=APRIL)
    answers(3, 5)  # a mark of March waits
    assert judging.judge_all(now=APRIL) == 0
    alert.refresh_from_db()
    assert str(alert.judged_on) != "2026-03-01"
    assert judged() == 1


def test_what_was_counted_while_the_period_ran_is_not_judged() -> None:
    alert = an_alert()
    answers(3, *[1] * 10)
    engine.refresh(now=APRIL)
    march = Snapshot.objects.filter(kpi="csat", grain="month", starts_on=date(2026, 3, 1))
    march.update(is_partial=True)
    assert judging.judge_all(now=APRIL) == 0
    march.update(is_partial=False)
    assert judging.judge_all(now=APRIL) == 1
    alert.refresh_from_db()
    assert alert.state == State.BELOW


def test_a_paused_one_judges_nothing() -> None:
    an_alert(is_active=False)
    answers(3, 1, 1, 1, 5, 5)
    assert judged() == 0


def test_each_is_told_in_their_own_language(manager: User, owner: User) -> None:
    owner.language = "es"
    owner.save()
    alert = an_alert(told=manager)
    alert.told.add(owner)
    answers(3, 1, 1, 1, 5, 5)
    judged()
    assert set(OutgoingEmail.objects.values_list("language", flat=True)) == {"es", "en"}


# --- Setting --------------------------------------------------------------------------------------

FORM = {"grain": "month", "low": "80", "high": "", "margin": "2", "least_n": "30"}
NEW = reverse("metrics:alert-create", args=["csat"])


def test_an_empty_list_teaches(manager_client: Client, read_only_client: Client) -> None:
    assertContains(manager_client.get(LIST), "No alerts yet")
    assertContains(manager_client.get(LIST), NEW)
    assertNotContains(read_only_client.get(LIST), NEW)


def test_a_manager_sets_it_in_the_unit_that_people_write(
    manager_client: Client, manager: User
) -> None:
    response = manager_client.post(NEW, FORM | {"told": [manager.pk]}, follow=True)
    alert = Alert.objects.get()
    assert (alert.low, alert.high, alert.margin) == (Decimal("0.8"), None, Decimal("0.02"))
    assert list(alert.told.all()) == [manager]
    assert alert.judged_on is not None
    assertContains(response, "at least 80.0%")
    assertContains(response, "Undo")
    assert AuditEntry.objects.filter(action="alert.create").count() == 1
    assertContains(manager_client.get(reverse("metrics:alert-edit", args=[alert.pk])), 'value="80"')


def test_minutes_are_written_in_hours(manager_client: Client) -> None:
    url = reverse("metrics:alert-create", args=["first_response_time"])
    manager_client.post(url, FORM | {"low": "", "high": "1,5", "margin": ""})
    assert Alert.objects.get().high == 90


def test_only_periods_for_which_there_is_a_figure_can_be_watched(manager_client: Client) -> None:
    page = manager_client.get(reverse("metrics:alert-create", args=["silent_customers"]))
    assertContains(page, 'value="month"')
    assertNotContains(page, 'value="week"')


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"low": ""}, "Say from where on it is too low"),
        ({"low": "90", "high": "80"}, "The lower end must lie below the upper one."),
        ({"low": "80", "high": "82"}, "choose a smaller margin"),
        ({"low": "120"}, "This figure lies between 0 and 100."),
        ({"margin": "999999999999999"}, "This figure lies between 0 and 100."),
    ],
)
def test_a_band_that_makes_no_sense_is_refused(
    manager_client: Client, fields: dict[str, str], words: str
) -> None:
    response = manager_client.post(NEW, FORM | fields)
    assertContains(response, words, status_code=422)
    assert not Alert.objects.exists()


def test_each_change_can_be_taken_back(manager_client: Client, manager: User, owner: User) -> None:
    manager_client.post(NEW, FORM | {"told": [manager.pk]})
    alert = Alert.objects.get()
    edit = reverse("metrics:alert-edit", args=[alert.pk])
    manager_client.post(edit, FORM | {"low": "70", "told": [owner.pk]})
    assert list(alert.told.all()) == [owner]
    take_back(manager_client)
    alert.refresh_from_db()
    assert (alert.low, list(alert.told.all())) == (Decimal("0.8"), [manager])

    manager_client.post(reverse("metrics:alert-pause", args=[alert.pk]), {"on": "0"})
    assert not Alert.objects.get().is_active
    take_back(manager_client)
    assert Alert.objects.get().is_active

    AlertEvent.objects.create(
        alert=alert, state=State.BELOW, starts_on="2026-03-01", value=0.4, n=50
    )
    manager_client.post(reverse("metrics:alert-delete", args=[alert.pk]))
    assert not Alert.objects.exists()
    take_back(manager_client)
    assert list(Alert.objects.get().told.all()) == [manager]
    assert AlertEvent.objects.count() == 1


def test_making_one_is_taken_back_although_it_has_judged(manager_client: Client) -> None:
    manager_client.post(NEW, FORM)
    Alert.objects.update(state=State.BELOW, judged_on="2026-03-01")
    take_back(manager_client)
    assert not Alert.objects.exists()


def test_a_band_taken_back_is_judged_again_without_a_second_mail(
    manager_client: Client, manager: User
) -> None:
    band = Band(grain="month", low=Decimal("0.8"), least_n=5)
    alert, _stroke = actions.create_alert(kpi="csat", band=band, told=[manager], by=manager)
    month = timezone.now().replace(day=1) - timedelta(days=20)
    answers(month.month, 1, 1, 1, 5, 5)
    Response.objects.update(answered_at=month)
    assert judged(timezone.now()) == 1
    other = Band(grain="month", low=Decimal("0.3"), least_n=5)
    actions.update_alert(alert=alert, band=other, told=[manager], by=manager)
    assert judged(timezone.now()) == 0
    assert Alert.objects.get().state == State.INSIDE
    take_back(manager_client)
    judged(timezone.now())
    assert Alert.objects.get().state == State.BELOW
    # The other way round: what only the other band was left by.
    strict = Band(grain="month", high=Decimal("0.1"), least_n=5)
    actions.update_alert(alert=alert, band=strict, told=[manager], by=manager)
    judged(timezone.now())
    assert Alert.objects.get().state == State.ABOVE
    take_back(manager_client)
    judged(timezone.now())
    assert Alert.objects.get().state == State.BELOW
    assert OutgoingEmail.objects.count() == 1


def take_back(client: Client) -> None:
    latest = ChangeSet.objects.filter(kind="metrics.alert", reverted_at=None).latest("pk")
    assert client.post(reverse("metrics:undo", args=[latest.pk])).status_code == 302


def test_saving_it_as_it_is_changes_nothing(manager_client: Client, manager: User) -> None:
    band = Band(grain="month", low=Decimal("0.8"))
    alert, _stroke = actions.create_alert(kpi="csat", band=band, told=[], by=manager)
    assert actions.update_alert(alert=alert, band=band, told=[], by=manager) is None
    assert actions.pause_alert(alert=alert, is_active=True, by=manager) is None


def test_its_page_says_what_the_band_would_have_told(manager_client: Client) -> None:
    alert = an_alert(made_at=timezone.now())
    last = timezone.now().month - 1
    answers(last, 1, 1, 1, 5, 5)
    engine.refresh()
    page = manager_client.get(reverse("metrics:alert-edit", args=[alert.pk]))
    assertContains(page, "it would have gone off 1 time in the last 1 periods.")
