"""The outbox in a real browser: without a mail server, one can still follow a message's links."""

import pytest
from django.conf import settings as project_settings
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from mail.actions import queue_email
from mail.drafts import UNSUBSCRIBE
from staff.models import User
from tests.conftest import signed_in
from tests.mail.drafting import draft

HTML = f'<p>Hello</p><a href="{UNSUBSCRIBE}">Unsubscribe</a><script>document.body.innerHTML="ran"</script>'


@pytest.mark.browser
def test_a_held_message_can_be_opened_and_left(
    live_server: LiveServer, context: BrowserContext, page: Page, owner: User, settings: Settings
) -> None:
    settings.BASE_URL = live_server.url
    row = queue_email(draft(html=HTML, language="en"))
    cookie = signed_in(owner).cookies[project_settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])

    page.goto(f"{live_server.url}/outbox/")
    expect(page.get_by_text("No mail server is set up")).to_be_visible()
    page.get_by_role("link", name=row.subject).click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Hello")).to_be_visible()  # the script did not run
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Unsubscribe").click()

    left = opened.value
    left.get_by_role("button", name="Stop writing to me").click()
    expect(left.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    left.get_by_role("button", name="Keep writing to me").click()
    expect(left.get_by_role("heading", name="Stop these e-mails?")).to_be_visible()
