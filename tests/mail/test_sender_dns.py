"""What a name server says of the sender's domain, and what it means."""

import pytest
from django.core.cache import cache
from pytest_django.asserts import assertContains, assertNotContains

from mail import sender_dns
from mail.sender_dns import Found
from tests.services import names

URL = "/outbox/sender/dns/"
DOMAIN = "padaria-aurora.example"
ALL_WELL = {
    DOMAIN: ["google-site-verification=x", "v=spf1 include:_spf.example.net ~all"],
    f"pm._domainkey.{DOMAIN}": [f"v=DKIM1; k=rsa; p={'A' * 400}"],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=quarantine; rua=mailto:x@example.com"],
}


@pytest.fixture(autouse=True)
def _forget(db: None) -> None:
    cache.clear()


def found(settings, records, selector=""):
    settings.DKIM_SELECTOR = selector
    with names.running(records) as address:
        settings.DNS_SERVER = address
        return [one.found for one in sender_dns.look_up(f"ola@{DOMAIN}")]


def test_all_three_are_found_and_remembered(settings, agent_client, business):
    assert found(settings, ALL_WELL) == [Found.GOOD] * 3

    page = agent_client.get(URL, headers={"HX-Request": "true"})  # the server is gone by now

    assertContains(page, "SPF: your domain says who may send for it.")
    assertContains(page, "p=quarantine")
    assertNotContains(page, "<html")
    assertContains(agent_client.get(URL), "<html")


def test_nothing_is_there(settings):
    assert found(settings, {}) == [Found.MISSING, Found.UNKNOWN, Found.MISSING]
    cache.clear()
    assert found(settings, {}, selector="own")[1] == Found.MISSING


def test_no_server_answers(settings):
    settings.DNS_SERVER = "127.0.0.1:9"
    settings.DKIM_SELECTOR = "own"
    assert {one.found for one in sender_dns.look_up(f"ola@{DOMAIN}")} == {Found.UNKNOWN}


def test_without_a_sender_it_says_so(settings, agent_client, business):
    business.email = ""
    business.save()
    assertContains(agent_client.get(URL), "There is no sender address yet")


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (["v=spf1 mx -all"], Found.GOOD),
        (["v=spf1 redirect=_spf.example.net"], Found.GOOD),
        (["v=spf1 +all"], Found.WEAK),
        (["v=spf1 mx"], Found.WEAK),
        (["v=spf1 mx -all", "v=spf1 a -all"], Found.BROKEN),
        (["v=spf1 " + " ".join(f"include:{n}.example" for n in range(11)) + " -all"], Found.BROKEN),
        (["v=spf10 mx -all", "something else"], Found.MISSING),
        (None, Found.UNKNOWN),
    ],
)
def test_spf(texts, verdict):
    assert sender_dns.judge_spf(texts).found == verdict


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([["v=DMARC1; p=reject"]], Found.GOOD),
        ([["v=DMARC1;p=none"]], Found.WEAK),
        ([["v=DMARC1; rua=mailto:x@example.com"]], Found.BROKEN),
        ([["v=DMARC1; p=none", "v=DMARC1; p=reject"]], Found.BROKEN),
        ([[], ["v=DMARC1; p=reject"]], Found.GOOD),
        ([[], []], Found.MISSING),
        ([None], Found.UNKNOWN),
    ],
)
def test_dmarc(answers, verdict):
    assert sender_dns.judge_dmarc(answers).found == verdict


def test_a_key_that_was_withdrawn():
    withdrawn = sender_dns.judge_dkim([["v=DKIM1; p="]], is_known=True)
    assert (withdrawn.found, withdrawn.tone) == (Found.BROKEN, "bad")


def test_the_domain_above_speaks_for_those_below():
    assert sender_dns.parent("mail.shop.example") == "shop.example"
    assert sender_dns.parent("shop.example") == ""


def test_every_finding_has_its_words():
    for (kind, verdict), words in sender_dns.WORDS.items():
        assert words() or (kind, verdict) == ("DKIM", Found.WEAK)
