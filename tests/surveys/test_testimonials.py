"""Being quoted: agreed to on purpose by whoever answered, with its proof, and taken back at any time."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from staff.models import AuditEntry, Business
from surveys import after, models, tokens
from surveys.actions.surveys import stock_survey
from surveys.models import Response, Survey
from tests.factories import InvitationFactory, ResponseFactory

pytestmark = pytest.mark.django_db

AGREE, WITHDRAW = "/testimonials/agree/", "/testimonials/withdraw/"


@pytest.fixture
def response(business: Business) -> Response:
    """Words of a customer, to a survey that asks whether it may quote them."""
    stock_survey("nps")
    Survey.objects.update(asks_for_testimonials=True)
    return ResponseFactory(
        invitation=InvitationFactory(), comment="The best bread in town.", language="es"
    )


def agreed(client: Client, response: Response, **values: str) -> Any:
    data = {"proof": tokens.proof_of(response), "language": "es", "agrees": "on"} | values
    return client.post(AGREE, data)


def shown(response: Response, proof: str = "proof") -> dict[str, Any]:
    return after.shown_after(survey=response.survey, response=response, language="es", proof=proof)


def test_the_sentence_stands_there_unticked_for_whoever_answered(response: Response) -> None:
    assert "Padaria Aurora" in shown(response)["sentence"]
    assert "sentence" not in shown(response, proof="")


def test_nobody_is_asked_without_words_a_name_or_a_survey_that_asks(response: Response) -> None:
    def is_asked(**values: Any) -> bool:
        for name, value in values.items():
            setattr(response, name, value)
        return "sentence" in shown(response)

    assert is_asked()
    assert not is_asked(comment=" ")
    assert not is_asked(comment="Good", customer_id=None)
    response.survey.asks_for_testimonials = False
    assert not is_asked()


def test_agreeing_keeps_the_words_the_name_and_the_very_sentence(
    client: Client, response: Response
) -> None:
    page = agreed(client, response, signed=" Ada  L. ")

    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    testimonial = models.Testimonial.objects.get()
    assert (testimonial.words, testimonial.signed) == ("The best bread in town.", "Ada L.")
    assert "Padaria Aurora" in testimonial.agreed_to
    assert (testimonial.language, testimonial.withdrawn_at) == ("es", None)
    assert AuditEntry.objects.get(action="testimonial.agree").by is None
    agreed(client, response, signed="Ada L.")
    assert AuditEntry.objects.filter(action="testimonial.agree").count() == 1
    # What they say later is not what they agreed to.
    Response.objects.update(comment="No longer.")
    testimonial.refresh_from_db()
    assert testimonial.words == "The best bread in town."


def test_without_the_tick_nothing_is_kept(client: Client, response: Response) -> None:
    page = client.post(AGREE, {"proof": tokens.proof_of(response), "language": "en"})
    assertContains(page, "Tick the box", status_code=422)
    assertContains(page, 'name="agrees"', status_code=422)
    assert not models.Testimonial.objects.exists()


def test_without_the_proof_nobody_agrees_or_takes_back(client: Client, response: Response) -> None:
    assert client.post(AGREE, {"agrees": "on", "proof": "1"}).status_code == 404
    assert client.post(WITHDRAW, {"proof": str(response.pk)}).status_code == 404
    # The proof that somebody answered takes nobody's words back.
    agreed(client, response)
    assert client.post(WITHDRAW, {"proof": tokens.proof_of(response)}).status_code == 404
    assert client.get(AGREE).status_code == 405


def test_its_author_takes_it_back_and_may_agree_again(client: Client, response: Response) -> None:
    agreed(client, response)
    for _twice in range(2):
        page = client.post(
            WITHDRAW, {"proof": after.withdrawal_of(models.Testimonial.objects.get())}
        )
        assert page.status_code == 200
    assert models.Testimonial.objects.get().withdrawn_at
    assert AuditEntry.objects.filter(action="testimonial.withdraw").count() == 1
    agreed(client, response, signed="Ada")
    assert models.Testimonial.objects.get().withdrawn_at is None


def test_staff_see_them_and_stop_using_them(
    agent_client: Client, read_only_client: Client, response: Response
) -> None:
    at = "/surveys/testimonials/"
    assertContains(read_only_client.get(at), "No testimonials yet")
    agreed(agent_client, response, signed="Ada L.")
    page = read_only_client.get(at)
    assertContains(page, "The best bread in town.")
    assertContains(page, "Ada L.")
    assertNotContains(page, "Do not quote it any more")
    customer = f"/customers/{response.customer_id}/"
    assertContains(agent_client.get(customer), "We may quote them")

    stop = f"{at}{models.Testimonial.objects.get().pk}/withdraw/"
    assert read_only_client.post(stop).status_code == 403
    agent_client.post(stop)
    assertNotContains(agent_client.get(at), "The best bread in town.")
    assertContains(agent_client.get(f"{at}?state=withdrawn"), "The best bread in town.")
    assertNotContains(agent_client.get(customer), "We may quote them")


def test_they_can_be_taken_along_as_a_file(agent_client: Client, response: Response) -> None:
    agreed(agent_client, response, signed="Ada L.")
    file = agent_client.post(
        "/exports/new/", {"list": "testimonials", "format": "csv"}, follow=True
    )
    text = b"".join(file.streaming_content if file.streaming else [file.content]).decode()
    assert "The best bread in town." in text
    assert "Ada L." in text
