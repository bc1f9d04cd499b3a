"""The pages of figures about contracts, losses, payback and listening, down to rows of each kind."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains

from crm import tenures
from crm.models import Customer, Loss
from metrics import actions
from metrics.models import Training, TrainingHours
from staff.models import Business
from surveys.models import Review
from tests.factories import (
    ContractFactory,
    CostFactory,
    CustomerFactory,
    InteractionFactory,
    OrderFactory,
    ResponseFactory,
    TenureSpanFactory,
    TicketFactory,
    UserFactory,
)

JUNE = "?grain=month&on=2026-06-01"


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def june(business: Business) -> Customer:
    """A little of everything, in June."""
    kept, lost = (CustomerFactory(created_at=at(1, 1)) for _ in range(2))
    for one in (kept, lost):
        TenureSpanFactory(customer=one, started_at=at(1, 1))
        ContractFactory(customer=one, ends_on=date(2026, 8, 1), rebuild=True)
        OrderFactory(customer=one, ordered_at=at(6, 2), cost=Decimal(40), rebuild=True)
    TenureSpanFactory(customer=CustomerFactory(referred_by=kept), started_at=at(6, 3))
    Loss.objects.create(customer=lost, lost_at=at(6, 20), reason="service", note="Nobody called")
    tenures.rebuild([lost.pk])
    CostFactory(amount=Decimal(90), on=date(2026, 6, 5))
    CostFactory(purpose="training", on=date(2026, 6, 5))
    InteractionFactory(customer=kept, occurred_at=at(6, 6), direction="out", summary="Asked back")
    TicketFactory(customer=kept, opened_at=at(6, 7), channel="form", kind="complaint")
    ResponseFactory(customer=lost, score=2, answered_at=at(6, 8), comment="Too slow")
    for score in (9, 9, 10, 3, 8):
        ResponseFactory(customer=None, score=score, answered_at=at(6, 9), origin="kiosk")
    Review.objects.create(site="Maps", rating=4, text="Friendly", at=at(6, 9))
    training = Training.objects.create(
        title="Calm talk", planned_on=date(2026, 6, 9), held_on=date(2026, 6, 9)
    )
    person = UserFactory(created_at=at(1, 1), name="Ana Ruiz")
    TrainingHours.objects.create(training=training, user=person, hours=2)
    actions.refresh(now=at(9, 1))
    return kept


# What each page shows of June.
PARTS = {
    "revenue_churn_gross": "50.0%",
    "revenue_retention_net": "50.0%",
    "churn_reasons": "Service disappointed",
    "ltv_cac": "Lifetime value against CAC",
    "cac": "Below lifetime value",
    "income_at_risk": "From contracts that end",
    "referral_share": "100.0%",
    "review_score": "Maps",
    "nps_public": "+40",
    "contact_frequency": "From us",
    "silent_customers": "Share of customers served",
    "unanswered_feedback": "Detractors without a reply",
    "training_hours": "People who took part",
}
ROWS = {
    ("revenue_churn_gross", "numerator"): "R$50.00",
    ("churn_reasons", "numerator"): "Service disappointed: “Nobody called”",
    ("contact_frequency", "numerator"): "Asked back",
    ("unanswered_feedback", "numerator"): "Ticket #",
    ("review_score", "numerator"): "Maps ★★★★ Friendly",
    ("training_hours", "numerator"): "Calm talk · Ana Ruiz",
    ("training_hours", "denominator"): "Ana Ruiz · Agent",
    ("cac_payback", "denominator"): "R$",
    ("income_at_risk", "numerator"): "R$100.00",
}


def test_each_is_shown_with_its_parts_and_its_rows(agent_client: Client, june: Customer) -> None:
    for kpi, shown in PARTS.items():
        assertContains(agent_client.get(reverse("metrics:metric", args=[kpi]) + JUNE), shown)
    for (kpi, side), shown in ROWS.items():
        page = agent_client.get(reverse("metrics:metric-rows", args=[kpi, side]) + JUNE)
        assertContains(page, shown)


def test_the_command_answers_for_them(june: Customer, capsys: pytest.CaptureFixture[str]) -> None:
    span = {"start": date(2026, 6, 1), "end": date(2026, 7, 1)}
    call_command("metric", "training_hours", rows="denominator", json=True, **span)
    told = capsys.readouterr().out
    assert '"status": "ok"' in told
    assert '"customer": null' in told
