"""Every page there is, in a real browser: who can't see it well, can't use a mouse, or has a small
phone reads it too. The pages come from the URLconf, so a new one is looked at without being listed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from metrics.demo.house import OWNER_EMAIL
from metrics.demo.house import PASSWORD as DEMO_PASSWORD
from staff.access import rule_for
from staff.models import User
from tests.conftest import signed_in
from tests.services.looking import PHONE, SMALL_PHONE, Looking
from tests.services.serving import Installation, serving
from tests.staff.test_access_matrix import ADDRESSES, Address

pytestmark = [pytest.mark.browser, pytest.mark.once]

LANGUAGES = ["es", "pt-br", "en"]
# What isn't a page in the frame: an e-mail as it will be sent, shown inside one; a calendar.
NOT_PAGES = {
    "crm:calendar-feed",
    "crm:outreach-sample",
    "mail:message-html",
    "surveys:mail-sample",
    "surveys:survey-qr-png",
}
# Addresses of strangers, opened below with a token that is worth something.
WITH_TOKEN = {"surveys:answer", "mail:unsubscribe"}
# Whose number to open where any one will not do; one column each.
SAMPLES = {
    "crm:customer": "SELECT customer_id FROM surveys_response GROUP BY 1 ORDER BY count(*) DESC",
    "crm:customer-merge-with": "SELECT max(id) FROM crm_customer",
    "crm:outreach": "SELECT max(id) FROM crm_outreach WHERE state = 'sent'",
    "crm:outreach-edit": "SELECT max(id) FROM crm_outreach WHERE state = 'draft'",
    "crm:outreach-send": "SELECT max(id) FROM crm_outreach WHERE state = 'draft'",
    "crm:order-list": "SELECT customer_id FROM crm_order GROUP BY 1 ORDER BY count(*) DESC",
    "staff:person": "SELECT id FROM staff_user WHERE role < 40",
    "support:ticket": "SELECT ticket_id FROM support_message GROUP BY 1 ORDER BY count(*) DESC",
    "support:canned-edit": "SELECT min(id) FROM support_cannedreply",
    "support:category-edit": "SELECT min(id) FROM support_category",
    "surveys:review-edit": "SELECT min(id) FROM surveys_review",
    "surveys:survey-create": "SELECT 'nps'",
    "surveys:tag-delete": "SELECT min(id) FROM surveys_commenttag",
    "surveys:tag-edit": "SELECT min(id) FROM surveys_commenttag",
    "surveys:trigger": "SELECT min(id) FROM surveys_surveytrigger",
    "surveys:trigger-create": "SELECT 'ordered' UNION ALL SELECT 'relational'",
    "metrics:dashboard": "SELECT 'acquisition' UNION ALL SELECT 'retention' UNION ALL SELECT 'value' "
    "UNION ALL SELECT 'satisfaction' UNION ALL SELECT 'support' UNION ALL SELECT 'team' "
    "UNION ALL SELECT 'listening'",
    "metrics:dashboard-print": "SELECT 'overview' UNION ALL SELECT 'retention' UNION ALL SELECT 'team'",
    "metrics:target-set": "SELECT 'customer_churn' UNION ALL SELECT 'first_response_time'",
    "metrics:metric": "SELECT 'nps' UNION ALL SELECT 'customer_churn' UNION ALL SELECT 'ltv_annual'",
    "metrics:alert-create": "SELECT 'csat'",
    "metrics:finding": "SELECT min(id) FROM metrics_finding WHERE state = 'open'",
    "metrics:check-up-round": "SELECT max(id) FROM metrics_checkup WHERE finished_at IS NOT NULL",
    "metrics:training-edit": "SELECT min(id) FROM metrics_training",
    "metrics:metric-breakdown": "SELECT 'nps'",
    "metrics:metric-breakdown-csv": "SELECT 'nps'",
    "metrics:metric-csv": "SELECT 'nps'",
    "metrics:metric-segment": "SELECT 'nps'",
    "metrics:metric-rows": "SELECT 'nps/numerator' UNION ALL SELECT 'customer_churn/denominator'",
}
ROWS_OF = {
    "alert": "metrics_alert",
    "annotation": "metrics_annotation",
    "contact": "crm_contact",
    "contract": "crm_contract",
    "cost": "crm_cost",
    "deal": "crm_deal",
    "import": "crm_fileimport",
    "order": "crm_order",
    "queue": "support_queue",
    "task": "crm_task",
    "ticket": "support_ticket",
    "view": "support_savedview",
}
# Pages that differ by what is asked of them.
ASKED = [
    "/customers/?q=nobody+has+this+name",
    "/customers/?stage=lost&sort=last_purchase",
    "/customers/?stage=customer&value_min=100&nps=promoter&kind=person",
    "/metrics/nps/?source=web&stage=customer",
    "/metrics/nps/groups/?by=source",
    "/metrics/average_ticket/groups/?by=owner&stage=customer",
    "/check-up/objectives/new/?kpi=customer_churn",
    "/settings/silence/?days=90&since=2026-01-01",
    "/customers/change/?everything=1&query=stage%3Dlead",
    "/lookup/?phone=600123456",
    "/lookup/?phone=nonsense",
    "/search/?q=mar",
    "/exports/",
    "/deals/?view=list&state=any&sort=amount",
    "/deals/?owner=none",
    "/surveys/send/?customer=1",
    "/surveys/1/send/?customer=1",
    "/surveys/1/poster/es/",
    "/surveys/testimonials/?state=withdrawn",
    "/outbox/?state=failed",
    "/tickets/?q=nobody+has+this+name",
    "/tickets/?view=done&sort=opened",
    "/tickets/?view=mine&priority=40",
    "/tickets/change/?ticket=1&ticket=2",
    "/tickets/merge/?ticket=1&ticket=2",
    "/tickets/views/new/?priority=40",
    "/outreach/new/?purpose=change",
    "/outreach/?archived=1",
    "/no-such-page/",
]


@dataclass(frozen=True)
class Site:
    """A business of two years, served as a person serves it."""

    at: str
    installation: Installation

    def links(self, kind: str) -> dict[str, str]:
        """By language, a link that the outbox holds and nobody has followed: `s` or `u`."""
        rows = self.installation.rows("SELECT language, text FROM mail_outgoingemail ORDER BY id")
        return {
            language: re.sub(r"^https?://[^/]+", self.at, found[0])
            for language, text in rows
            if (found := re.search(rf"https?://\S+/{kind}/[\w-]+/", text))
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    installation = Installation(tmp_path_factory.mktemp("every-page"))
    installation.prepare()
    installation.manage("demo", "--customers", "60")
    installation.manage("import", "customers", str(a_spreadsheet(installation.folder)))
    with serving(installation, "--web-workers", "1", "--concurrency", "1") as running:
        yield Site(running.address, installation)


def a_spreadsheet(folder: Path) -> Path:
    """So that there is an import to look at, with a row that was refused."""
    file = folder / "customers.csv"
    file.write_text("name,email\nAna,ana@example.com\nBia,no address\n")
    return file


@pytest.fixture(scope="module")
def olga(site: Site, browser: Browser) -> Iterator[BrowserContext]:
    """The owner's browser, signed in once."""
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(f"{site.at}/accounts/login/")
    page.locator("input[name=login]").fill(OWNER_EMAIL)
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site.at}/")
    page.close()
    yield context
    context.close()


