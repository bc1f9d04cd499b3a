"""What arrives: stored raw and once, sorted, claimed by one; a bad mail holds up no other."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from mail import inbox, inbox_actions, sorting, tasks
from mail.models import InboundEmail
from staff import leases
from staff.jobs import JOBS
from staff.models import AuditEntry, Business, Lease, User
from tests.mail.arriving import arrived, command_mailbox, raw_mail, sent_message

pytestmark = pytest.mark.django_db
State = InboundEmail.State


def stored(raw: bytes) -> InboundEmail:
    return inbox.store_raw(raw, mailbox=command_mailbox())


# --- Storing --------------------------------------------------------------------------------------


def test_the_bytes_are_kept_exactly_before_anything_reads_them() -> None:
    raw = b"\0\xff no header at all \r\n\r\r\n"
    row = stored(raw)
    assert row.state == State.RECEIVED
    assert inbox.raw_bytes(row) == raw
    assert row.raw.content_type == "message/rfc822"


def test_the_copy_that_came_another_way_is_known_by_what_its_author_wrote() -> None:
    first = stored(raw_mail(1, top="Received: from a\nDelivered-To: help@x.example\nX-Spam: no"))
    copy = stored(raw_mail(1, top="Received: from b\n\tby c").replace(b"\r\n", b"\n") + b"\n")
    assert (first.state, copy.state) == (State.RECEIVED, State.DUPLICATE)
    assert copy.duplicate_of == first


def test_the_same_message_id_over_other_words_is_another_mail() -> None:
    stored(raw_mail(1, message_id="<same@example.com>"))
    assert stored(raw_mail(2, message_id="<same@example.com>")).state == State.RECEIVED
    changed = raw_mail(1, message_id="<same@example.com>", text="Another word")
    assert stored(changed).state == State.RECEIVED


@pytest.mark.parametrize("message_id", ["", " ", "\t"])
def test_without_a_message_id_only_the_very_same_bytes_are_the_same(message_id: str) -> None:
    one = stored(raw_mail(1, message_id=message_id))
    assert stored(raw_mail(1, message_id=message_id)).duplicate_of == one
    assert stored(raw_mail(1, message_id=message_id, top="Received: a")).state == State.RECEIVED
    assert stored(raw_mail(2, message_id=message_id)).state == State.RECEIVED


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\n\n\n", b":", b"Message-ID", b"\xff" * 10])
def test_anything_can_be_stored(raw: bytes) -> None:
    assert stored(raw).pk
    assert stored(raw).state == State.DUPLICATE


def test_of_one_mail_the_database_keeps_one_living_row() -> None:
    row = stored(raw_mail())
    with pytest.raises(IntegrityError), transaction.atomic():
        InboundEmail.objects.create(
            mailbox=row.mailbox, raw=row.raw, content_key=row.content_key, state=State.WAITING
        )


# --- Sorting --------------------------------------------------------------------------------------


def test_a_persons_mail_waits_with_its_headers_on_the_row() -> None:
    row = arrived(raw_mail(7, sender='"Açaí, Zé" <Ze@Example.com>', subject="=?utf-8?q?Ol=C3=A1?="))
    assert row.state == State.WAITING
    assert (row.from_address, row.from_name, row.subject) == ("ze@example.com", "Açaí, Zé", "Olá")
    assert (row.message_id, row.automatic, row.attempts) == ("<7@example.com>", "", 0)


def test_automatic_mail_waits_too_and_says_what_it_is() -> None:
    row = arrived(raw_mail(top="Auto-Submitted: auto-replied"))
    assert row.state == State.WAITING
    assert row.automatic


@pytest.mark.parametrize("whose", ["business", "mailbox", "environment"])
def test_mail_from_an_address_of_ours_is_automatic(
    whose: str, business: Business, settings: Settings
) -> None:
    settings.DEFAULT_FROM_EMAIL = "Padaria <News@Padaria.example>"
    box = command_mailbox()
    box.address = "Help@padaria-aurora.example"
    box.save()
    sender = {
        "business": business.email,
        "mailbox": box.address,
        "environment": "news@padaria.example",
    }
    assert arrived(raw_mail(sender=sender[whose])).automatic == "own"


def test_our_own_message_come_back_is_left_alone(business: Business) -> None:
    ours = sent_message()
    row = arrived(raw_mail(message_id=ours.message_id))
    assert (row.state, row.reason) == (State.IGNORED, inbox.OWN)


def test_text_that_a_database_refuses_is_no_trouble() -> None:
    row = arrived(
        b"From: \0\xed\xa0\x80 <a@b.example>\r\nSubject: a\0b\xff\r\nMessage-ID: <\0@\xff>\r\n\r\nx"
    )
    assert row.state == State.WAITING


def test_long_headers_are_cut_for_the_list_alone() -> None:
    row = arrived(raw_mail(message_id=f"<{'m' * 900}@example.com>", subject="s" * 900))
    assert row.state == State.WAITING
    assert len(row.subject) == 250


def test_a_mail_that_can_not_be_read_is_tried_again_then_set_aside_and_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad = stored(raw_mail(1))
    good = stored(raw_mail(2))
    Path(default_storage.path(bad.raw.path)).unlink()

    for attempt in (1, 2, 3):
        sorting.sort()
        bad.refresh_from_db()
        assert bad.attempts == attempt
        InboundEmail.objects.filter(pk=bad.pk).update(due_at=timezone.now())
    good.refresh_from_db()
    assert good.state == State.WAITING
    assert (bad.state, bad.reason) == (State.QUARANTINED, inbox.FAILED)
    assert bad.detail.startswith("FileNotFoundError")
    assert "can't be sorted" in caplog.text


def test_between_two_attempts_it_waits() -> None:
    bad = stored(raw_mail())
    Path(default_storage.path(bad.raw.path)).unlink()
    assert sorting.sort() == 1
    assert sorting.sort() == 0
    bad.refresh_from_db()
    assert bad.due_at > timezone.now() + timedelta(seconds=50)


def test_a_mail_that_kills_its_worker_is_set_aside_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing catches SystemExit, and here the lease stays held after it: as good as a kill."""
    rows = [stored(raw_mail(number)) for number in range(4)]
    read = inbox.read

    def dies(inbound: InboundEmail) -> object:
        if inbound.pk == rows[2].pk:
            raise SystemExit
        return read(inbound)

    monkeypatch.setattr(inbox, "read", dies)
    release = leases.release

    def unless_dead(name: str, holder: str) -> bool:
        return isinstance(sys.exc_info()[1], SystemExit) or release(name, holder)

    monkeypatch.setattr(leases, "release", unless_dead)
    deaths = 0
    for _round in range(12):
        try:
            tasks.sort_inbound()
        except SystemExit:
            deaths += 1
        Lease.objects.exclude(until=None).update(until=timezone.now())
        InboundEmail.objects.update(due_at=F("due_at") - timedelta(minutes=3))
    states = list(InboundEmail.objects.order_by("pk").values_list("state", flat=True))
    assert states == [State.WAITING, State.WAITING, State.QUARANTINED, State.WAITING]
    assert deaths <= 4


