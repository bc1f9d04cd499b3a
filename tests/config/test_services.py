"""The services that tests lean on are real and answer."""

import smtplib

import psycopg
import pytest
import redis
from playwright.sync_api import Error, Page
from pytest_django.live_server_helper import LiveServer

from tests.services.smtp import Sink


def test_the_mail_server_keeps_what_it_takes_and_refuses_as_told(smtp_sink: Sink) -> None:
    smtp_sink.answer("gone@example.com", "550 5.1.1 unknown here")
    with smtplib.SMTP("127.0.0.1", smtp_sink.port) as client:
        refused = client.sendmail(
            "a@example.com",
            ["b@example.com", "gone@example.com"],
            "Subject: Olá\r\n\r\nBom dia\r\n".encode(),
        )

    assert refused == {"gone@example.com": (550, b"5.1.1 unknown here")}
    [delivered] = smtp_sink.wait(1)
    assert delivered.recipients == ["b@example.com"]
    assert delivered.body().strip() == "Bom dia"


def test_a_new_postgresql_database_is_empty(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert rows.fetchone() == (0,)


def test_valkey_answers(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        assert client.incr("here") == 1


@pytest.mark.browser
def test_chromium_reaches_the_site_and_nothing_beyond_it(
    live_server: LiveServer, page: Page
) -> None:
    response = page.goto(f"{live_server.url}/healthz")
    assert response is not None
    assert response.text() == "ok"

    library = page.goto("https://cdn.jsdelivr.net/npm/chart.js/dist/chart.umd.min.js")
    assert library is not None
    assert len(library.text()) > 100_000
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("https://example.com/")
