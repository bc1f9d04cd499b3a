"""A task changed, moved on and deleted."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertRedirects

from crm import actions
from crm.actions.tasks import AlreadyDone
from crm.forms.interactions import end_of
from crm.models import Interaction, Task
from staff.models import AuditEntry, Business, User
from tests.factories import CustomerFactory, TaskFactory, UserFactory

TODAY = reverse("crm:today")


def page(name: str, task: Task) -> str:
    return reverse(f"crm:task-{name}", args=[task.pk])


def test_words_day_and_person_change_on_one_page(
    agent_client: Client, agent: User, business: Business
) -> None:
    task = TaskFactory(title="Call", owner=agent, due_at=timezone.now() + timedelta(days=1))
    other, day = UserFactory(), timezone.localdate(timezone=business.zone) + timedelta(days=9)

    assertContains(agent_client.get(page("edit", task)), "Call")
    response = agent_client.post(
        page("edit", task), {"title": "Visit", "owner": other.pk, "due_on": day.isoformat()}
    )

    assertRedirects(response, reverse("crm:customer", args=[task.customer_id]))
    task.refresh_from_db()
    with timezone.override(business.zone):
        assert (task.title, task.owner, task.due_at) == ("Visit", other, end_of(day))
    done = AuditEntry.objects.filter(target_model="crm.task").order_by("pk")
    assert list(done.values_list("action", flat=True)) == ["task.update", "task.reschedule"]


def test_an_unchanged_day_keeps_its_hour(
    agent_client: Client, agent: User, business: Business
) -> None:
    task = TaskFactory(owner=agent, due_at=timezone.now() + timedelta(days=1))
    was, day = task.due_at, timezone.localtime(task.due_at, business.zone).date()

    agent_client.post(
        page("edit", task), {"title": "Visit", "owner": agent.pk, "due_on": day.isoformat()}
    )

    task.refresh_from_db()
    assert (task.title, task.due_at) == ("Visit", was)


def test_a_promise_keeps_a_day_and_nothing_typed_is_lost(agent_client: Client, agent: User) -> None:
    task = TaskFactory(owner=agent, is_promise=True)

    response = agent_client.post(
        page("edit", task), {"title": "Sent by mail", "owner": agent.pk, "due_on": ""}
    )

    assertContains(response, "until which it is kept", status_code=422)
    assertContains(response, "Sent by mail", status_code=422)
    task.refresh_from_db()
    assert task.title != "Sent by mail"


def test_one_press_moves_it_on_and_keeps_the_hour(
    agent_client: Client, agent: User, business: Business
) -> None:
    at = timezone.localtime(timezone=business.zone).replace(
        hour=15, minute=30, second=0, microsecond=0
    )
    task = TaskFactory(owner=agent, due_at=at - timedelta(days=3))

    response = agent_client.post(page("move", task), {"to": "week", "next": TODAY})

    assertRedirects(response, TODAY)
    task.refresh_from_db()
    moved = timezone.localtime(task.due_at, business.zone)
    assert moved.date() == timezone.localdate(timezone=business.zone) + timedelta(days=7)
    assert (moved.hour, moved.minute) == (15, 30)

    someday = TaskFactory(owner=agent, due_at=None)
    agent_client.post(page("move", someday), {"to": "tomorrow"})
    someday.refresh_from_db()
    with timezone.override(business.zone):
        assert someday.due_at == end_of(timezone.localdate() + timedelta(days=1))


def test_what_is_done_does_not_move(agent: User) -> None:
    task = TaskFactory(owner=agent)
    actions.complete_task(task=task, by=agent)
    with pytest.raises(AlreadyDone):
        actions.move_task(task=task, days=1, by=agent)


def test_deleted_is_off_the_timeline_and_can_be_undone(agent_client: Client, agent: User) -> None:
    task = actions.promise(
        customer=CustomerFactory(),
        title="Send the quote",
        due_at=timezone.now() + timedelta(days=1),
        by=agent,
    )
    told = Interaction.objects.filter(about_model="crm.task", about_id=task.pk)
    assert told.count() == 1

    response = agent_client.post(page("delete", task), {"next": TODAY}, follow=True)

    assertContains(response, "Deleted: Send the quote")
    assert not Task.objects.exists()
    assert not told.exists()
    undo = AuditEntry.objects.get(action="task.delete").change_set_id
    agent_client.post(reverse("crm:undo", args=[undo]))
    assert Task.objects.get() == task
    assert told.count() == 1
    assert agent_client.post(page("delete", task)).status_code == 302
    assert agent_client.post(page("delete", task)).status_code == 404


def test_who_only_reads_changes_nothing(read_only_client: Client) -> None:
    task = TaskFactory()
    assert read_only_client.get(page("edit", task)).status_code == 403
    for name in ("move", "delete"):
        assert read_only_client.post(page(name, task)).status_code == 403
