"""Tasks, promises, and losing a customer."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm import actions, tasks
from crm.actions.silence import SilenceOutOfRange
from crm.actions.tasks import (
    AlreadyDone,
    NotDone,
    PromiseNeedsCustomer,
    PromiseNeedsDue,
    TitleMissing,
)
from crm.actions.tenures import (
    LossGone,
    LostInFuture,
    NotACustomer,
    SilenceNeedsNoHand,
    SpanNotForward,
)
from crm.models import Interaction, Loss, SilenceRule, Task
from staff.models import AuditEntry, User
from tests.factories import CustomerFactory, OrderFactory, TaskFactory

pytestmark = pytest.mark.django_db


def audited(action: str) -> AuditEntry:
    [entry] = AuditEntry.objects.filter(action=action)
    return entry


def test_a_promise_goes_on_the_timeline_and_is_kept_in_time(agent: User) -> None:
    customer, due = CustomerFactory(), timezone.now() + timedelta(hours=2)
    task = actions.promise(customer=customer, title=" Ring  back ", due_at=due, by=agent)
    assert (task.title, task.owner, task.was_kept) == ("Ring back", agent, None)
    logged = Interaction.objects.get()
    assert (logged.kind, logged.summary, logged.about_id) == ("promise", "Ring back", task.pk)
    actions.complete_task(task=task, by=agent)
    assert task.was_kept is True
    assert not actions.can_complete(task)
    with pytest.raises(AlreadyDone):
        actions.complete_task(task=task, by=agent)
    actions.reopen_task(task=task, by=agent)
    with pytest.raises(NotDone):
        actions.reopen_task(task=task, by=agent)
    assert audited("task.complete").by == agent


def test_promises_need_a_day_and_somebody(agent: User) -> None:
    due = timezone.now()
    for refusal, values in [
        (PromiseNeedsDue, {"customer": CustomerFactory()}),
        (PromiseNeedsCustomer, {"due_at": due}),
        (TitleMissing, {"title": " "}),
    ]:
        with pytest.raises(refusal):
            actions.create_task(**{"title": "x", "is_promise": True, "by": agent} | values)
    task = actions.create_task(title="x", by=agent)
    assert not task.is_promise
    kept = actions.promise(customer=CustomerFactory(), title="y", due_at=due, by=agent)
    with pytest.raises(PromiseNeedsDue):
        actions.reschedule_task(task=kept, due_at=None, by=agent)
    later = actions.reschedule_task(task=kept, due_at=due + timedelta(days=1), by=agent)
    assert later.due_at == due + timedelta(days=1)
    actions.update_task(task=task, title="z", owner=kept.owner, by=agent)
    actions.complete_task(task=task, by=agent)
    with pytest.raises(AlreadyDone):
        actions.reschedule_task(task=task, due_at=due, by=agent)


def test_due_late_and_promised(agent: User) -> None:
    now = timezone.now().replace(hour=12)
    for title, hours in [("late", -1), ("due", 1), ("tomorrow", 30)]:
        TaskFactory(title=title, due_at=now + timedelta(hours=hours), owner=agent)
    TaskFactory(title="done", due_at=now - timedelta(hours=1), done_at=now)
    TaskFactory(title="undated", due_at=None)
    TaskFactory(title="promised", due_at=now + timedelta(days=9), is_promise=True)
    assert [task.title for task in Task.objects.late(now)] == ["late"]
    assert [task.title for task in Task.objects.due(now)] == ["due"]
    assert [task.title for task in Task.objects.open().promised()] == ["promised"]
    assert Task.objects.of(agent).count() == 3


# --- Losing --------------------------------------------------------------------------------


def test_losing_a_customer_says_why_and_can_be_taken_back(agent: User) -> None:
    customer = CustomerFactory()
    actions.record_order(customer=customer, total=Decimal(10), by=agent)
    assert actions.can_lose(customer)
    loss = actions.lose_customer(
        customer=customer, reason="service", note="Waited three weeks", by=agent
    )
    assert customer.stage == "lost"
    assert not actions.can_lose(customer)
    [tenure] = customer.tenures.all()
    assert (tenure.ended_at, tenure.end_reason, tenure.end_note) == (
        loss.lost_at,
        "service",
        "Waited three weeks",
    )
    logged = Interaction.objects.get(kind="lost")
    assert (logged.summary, logged.body.text) == ("service disappointed", "Waited three weeks")
    assert audited("customer.lose").changes["reason"] == [None, "service"]
    with pytest.raises(NotACustomer):
        actions.lose_customer(customer=customer, reason="service", by=agent)

    actions.undo_loss(loss=loss, by=agent)
    customer.refresh_from_db()
    assert customer.stage == "customer"
    assert not Interaction.objects.filter(kind="lost").exists()
    with pytest.raises(LossGone):
        actions.undo_loss(loss=loss, by=agent)
    assert audited("customer.undo_loss").by == agent


def test_a_new_purchase_brings_them_back(agent: User) -> None:
    customer = CustomerFactory()
    OrderFactory(customer=customer, ordered_at=timezone.now() - timedelta(days=9), rebuild=True)
    actions.lose_customer(
        customer=customer,
        reason="moved",
        lost_at=timezone.now() - timedelta(days=2),
        by=agent,
    )
    actions.record_order(customer=customer, total=Decimal(10), by=agent)
    assert customer.stage == "customer"
    assert customer.tenures.count() == 2


def test_losses_that_can_not_be_are_refused(agent: User) -> None:
    customer = CustomerFactory()
    with pytest.raises(NotACustomer):
        actions.lose_customer(customer=customer, reason="service", by=agent)
    OrderFactory(customer=customer, rebuild=True)
    with pytest.raises(SilenceNeedsNoHand):
        actions.lose_customer(customer=customer, reason="silence", by=agent)
    ahead = timezone.now() + timedelta(hours=1)
    with pytest.raises(LostInFuture):
        actions.lose_customer(customer=customer, reason="service", lost_at=ahead, by=agent)
    assert not Loss.objects.exists()


def test_spans_by_hand(agent: User) -> None:
    customer, start = CustomerFactory(), timezone.now() - timedelta(days=9)
    with pytest.raises(SpanNotForward):
        actions.add_span(customer=customer, started_at=start, ended_at=start, by=agent)
    span = actions.add_span(customer=customer, started_at=start, by=agent)
    assert customer.stage == "customer"
    actions.delete_span(span=span, by=agent)
    actions.delete_span(span=span, by=agent)
    customer.refresh_from_db()
    assert customer.stage == "lead"
    assert audited("customer.delete_span").target_id == customer.pk


def test_a_silence_rule_waits_until_everyone_follows_it(manager: User) -> None:
    customer = CustomerFactory()
    OrderFactory(customer=customer, ordered_at=timezone.now() - timedelta(days=40), rebuild=True)
    for days in (0, 5000):
        with pytest.raises(SilenceOutOfRange):
            actions.set_silence_rule(since=date(2020, 1, 1), days=days, by=manager)
    rule = actions.set_silence_rule(since=date(2020, 1, 1), days=30, by=manager)
    assert rule.applied_at is None
    tasks.sweep_stages()
    customer.refresh_from_db()
    rule.refresh_from_db()
    assert customer.stage == "lost"
    assert rule.applied_at is not None
    actions.set_silence_rule(since=date(2020, 1, 1), days=90, by=manager)
    assert SilenceRule.objects.get().applied_at is None
    tasks.apply_silence_rules()
    tasks.apply_silence_rules()
    customer.refresh_from_db()
    assert customer.stage == "customer"
    assert AuditEntry.objects.filter(action="silence_rule.set").count() == 2
