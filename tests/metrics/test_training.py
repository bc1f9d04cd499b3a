"""Training: planned, held, who took part, and its cost in the ledger."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Cost
from metrics import training as trainings
from metrics.models import Training, TrainingHours
from staff.changes import revert
from staff.models import AuditEntry, ChangeSet, User

LIST = reverse("metrics:training-list")
TODAY = timezone.localdate


def held(manager: User, agent: User, **given: Any) -> Training:
    values: dict[str, Any] = {
        "title": "Listening on the telephone",
        "planned_on": TODAY() - timedelta(days=9),
        "held_on": TODAY() - timedelta(days=8),
        "amount": Decimal("120.50"),
        "hours": {agent.pk: Decimal("2.5"), manager.pk: Decimal(1)},
        "today": TODAY(),
    }
    saved, _stroke = trainings.save_training(by=manager, **values | given)
    return saved


def test_what_it_cost_is_in_the_ledger_on_its_day(manager: User, agent: User) -> None:
    training = held(manager, agent)

    cost = Cost.objects.get()
    assert training.cost == cost
    assert (cost.purpose, cost.amount, cost.on, cost.note) == (
        "training",
        Decimal("120.50"),
        training.held_on,
        "Listening on the telephone",
    )
    assert AuditEntry.objects.filter(action__in=["training.create", "cost.create"]).count() == 2
    assert {one.user: one.hours for one in trainings.trained(TODAY())} == {
        manager: Decimal(1),
        agent: Decimal("2.5"),
    }


def test_one_stroke_is_taken_back_as_one(manager: User, agent: User) -> None:
    training = held(manager, agent)
    stroke = ChangeSet.objects.get(kind=trainings.KIND)

    changed = held(
        manager,
        agent,
        training=training,
        title="Listening",
        amount=Decimal(99),
        hours={agent.pk: 4},
    )
    assert (changed.cost.amount, changed.hours.get().hours) == (99, 4)  # type: ignore[union-attr]
    second = ChangeSet.objects.filter(kind=trainings.KIND).latest("pk")
    assert revert(change_set=second, by=manager).left_alone_count == 0
    training.refresh_from_db()
    assert training.title == "Listening on the telephone"
    assert training.cost
    assert (training.cost.amount, training.cost.note) == (Decimal("120.50"), training.title)
    assert sorted(training.hours.values_list("hours", flat=True)) == [1, Decimal("2.5")]

    assert revert(change_set=stroke, by=manager).left_alone_count == 0
    assert not Training.objects.exists()
    assert not Cost.objects.exists()


def test_without_an_amount_nothing_stays_in_the_ledger(manager: User, agent: User) -> None:
    training = held(manager, agent)

    held(manager, agent, training=training, amount=None)

    assert not Cost.objects.exists()
    assert AuditEntry.objects.filter(action="cost.delete").exists()
    revert(change_set=ChangeSet.objects.latest("pk"), by=manager)
    training.refresh_from_db()
    assert training.cost == Cost.objects.get()


def test_deleting_takes_its_cost_along_and_can_be_undone(
    manager: User, agent: User, manager_client: Client
) -> None:
    training = held(manager, agent)

    page = manager_client.post(reverse("metrics:training-delete", args=[training.pk]), follow=True)

    assertContains(page, "The training is deleted, and its cost.")
    assert not Training.objects.exists()
    assert not Cost.objects.exists()
    stroke = ChangeSet.objects.latest("pk")
    manager_client.post(reverse("metrics:undo", args=[stroke.pk]))
    assert Training.objects.get().cost == Cost.objects.get()
    assert TrainingHours.objects.count() == 2
    with pytest.raises(trainings.TrainingGone):
        trainings.delete_training(training=Training(pk=training.pk + 1), by=manager)


def test_a_manager_plans_and_everybody_reads(
    manager_client: Client, read_only_client: Client, agent_client: Client, agent: User
) -> None:
    assertContains(read_only_client.get(LIST), "No training yet")
    assertNotContains(read_only_client.get(LIST), "Plan a training</a>")
    create = reverse("metrics:training-create")
    assert agent_client.post(create, {}).status_code == 403
    planned = {"title": "Complaints", "planned_on": TODAY().isoformat(), "amount": "80"}

    response = manager_client.post(create, planned)

    assertRedirects(response, LIST)
    assertContains(read_only_client.get(LIST), "Complaints")
    training = Training.objects.get()
    edit = reverse("metrics:training-edit", args=[training.pk])
    tomorrow = (TODAY() + timedelta(days=1)).isoformat()
    refused = manager_client.post(edit, planned | {"held_on": tomorrow})
    assertContains(refused, "still to come", status_code=422)
    hours = {f"hours_{agent.pk}": "1.5", "held_on": TODAY().isoformat()}
    assertRedirects(manager_client.post(edit, planned | hours), LIST)
    assert training.hours.get().hours == Decimal("1.5")
    assert Cost.objects.get().amount == 80
    assertContains(manager_client.get(edit), 'value="1.50"')
    assertContains(read_only_client.get(LIST), "1.5 hours")
