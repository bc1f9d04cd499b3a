"""The frame in a real browser: keys, unsaved words, menus and pages without scripts."""

import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect
from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PEOPLE = "/settings/people/"


def sign_in(context: BrowserContext, client: Client, live_server: LiveServer) -> None:
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )


@pytest.fixture
def signed_in(context: BrowserContext, owner_client: Client, live_server: LiveServer) -> None:
    sign_in(context, owner_client, live_server)


def test_question_mark_shows_the_keys_and_escape_puts_them_away(
    page: Page, live_server: LiveServer, signed_in: None
) -> None:
    page.goto(live_server.url + PEOPLE)

    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_j_walks_to_the_row_and_enter_opens_it(
    page: Page, live_server: LiveServer, signed_in: None
) -> None:
    page.goto(live_server.url + PEOPLE)

    page.keyboard.press("j")
    expect(page.locator("tr.is-current .row-link")).to_be_focused()

    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"{PEOPLE}\d+/$"))


def test_n_opens_what_adds_something_but_never_while_typing(
    page: Page, live_server: LiveServer, signed_in: None
) -> None:
    page.goto(live_server.url + PEOPLE)
    page.keyboard.press("n")
    expect(page).to_have_url(f"{live_server.url}{PEOPLE}invite/")

    page.locator("main input:not([type=hidden])").first.focus()
    page.keyboard.type("n?g")

    expect(page).to_have_url(f"{live_server.url}{PEOPLE}invite/")
    expect(page.locator("#keys")).to_be_hidden()


def test_leaving_with_unsaved_words_warns(
    page: Page, live_server: LiveServer, signed_in: None
) -> None:
    warnings: list[str] = []

    def leave(dialog: Dialog) -> None:
        warnings.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto(f"{live_server.url}{PEOPLE}invite/")

    page.locator("main input:not([type=hidden])").first.fill("Nina")
    page.goto(live_server.url + PEOPLE)

    assert warnings == ["beforeunload"]


def test_a_click_elsewhere_closes_the_menu(
    page: Page, live_server: LiveServer, signed_in: None
) -> None:
    page.goto(live_server.url + PEOPLE)
    page.locator(".menu-user summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    page.locator("h1").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_a_phone_without_scripts_reaches_every_page_and_the_way_out(
    browser: Browser, owner_client: Client, live_server: LiveServer
) -> None:
    context = browser.new_context(
        locale="en", viewport={"width": 320, "height": 640}, java_script_enabled=False
    )
    sign_in(context, owner_client, live_server)
    page = context.new_page()
    page.goto(live_server.url + PEOPLE)

    page.locator(".phone-bar").get_by_text("More").click()
    page.locator(".app-nav").get_by_text("Settings").click()
    expect(page).to_have_url(f"{live_server.url}/settings/")

    page.locator(".menu-user summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator(".app-nav")).to_have_count(0)
    context.close()


def test_nothing_is_wider_than_the_screen(
    page: Page, live_server: LiveServer, signed_in: None
) -> None:
    for width in (320, 640, 900, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(live_server.url + PEOPLE)

        assert page.evaluate("document.documentElement.scrollWidth") <= width
