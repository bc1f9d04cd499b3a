"""Signing in: password, memory, second step, forgotten password, limits."""

import re
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertRedirects

from staff import actions
from staff.models import AuditEntry, User
from tests.conftest import PASSWORD

LOGIN = "/accounts/login/"
NEW_PASSWORD = "wrong horse, right staple"


@pytest.fixture(autouse=True)
def no_attempts_yet(db: None) -> None:
    cache.clear()


def sign_in(client: Client, user: User, **changed: str):
    return client.post(LOGIN, {"login": user.email, "password": PASSWORD} | changed)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_stranger_is_sent_to_sign_in_and_back(client: Client, manager: User):
    response = client.get("/settings/people/?x=1")
    assertRedirects(response, f"{LOGIN}?next=/settings/people/%3Fx%3D1")

    response = client.post(
        response.url,
        {"login": manager.email, "password": PASSWORD, "next": "/settings/people/?x=1"},
    )
    assertRedirects(response, "/settings/people/?x=1")


def test_the_address_may_be_written_in_capitals(client: Client, agent: User):
    sign_in(client, agent, login=agent.email.upper())
    assert is_signed_in(client)


def test_remembered_only_when_asked(client: Client, agent: User):
    sign_in(client, agent)
    assert client.session.get_expire_at_browser_close()
    client.logout()
    sign_in(client, agent, remember="on")
    assert not client.session.get_expire_at_browser_close()


def test_a_wrong_password_is_refused_in_words_and_the_address_stays(client: Client, agent: User):
    response = sign_in(client, agent, password="guess")
    assert not is_signed_in(client)
    assertContains(response, "is not right")
    assertContains(response, agent.email)


def test_too_many_guesses_are_cut_off_even_with_the_right_password(client: Client, agent: User):
    for _attempt in range(5):
        sign_in(client, agent, password="guess")

    response = sign_in(client, agent)

    assert not is_signed_in(client)
    assertContains(response, "Too many attempts")


def test_somebody_switched_off_cannot_sign_in_and_is_out_at_once(
    client: Client, agent: User, owner: User
):
    sign_in(client, agent)
    actions.deactivate(user=agent, by=owner)

    assertRedirects(client.get("/settings/profile/"), f"{LOGIN}?next=/settings/profile/")
    another = Client()
    sign_in(another, agent)
    assert not is_signed_in(another)


def test_signing_out_takes_a_post(agent_client: Client):
    assertContains(agent_client.get("/accounts/logout/"), "Sign out")
    assert is_signed_in(agent_client)
    agent_client.post("/accounts/logout/")
    assert not is_signed_in(agent_client)


def test_nobody_signs_up_alone(client: Client, agent: User):
    assert client.get("/accounts/signup/").status_code == 404


