"""Help, once, for real: a customer's mail comes in by IMAP, is answered with a promise, answered
back by mail and by link, solved, asked about, and seen to again after a low answer. Web, worker,
scheduler, mail servers and browser are real; the test makes only the people's acts and the passing
of a day."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.services import imap, smtp
from tests.services.serving import Installation, Serving, eventually, serving

pytestmark = [pytest.mark.browser, pytest.mark.once]

PASSWORD = "correct horse battery staple"
OWNER = "olga@padaria-aurora.example"
HELP = "help@padaria-aurora.example"
MARIA = "maria@example.com"
SETUP = (
    *("setup", "--business", "Padaria Aurora", "--time-zone", "America/Sao_Paulo"),
    *("--currency", "BRL", "--language", "en", "--owner", OWNER, "--password-stdin"),
)
# What a day later is: the solution and what follows from it lie a day back, and it is an hour in
# which one asks.
A_DAY_PASSES = """
from datetime import timedelta
from django.db.models import F
from support import projection
from support.models import Ticket, TicketEvent
from surveys.models import AskingRules, SurveyTrigger
AskingRules.objects.create(pk=1, quiet_until=0, quiet_from=24, asks_on_weekends=True)
day = timedelta(hours=25)
SurveyTrigger.objects.update(active_since=F("active_since") - 2 * day)
TicketEvent.objects.update(at=F("at") - day)
Ticket.objects.update(opened_at=F("opened_at") - day)
projection.rebuild(Ticket.objects.values_list("pk", flat=True))
"""


@pytest.fixture
def installation(tmp_path: Path, smtp_sink: smtp.Sink) -> Installation:
    return Installation(tmp_path, email_url=smtp_sink.url)


@pytest.fixture
def running(installation: Installation) -> Iterator[Serving]:
    installation.prepare()
    installation.manage(*SETUP, stdin=f"{PASSWORD}\n")
    with serving(installation) as running:
        yield running


def written(subject: str, text: str, **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = f"María Ñúñez <{MARIA}>"
    mail["Subject"] = subject
    mail["Message-ID"] = make_msgid(domain="example.com")
    mail["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
    mail["To"] = headers.pop("To", HELP)
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def answer_to(mail: smtp.Delivered, text: str) -> bytes:
    """As María's program answers: to Reply-To, below the words that it quotes."""
    quoted = "".join(f"> {line}\n" for line in mail.body("plain").splitlines())
    return written(
        f"Re: {mail.message['Subject']}",
        f"{text}\n\nOn Monday Padaria Aurora wrote:\n{quoted}",
        To=str(mail.message["Reply-To"]),
        In_Reply_To=str(mail.message["Message-ID"]),
        References=str(mail.message["Message-ID"]),
    )


def test_help_from_the_first_mail_to_the_second_solution(
    running: Serving,
    installation: Installation,
    smtp_sink: smtp.Sink,
    imap_server: imap.Server,
    page: Page,
    browser: Browser,
) -> None:
    at = running.address
    sign_in(page, at)
    give_the_business_an_address(page, at)
    connect_the_mailbox(page, at, imap_server)

    imap_server.deliver([written("The bread was burnt", "Both loaves of Saturday were black.")])
    eventually(lambda: tickets(installation) == ["new"], within=60, what="the ticket")
    [confirmed] = smtp_sink.wait(1)
    assert confirmed.recipients == [MARIA]
    assert "burnt" not in confirmed.body("plain") + str(confirmed.message["Subject"])

    answer_with_a_promise(page, at)
    *_others, reply = smtp_sink.wait(2, timeout=60)
    assert "two fresh loaves" in reply.body("plain")
    assert str(reply.message["Reply-To"]) != HELP

    imap_server.deliver([answer_to(reply, "Thank you. Could it be rye this time?")])
    page.goto(f"{at}/tickets/1/")
    see(page, "Could it be rye this time?")
    assert tickets(installation) == ["open"], "it joined its ticket and opened it up"
    answer_by_link(browser, reply, at)
    page.goto(f"{at}/tickets/1/")
    see(page, "And before ten, please.")

    solve(page)
    installation.manage("shell", "-c", A_DAY_PASSES)
    installation.manage("send_surveys")
    asked = smtp_sink_mail(smtp_sink, "/s/")
    time.sleep(4)  # a person reads first; what comes within seconds of the sending is held
    rate_two(browser, asked, at)
    eventually(lambda: tickets(installation) == ["open"], within=90, what="the follow-up")

    page.goto(f"{at}/tickets/1/")
    expect(page.get_by_text("Still burnt.").first).to_be_visible()
    the_arc_is_on_the_customers_page(page, at)
    the_figures_know(page, at)


def tickets(installation: Installation) -> list[object]:
    return [state for (state,) in installation.rows("SELECT state FROM support_ticket")]


