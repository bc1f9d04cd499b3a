"""The pages of people without an account, in a real browser and without JavaScript."""

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from staff.models import User
from staff.tokens import hashed, new_token
from support import links
from support.actions import board, moderation
from support.actions.conversation import reply
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.models import BoardComment, Message, Suggestion, Ticket
from tests.services.looking import PHONE, SMALL_PHONE, Looking

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(browser: Browser) -> Page:
    """A visitor whose browser runs no scripts."""
    context = browser.new_context(locale="en", viewport=PHONE, java_script_enabled=False)
    return context.new_page()


@pytest.fixture
def ticket(live_server: LiveServer, agent: User) -> Ticket:
    cache.clear()
    ticket = open_ticket(
        customer=None,
        requester=Correspondent("ada@example.com", "Ada Lovelace", "en"),
        subject="The oven is cold",
        text="It does not get hot: https://oven.example/a-very-long-address-" + "x" * 90,
        channel=Ticket.Channel.EMAIL,
        language="en",
    )
    reply(ticket=ticket, text="Is it plugged in?\n\n> It does not get hot", by=agent)
    Message.objects.update(leaves_at=timezone.now())
    return ticket


@pytest.fixture
def suggestion(live_server: LiveServer, agent: User) -> Suggestion:
    cache.clear()
    made = board.propose(title="Open on Sundays", text="Please do.", language="en")
    moderation.change_suggestion(
        suggestion=made,
        title=made.title,
        text=made.text,
        state=Suggestion.State.PLANNED,
        answer="From May on.",
        by=agent,
    )
    said = board.comment(suggestion=made, text="Yes, please", name="Zoe")
    moderation.judge_comment(comment=said, publish=True, by=agent)
    return made


def link_of(ticket: Ticket, live_server: LiveServer) -> str:
    return live_server.url + "/t/" + links.new_link(ticket.participants.get()).split("/t/")[1]


def test_a_customer_answers_and_says_that_it_is_solved(
    live_server: LiveServer, plain: Page, ticket: Ticket
) -> None:
    plain.goto(link_of(ticket, live_server))
    expect(plain.get_by_text("We are waiting for your answer.")).to_be_visible()
    plain.get_by_text("Show what was quoted").click()
    plain.get_by_label("Your message").fill("It is now.")
    plain.get_by_label("Files").set_input_files(
        {"name": "oven.txt", "mimeType": "text/plain", "buffer": b"hot"}
    )
    plain.get_by_role("button", name="Send my answer").click()
    expect(plain.get_by_text("Your message has arrived.")).to_be_visible()
    expect(plain.get_by_role("link", name="oven.txt")).to_be_visible()
    plain.get_by_role("button", name="It is solved").click()
    expect(plain.get_by_text("It is solved, as far as we know.")).to_be_visible()
    plain.get_by_role("button", name="It is not solved").click()
    expect(plain.get_by_text("We are working on it.")).to_be_visible()


def test_a_visitor_supports_and_comments(
    live_server: LiveServer,
    plain: Page,
    suggestion: Suggestion,
) -> None:
    plain.goto(f"{live_server.url}/board/")
    plain.get_by_role("link", name="Open on Sundays").click()
    plain.get_by_role("button", name="I want this too").click()
    expect(plain.get_by_text("1 person supports this.")).to_be_visible()
    expect(plain.get_by_role("button", name="Take my vote back")).to_be_visible()
    plain.get_by_text("Say something about it").click()
    plain.get_by_label("Your comment").fill("I would come every week.")
    plain.wait_for_timeout(2100)  # a person takes longer to write
    plain.get_by_role("button", name="Send my comment").click()
    expect(plain.get_by_text("We read your comment before others see it.")).to_be_visible()
    assert BoardComment.objects.filter(state="proposed").count() == 1


def test_everybody_can_read_and_use_these_pages(
    live_server: LiveServer,
    context: BrowserContext,
    page: Page,
    ticket: Ticket,
    suggestion: Suggestion,
) -> None:
    looking = Looking(page)
    follower = board.follow(suggestion=suggestion, address="eve@example.com", language="en")
    token = new_token()
    follower.token_hash = hashed(token)
    follower.save()
    for path, status in {
        link_of(ticket, live_server).removeprefix(live_server.url): 200,
        "/t/unknown/": 404,
        "/feedback/": 200,
        "/feedback/thanks/?kind=question": 200,
        "/board/": 200,
        "/board/?state=done": 200,
        "/board/new/": 200,
        f"/board/{suggestion.pk}/": 200,
        f"/board/following/{token}/": 200,
    }.items():
        looking.open(live_server.url + path, language="en", status=status)
        looking.with_axe()
        looking.for_width(PHONE, SMALL_PHONE)
    for path, button in {"/feedback/": "Send", "/board/new/": "Send my suggestion"}.items():
        page.goto(live_server.url + path)
        page.get_by_role("button", name=button, exact=True).click()
        looking.where = f"{path} (refused)"
        looking.with_axe()
    looking.found_nothing()
