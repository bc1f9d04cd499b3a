"""What every test may ask for: people, their signed-in clients, and real services."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

from metrics.counting import asking
from staff.access import Role
from staff.models import Business, User
from staff.pages import MANY
from surveys.models import AskingRules
from tests.services import chromium as chromium_service
from tests.services import imap, postgresql, smtp, tables, valkey

PASSWORD = "correct horse battery staple"
CHROMIUM = chromium_service.path()
CI = os.environ.get("CI") == "true"
# How fast a busy machine is says nothing of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
asking.PATIENCE = 60
expect.set_options(timeout=60_000)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests without a browser: skipped, except in CI, where they fail in `chromium`.

    Those that start installations of their own take minutes each: first, so that at the end no
    process waits for the other (with --no-loadscope-reorder). On PostgreSQL only what asks a
    database: the rest was proved on SQLite.
    """
    items.sort(key=lambda item: item.get_closest_marker("once") is None)
    if connection.vendor == "postgresql":
        without = [item for item in items if not asks_the_database(item)]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if asks_the_database(item)]
    if CHROMIUM or CI:
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium"))


def asks_the_database(item: pytest.Item) -> bool:
    return bool(
        item.get_closest_marker("django_db")
        or {"db", "transactional_db", "live_server", "postgresql_url"} & set(item.fixturenames)  # type: ignore[attr-defined]
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not CHROMIUM:
        terminalreporter.write_line("No Chromium found: the browser tests did not run.")
    if not imap.path():
        terminalreporter.write_line("No Dovecot found: the tests with an IMAP server did not run.")


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The database is there already, from `tests.services.tables`; its folder or server goes at the end."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    name = connection.creation._get_test_db_name()
    if connection.vendor == "sqlite":
        tables.lay_out(f"sqlite:///{name}")
    else:
        tables.lay_out(postgresql.new_database(name))


@pytest.fixture
def business(db: None) -> Business:
    """A bakery in São Paulo that keeps its books in reais; English, so that assertions can be read.

    It asks at any hour of any day: whatever the time, the tests are the same.
    """
    MANY.forget()  # what was too many to count in another test
    AskingRules.objects.create(pk=1, quiet_until=0, quiet_from=24, asks_on_weekends=True)
    return Business.objects.create(
        pk=1,
        name="Padaria Aurora",
        time_zone="America/Sao_Paulo",
        currency="BRL",
        languages=["es", "pt-br", "en"],
        language="en",
        email="ola@padaria-aurora.example",
        postal_address="Rua das Flores 12, São Paulo",
    )


def person(role: Role, email: str, name: str) -> User:
    return User.objects.create_user(email=email, password=PASSWORD, role=role, name=name)


@pytest.fixture
def owner(business: Business) -> User:
    return person(Role.OWNER, "olga@padaria-aurora.example", "Olga Prado")


@pytest.fixture
def manager(business: Business) -> User:
    return person(Role.MANAGER, "marina@padaria-aurora.example", "Marina Luz")


@pytest.fixture
def agent(business: Business) -> User:
    return person(Role.AGENT, "ana@padaria-aurora.example", "Ana Reis")


@pytest.fixture
def read_only(business: Business) -> User:
    return person(Role.READ_ONLY, "rui@padaria-aurora.example", "Rui Sá")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner_client(owner: User) -> Client:
    return signed_in(owner)


@pytest.fixture
def manager_client(manager: User) -> Client:
    return signed_in(manager)


@pytest.fixture
def agent_client(agent: User) -> Client:
    return signed_in(agent)


@pytest.fixture
def read_only_client(read_only: User) -> Client:
    return signed_in(read_only)


@pytest.fixture
def smtp_sink() -> Iterator[smtp.Sink]:
    """A real mail server on loopback; `smtp_sink.url` is what EMAIL_URL would be."""
    with smtp.running() as sink:
        yield sink


@pytest.fixture
def imap_server() -> Iterator[imap.Server]:
    """A real IMAP server on loopback with one empty account; in CI its absence is a failure."""
    if imap.path() is None:
        if CI:
            pytest.fail("Dovecot is missing, and CI must not go without its tests of IMAP.")
        pytest.skip("no Dovecot")
    with imap.running() as server:
        yield server


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """The `redis://` URL of a real Redis-compatible server."""
    with valkey.running() as url:
        yield url


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database, whatever the suite itself runs on."""
    url = postgresql.new_database()
    yield url
    postgresql.drop_database(url)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Chromium's path; in CI its absence is a failure."""
    if CHROMIUM is None:
        pytest.fail("Chromium is missing, and CI must not go without its browser tests.")
    return CHROMIUM


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for all the browser tests of a process, with nothing but loopback within reach.

    Mark such tests `browser`.
    """
    with chromium_service.running(chromium) as running:
        # Playwright's loop runs in this thread; Django's ORM would take that for async code.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        yield running
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh visitor: no cookies, English."""
    context = browser.new_context(locale="en", viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of that visitor; `tests.services.looking` also hears what its console says."""
    return context.new_page()
