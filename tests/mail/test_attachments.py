"""Files that go with a message, and the marks by which its answers find back."""

from email.message import EmailMessage, Message
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from mail import delivery
from mail.actions import FilesTooLarge, queue_email, queue_emails
from mail.drafts import MOST_BYTES, DraftFile, inline_address
from mail.models import OutgoingAttachment, OutgoingEmail
from mail.ways import as_django_message
from staff.files import store_file
from staff.models import Business
from tests.mail.drafting import draft
from tests.services.smtp import Delivered, Sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(smtp_sink: Sink, settings: Settings, business: Business) -> Sink:
    settings.EMAIL_URL = smtp_sink.url
    return smtp_sink


def file(
    name: str = "plan.pdf", content: bytes = b"%PDF", kind: str = "application/pdf"
) -> DraftFile:
    return DraftFile(store_file(content, kind), name, kind)


def sent(sink: Sink, *files: DraftFile, **fields: Any) -> Delivered:
    queue_email(draft(stream="replies", attachments=files, **fields))
    delivery.sweep()
    return sink.delivered[-1]


def attached(delivered: Delivered) -> list[Message]:
    message = delivered.message
    assert isinstance(message, EmailMessage)
    return list(message.iter_attachments())


def test_files_travel_beside_the_text_under_their_names(sink: Sink) -> None:
    content = bytes(range(256)) * 100
    delivered = sent(sink, file(content=content), file("photo.png", b"\x89PNG", "image/png"))

    assert delivered.message.get_content_type() == "multipart/mixed"
    plan, photo = attached(delivered)
    assert (plan.get_filename(), plan.get_content_type()) == ("plan.pdf", "application/pdf")
    assert plan.get_payload(decode=True) == content
    assert (photo.get_filename(), photo.get_content_type()) == ("photo.png", "image/png")
    assert "Answer here" in delivered.body()
    assert "Unsubscribe" in delivered.body("html")
    assert max(map(len, delivered.raw.split(b"\r\n"))) <= 200
    assert not delivered.message.defects


@pytest.mark.parametrize(
    "name",
    [
        "orçamento – São João.pdf",
        'with "quotes" and \\ strokes.pdf',
        "見積書" * 45 + ".pdf",
        "a" * 146 + ".pdf",
        "semi;colon, comma=equals.pdf",
        "100%.pdf",
    ],
    ids=["accents", "quotes", "long-wide", "long", "marks", "percent"],
)
def test_any_name_arrives_as_it_was(sink: Sink, name: str) -> None:
    delivered = sent(sink, file(name))
    assert attached(delivered)[0].get_filename() == name
    assert max(map(len, delivered.raw.split(b"\r\n"))) <= 200
    assert delivered.raw.isascii()


def test_a_name_starts_no_header_and_a_type_no_part(sink: Sink) -> None:
    evil = 'x"\r\nBcc: all@example.com\r\n\r\nbody.pdf'
    delivered = sent(
        sink, file(evil, kind="text/html\r\nX-Evil: 1"), file("b", kind="message/rfc822")
    )
    OutgoingAttachment.objects.update(name=evil)
    delivery.sweep()

    first, second = attached(delivered)
    assert [part["Bcc"] or part["X-Evil"] for part in (first, second)] == [None, None]
    assert "\n" not in str(first.get_filename())
    assert first.get_content_type() == second.get_content_type() == "application/octet-stream"


def test_too_much_is_refused_in_words_and_nothing_is_queued(business: Business) -> None:
    stored = store_file(b"x", "video/mp4")
    stored.size = MOST_BYTES // 2 + 1
    films = [DraftFile(stored, "a.mp4", "video/mp4"), DraftFile(stored, "b.mp4", "video/mp4")]
    with pytest.raises(FilesTooLarge, match="18 MB"):
        queue_emails([draft(), draft(1, attachments=films)])
    assert not OutgoingEmail.objects.exists()
    queue_email(draft(attachments=films[:1]))


