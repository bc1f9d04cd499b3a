"""The check-up: eight questions, what is measured, rounds that stay as they are, objectives."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from metrics import check_ups, evidence
from metrics.check_ups import Answered
from metrics.models import CheckUp, CheckUpAnswer, Grain, Objective, Snapshot, Target
from staff.changes import revert
from staff.models import AuditEntry, Business, ChangeSet, User
from tests.factories import CustomerFactory

PAGE = reverse("metrics:check-up")
SAVE = reverse("metrics:check-up-save")
FINISH = reverse("metrics:check-up-finish")


def told(
    kpi: str, value: float | None, starts_on: date, grain: str = Grain.QUARTER, **more: Any
) -> None:
    days = {Grain.QUARTER: 92, Grain.MONTH: 31}[Grain(grain)]
    values: dict[str, Any] = {
        "status": "ok" if value is not None else "no_responses",
        "n": 40,
        "ends_on": starts_on + timedelta(days=days),
        "definition_version": 1,
        "as_of": timezone.now(),
    }
    Snapshot.objects.create(kpi=kpi, value=value, starts_on=starts_on, grain=grain, **values | more)


def finished(business: Business, by: User, **texts: str) -> CheckUp:
    current = check_ups.begin(by=by)
    answers = {"kpis": Answered("We look at them on Mondays.", 2)}
    check_ups.save(check_up=current, texts=texts, answers=answers)
    return check_ups.finish(check_up=current, by=by, now=timezone.now(), zone=business.zone)


def test_a_round_is_begun_once_and_carries_the_purpose_over(
    business: Business, manager: User
) -> None:
    finished(business, manager, mission="Bread for the quarter", vision="Two shops")

    current = check_ups.begin(by=manager)

    assert check_ups.begin(by=manager) == current
    assert (current.mission, current.vision) == ("Bread for the quarter", "Two shops")
    assert current.answers.count() == 8
    assert not current.answers.exclude(text="", mark=None).exists()


def test_what_was_measured_is_frozen_with_the_round(business: Business, manager: User) -> None:
    closed = evidence.quarter(timezone.localdate(), business.zone)
    told("nps", 42.0, closed.starts_on)
    CustomerFactory.create_batch(2)

    done = finished(business, manager)
    Snapshot.objects.update(value=-10.0)
    CustomerFactory()

    said = done.answers.get(question="experience").measured["lines"]
    [nps] = [line for line in said if line["kpi"] == "nps"]
    assert (nps["value"], nps["starts_on"]) == (42.0, closed.starts_on.isoformat())
    situation = done.answers.get(question="situation").measured["lines"]
    assert {"count": "leads", "number": 2, "of": None} in situation
    with pytest.raises(check_ups.Finished):
        check_ups.save(check_up=done, texts={"mission": "Another"}, answers={})
    with pytest.raises(check_ups.Finished):
        check_ups.discard(check_up=done, by=manager)


def test_an_empty_round_is_not_finished(business: Business, manager: User) -> None:
    current = check_ups.begin(by=manager)
    with pytest.raises(check_ups.NothingAnswered):
        check_ups.finish(check_up=current, by=manager, now=timezone.now(), zone=business.zone)


def test_a_young_business_sees_the_running_quarter(business: Business) -> None:
    closed = evidence.quarter(timezone.localdate(), business.zone)
    told("nps", None, closed.starts_on)
    told("nps", 7.0, closed.following().starts_on)

    lines = evidence.measured(timezone.now(), business.zone)["experience"]

    assert next(line["value"] for line in lines if line["kpi"] == "nps") == 7.0


def test_few_answers_are_no_score_here_either(business: Business) -> None:
    closed = evidence.quarter(timezone.localdate(), business.zone)
    told("nps", 100.0, closed.starts_on, n=3)
    lines = evidence.measured(timezone.now(), business.zone)["experience"]

    shown = evidence.shown("experience", lines, "EUR", business.zone)

    [nps] = [line for line in shown if "NPS" in line.name]
    assert nps.value == "—"
    assert "Too few answers" in nps.note


def test_a_figure_that_is_no_more_is_left_out(business: Business) -> None:
    gone = [{"kpi": "gone", "starts_on": "2026-01-01"}, {"count": "gone", "number": 1, "of": None}]
    assert evidence.shown("kpis", gone, "EUR", business.zone) == []


def test_from_the_first_question_to_two_rounds_side_by_side(
    manager_client: Client, read_only_client: Client, business: Business
) -> None:
    assertContains(read_only_client.get(PAGE), "Eight questions, twice a year")
    assertNotContains(read_only_client.get(PAGE), "Begin the check-up")
    assertRedirects(manager_client.post(reverse("metrics:check-up-begin")), PAGE)
    page = manager_client.get(PAGE)
    assertContains(page, "8. What do we spend on the experience of our customers?")
    assertContains(page, "What the data say")
    assertContains(read_only_client.get(PAGE), "is being filled in")

    typed = {"mission": "Bread", "mark_listening": "1", "text_listening": "At the counter"}
    saved = manager_client.post(SAVE, typed, headers={"HX-Request": "true"})
    assertContains(saved, "Saved at")
    assert CheckUpAnswer.objects.get(question="listening").text == "At the counter"
    too_long = typed | {"text_budget": "x" * 6000, "text_listening": "At the counter, daily"}
    assertContains(manager_client.post(SAVE, too_long, headers={"HX-Request": "true"}), "too long")
    assert CheckUpAnswer.objects.get(question="listening").text == "At the counter, daily"

    first = manager_client.post(FINISH, typed, follow=True)
    assertContains(first, "The check-up is finished")
    assertContains(first, "1 of 24 points")
    late = manager_client.post(SAVE, typed, headers={"HX-Request": "true"})
    assertContains(late, "stays as it is")

    manager_client.post(reverse("metrics:check-up-begin"))
    assertContains(manager_client.get(PAGE), "Last time:")
    second = manager_client.post(FINISH, typed | {"mark_listening": "3", "mission": "Good bread"})
    compared = read_only_client.get(reverse("metrics:check-up-compare"))
    assertContains(compared, "1 of 24")
    assertContains(compared, "3 of 24")
    assertContains(compared, "better", count=1)
    assertContains(compared, "Good bread")
    newest, oldest = CheckUp.objects.order_by("-finished_at").values_list("pk", flat=True)
    other_way = reverse("metrics:check-up-compare") + f"?a={newest}&b={oldest}"
    assertContains(read_only_client.get(other_way), "better", count=1)
    assertContains(read_only_client.get(second.url), "Compare with the one before")


def test_nothing_to_compare_before_the_second(read_only_client: Client) -> None:
    page = read_only_client.get(reverse("metrics:check-up-compare"))
    assertContains(page, "nothing to compare")


def test_a_discarded_round_comes_back(manager_client: Client, agent_client: Client) -> None:
    assert agent_client.post(reverse("metrics:check-up-begin")).status_code == 403
    manager_client.post(reverse("metrics:check-up-begin"))
    manager_client.post(SAVE, {"text_kpis": "On Mondays"})

    manager_client.post(reverse("metrics:check-up-discard"))

    assert not CheckUp.objects.exists()
    manager_client.post(reverse("metrics:undo", args=[ChangeSet.objects.latest("pk").pk]))
    assert CheckUpAnswer.objects.get(question="kpis").text == "On Mondays"
    assert CheckUp.objects.get().finished_at is None


def test_after_half_a_year_it_is_time_for_another(
    business: Business, manager: User, manager_client: Client, agent_client: Client
) -> None:
    today = reverse("crm:today")
    done = finished(business, manager)
    assertNotContains(manager_client.get(today), "last check-up")
    CheckUp.objects.filter(pk=done.pk).update(finished_at=timezone.now() - timedelta(days=190))

    assertContains(manager_client.get(today), "The last check-up is of")
    assertNotContains(agent_client.get(today), "The last check-up is of")
    assertContains(manager_client.get(PAGE), "It is time for another")
    check_ups.begin(by=manager)
    assertNotContains(manager_client.get(today), "The last check-up is of")


# --- Objectives ------------------------------------------------------------------------------


def test_an_objective_with_a_figure_keeps_what_it_was_and_sets_the_target(
    manager_client: Client, business: Business
) -> None:
    month = timezone.localdate().replace(day=1)
    told("customer_churn", 0.08, (month - timedelta(days=1)).replace(day=1), Grain.MONTH)
    url = f"{reverse('metrics:objective-create')}?kpi=customer_churn"
    due = (timezone.localdate() + timedelta(days=90)).isoformat()
    assertContains(manager_client.get(url), "In per cent")

    refused = manager_client.post(url, {"title": "Keep them", "value": "500", "due_on": due})
    assertContains(refused, "This figure lies between", status_code=422)
    typed = {"title": "Keep them", "value": "5", "due_on": due, "draws_target": "on"}
    assert manager_client.post(url, typed).status_code == 302

    objective = Objective.objects.get()
    assert (objective.before, objective.value) == (0.08, Decimal("0.05"))
    assert Target.objects.get().value == Decimal("0.05")
    page = manager_client.get(PAGE)
    assertContains(page, "Keep them")
    assertContains(page, "8.0%")
    assertContains(page, "5.0%")


def test_when_its_day_is_over_the_figure_judges(business: Business, manager: User) -> None:
    now, zone = timezone.now(), business.zone
    over = timezone.localdate().replace(day=1) - timedelta(days=1)
    told("customer_churn", 0.04, over.replace(day=1), Grain.MONTH)
    told("nps", 10.0, over.replace(day=1), Grain.MONTH)
    told("csat", 1.0, over.replace(day=1), Grain.MONTH, n=4)
    made = [
        check_ups.add_objective(
            by=manager, title=title, due_on=over, now=now, zone=zone, kpi=kpi, value=value
        )[0]
        for title, kpi, value in (
            ("Keep them", "customer_churn", Decimal("0.05")),
            ("Delight them", "nps", Decimal(30)),
            ("Too few answers", "csat", Decimal("0.9")),
        )
    ]
    by_hand, _stroke = check_ups.add_objective(
        by=manager, title="By hand", due_on=over, now=now, zone=zone
    )

    assert check_ups.judge_objectives(now=now, zone=zone) == 2
    assert check_ups.judge_objectives(now=now, zone=zone) == 0

    rows = [Objective.objects.get(pk=one.pk) for one in made]
    assert [(one.state, one.after) for one in rows] == [
        ("reached", 0.04),
        ("missed", 10.0),
        ("open", None),
    ]
    assert check_ups.due_objectives(timezone.localdate()) == [rows[2], by_hand]


def test_a_person_says_what_came_of_it_and_takes_it_back(
    manager_client: Client, manager: User, business: Business
) -> None:
    objective, stroke = check_ups.add_objective(
        by=manager,
        title="A reply within a day",
        due_on=timezone.localdate(),
        now=timezone.now(),
        zone=business.zone,
    )
    close = reverse("metrics:objective-close", args=[objective.pk])

    assertContains(manager_client.post(close, {"state": "reached"}, follow=True), "Noted")
    objective.refresh_from_db()
    assert objective.state == "reached"
    manager_client.post(close, {"state": "nonsense"})
    revert(change_set=ChangeSet.objects.latest("pk"), by=manager)
    objective.refresh_from_db()
    assert objective.state == "open"

    manager_client.post(reverse("metrics:objective-delete", args=[objective.pk]))
    assert not Objective.objects.exists()
    revert(change_set=ChangeSet.objects.latest("pk"), by=manager)
    revert(change_set=stroke, by=manager)
    assert not Objective.objects.exists()
    assert AuditEntry.objects.filter(action__startswith="objective.").count() >= 3
