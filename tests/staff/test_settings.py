"""The business's settings and its logo."""

import struct
import zlib
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertRedirects

from staff import actions, currency
from staff.models import AuditEntry, Business, StoredFile, User

pytestmark = pytest.mark.usefixtures("empty_trail")

URL = "/settings/"
LOGO = "/settings/logo/"


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0\xff\x80\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def upload(content: bytes, name: str = "logo.png", kind: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def answers(business: Business, **changed: object) -> dict[str, object]:
    return {name: getattr(business, name) for name in actions.business.FIELDS} | changed


@pytest.fixture
def facts() -> Iterator[list[bool]]:
    """What crm would say: [True] once there is an amount."""
    answer = [False]
    question = lambda: answer[0]  # noqa: E731
    currency.fixed_when(question)
    yield answer
    currency._FACTS.remove(question)


def test_settings_are_changed_and_told(owner_client: Client, owner: User, business: Business):
    response = owner_client.post(
        URL, answers(business, name="Aurora", colour="#8A1C7C", languages=["pt-br", "en"])
    )

    assertRedirects(response, URL)
    business.refresh_from_db()
    assert (business.name, business.colour, business.languages) == (
        "Aurora",
        "#8a1c7c",
        ["pt-br", "en"],
    )
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.by) == ("business.change", owner)
    assert set(entry.changes) == {"name", "colour", "languages"}
    assert entry.changes["name"] == ["Padaria Aurora", "Aurora"]


def test_the_same_again_changes_and_tells_nothing(owner_client: Client, business: Business):
    owner_client.post(URL, answers(business))
    assert not AuditEntry.objects.exists()


def test_a_colour_too_light_to_read_on_is_refused_with_one_that_works(
    owner_client: Client, business: Business
):
    response = owner_client.post(URL, answers(business, colour="#ffd54d", name="Kept as typed"))

    error = response.context["form"].errors["colour"].as_text()
    suggested = error.split(". ")[1].split()[0]
    assert "hard to read" in error
    assertContains(response, "Kept as typed", status_code=422)
    assertRedirects(owner_client.post(URL, answers(business, colour=suggested)), URL)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("time_zone", "Mars/Olympus"),
        ("colour", "red"),
        ("email", "not an address"),
        ("languages", ["tlh"]),
        ("language", "tlh"),
        ("survey_pause_days", 0),
        ("survey_pause_days", 366),
    ],
)
def test_what_cannot_be_is_refused_at_the_field(
    owner_client: Client, business: Business, field: str, value: object
):
    response = owner_client.post(URL, answers(business, **{field: value}))
    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_the_main_language_is_one_of_the_languages(owner_client: Client, business: Business):
    response = owner_client.post(URL, answers(business, languages=["es"], language="en"))
    assert "language" in response.context["form"].errors


def test_the_currency_can_change_only_before_the_first_amount(
    owner_client: Client, owner: User, business: Business, facts: list[bool]
):
    owner_client.post(URL, answers(business, currency="EUR"))
    business.refresh_from_db()
    assert business.currency == "EUR"

    facts[0] = True
    owner_client.post(URL, answers(business, currency="USD"))
    business.refresh_from_db()
    assert business.currency == "EUR"
    with pytest.raises(actions.CurrencyFixed):
        actions.change_business(by=owner, currency="USD")
    actions.change_business(by=owner, currency="EUR", name="Other things still can")


def test_a_manager_reads_and_an_agent_does_not(
    manager_client: Client, agent_client: Client, business: Business
):
    assertContains(manager_client.get(URL), "An owner can change these")
    assert manager_client.post(URL, answers(business)).status_code == 403
    assert agent_client.get(URL).status_code == 403


def test_query_count(owner_client: Client, django_assert_num_queries: DjangoAssertNumQueries):
    with CaptureQueriesContext(connection) as asked:
        currency.currency_is_fixed()
    with django_assert_num_queries(3 + len(asked)):  # business, session, user
        owner_client.get(URL)


# --- The logo ---------------------------------------------------------------------------


def test_a_logo_is_kept_and_served_as_an_image_only(owner_client: Client, client: Client):
    assertRedirects(owner_client.post(LOGO, {"logo": upload(png())}), URL)

    response = client.get("/logo/")
    assert b"".join(response.streaming_content) == png()
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert AuditEntry.objects.get().action == "business.change_logo"
    owner_client.post(LOGO, {"logo": upload(png())})  # twice changes nothing
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "logo.svg", "image/svg+xml"),
        (b"<html><script>alert(1)</script>", "logo.png", "image/png"),
        (b"GIF89a", "logo.gif", "image/gif"),
        (b"\x89PNG\r\n\x1a\n" + bytes(1024 * 1024), "logo.png", "image/png"),
    ],
)
def test_what_is_no_small_png_or_jpeg_is_refused(
    owner_client: Client, owner: User, content: bytes, name: str, kind: str
):
    response = owner_client.post(LOGO, {"logo": upload(content, name, kind)})

    assertContains(response, "PNG or JPEG", status_code=422)
    assert not StoredFile.objects.exists()
    with pytest.raises(actions.NotALogo):
        actions.change_logo(content=content, by=owner)


def test_a_logo_is_removed(owner_client: Client, client: Client, owner: User, business: Business):
    assert client.get("/logo/").status_code == 404
    actions.change_logo(content=png(), by=owner)
    owner_client.post(LOGO, {"remove": "1"})
    business.refresh_from_db()
    assert business.logo is None
    assert client.get("/logo/").status_code == 404


def test_a_manager_uploads_nothing(manager_client: Client):
    assert manager_client.post(LOGO, {"logo": upload(png())}).status_code == 403
