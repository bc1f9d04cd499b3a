"""The people who work here: inviting, roles, switching off, one's own profile."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from staff import actions
from staff.access import Role
from staff.models import AuditEntry, Business, User
from tests.conftest import PASSWORD, person

pytestmark = pytest.mark.usefixtures("empty_trail")

URL = "/settings/people/"
INVITE = "/settings/people/invite/"
INVITATION = {
    "email": "Nuno@Padaria-Aurora.example",
    "name": "Nuno",
    "role": Role.AGENT.value,
    "language": "pt-br",
}


def last_action() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


# --- The list ---------------------------------------------------------------------------


@pytest.mark.usefixtures("agent")
def test_the_list_shows_everybody_to_a_manager_without_handles(manager_client: Client):
    response = manager_client.get(URL)
    assertContains(response, "Ana Reis")
    assertNotContains(response, INVITE)


def test_query_count_does_not_grow_with_people(
    owner_client: Client, django_assert_num_queries: DjangoAssertNumQueries
):
    for number in range(15):
        person(Role.AGENT, f"agent{number}@padaria-aurora.example", f"Agent {number}")
    with django_assert_num_queries(4):  # business, session, user, people with their second step
        owner_client.get(URL)


def test_the_list_takes_no_post(owner_client: Client):
    assert owner_client.post(URL).status_code in {403, 405}


# --- Inviting ---------------------------------------------------------------------------


def test_an_invited_person_chooses_a_password_by_the_link_and_is_in(
    owner_client: Client, owner: User
):
    response = owner_client.post(INVITE, INVITATION)

    user = User.objects.get(email="nuno@padaria-aurora.example")
    assertRedirects(response, f"{URL}{user.pk}/", fetch_redirect_response=False)
    assert (user.role, user.name, user.has_usable_password()) == (Role.AGENT, "Nuno", False)
    assert (last_action().action, last_action().by) == ("person.invite", owner)
    (letter,) = mail.outbox
    assert letter.to == [user.email]
    link = re.search(r"http\S+", letter.body).group()

    shown = owner_client.get(response.url)
    assertContains(shown, "/accounts/password/reset/key/")
    assertNotContains(owner_client.get(response.url), "/accounts/password/reset/key/")

    client = Client()
    form = client.get(urlsplit(link).path, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)
    # The letter's link and the one on the page are for the same purpose: both are spent.
    assertContains(Client().get(urlsplit(link).path), "no longer works")


def test_the_letter_is_in_the_invited_person_s_language(owner: User):
    from django.utils import translation

    with translation.override("en"):
        actions.invite_person(
            email="n@example.com", name="", role=Role.AGENT, language="pt-br", by=owner
        )
        assert translation.get_language() == "en"
    assert "Padaria Aurora" in mail.outbox[0].subject


def test_an_address_that_is_taken_is_refused_at_the_field(owner_client: Client, agent: User):
    response = owner_client.post(INVITE, INVITATION | {"email": agent.email.upper()})

    assertContains(response, "has this e-mail address already", status_code=422)
    assertContains(response, "Nuno", status_code=422)
    assert not mail.outbox


def test_a_new_link_only_for_who_has_no_password(owner_client: Client, owner: User, agent: User):
    user = actions.invite_person(email="n@example.com", name="", role=Role.AGENT, by=owner)
    response = owner_client.post(f"{URL}{user.pk}/invite/", follow=True)
    assertContains(response, "/accounts/password/reset/key/")
    assert len(mail.outbox) == 2
    assert last_action().action == "person.invite_again"

    assertContains(
        owner_client.post(f"{URL}{agent.pk}/invite/", follow=True), "has a password already"
    )
    assert len(mail.outbox) == 2


# --- Roles ------------------------------------------------------------------------------


def test_a_role_is_changed_and_told(owner_client: Client, owner: User, agent: User):
    assertRedirects(owner_client.post(f"{URL}{agent.pk}/", {"role": Role.MANAGER.value}), URL)

    agent.refresh_from_db()
    assert agent.role == Role.MANAGER
    entry = last_action()
    assert (entry.action, entry.by, entry.target_id) == ("person.change_role", owner, agent.pk)
    assert entry.changes == {"role": [20, 30]}


def test_the_same_role_again_changes_and_tells_nothing(owner: User, agent: User):
    actions.change_role(user=agent, role=Role.AGENT, by=owner)
    assert not AuditEntry.objects.exists()


def test_a_role_that_does_not_exist_is_refused(owner_client: Client, agent: User):
    for role in ("99", "", "owner"):
        assert owner_client.post(f"{URL}{agent.pk}/", {"role": role}).status_code == 422
    agent.refresh_from_db()
    assert agent.role == Role.AGENT


def test_the_last_owner_stays_one(owner_client: Client, owner: User):
    response = owner_client.post(f"{URL}{owner.pk}/", {"role": Role.AGENT.value})
    assertContains(response, "the only owner", status_code=422)
    response = owner_client.post(f"{URL}{owner.pk}/deactivate/", follow=True)
    assertContains(response, "the only owner")

    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == (Role.OWNER, True)
    assert not AuditEntry.objects.exists()


def test_an_owner_who_never_chose_a_password_is_no_second_owner(owner: User):
    actions.invite_person(email="n@example.com", name="", role=Role.OWNER, by=owner)
    with pytest.raises(actions.LastOwner):
        actions.deactivate(user=owner, by=owner)


def test_with_a_second_owner_the_first_may_go(owner: User):
    second = person(Role.OWNER, "second@padaria-aurora.example", "Second")
    actions.change_role(user=owner, role=Role.AGENT, by=second)
    with pytest.raises(actions.LastOwner):
        actions.change_role(user=second, role=Role.AGENT, by=second)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_demote_each_other_at_once_leave_one():
    Business.objects.create(pk=1, name="X", time_zone="UTC", currency="EUR", language="en")
    pair = [person(Role.OWNER, f"{name}@x.example", name) for name in "ab"]
    start = Barrier(2)

    def demote(number: int) -> bool:
        start.wait()
        try:
            actions.change_role(user=pair[number], role=Role.AGENT, by=pair[1 - number])
        except actions.LastOwner:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, range(2))) == [False, True]
    assert User.objects.filter(role=Role.OWNER).count() == 1


# --- Switching off ----------------------------------------------------------------------


def test_switched_off_and_on_again(owner_client: Client, agent: User):
    for verb, active in (("deactivate", False), ("reactivate", True)):
        response = owner_client.post(f"{URL}{agent.pk}/{verb}/")
        assertRedirects(response, f"{URL}{agent.pk}/")
        agent.refresh_from_db()
        assert agent.is_active is active
        assert last_action().action == f"person.{verb}"
        count = AuditEntry.objects.count()
        owner_client.post(f"{URL}{agent.pk}/{verb}/")  # twice changes nothing
        assert AuditEntry.objects.count() == count


@pytest.mark.parametrize("path", ["invite/", "{id}/", "{id}/deactivate/"])
def test_only_an_owner_may(manager_client: Client, agent: User, path: str):
    url = URL + path.format(id=agent.pk)
    assert manager_client.post(url, INVITATION).status_code == 403
    assert manager_client.get(url).status_code == 403


def test_nobody_by_that_number(owner_client: Client):
    assert owner_client.get(f"{URL}999999/").status_code == 404


# --- Oneself ----------------------------------------------------------------------------


def test_the_own_profile(read_only_client: Client, read_only: User):
    url = "/settings/profile/"
    assertContains(read_only_client.get(url), "Rui Sá")

    assertRedirects(read_only_client.post(url, {"name": "Rui", "language": "es"}), url)

    read_only.refresh_from_db()
    assert (read_only.name, read_only.language) == ("Rui", "es")
    assert last_action().changes == {"name": ["Rui Sá", "Rui"], "language": ["", "es"]}
    assertContains(read_only_client.get(url), '<html lang="es">')


def test_a_profile_with_an_unknown_language_comes_back(read_only_client: Client, read_only: User):
    response = read_only_client.post("/settings/profile/", {"name": "Rui", "language": "tlh"})
    assertContains(response, 'value="Rui"', status_code=422)
    read_only.refresh_from_db()
    assert read_only.name == "Rui Sá"
