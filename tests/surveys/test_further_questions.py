"""What is asked once the score is safe, and answers that are tied to nobody."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Interaction
from staff.tokens import hashed
from surveys.actions.surveys import create_survey, latest_version
from surveys.models import Click, Invitation, Response, Survey
from surveys.questions import CHOICE, SCALE, TEXT, Question, Words
from tests.factories import InvitationFactory, SurveyRunFactory
from tests.surveys.test_answer import PHONE, nonce_of, press

URL = "/s/known/"
QUESTIONS = [
    Question("q1", SCALE, {"en": Words("How was the bread?", low="stale", high="fresh")}),
    Question(
        "q2",
        CHOICE,
        {"en": Words("What did you buy?", {"c1": "Bread", "c2": "Cake"})},
        several=True,
        codes=("c2", "c1"),
    ),
    Question("q3", TEXT, {"es": Words("¿Algo más?"), "en": Words("Anything else?")}),
]


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"user-agent": PHONE})


def invited(**settings) -> Invitation:
    survey = create_survey(kind="nps", name="With more", by=None, questions=QUESTIONS, **settings)
    return InvitationFactory(run=SurveyRunFactory(survey=survey), token="known")


@pytest.fixture
def invitation(business) -> Invitation:
    return invited()


def proof_in(response) -> str:
    found = re.search(r'name="proof" value="([^"]+)"', response.content.decode())
    assert found, response.content.decode()
    return found[1]


def more(client: Client, page, **fields):
    sent = {"proof": proof_in(page)} | {f"further-{key}": value for key, value in fields.items()}
    return client.post(URL, sent)


def test_more_is_asked_only_once_the_score_is_safe(invitation, visitor):
    assertNotContains(visitor.get(URL), "How was the bread?")
    press(visitor)

    page = visitor.get(URL)

    for words in ("How was the bread?", "What did you buy?", "Anything else?", "fresh"):
        assertContains(page, words)
    # In the order in which they were written, not in that of their codes.
    assert page.content.index(b"Cake") < page.content.index(b"Bread")


def test_what_is_answered_is_kept_and_can_be_changed(invitation, visitor):
    press(visitor)
    page = visitor.get(URL)

    assertRedirects(more(visitor, page, q1="4", q2=["c1", "c2"], q3=" Thanks "), URL)
    given = Response.objects.get()
    assert given.further == {"q1": 4, "q2": ["c1", "c2"], "q3": "Thanks"}

    more(visitor, visitor.get(URL), q1="2")
    given.refresh_from_db()
    assert given.further == {"q1": 2}
    assert given.changed_at


@pytest.mark.parametrize("wrong", [{"q1": "6"}, {"q2": ["c9"]}, {"q3": "x" * 2001}])
def test_what_can_not_be_an_answer_comes_back(invitation, visitor, wrong):
    press(visitor)

    response = more(visitor, visitor.get(URL), **wrong)

    assert response.status_code == 422
    assert Response.objects.get().further == {}


def test_without_the_proof_nobody_says_more(invitation, visitor):
    press(visitor)

    assertNotContains(Client().get(URL), "How was the bread?")
    for proof in ("", "forged", "1:x:y"):
        assertRedirects(Client().post(URL, {"proof": proof, "further-q1": "1"}), URL)

    assert Response.objects.get().further == {}


def test_an_answer_keeps_the_version_that_it_answered(invitation, visitor):
    press(visitor)
    assert Response.objects.get().version == latest_version(invitation.survey)


# --- Reminders ---


def test_the_link_in_a_reminder_leads_to_the_same_answer(invitation, visitor):
    Invitation.objects.update(reminder_hash=hashed("reminded"))

    press(visitor, "/s/reminded/", score="7")

    assert Response.objects.get().invitation == invitation
    assertContains(Client().get(URL), "Your answer")


# --- Anonymous ---


def test_an_anonymous_answer_is_nobodys(business, visitor):
    invitation = invited(is_anonymous=True)

    page = press(visitor, score="3", comment="Cold soup")

    assertContains(page, "Cold soup")
    given = Response.objects.get()
    assert (given.invitation, given.customer, given.contact) == (None, None, None)
    assert given.is_anonymous
    assert not given.edit_hash
    midnight = timezone.localtime(timezone=business.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    assert given.answered_at == given.created_at == midnight
    assert not page.cookies
    assert not Click.objects.exists()
    assert not Interaction.objects.exists()
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.ANSWERED


def test_an_anonymous_invitation_is_answered_once(business, visitor):
    invited(is_anonymous=True)
    nonce = nonce_of(visitor.get(URL))
    for client in (visitor, visitor, Client(headers={"user-agent": PHONE})):
        client.post(URL, {"nonce": nonce, "score": "9", "comment": "Only once"})

    assert Response.objects.count() == 1
    later = visitor.get(URL)
    assertContains(later, "has been answered")
    assertNotContains(later, "Only once")


def test_an_anonymous_answer_says_more_once_and_from_its_own_page(business, visitor):
    invited(is_anonymous=True)
    page = press(visitor)

    thanks = more(visitor, page, q1="5")

    assertContains(thanks, "Thank you")
    assertNotContains(thanks, "How was the bread?")
    more(visitor, page, q1="1")
    assert Response.objects.get().further == {"q1": 5}


def test_what_is_held_of_an_anonymous_survey_is_tied_to_nobody(business, visitor):
    invited(is_anonymous=True)
    for _time in range(3):
        press(visitor, website="https://spam.example")

    held = Response.objects.get()
    assert (held.validity, held.invitation, held.customer) == ("held", None, None)
    assert Survey.objects.get(name="With more").is_anonymous