def see(page: Page, text: str) -> None:
    """Mail is fetched by and by: look again until it is there."""
    deadline = time.monotonic() + 60
    while not page.get_by_text(text).count():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        time.sleep(1)
        page.reload()


def sign_in(page: Page, at: str) -> None:
    page.goto(at)
    page.locator("input[name=login]").fill(OWNER)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()


def give_the_business_an_address(page: Page, at: str) -> None:
    page.goto(f"{at}/settings/")
    page.locator("input[name=email]").fill(HELP)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".message")).to_be_visible()


def connect_the_mailbox(page: Page, at: str, server: imap.Server) -> None:
    page.goto(f"{at}/settings/mailboxes/")
    page.get_by_role("link", name=re.compile("mailbox", re.IGNORECASE)).first.click()
    page.locator("main input[name=name]").fill("Help")
    page.locator("main input[name=address]").fill(HELP)
    page.locator("main input[name=has_plus_addresses]").check()
    page.locator("main input[name=host]").fill("127.0.0.1")
    page.locator("main select[name=security]").select_option("none")
    page.locator("main input[name=port]").fill(str(server.port))
    page.locator("main input[name=username]").fill(imap.USER)
    page.locator("main input[name=password]").fill(imap.PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()
    folder = page.get_by_role("checkbox", name="INBOX")
    if folder.count():
        folder.check()
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state()


def answer_with_a_promise(page: Page, at: str) -> None:
    page.goto(f"{at}/tickets/")
    page.get_by_role("link", name="The bread was burnt").click()
    expect(page.get_by_text("Both loaves of Saturday were black.").first).to_be_visible()
    compose = page.locator("#compose")
    compose.locator("textarea[name=text]").fill("We are sorry. We bring you two fresh loaves.")
    compose.get_by_text("Promise something").click()
    compose.locator("input[name=promise]").fill("Bring two fresh loaves")
    compose.locator("input[name=promise_until]").fill(tomorrow())
    compose.get_by_role("button", name="Send").click()
    expect(page.get_by_role("button", name="Take back")).to_be_visible()


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).date().isoformat()


def answer_by_link(browser: Browser, reply: smtp.Delivered, at: str) -> None:
    [link] = set(re.findall(rf"{re.escape(at)}/t/[\w-]+/", reply.body("plain")))
    visitor = browser.new_context(viewport={"width": 360, "height": 740})
    page = visitor.new_page()
    page.goto(link)
    expect(page.get_by_text("two fresh loaves").first).to_be_visible()
    page.locator("textarea[name=text]").fill("And before ten, please.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("And before ten, please.").first).to_be_visible()
    visitor.close()


def solve(page: Page) -> None:
    compose = page.locator("#compose")
    compose.locator("textarea[name=text]").fill("Rye, before ten: they are on their way.")
    compose.locator("select[name=then]").select_option("solved")
    compose.get_by_role("button", name="Send").click()
    expect(page.get_by_role("button", name="Take back")).to_be_visible()


def smtp_sink_mail(sink: smtp.Sink, link: str) -> smtp.Delivered:
    found: list[smtp.Delivered] = []

    def arrived() -> bool:
        found[:] = [mail for mail in sink.to(MARIA) if link in mail.body("plain")]
        return bool(found)

    eventually(arrived, within=60, what=f"a mail with {link}")
    return found[-1]


def rate_two(browser: Browser, asked: smtp.Delivered, at: str) -> None:
    [link] = {
        found.replace("&amp;", "&")
        for found in re.findall(r"http://\S+/s/[^\s\"'<>]+", asked.body("html"))
        if "score=2" in found
    }
    visitor = browser.new_context(viewport={"width": 360, "height": 740})
    page = visitor.new_page()
    # The command that asked knows nothing of the port on which it is answered.
    page.goto(re.sub(r"^http://[^/]+", at, link))
    page.locator("textarea[name=comment]").fill("Still burnt.")
    page.locator("button[type=submit]").click()
    expect(page.locator("h1")).to_be_visible()
    visitor.close()


def the_arc_is_on_the_customers_page(page: Page, at: str) -> None:
    page.get_by_role("link", name="María Ñúñez").first.click()
    expect(page.get_by_role("heading", level=1, name="María Ñúñez")).to_be_visible()
    passed = page.locator("#passed")
    for said in ("The bread was burnt", "Bring two fresh loaves", "Still burnt."):
        expect(passed.get_by_text(said).first).to_be_visible()


def the_figures_know(page: Page, at: str) -> None:
    """The worker counts by itself; one ticket was replied to, and one is open again."""
    for kpi in ("first_response_time", "backlog"):
        page.goto(f"{at}/metrics/{kpi}/")
        see(page, "n = 1")
