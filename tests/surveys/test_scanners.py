"""What looks at mail before its reader does, and readers of every kind: who counts, and as what."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from crm.models import Interaction
from mail.models import OutgoingEmail, Suppression
from metrics import reading
from metrics.definitions import find
from metrics.models import Grain
from metrics.periods import containing
from staff.models import Business, User
from surveys.actions import delivering, sending
from surveys.actions.surveys import stock_survey
from surveys.audience import Audience
from surveys.models import Click, Invitation, Response
from tests.factories import CustomerFactory, InvitationFactory, ResponseFactory
from tests.services.looking import OVERFLOWING
from tests.surveys.test_answer import nonce_of

Links = list[str]
# One that says what it is, one that passes for a person's browser, and one that says nothing.
GATEWAY = "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"
PERSON = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
PROGRAMS = [GATEWAY, PERSON, "python-requests/2.32", ""]


@pytest.fixture
def links(business: Business, manager: User) -> Links:
    """All that the mail of a real sending leads to, as it stands in it; beside an older answer."""
    answered = InvitationFactory.create()
    ResponseFactory.create(invitation=answered, customer=answered.customer, score=9)
    Invitation.objects.filter(pk=answered.pk).update(state=Invitation.State.ANSWERED)
    ada = CustomerFactory.create(name="Ada", email="ada@example.com", language="en")
    sending.send_survey(
        survey=stock_survey("nps"), audience=Audience((ada.pk,)), once_key="once", by=manager
    )
    delivering.queue_batch()
    mail = OutgoingEmail.objects.get()
    OutgoingEmail.objects.update(state=OutgoingEmail.State.SENT, sent_at=timezone.now())
    delivering.follow_mail()
    found = re.findall(r"https?://[^\s<>\"]+", unescape(mail.html) + mail.text)
    paths = sorted({re.sub(r"^https?://[^/]+", "", link) for link in found})
    assert len([one for one in paths if one.startswith("/s/")]) == 12
    assert len([one for one in paths if one.startswith("/u/")]) == 1
    return paths


def program(user_agent: str) -> Client:
    return Client(headers={"user-agent": user_agent})


def answer_page(links: Links) -> str:
    return next(link for link in links if link.startswith("/s/") and "?" not in link)


def figures(business: Business) -> dict[str, tuple[Any, Any]]:
    now = timezone.now()
    period = containing(now.astimezone(business.zone).date(), Grain.MONTH, business.zone)
    found = {}
    for kpi in ("nps", "response_rate"):
        definition = find(kpi)
        result = reading.measured(definition, period, now=now, params=definition.parse({}))
        found[kpi] = (result.value, result.n)
    return found


def the_invitation() -> Invitation:
    return Invitation.objects.get(address="ada@example.com")


@pytest.fixture
def nothing_counts(links: Links, business: Business) -> Callable[[], None]:
    """That nobody answered, left or is any worse asked than before."""
    before = figures(business)

    def check() -> None:
        assert figures(business) == before
        assert not Response.objects.counted().filter(invitation=the_invitation()).exists()
        assert the_invitation().state == Invitation.State.QUEUED
        assert not Suppression.objects.exists()

    return check


def a_person_answers(links: Links) -> None:
    """A while after the mail has come."""
    past = timezone.now() - timedelta(minutes=5)
    Invitation.objects.filter(pk=the_invitation().pk).update(sent_at=past, held_at=None)
    reader, page = program(PERSON), answer_page(links)
    fields = {"score": "10", "comment": "Warm bread", "nonce": nonce_of(reader.get(page))}
    assert reader.post(page, fields).status_code == 302
    counted = Response.objects.counted().get(invitation=the_invitation())
    assert (counted.score, counted.comment) == (10, "Warm bread")


@pytest.mark.parametrize("user_agent", PROGRAMS)
@pytest.mark.parametrize("method", ["head", "get"])
def test_opening_all_links_of_the_mail_counts_for_nothing(
    links: Links, nothing_counts: Callable[[], None], method: str, user_agent: str
) -> None:
    scanner = program(user_agent)

    for link in links + links:
        assert getattr(scanner, method)(link).status_code == 200

    nothing_counts()
    assert not Response.objects.filter(invitation=the_invitation()).exists()
    assert not Interaction.objects.filter(kind="survey_response").exists()
    a_person_answers(links)


def test_what_opened_the_links_is_told_apart(links: Links) -> None:
    for user_agent in PROGRAMS:
        program(user_agent).get(answer_page(links))

    kinds = Click.objects.filter(invitation=the_invitation()).values_list("agent", flat=True)
    assert sorted(kinds) == ["", "computer", "library", "scanner"]


@pytest.mark.parametrize("user_agent", PROGRAMS)
def test_sending_the_form_as_soon_as_the_mail_is_there_is_held(
    links: Links, nothing_counts: Callable[[], None], user_agent: str
) -> None:
    scanner, page = program(user_agent), answer_page(links)
    nonce = nonce_of(scanner.get(page))

    scanner.post(page, {"score": "0", "comment": "", "nonce": nonce})

    nothing_counts()
    held = Response.objects.held().get()
    assert held.validity_reason == ("scanner_agent" if user_agent == GATEWAY else "too_fast")
    a_person_answers(links)


def test_sending_every_form_that_the_links_opened_is_held_however_late_it_is(
    links: Links, nothing_counts: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, these are one burst.
    from surveys.actions import answering

    monkeypatch.setattr(answering, "BURST", timedelta(seconds=30))
    past = timezone.now() - timedelta(hours=1)
    Invitation.objects.filter(pk=the_invitation().pk).update(sent_at=past)
    scanner, page = program(PERSON), answer_page(links)
    forms = {link.split("=")[1]: scanner.get(link) for link in links if "?score=" in link}

    for score, form in forms.items():
        scanner.post(page, {"score": score, "comment": "", "nonce": nonce_of(form)})

    Response.objects.filter(invitation=the_invitation()).update(
        created_at=timezone.now() - timedelta(minutes=1)
    )
    nothing_counts()
    a_person_answers(links)


def test_a_program_after_the_person_changes_nothing(links: Links, business: Business) -> None:
    early = program(PERSON)
    nonce = nonce_of(early.get(answer_page(links)))
    a_person_answers(links)
    Response.objects.counted().filter(invitation=the_invitation()).update(
        answered_at=timezone.now() - timedelta(minutes=1)
    )
    before, clicks = figures(business), Click.objects.count()

    for user_agent in PROGRAMS:
        scanner = program(user_agent)
        for link in links:
            scanner.get(link)
        scanner.post(answer_page(links), {"score": "0", "comment": "", "nonce": nonce})

    assert figures(business) == before
    given = Response.objects.get(invitation=the_invitation())
    assert (given.score, given.validity) == (10, "valid")
    assert Click.objects.count() == clicks


@pytest.mark.browser
def test_a_sandbox_that_runs_every_page_answers_nothing(
    live_server: LiveServer, page: Page, links: Links, nothing_counts: Callable[[], None]
) -> None:
    for link in links:
        page.goto(live_server.url + link)
        page.wait_for_load_state("networkidle")
        page.mouse.wheel(0, 2_000)

    nothing_counts()
    a_person_answers(links)


@contextmanager
def plain_browser(browser: Browser, language: str) -> Iterator[Page]:
    """A small phone whose browser runs no scripts."""
    context = browser.new_context(
        java_script_enabled=False, locale=language, viewport={"width": 320, "height": 640}
    )
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_the_keyboard_of_a_plain_browser_answers_once_and_not_from_a_second_one(
    live_server: LiveServer, browser: Browser, business: Business
) -> None:
    for language in ("es", "pt-br", "en"):
        asked = InvitationFactory.create(token=language, language=language)
        address = f"{live_server.url}/s/{language}/?score=8"
        with plain_browser(browser, language) as page, plain_browser(browser, "en") as other:
            other.goto(address)
            page.goto(address)
            assert page.evaluate(OVERFLOWING) == []
            page.keyboard.press("Tab")  # the way past the head
            page.keyboard.press("Tab")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Tab")
            page.keyboard.type("Pão, café & niños")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            expect(page.locator("dl.given")).to_contain_text("Pão, café & niños")
            assert page.evaluate(OVERFLOWING) == []
            Response.objects.update(answered_at=timezone.now() - timedelta(minutes=1))

            # The page that was opened on another device is still there, with its button.
            other.locator("main button[type=submit]").click()
            expect(other.locator("main form")).to_have_count(0)
            assert other.locator("html").get_attribute("lang") == language
        given = Response.objects.get(invitation=asked)
        assert (given.score, given.comment) == (9, "Pão, café & niños")
        assert (given.validity, given.language) == ("valid", language)
