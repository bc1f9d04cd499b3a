"""What travels: headers that mail clients rely on, and text that arrives as it was written."""

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from mail import delivery, messages, transport
from mail.actions import queue_email
from mail.models import OutgoingEmail
from staff.models import Business
from tests.mail.drafting import draft
from tests.services.smtp import Delivered, Sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(smtp_sink: Sink, settings: Settings, business: Business) -> Sink:
    settings.EMAIL_URL = smtp_sink.url
    return smtp_sink


def sent(sink: Sink, **fields: Any) -> Delivered:
    queue_email(draft(**fields))
    delivery.sweep()
    return sink.delivered[-1]


def raw_header(delivered: Delivered, name: str) -> str:
    """The header as it stands on the wire, unfolded."""
    head = delivered.raw.split(b"\r\n\r\n")[0].decode("ascii").replace("\r\n ", " ")
    return next(line for line in head.split("\r\n") if line.startswith(f"{name}: "))


@pytest.mark.parametrize("stream", ["surveys", "outreach"])
def test_mail_that_can_be_left_says_how(sink: Sink, stream: str, settings: Settings) -> None:
    settings.BASE_URL = "https://a-rather-long-name-of-a-server.padaria-aurora.example"
    delivered = sent(sink, stream=stream)

    url = OutgoingEmail.objects.get().headers["List-Unsubscribe"]
    assert raw_header(delivered, "List-Unsubscribe") == (
        f"List-Unsubscribe: {url}, <mailto:ola@padaria-aurora.example?subject=unsubscribe>"
    )
    message = delivered.message
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-ID"] == f"<{stream}.padaria-aurora.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "OOF" in message["X-Auto-Response-Suppress"]
    assert url.strip("<>") in delivered.body()
    assert url.strip("<>") in delivered.body("html")


def test_account_mail_is_automatic_and_cannot_be_left(sink: Sink) -> None:
    message = sent(sink, stream="account").message
    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message if name.startswith("List-")]


def test_a_reply_is_a_persons_own_mail(sink: Sink) -> None:
    message = sent(sink, stream="replies", reply_to="Ana <ana@example.com>").message
    assert message["Reply-To"] == "Ana <ana@example.com>"
    for name in ("Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe"):
        assert message[name] is None


def test_sender_recipient_and_language(sink: Sink) -> None:
    Business.objects.update(name='Padaria "Aurora", São Paulo')
    message = sent(sink, to_name="João, <o> Silva", language="pt-br").message

    assert message["From"].addresses[0].display_name == 'Padaria "Aurora", São Paulo'
    assert message["From"].addresses[0].addr_spec == "ola@padaria-aurora.example"
    assert message["To"].addresses[0].display_name == "João, <o> Silva"
    assert message["To"].addresses[0].addr_spec == "maria0@example.com"
    assert message["Content-Language"] == "pt-br"
    assert message["Message-ID"].endswith("@padaria-aurora.example>")
    assert not message.defects


def test_text_in_any_script_arrives_as_written(sink: Sink) -> None:
    text = "Olá, João — você gostou? 👍\n.a line with a dot\n..two\n" + "x" * 1200 + "\nFrom me\n"
    delivered = sent(
        sink, text=text, html=f"<p>{text}</p>", subject="Você gostou? 👍 " + "ção " * 55
    )

    assert delivered.body() == text.replace("\n", "\r\n") or delivered.body() == text
    assert "👍" in delivered.body("html")
    assert delivered.message["Subject"] == ("Você gostou? 👍 " + "ção " * 55).strip()
    lines = delivered.raw.split(b"\r\n")
    assert max(map(len, lines)) <= 200
    assert delivered.raw.isascii()
    assert b"\n" not in delivered.raw.replace(b"\r\n", b"")


def test_every_line_of_a_long_subject_is_folded(sink: Sink) -> None:
    delivered = sent(sink, subject="word " * 50)
    head = delivered.raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    subject = [line for line in head if line.startswith((b"Subject", b" word"))]
    assert len(subject) > 2
    assert max(map(len, subject)) <= 78


def test_plain_text_alone_is_one_part(sink: Sink) -> None:
    assert sent(sink, html="").message.get_content_type() == "text/plain"


def test_an_international_domain_is_written_for_the_wire(sink: Sink) -> None:
    Business.objects.update(email="ola@pão.example")
    delivered = sent(sink, to_address="ana@peña.example")
    assert delivered.recipients == ["ana@xn--pea-8ma.example"]
    assert delivered.sender == "ola@xn--po-sia.example"
    assert delivered.message["List-ID"] == "<surveys.xn--po-sia.example>"


def test_a_row_with_line_breaks_from_elsewhere_still_starts_no_header(sink: Sink) -> None:
    row = queue_email(draft())
    evil = "x\r\nBcc: all@example.com\r\n\r\nbody"
    OutgoingEmail.objects.filter(pk=row.pk).update(
        subject=evil, to_name=evil, reply_to=evil, language="en", headers={"References": evil}
    )
    Business.objects.update(name="y\nBcc: z@example.com")
    delivery.sweep()

    message = sink.delivered[0].message
    assert message["Bcc"] is None
    assert sink.delivered[0].recipients == ["maria0@example.com"]
    assert sorted(message.keys()) == sorted(set(message.keys()))


@pytest.mark.parametrize(
    ("url", "tls", "port"),
    [
        ("smtp://mail.example.com", "starttls", 587),
        ("smtp://u%40x:p%2Fw@mail.example.com?tls=ssl", "ssl", 465),
        ("smtp://localhost", "none", 25),
        ("smtp://127.0.0.1:1025", "none", 1025),
        ("smtp://127.0.0.1:1025?tls=starttls", "starttls", 1025),
        ("smtp://mail.example.com:26?tls=none", "none", 26),
    ],
)
def test_encryption_is_required_unless_told_otherwise(url: str, tls: str, port: int) -> None:
    server = transport.Server.of(url)
    assert (server.tls, server.port) == (tls, port)
    if server.user:
        assert (server.user, server.password) == ("u@x", "p/w")


@pytest.mark.parametrize("url", ["mail.example.com", "http://x", "smtp://", "smtp://x?tls=maybe"])
def test_an_unusable_address_of_a_server_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match="EMAIL_URL"):
        transport.Server.of(url)


def test_manage_py_does_not_start_with_such_an_address(settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://x?tls=maybe"
    with pytest.raises(SystemCheckError, match="starttls, ssl or none"):
        call_command("check")


def test_building_does_not_depend_on_having_been_sent(business: Business) -> None:
    row = queue_email(draft())
    row.from_address, row.from_name = "ola@padaria-aurora.example", "Padaria"
    assert b"Subject: How did we do?" in messages.build(row)
