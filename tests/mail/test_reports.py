"""Bounces and complaints: they count only for the message and the recipient that they are about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mail import inbox
from mail.actions import release, suppress
from mail.models import DeliveryEvent, InboundEmail, OutgoingEmail, Scope, Suppression
from staff.models import Business, User
from tests.mail.arriving import arrived, bounce, complaint, raw_mail, sent_message

pytestmark = pytest.mark.django_db
State = InboundEmail.State


def suppressed(address: str = "maria0@example.com") -> list[tuple[str, str]]:
    return list(Suppression.objects.active().filter(address=address).values_list("scope", "reason"))


def test_a_hard_bounce_stops_mail_to_the_address(business: Business) -> None:
    ours = sent_message()
    row = arrived(bounce(ours.message_id))
    ours.refresh_from_db()
    assert (row.state, row.reason, row.automatic) == (State.NOTED, "", "report")
    assert (row.about_model, row.about_id) == ("mail.outgoingemail", ours.pk)
    assert ours.state == OutgoingEmail.State.BOUNCED
    assert "5.1.1" in ours.detail
    assert suppressed() == [(Scope.ALL, Suppression.Reason.HARD_BOUNCE)]
    event = DeliveryEvent.objects.get()
    assert (event.type, event.outgoing, event.address) == ("hard_bounce", ours, ours.to_address)


def test_the_third_soft_bounce_stops_mail_and_a_release_starts_the_count_anew(
    business: Business, manager: User
) -> None:
    for number in range(3):
        ours = sent_message(0, subject=f"Message {number}")
        OutgoingEmail.objects.filter(pk=ours.pk).update(message_id=f"<{number}@ours>")
        assert suppressed() == []
        arrived(bounce(f"<{number}@ours>", status="4.4.7", number=number))
    assert DeliveryEvent.objects.filter(type="soft_bounce").count() == 3
    assert suppressed() == [(Scope.ALL, Suppression.Reason.HARD_BOUNCE)]

    release(suppression=Suppression.objects.get(), by=manager)
    arrived(bounce("<2@ours>", status="4.4.7", number=9))
    assert suppressed() == []


def test_old_soft_bounces_are_forgiven(business: Business) -> None:
    ours = sent_message()
    DeliveryEvent.objects.bulk_create(
        DeliveryEvent(
            address=ours.to_address, type="soft_bounce", at=timezone.now() - timedelta(days=100)
        )
        for _ in range(5)
    )
    arrived(bounce(ours.message_id, status="4.2.2"))
    assert suppressed() == []


def test_a_delay_is_remembered_and_the_message_may_still_arrive(business: Business) -> None:
    ours = sent_message()
    arrived(bounce(ours.message_id, status="4.4.1", action="delayed"))
    ours.refresh_from_db()
    assert ours.state == OutgoingEmail.State.SENT
    assert DeliveryEvent.objects.get().type == "soft_bounce"


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_success_changes_nothing(action: str, business: Business) -> None:
    ours = sent_message()
    row = arrived(bounce(ours.message_id, status="2.0.0", action=action))
    ours.refresh_from_db()
    assert (row.state, row.reason) == (State.NOTED, inbox.NOTHING_SAID)
    assert ours.state == OutgoingEmail.State.SENT
    assert not DeliveryEvent.objects.exists()


def test_a_forged_bounce_can_stop_mail_to_nobody_else(business: Business) -> None:
    """Whoever has a message of ours knows its Message-ID, and nobody's address but their own."""
    ours = sent_message()
    row = arrived(bounce(ours.message_id, recipient="victim@example.com"))
    ours.refresh_from_db()
    assert (row.state, row.reason) == (State.NOTED, inbox.OTHER_RECIPIENT)
    assert ours.state == OutgoingEmail.State.SENT
    assert not Suppression.objects.exists()


def test_a_bounce_of_a_message_that_is_not_ours_is_noted_with_the_reason(
    business: Business,
) -> None:
    sent_message()
    row = arrived(bounce("<guessed@padaria-aurora.example>"))
    assert (row.state, row.reason) == (State.NOTED, inbox.NOT_OURS)
    assert not Suppression.objects.exists()
    assert not DeliveryEvent.objects.exists()


