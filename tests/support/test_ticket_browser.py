"""Working on a ticket in a real browser: by keyboard alone, and without scripts."""

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from staff.models import User
from support.actions.conversation import add_note
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.models import CannedReply, Message, SupportSettings, Ticket
from tests.conftest import signed_in
from tests.services.looking import PHONE, Looking

pytestmark = pytest.mark.browser


@pytest.fixture
def ticket(live_server: LiveServer, agent: User, manager: User) -> Ticket:
    cache.clear()
    SupportSettings.objects.update_or_create(pk=1, defaults={"undo_seconds": 60})
    CannedReply.objects.create(name="Hours", shortcut="hours", texts={"en": "From 9 to 18."})
    opened = open_ticket(
        customer=None,
        requester=Correspondent("ada@example.com", "Ada Lovelace", "en"),
        subject="The oven is cold",
        text="It does not get hot: https://oven.example/a-very-long-address-" + "x" * 90,
        html="<p>It does <b>not</b> get hot.</p>",
        channel=Ticket.Channel.EMAIL,
        language="en",
    )
    add_note(ticket=opened, text="@Ana, the fuse?", by=manager, mentioned=[agent])
    return opened


def sign_in(context: BrowserContext, live_server: LiveServer, user: User) -> None:
    session = signed_in(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])


def test_an_answer_without_leaving_the_keyboard(
    live_server: LiveServer, context: BrowserContext, page: Page, agent: User, ticket: Ticket
) -> None:
    sign_in(context, live_server, agent)
    page.on("dialog", lambda dialog: dialog.accept())
    looking = Looking(page)
    looking.open(f"{live_server.url}/tickets/{ticket.pk}/", language="en")
    text = page.get_by_label("Text")

    page.keyboard.press("r")
    expect(text).to_be_focused()
    page.keyboard.type("We are open: /hours ")
    expect(text).to_have_value("We are open: From 9 to 18.")

    # A closed tab loses nothing; what is being written warns before it is left.
    page.reload()
    expect(text).to_have_value("We are open: From 9 to 18.")

    text.focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Your reply is about to leave.")).to_be_visible()
    expect(text).to_have_value("")
    assert Message.objects.get(kind="reply").text == "We are open: From 9 to 18."

    page.get_by_role("button", name="Take back").click()
    expect(text).to_have_value("We are open: From 9 to 18.")

    page.locator("body").press("Escape")
    page.get_by_text("Show as it was sent").first.click()
    expect(page.frame_locator("iframe").get_by_text("get hot")).to_be_visible()
    looking.with_axe()
    looking.for_width()
    looking.found_nothing()


def test_without_scripts(
    live_server: LiveServer, browser: Browser, agent: User, ticket: Ticket
) -> None:
    plain = browser.new_context(locale="en", viewport=PHONE, java_script_enabled=False)
    sign_in(plain, live_server, agent)
    page = plain.new_page()
    page.goto(f"{live_server.url}/tickets/{ticket.pk}/")

    page.get_by_text("Canned replies").click()
    page.get_by_role("button", name="Choose one").click()
    page.get_by_label("Canned reply", exact=True).select_option(label="Hours (/hours)")
    page.get_by_role("button", name="Insert").click()
    expect(page.get_by_label("Text")).to_have_value("From 9 to 18.")
    page.get_by_text("Promise something").click()
    page.get_by_label("We promise").fill("Send a man")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Until when is it promised?")
    expect(page.get_by_label("Text")).to_have_value("From 9 to 18.")
    page.get_by_label("Promised until").fill("2099-01-31")
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_text("promised until Jan 31, 2099")).to_be_visible()
    page.get_by_role("button", name="Show colleagues that I am here").click()
    expect(page.get_by_role("button", name="Take back")).to_be_visible()
    plain.close()
