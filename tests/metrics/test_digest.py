"""The week in figures: who gets it, once, and what it says."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.policy import default

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.asserts import assertContains, assertNotContains

from mail import delivery
from mail.models import OutgoingEmail
from metrics import actions as engine
from metrics.alerts import judging
from metrics.digest import pictures, weekly
from metrics.models import Alert, Digest, DigestReader, Finding, Target
from staff.models import AuditEntry, Business, User
from surveys.models import Response, Survey
from tests.factories import CustomerFactory
from tests.services.smtp import Sink

PAGE = "/digest/"
MONDAY = datetime(2026, 3, 16, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def utc(business: Business) -> None:
    business.time_zone = "UTC"
    business.save()


@pytest.fixture
def weeks(business: Business) -> None:
    """Five weeks of answers that get better, the last one told of on MONDAY."""
    survey = Survey.objects.get(kind="nps")
    for week in range(5):
        for at in range(8):
            Response.objects.create(
                survey=survey,
                kind="nps",
                customer=CustomerFactory(),
                score=10 if at <= week + 2 else 5,
                answered_at=MONDAY - timedelta(days=7 * (5 - week) - 2),
                origin=Response.Origin.MAIL_LINK,
            )
    engine.refresh(now=MONDAY)


def reader(user: User) -> User:
    DigestReader.objects.create(user=user)
    return user


# --- When, and how often --------------------------------------------------------------------------


def test_it_leaves_on_monday_when_the_business_opens(business: Business) -> None:
    opens = datetime.combine(MONDAY.date(), weekly.opening(), tzinfo=UTC)
    assert not weekly.is_time(opens - timedelta(minutes=1), business)
    assert weekly.is_time(opens, business)
    assert weekly.is_time(opens + timedelta(days=2), business)
    assert not weekly.is_time(opens + timedelta(days=3), business)
    assert not weekly.is_time(opens - timedelta(days=1), business)


def test_nobody_gets_it_unasked(manager: User, weeks: None) -> None:
    assert weekly.send_due(MONDAY) == 0


def test_once_for_each_person_and_week(manager: User, owner: User, weeks: None) -> None:
    reader(manager), reader(owner)
    assert weekly.send_due(MONDAY) == 2
    assert weekly.send_due(MONDAY + timedelta(hours=1)) == 0
    assert weekly.send_due(MONDAY + timedelta(days=1)) == 0
    engine.refresh(now=MONDAY + timedelta(days=7))
    assert weekly.send_due(MONDAY + timedelta(days=7)) == 2
    assert OutgoingEmail.objects.count() == Digest.objects.count() == 4


class Killed(Exception):
    pass


@transaction.atomic
def killed_while_sending() -> None:
    weekly.send_due(MONDAY)
    raise Killed


def test_a_worker_that_is_killed_before_it_commits_has_sent_nothing(
    manager: User, weeks: None
) -> None:
    reader(manager)
    with pytest.raises(Killed):
        killed_while_sending()
    assert not OutgoingEmail.objects.exists()
    assert weekly.send_due(MONDAY) == 1
    assert OutgoingEmail.objects.count() == 1


def test_a_week_that_is_not_counted_yet_waits(manager: User, weeks: None) -> None:
    reader(manager)
    assert weekly.send_due(MONDAY + timedelta(days=7)) == 0


def test_somebody_switched_off_gets_none(manager: User, weeks: None) -> None:
    reader(manager)
    manager.is_active = False
    manager.save()
    assert weekly.send_due(MONDAY) == 0


# --- What it says ---------------------------------------------------------------------------------


def test_figures_targets_findings_and_charts(
    manager: User, weeks: None, smtp_sink: Sink, settings: Settings
) -> None:
    settings.EMAIL_URL = smtp_sink.url
    Target.objects.create(kpi="nps", from_on=date(2026, 1, 1), value=Decimal(40))
    Finding.objects.create(
        kind="detractors_unanswered",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 3, 13),
        evidence={"measure": 2, "days": 9, "customers": []},
    )
    reader(manager)
    weekly.send_due(MONDAY)
    OutgoingEmail.objects.update(expires_at=None)  # that Monday is long past
    delivery.sweep()
    [delivered] = smtp_sink.delivered
    message = message_from_bytes(delivered.message.as_bytes(), policy=default)
    text = message.get_body(("plain",)).get_content()
    assert "Your customers in week 11 of 2026" in text
    assert "- NPS: +75 (+25 against the week before · within the noise" in text
    assert "Target +40, met" in text
    assert "Unhappy customers wait for an answer. 2 unhappy answers" in text
    assert "NPS over 13 weeks: from -25 to +75, between -25 and +75." in text
    html = message.get_body(("html",)).get_content()
    assert 'src="cid:nps.png@inline"' in html
    assert 'alt="NPS over 13 weeks' in html
    [picture] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<nps.png@inline>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_content().startswith(b"\x89PNG")


def test_each_in_their_own_language(manager: User, owner: User, weeks: None) -> None:
    owner.language = "pt-br"
    owner.save()
    reader(manager), reader(owner)
    weekly.send_due(MONDAY)
    assert set(OutgoingEmail.objects.values_list("language", flat=True)) == {"en", "pt-br"}


def test_a_week_without_anything_says_so(manager: User, business: Business) -> None:
    reader(manager)
    engine.refresh(now=MONDAY)
    assert weekly.send_due(MONDAY) == 1
    assert "Too little happened to say anything of" in OutgoingEmail.objects.get().text


def test_the_outbox_shows_the_pictures(owner_client: Client, owner: User, weeks: None) -> None:
    reader(owner)
    weekly.send_due(MONDAY)
    page = owner_client.get(reverse("mail:message-html", args=[OutgoingEmail.objects.get().pk]))
    assertContains(page, "data:image/png;base64,")


# --- Choosing -------------------------------------------------------------------------------------


def test_one_asks_for_it_and_stops_it(read_only_client: Client, read_only: User) -> None:
    assertContains(read_only_client.get(PAGE), "Send it to me")
    for _twice in range(2):
        read_only_client.post("/digest/choose/", {"on": "1"})
    assert DigestReader.objects.get().user == read_only
    assertContains(read_only_client.get(PAGE), "Stop the mail")
    read_only_client.post("/digest/choose/", {"on": "0"})
    assert not DigestReader.objects.exists()
    assert list(
        AuditEntry.objects.filter(action__startswith="digest")
        .order_by("pk")
        .values_list("action", flat=True)
    ) == [
        "digest.start",
        "digest.stop",
    ]


def test_everybody_finds_what_was_sent_to_them(
    read_only_client: Client, read_only: User, manager_client: Client, manager: User, weeks: None
) -> None:
    """Digests and alerts alike; nobody finds a colleague's."""
    reader(read_only)
    weekly.send_due(MONDAY)
    alert = Alert.objects.create(kpi="nps", low=Decimal(90), least_n=1, judged_on="2026-01-01")
    alert.told.set([read_only])
    engine.refresh(now=MONDAY)
    judging.judge_all(now=MONDAY)
    digest, told = OutgoingEmail.objects.order_by("pk")
    page = read_only_client.get(PAGE)
    assertContains(page, digest.subject)
    assertContains(page, told.subject)
    assertContains(page, "Sent to you")
    assertContains(page, told.text.splitlines()[0])
    other = manager_client.get(PAGE)
    assertNotContains(other, "Sent to you")
    assertNotContains(other, told.subject)