def test_the_same_thing_queued_twice_has_its_files_once(business: Business) -> None:
    files = [file(), file("b.pdf")]
    for _time in range(2):
        queue_emails([draft(n, attachments=files, once_key=f"reply:{n}") for n in range(2)])
    queue_email(draft(once_key="reply:0", attachments=[file("later.pdf")]))
    names = OutgoingAttachment.objects.order_by("outgoing", "pk").values_list("name", flat=True)
    assert list(names) == ["plan.pdf", "b.pdf"] * 2


def test_queueing_with_files_costs_as_many_queries_for_many(business: Business) -> None:
    files = [file(), file("b.pdf")]

    def cost(count: int, start: int) -> int:
        few = [
            draft(n, attachments=files, once_key=f"reply:{n}") for n in range(start, start + count)
        ]
        with CaptureQueriesContext(connection) as queries:
            queue_emails(few)
        return len(queries)

    assert cost(20, 10) == cost(2, 0)


def test_its_message_id_begins_with_its_thread_key(sink: Sink) -> None:
    first = sent(sink, thread_key="t1-2-abc").message["Message-ID"]
    second = sent(sink, thread_key="t1-2-abc").message["Message-ID"]
    assert first.startswith("<t1-2-abc.")
    assert first.endswith("@padaria-aurora.example>")
    assert first != second
    assert OutgoingEmail.objects.first().message_id == first  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="Message-ID"):
        draft(thread_key="a>@evil.example")


def test_a_reply_that_no_person_wrote_says_so(sink: Sink) -> None:
    message = sent(sink, is_automatic=True).message
    assert message["Auto-Submitted"] == "auto-replied"
    assert "OOF" in message["X-Auto-Response-Suppress"]


def test_a_reply_names_what_it_answers(sink: Sink) -> None:
    headers = {"In-Reply-To": "<1@example.com>", "References": "<0@example.com> <1@example.com>"}
    message = sent(sink, headers=headers).message
    assert (message["In-Reply-To"], message["References"]) == tuple(headers.values())


def test_the_outbox_names_files_and_shows_keys_only_to_who_may_read_the_mail(
    sink: Sink, manager_client: Client, agent_client: Client
) -> None:
    sent(sink, file(content=b"secret" * 1000), thread_key="t1-2-abc")
    url = reverse("mail:message", args=[OutgoingEmail.objects.get().pk])
    page = manager_client.get(url)
    assertContains(page, "plan.pdf")
    assertContains(page, "t1-2-abc")
    assertNotContains(page, "c2VjcmV0")  # "secret" as it travels
    assertNotContains(agent_client.get(url), "t1-2-abc")


def test_a_picture_that_the_html_shows_travels_beside_it(sink: Sink) -> None:
    html = f'<p>Look</p><img src="{inline_address("line.png")}" alt="A line">'
    picture = file("line.png", b"\x89PNG", "image/png")
    delivered = sent(sink, picture, file(), html=html)

    assert delivered.message.get_content_type() == "multipart/mixed"
    [plan] = attached(delivered)
    assert plan.get_filename() == "plan.pdf"
    [related] = [
        part for part in delivered.message.walk() if part.get_content_type() == "multipart/related"
    ]
    _html, shown = related.get_payload()
    assert (shown["Content-ID"], shown.get_content_disposition()) == ("<line.png@inline>", "inline")
    assert shown.get_payload(decode=True) == b"\x89PNG"


def test_a_provider_is_given_the_picture_for_its_place(business: Business) -> None:
    html = f'<img src="{inline_address("line.png")}" alt="A line">'
    picture = file("line.png", b"\x89PNG", "image/png")
    outgoing = queue_email(draft(stream="replies", attachments=[picture], html=html))
    outgoing.from_address, outgoing.message_id = "us@example.com", "<1@example.com>"
    outgoing.sent_at = outgoing.created_at
    [part] = as_django_message(outgoing, {}).attachments
    assert part["Content-ID"] == "<line.png@inline>"
    assert part["Content-Disposition"].startswith("inline")
