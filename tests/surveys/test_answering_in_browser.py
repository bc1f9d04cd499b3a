"""Answering in a real browser: with the keyboard alone, at the kiosk, in a frame on another site."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from staff.models import Business, User
from surveys.actions.sharing import share_survey
from surveys.actions.surveys import create_survey
from surveys.models import Response, Survey
from tests.factories import InvitationFactory, SurveyRunFactory
from tests.surveys.test_further_questions import QUESTIONS

pytestmark = pytest.mark.browser


@pytest.fixture
def survey(live_server: LiveServer, business: Business) -> Survey:
    return create_survey(kind="nps", name="At the counter", by=None, questions=QUESTIONS)


def test_the_keyboard_alone_answers_and_says_more(
    live_server: LiveServer, page: Page, survey: Survey
) -> None:
    InvitationFactory(run=SurveyRunFactory(survey=survey), token="known")
    page.goto(f"{live_server.url}/s/known/?score=8")
    page.keyboard.press("Tab")  # the way past the head
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.type("Warm bread")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.get_by_role("group", name="How was the bread?").get_by_role("radio").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Thanks")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#further-q3")).to_have_value("Thanks")

    given = Response.objects.get()
    assert (given.score, given.comment, given.validity) == (9, "Warm bread", "valid")
    assert given.further == {"q1": 2, "q2": ["c2"], "q3": "Thanks"}


def test_a_kiosk_begins_again_by_itself(
    live_server: LiveServer, page: Page, survey: Survey, owner: User
) -> None:
    share_survey(survey=survey, slug="bakery", is_public=True, embedded_on=[], by=owner)
    page.clock.install()
    page.goto(f"{live_server.url}/p/bakery/kiosk/")
    page.locator("#comment").fill("Between us")

    # Whoever leaves without sending leaves nothing behind.
    page.clock.fast_forward(46_000)
    expect(page.locator("#comment")).to_have_value("")
    page.locator("label", has_text="9").click()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.clock.fast_forward(31_000)

    expect(page.get_by_role("button", name="Send my answer")).to_be_visible()
    assert page.locator("input:checked").count() == 0
    assert not page.context.cookies()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_told: object) -> None:
        """Says nothing."""


@contextmanager
def another_site(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[[], str]]:
    with ExitStack() as sites:
        yield lambda: sites.enter_context(another_site(tmp_path))


def test_a_widget_shows_on_its_own_site_and_on_no_other(
    live_server: LiveServer,
    context: BrowserContext,
    survey: Survey,
    owner: User,
    tmp_path: Path,
    site: Callable[[], str],
) -> None:
    ours, foreign = site(), site()
    share_survey(survey=survey, slug="bakery", is_public=True, embedded_on=[ours], by=owner)
    script = f'<script src="{live_server.url}/p/bakery/widget.js" async></script>'
    (tmp_path / "index.html").write_text(f"<!doctype html><title>Shop</title><body>{script}")

    page = context.new_page()
    page.goto(ours)
    frame = page.frame_locator("iframe")
    frame.get_by_role("radio", name="7").check(force=True)
    # Its height is that of what it shows.
    expect(page.locator("iframe")).not_to_have_css("height", "560px")
    page.wait_for_timeout(2_100)  # nobody reads and answers faster
    frame.get_by_role("button", name="Send my answer").click()
    expect(frame.get_by_role("heading", name="Thank you")).to_be_visible()
    given = Response.objects.get()
    assert (given.score, given.origin, given.validity) == (7, "widget", "valid")

    refused = context.new_page()
    with refused.expect_console_message(lambda message: "frame-ancestors" in message.text):
        refused.goto(foreign)
    expect(refused.frame_locator("iframe").get_by_role("radio")).to_have_count(0)
