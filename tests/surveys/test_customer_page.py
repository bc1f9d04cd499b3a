"""What surveys add to the customer's page and to Today."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from surveys.actions.surveys import stock_survey
from surveys.models import Skip
from tests.factories import (
    CustomerFactory,
    InteractionFactory,
    InvitationFactory,
    ResponseFactory,
    SurveyRunFactory,
    TaskFactory,
)


def page(client, customer):
    return client.get(reverse("crm:customer", args=[customer.pk]))


def test_the_last_answer_of_each_kind_is_there(agent_client):
    ada = CustomerFactory()
    ResponseFactory(
        customer=ada, score=2, comment="Earlier", answered_at=timezone.now() - timedelta(9)
    )
    ResponseFactory(customer=ada, score=10, comment="Now I am happy")
    ResponseFactory(customer=ada, kind="csat", score=4)

    response = page(agent_client, ada)

    assertContains(response, "How they feel")
    assertContains(response, "Now I am happy")
    assertContains(response, "CSAT")


def test_why_somebody_was_not_asked_has_an_answer(agent_client):
    ada = CustomerFactory()
    assertContains(page(agent_client, ada), "Never asked.")
    run = SurveyRunFactory(survey=stock_survey("nps"))
    Skip.objects.create(run=run, customer=ada, reason="suppressed")
    assertContains(page(agent_client, ada), "Not asked: unsubscribed or not reachable.")

    InvitationFactory(customer=ada, created_at=timezone.now() + timedelta(seconds=1))
    assertContains(page(agent_client, ada), "Asked; no answer yet.")


def test_a_survey_is_sent_from_the_page_by_those_who_may(agent_client, read_only_client):
    ada = CustomerFactory()

    assertContains(page(agent_client, ada), f"/surveys/send/?customer={ada.pk}")
    assertNotContains(page(read_only_client, ada), "/surveys/send/")


def test_today_lists_the_unhappy_until_somebody_replies(agent_client):
    for name in ("Waiting", "Called", "Planned"):
        ResponseFactory(
            customer=CustomerFactory(name=name), score=3, answered_at=timezone.now() - timedelta(1)
        )
    happy = ResponseFactory(customer=CustomerFactory(name="Happy"), score=9).customer
    customers = {
        response.customer.name: response.customer
        for response in happy.responses.model.objects.all()
    }
    InteractionFactory(customer=customers["Called"], direction="out")
    TaskFactory(customer=customers["Planned"])

    response = agent_client.get("/today/")

    assertContains(response, "nobody has replied")
    assertContains(response, f"/customers/{customers['Waiting'].pk}/")
    for name in ("Called", "Happy"):
        assertNotContains(response, f"/customers/{customers[name].pk}/")


def test_today_leaves_out_who_answered_without_a_name(agent_client):
    ResponseFactory(customer=None, invitation=None, score=1)

    response = agent_client.get("/today/")

    assert response.status_code == 200
    assertNotContains(response, "/customers/None/")
