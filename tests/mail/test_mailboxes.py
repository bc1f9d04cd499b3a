"""Mailboxes in the settings: connecting says exactly what is wrong, the password never shows."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from mail import fetching, inbox_health, mailboxes, secrets
from mail.models import InboundEmail, Mailbox
from staff.models import AuditEntry, Business, User
from tests.mail.arriving import raw_mail
from tests.mail.test_fetching import mailbox_at
from tests.services import imap as dovecot
from tests.services.imap import Server
from tests.services.processes import free_port

pytestmark = pytest.mark.django_db
URL = "/settings/mailboxes/"


def typed(at: int, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Help",
        "address": "Help@padaria-aurora.example",
        "host": "127.0.0.1",
        "port": at,
        "security": "none",
        "username": dovecot.USER,
        "password": dovecot.PASSWORD,
        "since": "",
        **fields,
    }


# --- Secrets --------------------------------------------------------------------------------------


def test_a_password_is_encrypted_and_readable_under_an_older_key(settings: Settings) -> None:
    encrypted = secrets.encrypt("ñandú")
    assert "ñandú" not in encrypted
    assert secrets.decrypt(encrypted) == "ñandú"
    assert secrets.encrypt("ñandú") != encrypted
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(encrypted)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert secrets.decrypt(encrypted) == "ñandú"
    assert secrets.decrypt(secrets.encrypt("")) == ""


# --- Adding and changing --------------------------------------------------------------------------


def test_a_mailbox_is_saved_once_it_could_be_connected_to(
    imap_server: Server, manager_client: Client
) -> None:
    imap_server.create("Ventas")
    response = manager_client.post(f"{URL}add/", typed(imap_server.port))
    mailbox = Mailbox.objects.get()
    assertRedirects(response, f"{URL}{mailbox.pk}/folders/")
    assert mailbox.address == "help@padaria-aurora.example"
    assert secrets.decrypt(mailbox.password) == dovecot.PASSWORD
    assert mailbox.password not in str(AuditEntry.objects.get(action="mailbox.add").changes)

    page = manager_client.get(f"{URL}{mailbox.pk}/folders/")
    assertContains(page, "Ventas")
    response = manager_client.post(f"{URL}{mailbox.pk}/folders/", {"folder": ["Ventas", "INBOX"]})
    assertRedirects(response, f"{URL}{mailbox.pk}/")
    assert [folder.name for folder in mailbox.folders.all()] == ["INBOX", "Ventas"]
    entry = AuditEntry.objects.get(action="mailbox.choose_folders")
    assert entry.changes == {"folders": [["INBOX"], ["INBOX", "Ventas"]]}


def test_what_is_wrong_stands_at_the_field_it_is_about(
    imap_server: Server, manager_client: Client
) -> None:
    def errors(**fields: Any) -> dict[str, Any]:
        response = manager_client.post(f"{URL}add/", typed(imap_server.port, **fields))
        assert response.status_code == 422
        assertNotContains(response, "con &quot;clave&quot;", status_code=422)
        return dict(response.context["form"].errors)

    assert "refused the user name or the password" in errors(password="wrong")["password"][0]
    assert "does not listen" in errors(port=free_port())["port"][0]
    assert "No server has this name" in errors(host="imap.invalid")["host"][0]
    assert "could not be encrypted" in errors(security="starttls")["security"][0]
    assert not Mailbox.objects.exists()


def test_the_usual_port_is_filled_in(manager_client: Client) -> None:
    form = manager_client.post(
        f"{URL}add/", typed(0, port="", security="ssl", host="imap.invalid")
    ).context["form"]
    assert form.cleaned_data["port"] == 993


def test_the_password_is_never_shown_and_stays_unless_typed(
    imap_server: Server, manager_client: Client
) -> None:
    mailbox = mailbox_at(imap_server.port)
    page = manager_client.get(f"{URL}{mailbox.pk}/edit/")
    assertNotContains(page, mailbox.password)
    assertNotContains(page, "clave")
    values = typed(imap_server.port, name="Soporte", password="")
    assertRedirects(manager_client.post(f"{URL}{mailbox.pk}/edit/", values), f"{URL}{mailbox.pk}/")
    mailbox.refresh_from_db()
    assert mailbox.name == "Soporte"
    assert secrets.decrypt(mailbox.password) == dovecot.PASSWORD


@pytest.mark.parametrize("field", ["host", "port", "username", "security"])
def test_the_stored_password_goes_to_no_other_server(
    manager_client: Client, business: Business, field: str
) -> None:
    mailbox = mailbox_at(1993)
    other = {"host": "evil.example", "port": 1, "username": "eve", "security": "ssl"}
    values = typed(1993, password="") | {field: other[field]}
    response = manager_client.post(f"{URL}{mailbox.pk}/edit/", values)
    assertContains(response, "Enter the password again", status_code=422)
    mailbox.refresh_from_db()
    assert mailbox.host == "127.0.0.1"


def test_a_new_password_is_tried_before_it_is_saved(
    imap_server: Server, manager_client: Client
) -> None:
    mailbox = mailbox_at(imap_server.port)
    url = f"{URL}{mailbox.pk}/edit/"
    assert manager_client.post(url, typed(imap_server.port, password="new")).status_code == 422
    mailbox.refresh_from_db()
    assert secrets.decrypt(mailbox.password) == dovecot.PASSWORD


def test_another_account_begins_with_folders_that_know_no_numbers(
    imap_server: Server, manager: User
) -> None:
    """The same UIDVALIDITY and UIDs there are other mails."""
    mailbox = mailbox_at(imap_server.port)
    imap_server.deliver([raw_mail(1)])
    fetching.fetch(mailbox)
    mailboxes.change(mailbox=mailbox, by=manager, username="other@x.example", password="x")
    folder = mailbox.folders.get()
    assert (folder.uid_validity, folder.last_uid) == (None, 0)
    assert InboundEmail.objects.get().folder is None


def test_names_and_addresses_are_given_once(manager: User, business: Business) -> None:
    fields: dict[str, Any] = {"host": "a.example", "username": "a", "password": "p", "by": manager}
    mailboxes.add(name="Help", address="help@x.example", **fields)
    with pytest.raises(mailboxes.NameTaken):
        mailboxes.add(name="Help", address="", **fields)
    with pytest.raises(mailboxes.NameTaken):
        mailboxes.add(name="Other", address="HELP@x.example", **fields)


def test_at_least_one_folder(manager: User, business: Business) -> None:
    with pytest.raises(mailboxes.NoFolders):
        mailboxes.choose_folders(mailbox=mailbox_at(1), names=[""], by=manager)


# --- The page of one mailbox ----------------------------------------------------------------------


def test_a_mailbox_is_tested_and_checked_from_its_page(
    imap_server: Server, manager_client: Client
) -> None:
    mailbox = mailbox_at(imap_server.port, "INBOX", "Gone")
    imap_server.deliver([raw_mail(1)])
    url = f"{URL}{mailbox.pk}/"
    response = manager_client.post(f"{url}test/", follow=True)
    assertContains(response, "The connection works; the server has 1 folder.")
    assertContains(response, "Gone: This folder is not there")
    response = manager_client.post(f"{url}check/", follow=True)
    assertContains(response, "1 new mail.")
    assertContains(response, "This folder is not there")
    assertNotContains(response, mailbox.password)
    assertContains(manager_client.get(f"{url}folders/"), "No longer there")
    assertContains(manager_client.get(URL), "Can't be read")


def test_a_mailbox_that_fails_says_why(manager_client: Client) -> None:
    mailbox = mailbox_at(free_port())
    url = f"{URL}{mailbox.pk}/"
    assertContains(manager_client.post(f"{url}test/", follow=True), "does not listen on this port")
    assertContains(manager_client.post(f"{url}check/", follow=True), "does not listen on this port")
    assertContains(manager_client.get(f"{url}folders/"), "does not listen on this port")


def test_a_mailbox_is_paused_and_read_again(manager_client: Client, manager: User) -> None:
    mailbox = mailbox_at(1)
    for verb, active in (("pause", False), ("pause", False), ("resume", True)):
        assertRedirects(manager_client.post(f"{URL}{mailbox.pk}/{verb}/"), f"{URL}{mailbox.pk}/")
        mailbox.refresh_from_db()
        assert mailbox.is_active is active
    entries = AuditEntry.objects.filter(target_model="mail.mailbox").order_by("pk")
    actions = entries.values_list("action", flat=True)
    assert list(actions) == ["mailbox.pause", "mailbox.resume"]


def test_a_mailbox_from_which_mail_came_stays(imap_server: Server, manager_client: Client) -> None:
    used, unused = mailbox_at(imap_server.port), mailbox_at(1, name="Unused")
    imap_server.deliver([raw_mail(1)])
    fetching.fetch(used)
    response = manager_client.post(f"{URL}{used.pk}/remove/", follow=True)
    assertContains(response, "Mail has come from this mailbox")
    assertNotContains(response, f"{URL}{used.pk}/remove/")
    assertRedirects(manager_client.post(f"{URL}{unused.pk}/remove/"), URL)
    assert Mailbox.objects.get() == used


def test_agents_see_no_mailbox(agent_client: Client) -> None:
    assert agent_client.get(URL).status_code == 403


def test_an_empty_list_teaches_and_names_the_providers_that_are_set_up(
    manager_client: Client, settings: Settings
) -> None:
    response = manager_client.get(URL)
    assertContains(response, "No mailbox yet")
    assertContains(response, "None is set up")
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": "key"}
    response = manager_client.get(URL)
    assertContains(response, "/hooks/mail/mailgun/")
    assertNotContains(response, "/hooks/mail/postmark/")


# --- Health ---------------------------------------------------------------------------------------


def test_health_tells_how_mail_comes_in(imap_server: Server, business: Business) -> None:
    assert inbox_health.look().ok is None
    mailbox = mailbox_at(imap_server.port)
    imap_server.deliver([raw_mail(number) for number in range(3)])
    fetching.fetch(mailbox, reconcile=True)
    finding = inbox_health.look()
    assert finding.ok is True
    assert "on the server 3 = stored 3 + missing 0" in finding.detail

    mailbox.folders.update(missing=1, stored=2)
    assert inbox_health.look().ok is False
    mailbox.folders.update(missing=0, error="folder NO")
    finding = inbox_health.look()
    assert finding.ok is False
    assert "INBOX" in finding.detail


def test_health_has_patience_with_a_server_that_is_away_for_a_moment(business: Business) -> None:
    mailbox = mailbox_at(free_port())
    fetching.fetch(mailbox)
    assert inbox_health.look().ok is True
    Mailbox.objects.update(failing_since=mailbox.created_at - inbox_health.PATIENCE)
    finding = inbox_health.look()
    assert finding.ok is False
    assert "does not listen" in finding.detail


def test_health_is_one_look_however_many_mailboxes(
    business: Business, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        mailbox_at(1, name=f"Box {number}")
    with django_assert_max_num_queries(6):
        inbox_health.look()