def test_the_page_counts_its_queries(
    manager_client: Client, weeks: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    # session, user, business, figures, targets, findings, alerts and their events, hours, whether
    # one is a reader
    with django_assert_max_num_queries(10):
        assert manager_client.get(PAGE).status_code == 200


# --- The drawing ----------------------------------------------------------------------------------


def pixels(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of an image that has one IDAT, as the specification has it."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, place = {}, 8
    while place < len(png):
        [size] = struct.unpack(">I", png[place : place + 4])
        name, content = png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        assert struct.unpack(">I", png[place + 8 + size : place + 12 + size])[0] == zlib.crc32(
            name + content
        )
        chunks[name], place = content, place + 12 + size
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    raw = zlib.decompress(chunks[b"IDAT"])
    rows = [raw[at + 1 : at + 1 + width] for at in range(0, len(raw), width + 1)]
    return width, height, rows


def test_a_line_goes_through_its_values() -> None:
    width, height, rows = pixels(pictures.png([0, 10], width=200, height=100))
    assert (width, height, len(rows)) == (200, 100, 100)
    assert all((rows[90][10], rows[10][190], rows[50][100]))
    assert not any((rows[10][10], rows[90][190]))


def test_a_gap_is_not_bridged_and_a_lone_value_is_a_dot() -> None:
    _width, _height, rows = pixels(
        pictures.png([5, 5, None, 5, None], target=0, width=210, height=60)
    )
    level = rows[10]
    assert (bool(level[30]), bool(level[100])) == (True, False)
    assert level[10 + 3 * 190 // 4]
    assert any(value >= pictures.SHADES for value in rows[50])


@pytest.mark.parametrize("values", [[], [None, None], [3], [3, 3, 3], [-1e9, 1e9]])
def test_anything_can_be_drawn(values: list[float | None]) -> None:
    assert pixels(pictures.png(values, width=100, height=40))[:2] == (100, 40)