def test_whoever_takes_waiting_mail_is_told_once_and_can_not_break_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def breaks() -> None:
        raise RuntimeError("a room is not well")

    monkeypatch.setattr(inbox, "_ARRIVALS", {})
    inbox.on_arrival("broken", breaks)
    inbox.on_arrival("desk", lambda: told.append("desk"))
    for number in range(5):
        stored(raw_mail(number))
    sorting.sort()
    assert told == ["desk"]
    assert "a room is not well" in caplog.text

    sorting.sort()
    assert told == ["desk"]
    tasks.sweep_inbound()  # they still wait
    assert told == ["desk", "desk"]


@pytest.mark.parametrize("mails", [3, 30])
def test_queries_of_sorting_do_not_grow_with_mails(
    mails: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(mails):
        stored(raw_mail(number))
    # batch, business, own mailboxes, ours by Message-ID, savepoint, update, release, next batch
    with django_assert_num_queries(8):
        sorting.sort()


def test_storing_one_mail_takes_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    mailbox = command_mailbox()
    # file: look, savepoint, insert, release; row: savepoint, insert, release
    with django_assert_max_num_queries(7):
        inbox.store_raw(raw_mail(), mailbox=mailbox)


def test_the_jobs_are_registered() -> None:
    assert JOBS["mail.sweep_inbound"].task.name == tasks.sweep_inbound.name
    assert JOBS["mail.fetch"].every == timedelta(seconds=20)
    assert JOBS["mail.reconcile"].every == timedelta(days=1)


# --- What a higher room does ----------------------------------------------------------------------


def test_a_waiting_mail_is_filed_once(business: Business) -> None:
    row = arrived(raw_mail())
    rival = InboundEmail.objects.get(pk=row.pk)
    inbox.file(row, about=business)
    with pytest.raises(inbox.NotThere):
        inbox.file(rival, about=business)
    rival.refresh_from_db()
    assert (rival.state, rival.about_model, rival.about_id) == (State.FILED, "staff.business", 1)


def test_a_room_can_leave_it_alone_or_set_it_aside() -> None:
    one, two = arrived(raw_mail(1)), arrived(raw_mail(2))
    inbox.ignore(one, "thanks", "said thanks")
    inbox.quarantine(two, inbox.FAILED, "no idea")
    for row in (one, two):
        row.refresh_from_db()
    assert (one.state, one.reason) == (State.IGNORED, "thanks")
    assert (two.state, two.detail) == (State.QUARANTINED, "no idea")
    with pytest.raises(inbox.NotThere):
        inbox.ignore(two, "thanks")


def test_a_room_can_postpone_and_after_three_attempts_it_is_set_aside() -> None:
    row = arrived(raw_mail())
    for _attempt in range(3):
        inbox.postpone(row, ValueError("no\0 customer\n"))
    row.refresh_from_db()
    assert (row.state, row.reason, row.attempts) == (State.QUARANTINED, inbox.FAILED, 3)
    assert row.detail == "ValueError: no customer"


def test_what_was_set_aside_is_tried_again_by_hand(manager: User) -> None:
    row = arrived(raw_mail())
    inbox.quarantine(row, inbox.FAILED, "no idea")
    inbox_actions.retry(inbound=row, by=manager)
    assert (row.state, row.attempts, row.reason) == (State.RECEIVED, 0, "")
    sorting.sort()
    row.refresh_from_db()
    assert row.state == State.WAITING
    entry = AuditEntry.objects.get(action="inbound_email.retry")
    assert entry.changes == {"state": ["quarantined", "received"]}
    with pytest.raises(inbox_actions.CannotRetry):
        inbox_actions.retry(inbound=row, by=manager)


def test_what_needs_nothing_is_left_and_can_be_taken_up_again(manager: User) -> None:
    row = arrived(raw_mail())
    inbox_actions.ignore(inbound=row, by=manager)
    assert (row.state, row.reason) == (State.IGNORED, inbox.BY_HAND)
    with pytest.raises(inbox_actions.CannotIgnore):
        inbox_actions.ignore(inbound=row, by=manager)
    assert inbox_actions.retry(inbound=row, by=manager).state == State.RECEIVED
