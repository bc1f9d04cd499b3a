"""Logging what passed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm import actions
from crm.actions.interactions import summarised
from crm.models import Customer, Interaction, InteractionBody
from staff.models import User
from tests.factories import CustomerFactory, TaskFactory

pytestmark = pytest.mark.django_db


def test_a_call_moves_the_last_date_forward_and_never_back(agent: User) -> None:
    customer, now = CustomerFactory(), timezone.now()
    for days, direction in [(3, "in"), (1, "in"), (2, "in"), (5, "out"), (0, "")]:
        actions.log_interaction(
            customer=customer,
            kind="call",
            summary="Rang",
            direction=direction,
            occurred_at=now - timedelta(days=days),
            by=agent,
        )
    assert customer.last_inbound_at == now - timedelta(days=1)
    customer.refresh_from_db()
    assert customer.last_inbound_at == now - timedelta(days=1)
    assert customer.last_outbound_at == now - timedelta(days=5)


def test_it_says_what_it_is_about(agent: User) -> None:
    task = TaskFactory()
    logged = actions.log_interaction(
        customer=task.customer, kind="note", summary="Done", about=task, by=agent
    )
    assert (logged.about_model, logged.about_id, logged.by) == ("crm.task", task.pk, agent)


def test_the_same_external_key_is_logged_once(agent: User) -> None:
    customer = CustomerFactory()
    first, second = [
        actions.log_interaction(
            customer=customer,
            kind="chat",
            summary="Hello",
            external_source="shop",
            external_id="7",
            by=agent,
        )
        for _ in range(2)
    ]
    assert first.pk == second.pk
    assert Interaction.objects.count() == 1


@pytest.mark.parametrize(
    ("summary", "body", "short", "behind"),
    [
        ("Rang about brakes", "", "Rang about brakes", ""),
        ("  Rang\n about ", "All of it", "Rang about", "All of it"),
        ("", "One line", "One line", ""),
        ("", "One\nTwo", "One Two", "One\nTwo"),
        ("word " * 80, "", None, ("word " * 80).strip()),
        ("x" * 400, "More", None, "x" * 400 + "\n\nMore"),
    ],
)
def test_a_long_summary_loses_nothing(
    summary: str, body: str, short: str | None, behind: str
) -> None:
    kept, text = summarised(summary, body)
    assert len(kept) <= 300
    assert kept == short if short is not None else kept.endswith("…")
    assert text == behind


def test_bulk_is_the_same_in_few_queries(
    agent: User, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    customers = CustomerFactory.create_batch(3)
    now = timezone.now()
    rows = [
        Interaction(
            customer=customers[n % 3],
            kind="call",
            direction=["in", "out"][n % 2],
            summary=f"Call {n}",
            occurred_at=now - timedelta(days=n),
            external_source="pbx",
            external_id=str(n // 2),  # each key twice
        )
        for n in range(60)
    ]
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        made = actions.log_interactions_bulk(rows, {0: "The whole of it"})
    assert len(made) == 30
    assert InteractionBody.objects.get().interaction == made[0]
    assert actions.log_interactions_bulk([Interaction(**kept(row)) for row in rows]) == []
    for customer in Customer.objects.all():
        inbound = customer.interactions.filter(direction="in").timeline()
        assert customer.last_inbound_at == inbound[0].occurred_at


def kept(row: Interaction) -> dict[str, object]:
    names = ("customer", "kind", "summary", "occurred_at", "external_source", "external_id")
    return {name: getattr(row, name) for name in names}
