"""Targets and annotations: who may set them, what is kept of it, and how it is taken back."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from crm.models import Outreach
from metrics import aims
from metrics.aims import AnnotationGone, NothingToEnd, TargetGone, Targets
from metrics.definitions import find
from metrics.forms import TargetForm
from metrics.models import Annotation, Target
from staff import changes
from staff.models import AuditEntry, Business, User


def last_entry() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


def post_target(client: Client, kpi: str, **values: str) -> None:
    response = client.post(f"/targets/{kpi}/", {"from_on": "2026-01-01", **values})
    assert response.status_code == 302, response.context["form"].errors


# --- Targets --------------------------------------------------------------------------------------


def test_a_target_holds_from_its_day_until_the_next(business: Business, manager: User) -> None:
    for day, value in ((date(2026, 1, 1), "0.05"), (date(2026, 7, 1), "0.04")):
        aims.set_target(kpi="customer_churn", from_on=day, value=Decimal(value), by=manager)
    aims.end_target(kpi="customer_churn", from_on=date(2026, 9, 1), by=manager)
    targets = Targets.of(["customer_churn", "nps"])
    held = [date(2025, 12, 31), date(2026, 6, 30), date(2026, 7, 1), date(2026, 9, 1)]
    assert [targets.on("customer_churn", day) for day in held] == [
        None,
        Decimal("0.05"),
        Decimal("0.04"),
        None,
    ]
    assert targets.on("nps", date(2026, 7, 1)) is None


def test_a_target_is_in_the_trail_and_can_be_taken_back(business: Business, manager: User) -> None:
    day = date(2026, 1, 1)
    first = aims.set_target(kpi="nps", from_on=day, value=Decimal(40), by=manager)
    second = aims.set_target(kpi="nps", from_on=day, value=Decimal(50), by=manager)
    assert (last_entry().action, last_entry().changes) == (
        "target.set",
        {"value": ["40.000000", "50"]},
    )
    assert aims.set_target(kpi="nps", from_on=day, value=Decimal(50), by=manager) is None
    assert first
    assert second
    changes.revert(change_set=second, by=manager)
    assert Target.objects.get().value == 40
    changes.revert(change_set=first, by=manager)
    assert not Target.objects.exists()


def test_deleting_a_target_can_be_taken_back(business: Business, manager: User) -> None:
    aims.set_target(kpi="nps", from_on=date(2026, 1, 1), value=Decimal(40), by=manager)
    target = Target.objects.get()
    stroke = aims.delete_target(target=target, by=manager)
    with pytest.raises(TargetGone):
        aims.delete_target(target=target, by=manager)
    changes.revert(change_set=stroke, by=manager)
    assert Target.objects.get().value == 40


def test_what_never_was_cannot_end(business: Business, manager: User) -> None:
    with pytest.raises(NothingToEnd):
        aims.end_target(kpi="nps", from_on=date(2026, 1, 1), by=manager)


@pytest.mark.parametrize(
    ("kpi", "typed", "stored"),
    [
        ("customer_churn", {"value": "5"}, "0.05"),
        ("customer_churn", {"value": "2.5"}, "0.025"),
        ("average_ticket", {"value": "1,250.50"}, "1250.5"),
        ("average_ticket", {"value": "R$ 1.250,50"}, "1250.5"),
        ("first_response_time", {"value": "4", "span": "hours"}, "240"),
        ("resolution_time", {"value": "1,5", "span": "days"}, "2160"),
        ("nps", {"value": "-10"}, "-10"),
        ("ces", {"value": "5.5"}, "5.5"),
        ("cps", {"value": "0.4"}, "0.4"),
    ],
)
def test_targets_are_typed_in_the_units_that_people_use(
    manager_client: Client, kpi: str, typed: dict[str, str], stored: str
) -> None:
    post_target(manager_client, kpi, **typed)
    assert Target.objects.get(kpi=kpi).value == Decimal(stored)
    shown = TargetForm.initial_of(find(kpi), Decimal(stored))
    again = TargetForm(
        {"from_on": "2026-01-01", **{name: str(value) for name, value in shown.items()}},
        definition=find(kpi),
        currency="BRL",
        today=date(2026, 1, 1),
    )
    assert again.is_valid()
    assert again.stored == Decimal(stored)


@pytest.mark.parametrize(
    ("kpi", "value"),
    [("nps", "101"), ("retention", "120"), ("ces", "0"), ("review_score", "6"), ("backlog", "-1")],
)
def test_a_target_that_no_figure_can_reach_is_refused(
    manager_client: Client, kpi: str, value: str
) -> None:
    response = manager_client.post(f"/targets/{kpi}/", {"from_on": "2026-01-01", "value": value})
    assert response.status_code == 422
    assertContains(response, "This figure lies between", status_code=422)
    assert not Target.objects.exists()


def test_a_target_in_days_is_no_longer_than_can_be_kept(manager_client: Client) -> None:
    values = {"from_on": "2026-01-01", "value": "100000000000", "span": "days"}
    response = manager_client.post("/targets/first_response_time/", values)
    assertContains(response, "This figure lies between", status_code=422)


def test_targets_are_for_managers_and_read_by_all(
    manager_client: Client, agent_client: Client, read_only_client: Client
) -> None:
    post_target(manager_client, "nps", value="40")
    assert agent_client.post("/targets/nps/", {"value": "1"}).status_code == 403
    assert agent_client.post("/targets/nps/end/").status_code == 403
    response = read_only_client.get("/targets/")
    assertContains(response, "+40")
    assertNotContains(response, "/targets/nps/")


def test_a_target_is_ended_and_taken_back_on_its_page(manager_client: Client) -> None:
    post_target(manager_client, "nps", value="40")
    response = manager_client.post("/targets/nps/end/", follow=True)
    assertContains(response, "The target ends today.")
    assertContains(response, "No target now")
    stroke = last_entry().change_set
    assert stroke
    manager_client.post(f"/figures/undo/{stroke.pk}/")
    assert Targets.of(["nps"]).on("nps", timezone.localdate()) == 40


# --- Annotations ----------------------------------------------------------------------------------


def note(client: Client, **values: object) -> Annotation:
    data = {"on": "2026-03-02", "title": "We ring after each repair", **values}
    response = client.post("/annotations/new/", data)
    assert response.status_code == 302, response.context["form"].errors
    return Annotation.objects.latest("pk")


def test_an_annotation_is_noted_changed_deleted_and_each_taken_back(
    agent_client: Client, agent: User
) -> None:
    made = note(agent_client, kpis=["csat"], text="Two days later.")
    assert (made.kpis, made.made_by) == (["csat"], agent)
    edited = {"on": "2026-03-03", "title": "We ring", "kpis": ["csat", "nps"]}
    agent_client.post(f"/annotations/{made.pk}/edit/", edited)
    update = last_entry()
    assert update.action == "annotation.update"
    assert update.changes["on"] == ["2026-03-02", "2026-03-03"]
    agent_client.post(f"/annotations/{made.pk}/delete/")
    deletion = last_entry()
    assert not Annotation.objects.exists()
    for entry in (deletion, update):
        assert entry.change_set
        agent_client.post(f"/figures/undo/{entry.change_set.pk}/")
    again = Annotation.objects.get()
    assert (again.title, again.on, again.text) == (made.title, made.on, made.text)


def test_who_only_reads_notes_nothing(read_only_client: Client, business: Business) -> None:
    assert read_only_client.post("/annotations/new/", {"title": "x"}).status_code == 403
    response = read_only_client.get("/annotations/")
    assertContains(response, "Nothing noted yet")
    assertNotContains(response, "/annotations/new/")


def test_a_stroke_of_somebody_else_is_taken_back_by_managers_alone(
    agent_client: Client, manager_client: Client, manager: User
) -> None:
    note(manager_client)
    stroke = last_entry().change_set
    assert stroke
    assert agent_client.post(f"/figures/undo/{stroke.pk}/").status_code == 403
    manager_client.post(f"/figures/undo/{stroke.pk}/")
    assert not Annotation.objects.exists()


def test_an_annotation_becomes_an_announcement_once(agent_client: Client, agent: User) -> None:
    made = note(agent_client, text="Within two days we ask whether all is well.")
    response = agent_client.post(f"/annotations/{made.pk}/announce/")
    draft = Outreach.objects.get()
    assert response["Location"] == f"/outreach/{draft.pk}/"
    assert (draft.purpose, draft.state, draft.name) == ("change", "draft", made.title)
    assert draft.texts["en"] == {
        "subject": made.title,
        "body": "Within two days we ask whether all is well.",
    }
    assert draft.texts["from"] == "2026-03-02"
    agent_client.post(f"/annotations/{made.pk}/announce/")
    assert Outreach.objects.count() == 1
    assertContains(agent_client.get(f"/annotations/{made.pk}/"), "The announcement")


def test_what_is_gone_is_said_to_be(business: Business, agent: User) -> None:
    made, _stroke = aims.save_annotation(by=agent, on=date(2026, 3, 2), title="x")
    aims.delete_annotation(annotation=made, by=agent)
    with pytest.raises(AnnotationGone):
        aims.save_annotation(by=agent, on=date(2026, 3, 2), title="y", annotation=made)
    with pytest.raises(AnnotationGone):
        aims.announce(annotation=made, business=business, by=agent)


def test_only_the_latest_that_concern_a_figure_are_drawn(business: Business) -> None:
    for day in range(1, 21):
        aims.save_annotation(by=None, on=date(2026, 3, day), title=f"day {day}")
    aims.save_annotation(by=None, on=date(2026, 3, 30), title="other", kpis=["cac"])
    found = aims.happened(date(2026, 1, 1), date(2026, 4, 1), ["nps"])
    assert [number for number, _one in found] == list(range(1, aims.MOST + 1))
    assert found[-1][1].title == "day 20"


def test_the_trail_has_words_for_them(manager_client: Client, owner_client: Client) -> None:
    note(manager_client)
    post_target(manager_client, "nps", value="40")
    response = owner_client.get("/settings/audit/")
    assertContains(response, "oted what happened")
    assertContains(response, "et a target")
