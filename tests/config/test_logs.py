"""What is logged gives no link away."""

import logging

import pytest

from config.logs import WithoutTokens


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/s/3oRxDvW12DD6CCtPrtRY9cKfl-xbhe8j/", "/s/…/"),
        ("/u/BgOvRa3vywZzyXcZWiTh2zzLiLlRxsaEzh6U_cC7imw/", "/u/…/"),
        ("/t/xwRZAoQ8JXVt7fSeP6UT/files/3/", "/t/…/files/3/"),
        ("/board/following/xwRZAoQ8JXVt7fSeP6UT/", "/board/following/…/"),
        ("/tickets/files/7-31:1wGmVh:0mTqVd3yHkHNcg/", "/tickets/files/…/"),
        ("/tickets/12/", "/tickets/12/"),
        ("/customers/12/", "/customers/12/"),
        ("/surveys/1/send/", "/surveys/1/send/"),
    ],
)
def test_secret_links_are_taken_out(path: str, logged: str) -> None:
    record = logging.LogRecord("django.request", 30, "", 0, "%s: %s", ("Not Found", path), None)

    assert WithoutTokens().filter(record)

    assert record.getMessage() == f"Not Found: {logged}"
