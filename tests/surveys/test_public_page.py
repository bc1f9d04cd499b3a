"""/p/<slug>/, the kiosk and the widget: anybody may answer, nobody twice, and programs not at all."""

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Interaction
from surveys.actions.surveys import create_survey, latest_version, update_survey
from surveys.models import Response, Survey
from surveys.views import public
from tests.surveys.test_answer import PHONE, nonce_of
from tests.surveys.test_further_questions import QUESTIONS, proof_in

PAGE, KIOSK, WIDGET = "/p/bakery/", "/p/bakery/kiosk/", "/p/bakery/widget/"
SHOP = "https://shop.example"


def opened(**settings) -> Survey:
    survey = create_survey(kind="nps", name="At the counter", by=None, **settings)
    survey.slug, survey.is_public, survey.embedded_on = "bakery", True, [SHOP]
    survey.save()
    return survey


@pytest.fixture
def survey(business) -> Survey:
    return opened()


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"user-agent": PHONE})


def form_at(client: Client, url: str = PAGE) -> str:
    """The nonce of a form that was opened a while ago."""
    with patch("django.core.signing.time.time", return_value=timezone.now().timestamp() - 10):
        return nonce_of(client.get(url))


def press(client: Client, url: str = PAGE, *, nonce: str = "", **fields):
    sent = {"nonce": nonce or form_at(client, url), "score": "9", "comment": ""} | fields
    return client.post(url, sent)


# --- Answering ---


def test_opening_the_page_answers_nothing(survey, visitor):
    for url in (PAGE, KIOSK, WIDGET):
        for method in (visitor.get, visitor.head):
            response = method(url, {"score": 9})
            assert response.status_code == 200
            assert not response.cookies
            assert response["Cache-Control"] == "no-store"

    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("url", "origin"), [(PAGE, "public_link"), (KIOSK, "kiosk"), (WIDGET, "widget")]
)
def test_a_press_is_an_answer_of_nobody_in_particular(survey, visitor, url, origin):
    press(visitor, url, score="8", comment="Good coffee")

    given = Response.objects.get()
    assert (given.score, given.comment, given.validity) == (8, "Good coffee", "valid")
    assert (given.origin, given.version) == (origin, latest_version(survey))
    assert (given.customer, given.contact, given.invitation) == (None, None, None)
    assert not Interaction.objects.exists()


def test_an_answer_keeps_the_words_that_were_shown(survey, visitor, manager):
    shown, nonce = latest_version(survey), form_at(visitor)
    update_survey(survey=survey, by=manager, own_texts={"en": {"question": "Other words?"}})

    press(visitor, nonce=nonce)

    assert Response.objects.get().version == shown


@pytest.mark.parametrize("nonce", ["forged", "of another place"])
def test_a_form_that_was_not_rendered_here_answers_nothing(survey, visitor, nonce):
    nonce = form_at(visitor, KIOSK) if nonce == "of another place" else nonce

    response = press(visitor, nonce=nonce, comment="kept")

    assertContains(response, "kept", status_code=422)
    assert not Response.objects.exists()


def test_the_same_form_pressed_twice_is_one_answer(survey):
    nonce = form_at(Client())
    for _time in range(2):
        browser = Client(headers={"user-agent": PHONE})
        press(browser, nonce=nonce)

    assert Response.objects.count() == 1
    # Whichever reply the browser shows, it finds its answer.
    assertContains(browser.get(PAGE), "Your answer")


def test_a_browser_answers_once_and_may_change_it_for_a_day(survey, visitor):
    assertRedirects(press(visitor, score="2"), PAGE)
    assertContains(visitor.get(PAGE), "In this browser you can change it")
    press(visitor, score="6")
    assert [one.score for one in Response.objects.all()] == [6]

    Response.objects.update(answered_at=timezone.now() - timedelta(hours=25))
    assertNotContains(visitor.get(PAGE), "In this browser")
    press(visitor, nonce=form_at(Client()), score="1")

    assert [one.score for one in Response.objects.all()] == [6]
    assertContains(Client().get(PAGE), 'name="score"')


def test_further_questions_are_asked_of_a_public_answer_too(business, visitor):
    opened(questions=QUESTIONS)
    press(visitor)
    visitor.post(PAGE, {"proof": proof_in(visitor.get(PAGE)), "further-q1": "4"})
    thanks = press(visitor, KIOSK)
    visitor.post(KIOSK, {"proof": proof_in(thanks), "further-q1": "2"})

    assert [one.further for one in Response.objects.order_by("pk")] == [{"q1": 4}, {"q1": 2}]


# --- Holding ---