# --- Forgotten --------------------------------------------------------------------------


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(
    client: Client, agent: User, settings: Settings
):
    settings.BASE_URL = "https://crm.padaria-aurora.example"
    response = client.post(
        "/accounts/password/reset/", {"email": agent.email}, headers={"Host": "localhost"}
    )
    assertRedirects(response, "/accounts/password/reset/done/")
    (letter,) = mail.outbox
    assert letter.to == [agent.email]
    assert letter.from_email == "Padaria Aurora <ola@padaria-aurora.example>"
    # The host is BASE_URL's, whatever Host said.
    link = urlsplit(re.search(r"https://crm\.padaria-aurora\.example\S+", letter.body).group())

    form = client.get(link.path, follow=True)
    assertContains(form, "Choose a password")
    client.post(form.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    assert is_signed_in(client)
    agent.refresh_from_db()
    assert agent.check_password(NEW_PASSWORD)
    assertContains(Client().get(link.path), "no longer works")


def test_an_unknown_address_gets_no_mail_and_the_same_answer(client: Client, agent: User):
    response = client.post("/accounts/password/reset/", {"email": "nobody@example.com"})

    assertRedirects(response, "/accounts/password/reset/done/")
    assert not mail.outbox


def trail_of(user: User) -> list[str]:
    entries = AuditEntry.objects.filter(by=user, target_id=user.pk).order_by("pk")
    return list(entries.values_list("action", flat=True))


def test_a_password_is_changed_by_who_knows_the_old_one(agent_client: Client, agent: User):
    url = "/accounts/password/change/"
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    agent_client.post(url, new | {"oldpassword": "guess"})
    agent.refresh_from_db()
    assert agent.check_password(PASSWORD)

    agent_client.post(url, new | {"oldpassword": PASSWORD})

    agent.refresh_from_db()
    assert agent.check_password(NEW_PASSWORD)
    assert is_signed_in(agent_client)
    assert [letter.to for letter in mail.outbox] == [[agent.email]]
    assert "Padaria Aurora" in mail.outbox[0].body
    assert trail_of(agent) == ["person.change_password"]


# --- Second step ------------------------------------------------------------------------


def code_for(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def confirm(client: Client, url: str) -> None:
    """What protects the account asks first who it is."""
    asked = client.get(url)
    assert asked.url.startswith("/accounts/reauthenticate/")
    assertContains(client.get(asked.url), "Is it still you?")
    client.post(asked.url, {"password": PASSWORD, "next": url})


@pytest.fixture
def two_factor(client: Client, agent: User) -> str:
    """The agent, through the pages: switched on, and signed out again. Returns the secret."""
    sign_in(client, agent)
    confirm(client, "/accounts/2fa/totp/activate/")
    page = client.get("/accounts/2fa/totp/activate/")
    assertContains(page, "data:image/svg+xml")
    secret = page.context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)})
    assertContains(client.get("/accounts/2fa/"), "chip-good")
    client.post("/accounts/logout/")
    cache.clear()  # a code works once; the next sign-in comes within the same half minute
    return secret


def test_with_two_factor_the_password_is_not_enough(client: Client, agent: User, two_factor: str):
    response = sign_in(client, agent)
    assertRedirects(response, reverse("mfa_authenticate"))
    assert not is_signed_in(client)
    assertContains(client.get(response.url), "Second step")

    client.post(response.url, {"code": "000000"})
    assert not is_signed_in(client)
    client.post(response.url, {"code": code_for(two_factor)})
    assert is_signed_in(client)


def test_a_recovery_code_stands_in_once(client: Client, agent: User, two_factor: str):
    codes = Authenticator.objects.get(user=agent, type=Authenticator.Type.RECOVERY_CODES)
    code = codes.wrap().get_unused_codes()[0]
    for expected in (True, False):
        sign_in(client, agent)
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(client) is expected
        client.post("/accounts/logout/")


@pytest.mark.usefixtures("two_factor")
def test_switching_off_asks_again_who_it_is(client: Client, agent: User):
    client.force_login(agent)
    url = reverse("mfa_deactivate_totp")

    client.post(url)
    assert Authenticator.objects.filter(user=agent).exists()
    confirm(client, url)
    client.post(url)

    assert not Authenticator.objects.filter(user=agent).exists()
    assert trail_of(agent) == ["person.switch_off_second_step"]


@pytest.mark.django_db(transaction=True)  # it is told once it is committed
def test_switching_on_is_on_the_trail(client: Client, agent: User):
    sign_in(client, agent)
    confirm(client, "/accounts/2fa/totp/activate/")
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)})
    assert trail_of(agent) == ["person.switch_on_second_step"]


@pytest.mark.parametrize("language", ["es", "pt-br", "en"])
@pytest.mark.parametrize("name", ["account_login", "account_reset_password"])
def test_entrance_pages_speak_the_browser_s_language(
    client: Client, agent: User, language: str, name: str
):
    response = client.get(reverse(name), headers={"Accept-Language": language})
    assertContains(response, f'<html lang="{language}">')
