"""What every page says to browsers, and what no stranger can wear down."""

import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from staff.models import Business, User
from tests.conftest import PASSWORD

LOGIN = "/accounts/login/"


def test_scripts_come_from_here_or_are_the_one_chart_library(owner_client: Client):
    policy = owner_client.get("/")["Content-Security-Policy"]

    [scripts] = re.findall(r"script-src ([^;]*)", policy)
    sources = [one for one in scripts.split() if not one.startswith("'nonce-")]
    assert sources == ["'self'", settings.CHART_LIBRARY]
    # A path that ends in a slash, or none, would let in what anybody publishes there.
    assert settings.CHART_LIBRARY.endswith(".js")


def test_limits_on_signing_in_outlast_a_flood_of_unknown_links(
    client: Client, business: Business, agent: User
):
    cache.clear()
    for _attempt in range(5):
        client.post(LOGIN, {"login": agent.email, "password": "guess"})

    for number in range(400):
        client.get("/s/unknown/", REMOTE_ADDR=f"2001:db8:0:{number:x}::1")
    client.post(LOGIN, {"login": agent.email, "password": PASSWORD})

    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "path", ["/outbox/?q=%00", "/outbox/suppressions/?q=a%00", "/customers/email-taken/?email=%00"]
)
def test_a_null_in_an_address_is_a_bad_request_on_either_database(owner_client: Client, path: str):
    assert owner_client.get(path).status_code == 400