@pytest.mark.parametrize(
    ("agent", "fields", "reason"),
    [
        (PHONE, {"website": "https://spam.example"}, "hidden_field"),
        ("Barracuda Sentinel (EE)", {}, "scanner_agent"),
    ],
)
def test_what_no_person_sends_is_held(survey, agent, fields, reason):
    response = press(Client(headers={"user-agent": agent}), **fields)

    assertContains(response, "Thank you")
    held = Response.objects.get()
    assert (held.validity, held.validity_reason) == ("held", reason)


def test_a_form_sent_at_once_is_held(survey, visitor):
    press(visitor, nonce=nonce_of(visitor.get(PAGE)))

    assert Response.objects.get().validity_reason == "too_fast"


def test_a_crowd_from_one_place_is_held_and_then_refused(survey, monkeypatch):
    monkeypatch.setattr(public, "CROWD", 2)
    monkeypatch.setattr(public, "MOST_AN_HOUR", 3)

    statuses = [press(Client(headers={"user-agent": PHONE})).status_code for _ in range(4)]

    reasons = Response.objects.order_by("pk").values_list("validity_reason", flat=True)
    assert list(reasons) == ["", "", "many_answers"]
    assert statuses[-1] == 422


# --- The kiosk ---


def test_a_kiosk_shows_nobody_what_another_one_said(survey, visitor):
    thanks = press(visitor, KIOSK, comment="Between us", score="3")

    assertContains(thanks, "Thank you")
    assertNotContains(thanks, "Between us")
    assert not thanks.cookies
    # And leads back by itself, with scripts and without.
    assertContains(thanks, f'content="15;url={KIOSK}"')
    assertContains(thanks, 'data-seconds="15"')
    assertContains(visitor.get(KIOSK), 'name="score"')
    press(visitor, KIOSK)
    assert Response.objects.count() == 2


# --- The widget ---


def frames_of(response) -> str:
    found = re.search(r"frame-ancestors ([^;]+)", response["Content-Security-Policy"])
    assert found
    return found[1]


def test_the_widget_stands_on_the_sites_that_are_named_and_on_no_other(survey, visitor):
    response = visitor.get(WIDGET)
    assert frames_of(response) == SHOP
    assert "X-Frame-Options" not in response
    assert frames_of(visitor.get(PAGE)) == "'none'"
    assert frames_of(visitor.get(KIOSK)) == "'none'"

    Survey.objects.update(embedded_on=[])
    assert frames_of(visitor.get(WIDGET)) == "'none'"


def test_the_script_is_small_and_may_be_included_anywhere(survey, visitor):
    response = visitor.get("/p/bakery/widget.js")

    assert response["Content-Type"].startswith("text/javascript")
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(response.content) < 2048
    assert b'"Survey of Padaria Aurora"' in response.content


# --- Languages, closing, anonymity ---


def test_the_page_speaks_the_visitors_language_and_the_kiosk_the_business_s(survey):
    visitor = Client(headers={"accept-language": "es"})
    assertContains(visitor.get(PAGE), "recomiendes Padaria Aurora")
    assertContains(visitor.get(KIOSK), "how likely are you to recommend")
    spoken = visitor.get(KIOSK, {"language": "pt-br"})
    assertContains(spoken, "probabilidade de você recomendar")
    assertContains(spoken, f'action="{KIOSK}?language=pt-br"')


@pytest.mark.parametrize("url", [PAGE, KIOSK, WIDGET])
def test_what_is_not_public_is_unknown_and_what_is_closed_says_so(survey, visitor, url):
    nonce = form_at(visitor, url)
    Survey.objects.update(is_active=False)
    assertContains(visitor.get(url), "closed", status_code=410)
    press(visitor, url, nonce=nonce)
    Survey.objects.update(is_active=True, is_public=False)
    assert visitor.get(url).status_code == 404
    assert press(visitor, url, nonce=nonce).status_code == 404
    assert visitor.get("/p/bakery/widget.js").status_code == 404

    assert not Response.objects.exists()


def test_an_anonymous_public_answer_keeps_the_day_alone(business, visitor):
    opened(is_anonymous=True)
    nonce = form_at(visitor)

    thanks = press(visitor, nonce=nonce, comment="Cold soup")

    assertContains(thanks, "Cold soup")
    given = Response.objects.get()
    assert timezone.localtime(given.answered_at, business.zone).strftime("%H:%M:%S") == "00:00:00"
    assert given.created_at == given.answered_at
    assert (given.edit_hash, given.external_id, given.unseen_since) == ("", "", None)
    # The browser remembers that it answered, and nothing of what.
    assert visitor.cookies["answer"].value == "given"
    assertContains(visitor.get(PAGE), "has been answered")
    for browser in (visitor, Client(headers={"user-agent": PHONE})):
        press(browser, nonce=nonce)
    assert Response.objects.count() == 1


def test_query_count_of_the_page(survey, visitor, django_assert_num_queries):
    # business, survey, its words
    with django_assert_num_queries(3):
        visitor.get(PAGE)
