"""The whole loop, once, for real: web, worker and scheduler as `manage.py serve` starts them, a mail
server on loopback, and a browser. Nothing in it is made by the test but the people's own acts."""

import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.services import smtp
from tests.services.serving import Installation, Serving, serving

pytestmark = [pytest.mark.browser, pytest.mark.once]

PASSWORD = "correct horse battery staple"
OWNER = "olga@padaria-aurora.example"
MARIA = "maria@example.com"
SETUP = (
    *("setup", "--business", "Padaria Aurora", "--time-zone", "America/Sao_Paulo"),
    *("--currency", "BRL", "--language", "en", "--owner", OWNER, "--password-stdin"),
)


@pytest.fixture(params=["embedded", "grown"])
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, smtp_sink: smtp.Sink
) -> Installation:
    """SQLite with the filesystem broker; PostgreSQL with a Redis-compatible one."""
    if request.param == "embedded":
        return Installation(tmp_path, email_url=smtp_sink.url)
    return Installation(
        tmp_path,
        database_url=request.getfixturevalue("postgresql_url"),
        redis_url=request.getfixturevalue("valkey_url"),
        email_url=smtp_sink.url,
    )


# At whatever hour this runs.
ASKS_ALWAYS = """
from surveys.models import AskingRules
AskingRules.objects.create(pk=1, quiet_until=0, quiet_from=24, asks_on_weekends=True)
"""


@pytest.fixture
def running(installation: Installation) -> Iterator[Serving]:
    installation.prepare()
    installation.manage(*SETUP, stdin=f"{PASSWORD}\n")
    installation.manage("shell", "-c", ASKS_ALWAYS)
    with serving(installation) as running:
        yield running


def open_link(address: str, method: str) -> int:
    """What a mail scanner does: no cookies, no scripts."""
    request = urllib.request.Request(address, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


def responses(installation: Installation) -> list[tuple[object, ...]]:
    return installation.rows("SELECT score, validity, comment FROM surveys_response")


def test_the_loop(
    running: Serving,
    installation: Installation,
    smtp_sink: smtp.Sink,
    page: Page,
    browser: object,
    context: BrowserContext,
) -> None:
    at = running.address
    sign_in(page, at)
    give_the_business_an_address(page, at)
    add_customer_and_log_a_call(page, at)
    send_nps(page)
    [mail] = smtp_sink.wait(1)
    assert mail.recipients == [MARIA]

    links = sorted(
        set(re.findall(rf"{re.escape(at)}/[su]/[^\s\"'<>]+", mail.body("html")))
        | set(re.findall(rf"{re.escape(at)}/[su]/[^\s\"'<>]+", mail.body("plain")))
    )
    links = [link.replace("&amp;", "&") for link in links]
    scores = {match[1] for link in links if (match := re.search(r"score=(\d+)", link))}
    assert scores == {str(score) for score in range(11)}
    for link in links:
        for method in ("GET", "HEAD"):
            assert open_link(link, method) == 200, (method, link)
    assert responses(installation) == []

    answer_nine(context, next(link for link in links if "score=9" in link))
    assert responses(installation) == [(9, "valid", "Warm bread and a kind word, every day")]

    the_dashboard_shows_it(page, at)
    unsubscribe_with_one_post(mail)
    a_second_survey_skips_her(page, at)


def sign_in(page: Page, at: str) -> None:
    page.goto(at)
    page.locator("input[name=login]").fill(OWNER)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
    expect(page.get_by_text("Nothing to measure yet")).to_be_visible()


def give_the_business_an_address(page: Page, at: str) -> None:
    page.goto(f"{at}/settings/")
    page.locator("input[name=email]").fill("ola@padaria-aurora.example")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".message")).to_be_visible()
    page.goto(at)


def add_customer_and_log_a_call(page: Page, at: str) -> None:
    page.get_by_role("link", name="Add a customer").click()
    page.locator("main input[name=name]").fill("María Ñúñez")
    page.locator("input[name=email]").fill(MARIA)
    page.get_by_role("button", name="Add this customer").click()
    expect(page.get_by_role("heading", level=1, name="María Ñúñez")).to_be_visible()
    page.locator("#log").get_by_role("radio", name="Call").check()
    page.locator("#log [name=summary]").fill("Asked whether we deliver on Sundays")
    page.locator("#log").get_by_role("button", name="Log").click()
    expect(page.locator("#passed").get_by_text("deliver on Sundays")).to_be_visible()


def send_nps(page: Page) -> None:
    page.get_by_role("link", name="Send a survey").first.click()
    if page.get_by_role("link", name="NPS").count():
        page.get_by_role("link", name="NPS").first.click()
    page.get_by_role("button", name="Send 1 invitation").click()
    expect(page.get_by_text("1 invitation").first).to_be_visible()


def answer_nine(context: BrowserContext, link: str) -> None:
    time.sleep(4)  # a person reads first; what comes within seconds of the sending is held
    visitor = context.browser.new_context(locale="es", viewport={"width": 360, "height": 740})  # type: ignore[union-attr]
    page = visitor.new_page()
    page.goto(link)
    expect(page.get_by_role("radio", name="9", exact=True)).to_be_checked()
    page.locator("textarea[name=comment]").fill("Warm bread and a kind word, every day")
    page.locator("button[type=submit]").click()
    expect(page.locator("h1")).to_be_visible()
    visitor.close()


def the_dashboard_shows_it(page: Page, at: str) -> None:
    """The worker counts it by itself; the page asks again until it has."""
    page.goto(at)
    deadline = time.monotonic() + 60
    tile = page.locator(".tile", has=page.get_by_role("link", name="NPS", exact=True))
    while not tile.get_by_text("1 answer").count():
        assert time.monotonic() < deadline, tile.inner_text()
        time.sleep(1)
        page.reload()
    tile.get_by_role("link", name="NPS", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="NPS")).to_be_visible()
    page.get_by_role("link", name="Answers", exact=False).last.click()
    expect(page.get_by_text("Warm bread and a kind word, every day")).to_be_visible()
    expect(page.get_by_role("link", name="María Ñúñez")).to_be_visible()


def unsubscribe_with_one_post(mail: smtp.Delivered) -> None:
    """RFC 8058: as a mail program does it, without cookies or a page."""
    header = str(mail.message["List-Unsubscribe"])
    assert str(mail.message["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    [address] = re.findall(r"<(https?://[^>]+)>", header)
    body = urllib.parse.urlencode({"List-Unsubscribe": "One-Click"}).encode()
    request = urllib.request.Request(address, data=body, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert answer.status == 200
        assert answer.url == address


def a_second_survey_skips_her(page: Page, at: str) -> None:
    page.goto(f"{at}/surveys/")
    page.get_by_role("link", name="CSAT").first.click()
    page.get_by_role("link", name="Send").first.click()
    page.goto(f"{page.url.split('?')[0]}?customer=1")
    expect(page.get_by_text("1 customer is not asked")).to_be_visible()
    expect(page.get_by_text("unsubscribed", exact=False).first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Send .* invitation"))).to_have_count(0)