@pytest.fixture(scope="module")
def pages(site: Site, olga: BrowserContext) -> list[str]:
    """Whatever answers a signed-in owner with a page."""
    found = [
        path
        for address in ADDRESSES
        if address.name not in NOT_PAGES | WITH_TOKEN and readable(address)
        for path in paths(address, site.installation)
        if is_page(olga, site.at + path)
    ]
    assert len(found) > 50, found
    return found


def readable(address: Address) -> bool:
    rule = rule_for(address.view, address.name)
    return rule is not None and (rule.public or rule.read is not None)


def paths(address: Address, installation: Installation) -> list[str]:
    """The address with numbers of rows that are there."""
    assert address.path, address
    query = SAMPLES.get(address.name)
    if query is None:
        [table] = [ROWS_OF[word] for word in ROWS_OF if f"{word}s/<int:pk>" in address.route] or [
            ""
        ]
        query = f"SELECT min(id) FROM {table}" if table else "SELECT 1"
    part = re.compile(r"/(1|sample)(/sample)?(?=/)")
    few = 1 if "SELECT '" not in query else None
    return [part.sub(f"/{value}", address.path, 1) for (value,) in installation.rows(query)[:few]]


def is_page(visitor: BrowserContext, address: str) -> bool:
    answer = visitor.request.get(address, max_redirects=0)
    told = f"{address}: {answer.status}"
    assert answer.status in {200, 302, 404, 405}, told
    return answer.status == 200 and "<html" in answer.text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_staff(site: Site, olga: BrowserContext, pages: list[str], language: str) -> None:
    page = olga.new_page()
    choose_language(page, site, language)
    looking = Looking(page)
    for path in pages + ASKED:
        looking.open(site.at + path, language=language, status=404 if "no-such" in path else 200)
        if language == "en":
            looking.with_axe()
        looking.for_width()
    page.close()
    looking.found_nothing()


