"""Into the outbox: rows first, once, harmless in every header."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from mail.actions import queue_email, queue_emails
from mail.backends import OutboxBackend
from mail.models import OutgoingEmail
from staff.tokens import hashed
from tests.mail.drafting import draft

pytestmark = pytest.mark.django_db
Stream = OutgoingEmail.Stream
State = OutgoingEmail.State


def test_a_draft_becomes_a_queued_row_with_an_unsubscribe_link_of_its_own() -> None:
    row = queue_email(draft(about=("surveys.invitation", 5), language="pt-br"))

    assert row.state == State.QUEUED
    assert (row.about_model, row.about_id, row.language) == ("surveys.invitation", 5, "pt-br")
    url = row.headers["List-Unsubscribe"].strip("<>")
    token = url.rstrip("/").rsplit("/", 1)[1]
    assert row.unsubscribe_hash == hashed(token)
    assert row.text.endswith(url)
    assert f'href="{url}"' in row.html
    assert queue_email(draft(1)).unsubscribe_hash != row.unsubscribe_hash


@pytest.mark.parametrize("stream", [Stream.ACCOUNT, Stream.REPLIES])
def test_account_mail_and_replies_cannot_be_left(stream: Stream) -> None:
    row = queue_email(draft(stream=stream))

    assert row.unsubscribe_hash == ""
    assert "List-Unsubscribe" not in row.headers


def test_the_same_once_key_makes_one_row() -> None:
    first = queue_email(draft(once_key="surveys.invitation:5:first"))
    second = queue_email(draft(once_key="surveys.invitation:5:first", subject="Other"))

    assert second.pk == first.pk
    assert OutgoingEmail.objects.get().subject == "How did we do?"


def test_many_come_back_in_order_with_what_was_there_already() -> None:
    known = queue_email(draft(7, once_key="k7"))
    rows = queue_emails([draft(n, once_key=f"k{n}") for n in range(10)] + [draft(3, once_key="k3")])

    assert [row.once_key for row in rows] == [*(f"k{n}" for n in range(10)), "k3"]
    assert rows[7].pk == known.pk
    assert rows[3].pk == rows[10].pk
    assert all(row.pk for row in rows)
    assert OutgoingEmail.objects.count() == 10


@pytest.mark.parametrize("rows", [30, 400])
def test_queries_of_a_batch_do_not_grow(
    rows: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    # Two savepoints, two reads by once_key, the insert; SQLite takes 999 values in one statement.
    statements = 1 if connection.vendor == "postgresql" else 1 + rows // 36
    with django_assert_max_num_queries(8 + statements), transaction.atomic():
        queue_emails([draft(n, once_key=f"k{n}") for n in range(rows)])


def test_many_rows_make_one_nudge(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        queue_emails([draft(n) for n in range(50)])
    assert len(callbacks) == 1


def test_what_is_due_later_is_not_nudged(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        queue_email(draft(due_at=timezone.now() + timedelta(days=1)))
    assert callbacks == []


@pytest.mark.parametrize("address", ["", "maria", "maria@", "a@b.example, c@d.example", "x" * 400])
def test_what_is_no_address_is_kept_in_view_and_never_sent(address: str) -> None:
    [good, bad] = queue_emails([draft(), draft(to_address=address)])

    assert good.state == State.QUEUED
    assert bad.state == State.FAILED
    assert "Not an e-mail address" in bad.detail


def test_line_breaks_in_what_becomes_a_header_are_gone() -> None:
    evil = "Hi\r\nBcc: all@example.com\n\x00\u2028x"
    row = queue_email(
        draft(subject=evil, to_name=evil, reply_to=evil, headers={"References": evil})
    )

    for value in (row.subject, row.to_name, row.reply_to, row.headers["References"]):
        assert value == "Hi Bcc: all@example.com x"


@pytest.mark.parametrize(
    "name", ["Bcc", "to", "X-A\r\nBcc", "Content-Type", "List-Unsubscribe", ""]
)
def test_a_draft_sets_no_header_of_the_post_room(name: str) -> None:
    with pytest.raises(ValueError, match="not a header"):
        draft(headers={name: "x"})


def test_mail_of_django_becomes_account_mail_one_row_per_recipient() -> None:
    message = EmailMultiAlternatives(
        "Reset your password", "Text", to=["A@example.com"], cc=["b@example.com"]
    )
    message.attach_alternative("<p>Text</p>", "text/html")
    assert OutboxBackend().send_messages([message]) == 1

    rows = OutgoingEmail.objects.order_by("to_address")
    assert [row.to_address for row in rows] == ["a@example.com", "b@example.com"]
    assert {(row.stream, row.html) for row in rows} == {("account", "<p>Text</p>")}


def test_an_attachment_is_refused_rather_than_dropped() -> None:
    message = EmailMessage("Subject", "Text", to=["a@example.com"])
    message.attach("a.txt", "x", "text/plain")
    with pytest.raises(ValueError, match="attachments"):
        OutboxBackend().send_messages([message])
