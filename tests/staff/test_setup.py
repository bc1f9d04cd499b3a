"""First-run set-up: in the browser and by command, once."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from staff import actions
from staff.access import Role
from staff.models import AuditEntry, Business, User
from tests.conftest import PASSWORD

URL = "/setup/"
ANSWERS = {
    "name": "Librería Macondo",
    "time_zone": "America/Bogota",
    "currency": "COP",
    "languages": ["es", "en"],
    "language": "es",
    "owner_name": "Úrsula",
    "owner_email": "Ursula@Macondo.example",
    "password": PASSWORD,
}


def set_up(**changed: object) -> User:
    return actions.set_up(**(ANSWERS | changed))


@pytest.mark.django_db
def test_everything_leads_to_set_up_while_there_is_no_business(client: Client):
    for path in (reverse("account_login"), reverse("staff:people")):
        assertRedirects(client.get(path), URL, fetch_redirect_response=False)
    assertContains(client.get(URL), "Welcome")
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_makes_the_business_and_signs_its_owner_in(client: Client):
    response = client.post(URL, ANSWERS)

    assertRedirects(response, "/", fetch_redirect_response=False)
    business, owner = Business.objects.get(), User.objects.get()
    assert (business.name, business.time_zone, business.currency) == (
        "Librería Macondo",
        "America/Bogota",
        "COP",
    )
    assert (business.languages, business.language) == (["es", "en"], "es")
    assert (owner.email, owner.role, owner.name) == (
        "ursula@macondo.example",
        Role.OWNER,
        "Úrsula",
    )
    assert owner.check_password(PASSWORD)
    assert client.session["_auth_user_id"] == str(owner.pk)
    entry = AuditEntry.objects.get(action="business.set_up")
    assert entry.by == owner
    assert entry.changes["currency"] == [None, "COP"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"name": ""}, "name", "required"),
        ({"time_zone": "Europe/Macondo"}, "time_zone", "valid choice"),
        ({"currency": "XXQ"}, "currency", "valid choice"),
        ({"languages": ["en"]}, "language", "languages of your customers"),
        ({"owner_email": "ursula"}, "owner_email", "valid email"),
        ({"password": "12345"}, "password", "too short"),
        ({"password": "Ursula@Macondo.example"}, "password", "too similar"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(
    client: Client, changed: dict[str, object], field: str, words: str
):
    response = client.post(URL, ANSWERS | changed)

    assert response.status_code == 422
    assert words in response.context["form"].errors[field].as_text()
    assertContains(response, "Úrsula", status_code=422)
    assert not Business.objects.exists()
    assert not User.objects.exists()


def test_a_second_time_is_refused(client: Client, business: Business):
    assertRedirects(client.get(URL), "/", fetch_redirect_response=False)
    assertRedirects(client.post(URL, ANSWERS), "/", fetch_redirect_response=False)

    assert not User.objects.exists()
    assert Business.objects.get().name == business.name
    with pytest.raises(actions.AlreadySetUp, match="set up already"):
        set_up()


@pytest.mark.django_db(transaction=True)
def test_of_several_who_set_up_at_once_one_succeeds():
    start = Barrier(4)

    def attempt(number: int) -> bool:
        start.wait()
        try:
            set_up(owner_email=f"owner{number}@macondo.example")
        except actions.AlreadySetUp:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    assert User.objects.count() == 1


# --- The command ------------------------------------------------------------------------

ARGUMENTS = {
    "business": "Librería Macondo",
    "time_zone": "America/Bogota",
    "currency": "cop",
    "language": "es",
    "owner": "ursula@macondo.example",
    "password_stdin": True,
}


def command(monkeypatch: pytest.MonkeyPatch, password: str = PASSWORD, **changed: object) -> str:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    out = io.StringIO()
    call_command("setup", **(ARGUMENTS | changed), stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_does_the_same(monkeypatch: pytest.MonkeyPatch):
    assert "ursula@macondo.example may sign in" in command(monkeypatch)

    assert Business.objects.get().languages == [code for code, _name in settings.LANGUAGES]
    assert Business.objects.get().currency == "COP"
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.django_db
def test_the_command_refuses_a_second_time(monkeypatch: pytest.MonkeyPatch, business: Business):
    with pytest.raises(CommandError, match="set up already") as refusal:
        command(monkeypatch)
    assert refusal.value.returncode == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("password", "changed", "words"),
    [
        (PASSWORD, {"time_zone": "Macondo"}, "--time-zone: Select a valid choice"),
        (PASSWORD, {"currency": "pesos"}, "--currency: Select a valid choice"),
        (PASSWORD, {"owner": "ursula"}, "--owner: Enter a valid email"),
        (PASSWORD, {"business": " "}, "--business: This field is required"),
        ("", {}, "the password: This field is required"),
        ("1234567890", {}, "the password: This password is entirely numeric"),
    ],
)
def test_the_command_says_what_is_wrong_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, password: str, changed: dict[str, object], words: str
):
    with pytest.raises(CommandError, match=words) as refusal:
        command(monkeypatch, password, **changed)
    assert refusal.value.returncode == 2
    assert not Business.objects.exists()


@pytest.mark.once
def test_the_command_makes_a_database_from_nothing_and_its_cache_table(tmp_path: Path):
    environment = {"VAR_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "TIME_ZONE": "Europe/Madrid"}
    arguments = ["--business", "X", "--owner", "a@b.example", "--password-stdin"]

    def run(*parts: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *parts],
            cwd=settings.BASE_DIR,
            env=environment,
            input=f"{PASSWORD}\n",
            capture_output=True,
            text=True,
            check=False,
        )

    first, second = run("setup", *arguments), run("setup", *arguments)

    assert first.returncode == 0, first.stderr
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    look = run(
        "shell",
        "-v0",
        "-c",
        "from django.core.cache import cache; cache.set('a', 1)\n"
        "from staff.models import Business; b = Business.current()\n"
        "print(cache.get('a'), b.time_zone, b.currency)",
    )
    assert look.stdout.split() == ["1", "Europe/Madrid", "EUR"], look.stderr
