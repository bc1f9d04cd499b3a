"""/customers/<id>/askings/: why somebody was asked, or was not, and what comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from crm.models import Customer
from mail.models import Scope, Suppression
from surveys import askings
from surveys.actions.surveys import stock_survey
from surveys.models import Invitation, Skip, SurveyTrigger
from tests.factories import CustomerFactory, InvitationFactory, SurveyRunFactory

DAY = timedelta(days=1)


@pytest.fixture
def ada(business: object) -> Customer:
    return CustomerFactory(name="Ada", email="ada@example.com", stage=Customer.Stage.CUSTOMER)


def page(client: Client, customer: Customer, query: str = "") -> Any:
    return client.get(reverse("surveys:askings", args=[customer.pk]) + query)


def skipped(customer: Customer, reason: str, days_ago: int = 0, **values: Any) -> Skip:
    run = SurveyRunFactory(survey=stock_survey("csat"))
    at = timezone.now() - days_ago * DAY
    return Skip.objects.create(run=run, customer=customer, reason=reason, created_at=at, **values)


def test_all_that_was_asked_and_left_out_is_there_with_its_reason(
    ada: Customer, read_only_client: Client
) -> None:
    contact = ada.contacts.get()
    reminded = InvitationFactory(customer=ada, contact=contact, created_at=timezone.now() - 9 * DAY)
    Invitation.objects.filter(pk=reminded.pk).update(reminded_at=timezone.now() - 5 * DAY)
    skipped(ada, "throttled", 3, until=timezone.now() + 20 * DAY)
    trigger = SurveyTrigger.objects.get()
    InvitationFactory(
        customer=ada,
        contact=contact,
        state="cancelled",
        created_at=timezone.now() - 40 * DAY,
        trigger=trigger,
        subject_model="support.ticket",
        subject_id=1,
        occurrence=1,
    )

    response = page(read_only_client, ada)

    text = response.content.decode()
    order = ["Not asked: asked recently; again from", "Reminded.", "Asked; no answer yet."]
    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)
    assertContains(response, "24 hours after a ticket is solved")
    assertContains(response, "Would not be asked now: asked recently; again from")


def test_who_can_not_be_asked_is_told_so(ada: Customer, agent_client: Client) -> None:
    assertContains(page(agent_client, ada), "May be asked now.")
    assertContains(page(agent_client, ada), f"/surveys/send/?customer={ada.pk}")
    silent = CustomerFactory(name="Silent")
    assertContains(page(agent_client, silent), "Would not be asked now: no e-mail address.")
    Suppression.objects.create(address="ada@example.com", scope=Scope.SURVEYS, reason="unsubscribe")
    response = page(agent_client, ada)
    assertContains(response, "Would not be asked now: unsubscribed or not reachable.")
    assertNotContains(response, f"/surveys/send/?customer={ada.pk}")


def test_their_next_turn_is_told(ada: Customer, agent_client: Client) -> None:
    assertContains(page(agent_client, ada), "No survey comes round to them by itself.")
    SurveyTrigger.objects.create(moment="relational", survey=stock_survey("nps"), every_months=6)
    assertContains(page(agent_client, ada), "every 6 months: their next turn is on")
    lead = CustomerFactory(name="Lead", email="lead@example.com")
    assertContains(page(agent_client, lead), "No survey comes round to them by itself.")


def test_long_histories_come_in_pages_and_lose_nothing(
    ada: Customer, agent_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(askings, "PAGE", 3)
    at = timezone.now() - DAY
    for number in range(4):
        one = skipped(ada, "no_email")
        Skip.objects.filter(pk=one.pk).update(created_at=at)
        contact = ada.contacts.get()
        InvitationFactory(customer=ada, contact=contact, created_at=at, run__once_key=f"r{number}")
    seen: list[tuple[Any, ...]] = []
    query = ""
    for _number in range(4):
        lines = page(agent_client, ada, query).context["page"]
        seen += [(line.is_skip, line.pk) for line in lines]
        query = lines.next_url
        if not query:
            break
    assert len(seen) == len(set(seen)) == 8
    assert page(agent_client, ada, "?after=nonsense").status_code == 200


def test_the_number_of_queries_does_not_grow(
    ada: Customer, agent_client: Client, django_assert_max_num_queries: Any
) -> None:
    contact = ada.contacts.get()
    for _number in range(12):
        skipped(ada, "no_email")
        InvitationFactory(customer=ada, contact=contact, created_at=timezone.now() - DAY)
    # session, user, business, customer; places, invitations, skips; people, suppressed, asked, rounds
    with django_assert_max_num_queries(13):
        page(agent_client, ada)