def test_the_recipient_is_compared_as_the_wire_knows_it(business: Business) -> None:
    ours = sent_message(to_address="ana@peña.example")
    arrived(bounce(ours.message_id, recipient="Ana@XN--PEA-8MA.example"))
    assert suppressed("ana@peña.example")


def test_a_complaint_stops_mail_to_who_complained(business: Business) -> None:
    ours = sent_message()
    row = arrived(complaint(ours.message_id))
    ours.refresh_from_db()
    assert row.state == State.NOTED
    assert ours.state == OutgoingEmail.State.COMPLAINED
    assert suppressed() == [(Scope.ALL, Suppression.Reason.COMPLAINT)]


def test_a_complaint_with_the_name_blackened_counts_and_of_another_place_does_not(
    business: Business,
) -> None:
    ours = sent_message()
    assert arrived(complaint(ours.message_id, recipient="x@elsewhere.example")).reason == (
        inbox.OTHER_RECIPIENT
    )
    assert suppressed() == []
    arrived(complaint(ours.message_id, recipient="redacted-5f3a@example.com"))
    assert suppressed()


def test_a_report_that_came_twice_counts_once(business: Business) -> None:
    ours = sent_message()
    report = bounce(ours.message_id, status="4.2.2")
    arrived(report)
    assert arrived(b"Received: from elsewhere\r\n" + report).state == State.DUPLICATE
    assert DeliveryEvent.objects.count() == 1


def test_a_report_faster_than_our_own_note_waits(business: Business) -> None:
    ours = sent_message()
    OutgoingEmail.objects.update(state=OutgoingEmail.State.SENDING)
    row = arrived(bounce(ours.message_id))
    assert (row.state, row.attempts) == (State.RECEIVED, 1)
    assert suppressed() == []


def test_a_bounce_that_a_person_forwards_is_that_persons_mail(business: Business) -> None:
    ours = sent_message()
    report = bounce(ours.message_id).replace(
        b"From: MAILER-DAEMON@mx.example.com (Mail Delivery System)", b"From: maria@example.com"
    )
    body = b"--=_x\r\nContent-Type: text/plain\r\n\r\nWhy did this come?\r\n--=_x\r\n"
    body += b"Content-Type: message/rfc822\r\n\r\n" + report + b"\r\n--=_x--\r\n"
    head = raw_mail().partition(b"Content-Type")[0]
    row = arrived(head + b'Content-Type: multipart/mixed; boundary="=_x"\r\n\r\n' + body)
    assert row.state == State.WAITING
    assert suppressed() == []


def test_what_is_suppressed_already_stays_as_it_is(business: Business) -> None:
    ours = sent_message()
    suppress(address=ours.to_address, scope=Scope.ALL, reason=Suppression.Reason.BY_HAND, by=None)
    arrived(bounce(ours.message_id))
    assert suppressed() == [(Scope.ALL, Suppression.Reason.BY_HAND)]


EXIM = b"""From: Mail Delivery System <Mailer-Daemon@mx.example.com>
To: ola@padaria-aurora.example
Subject: Mail delivery failed: returning message to sender
Message-ID: <E1-exim@mx.example.com>
X-Failed-Recipients: maria0@example.com
Auto-Submitted: auto-replied

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  maria0@example.com
    host mx.example.com [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<maria0@example.com>:
    550 5.1.1 unknown user

------ This is a copy of the message, including all the headers. ------

Message-ID: %s
From: ola@padaria-aurora.example
Subject: How did we do?
"""
QMAIL = b"""From: MAILER-DAEMON@mx.example.com
To: ola@padaria-aurora.example
Subject: failure notice
Message-ID: <qmail@mx.example.com>

Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<maria0@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 unknown user

--- Below this line is a copy of the message.

Message-ID: %s
Subject: How did we do?
"""


@pytest.mark.parametrize("words", [EXIM, QMAIL], ids=["exim", "qmail"])
def test_reports_in_a_servers_own_words_count_too(words: bytes, business: Business) -> None:
    ours = sent_message()
    assert arrived(words % ours.message_id.encode()).state == State.NOTED
    assert suppressed()