def choose_language(page: Page, site: Site, language: str) -> None:
    page.goto(f"{site.at}{reverse('staff:profile')}")
    page.locator("main select[name=language]").select_option(language)
    page.locator("main button[type=submit]").click()
    page.wait_for_load_state()


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_strangers(site: Site, browser: Browser, language: str) -> None:
    context = browser.new_context(locale=language, viewport=PHONE)
    page = context.new_page()
    looking = Looking(page)

    def look() -> None:
        if language == "en":
            looking.with_axe()
        looking.for_width(PHONE, SMALL_PHONE)

    invitation, leaving = site.links("s")[language], site.links("u")[language]
    looking.open(f"{invitation}?score=9", language=language)
    look()
    page.locator("main button[type=submit]").click()
    page.locator("dl.given").wait_for()
    looking.where += " (answered)"
    looking.outline(language)
    look()

    looking.open(leaving, language=language)
    look()
    page.locator("main button[type=submit]").first.click()
    page.wait_for_load_state()
    looking.where += " (left)"
    look()

    for path, status in {
        "/accounts/login/": 200,
        "/accounts/password/reset/": 200,
        "/s/no-such-token/": 404,
        "/u/no-such-token/": 404,
        "/t/no-such-token/": 404,
        "/p/taller-aurora/": 200,
        f"/p/taller-aurora/kiosk/?language={language}": 200,
        "/p/taller-aurora/widget/": 200,
        "/p/no-such-survey/": 404,
        "/feedback/": 200,
        "/feedback/thanks/?kind=question": 200,
        "/board/": 200,
        "/board/?state=done": 200,
        "/board/new/": 200,
        "/board/following/no-such-token/": 404,
    }.items():
        looking.open(site.at + path, language=language, status=status)
        look()
    context.close()
    looking.found_nothing()


def test_the_first_page_of_all(live_server: LiveServer, page: Page) -> None:
    looking = Looking(page)
    looking.open(f"{live_server.url}/setup/", language="en")
    looking.with_axe()
    looking.for_width()
    looking.found_nothing()


def test_pages_with_nothing_on_them_yet(
    live_server: LiveServer, context: BrowserContext, page: Page, owner: User
) -> None:
    [cookie] = signed_in(owner).cookies.values()
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    looking = Looking(page)
    for path in [
        "/",
        "/today/",
        "/customers/",
        "/surveys/",
        "/surveys/testimonials/",
        "/surveys/review-sites/",
        "/metrics/",
        "/metrics/nps/",
        "/findings/",
        "/alerts/",
        "/digest/",
        "/costs/",
        "/outreach/",
        "/imports/",
        "/outbox/",
        "/tickets/",
        "/tickets/views/",
        "/settings/desk/replies/",
    ]:
        looking.open(live_server.url + path, language="en")
        looking.with_axe()
        looking.for_width()
    looking.found_nothing()
