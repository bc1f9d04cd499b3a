"""One reminder, in the thread of the first mail, to whoever may still answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Interaction
from mail.models import OutgoingEmail, Scope, Suppression
from staff.models import Business
from surveys.actions import delivering
from surveys.actions.answering import Confirmation, confirm
from surveys.actions.reminding import call_back_reminders, remind_batch
from surveys.models import AskingRules, Invitation, Survey
from tests.factories import InvitationFactory, OpenedTicketFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("business")]

DAY = timedelta(days=1)


def asked(days_ago: float = 5, **values: Any) -> Invitation:
    """One whose mail arrived so many days ago."""
    at = timezone.now() - days_ago * DAY
    invitation = InvitationFactory(created_at=at, **values)
    OutgoingEmail.objects.create(
        stream="surveys",
        to_address=invitation.address,
        subject="One question",
        text="One question",
        about_model="surveys.invitation",
        about_id=invitation.pk,
        once_key=f"surveys.invitation:{invitation.pk}:first",
        message_id=f"<{invitation.pk}@padaria-aurora.example>",
        state=OutgoingEmail.State.DELIVERED,
        sent_at=at,
    )
    return invitation


def reminders() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(once_key__endswith=":reminder").order_by("pk"))


def test_it_is_sent_once_with_words_and_a_link_of_its_own_in_the_same_thread() -> None:
    invitation = asked(language="es")

    assert remind_batch() == 1
    assert remind_batch() == 0

    [mail] = reminders()
    first = f"<{invitation.pk}@padaria-aurora.example>"
    assert (mail.headers["In-Reply-To"], mail.headers["References"]) == (first, first)
    assert mail.subject == "Una pregunta de Padaria Aurora"
    assert "Hace unos días te hicimos una pregunta" in mail.text
    assert "Hace unos días te hicimos una pregunta" in mail.html
    assert "List-Unsubscribe" in mail.headers
    invitation.refresh_from_db()
    assert invitation.reminded_at
    assert invitation.reminder_hash not in {"", invitation.token_hash}
    assert Interaction.objects.get().summary == f"Reminder: {invitation.survey.name}"


def test_both_links_lead_to_the_question(client: Client) -> None:
    asked()
    remind_batch()
    [mail] = reminders()
    link = next(word for word in mail.text.split() if "/s/" in word and "?" not in word)
    assert client.get("/s/" + link.split("/s/")[1]).status_code == 200


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"days_ago": 3}, "too soon"),
        ({"days_ago": 12}, "forgotten by now"),
        ({"state": Invitation.State.ANSWERED}, "answered"),
        ({"bounced_at": timezone.now()}, "came back"),
        ({"expires_at": timezone.now() + timedelta(hours=3)}, "the link is about to end"),
        ({"reminded_at": timezone.now() - DAY}, "reminded already"),
        ({"state": Invitation.State.ELSEWHERE}, "another tool's"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whoever_needs_none_gets_none(values: dict[str, Any], why: str) -> None:
    asked(**values)
    assert remind_batch() == 0, why


def test_nobody_is_reminded_who_left_complained_or_is_gone() -> None:
    left, complained, unknown, gone, closed = (asked() for _number in range(5))
    Suppression.objects.create(address=left.address, scope=Scope.SURVEYS, reason="unsubscribe")
    mails = OutgoingEmail.objects.all()
    mails.filter(about_id=complained.pk).update(state=OutgoingEmail.State.COMPLAINED)
    mails.filter(about_id=unknown.pk).update(state=OutgoingEmail.State.FAILED)
    gone.contact.points.update(retired_at=timezone.now())
    closed.customer.archived_at = timezone.now()
    closed.customer.save()
    assert remind_batch() == 0
    another = asked()
    Survey.objects.filter(pk=another.survey_id).update(is_active=False)
    assert remind_batch() == 0


def test_a_ticket_that_is_open_again_stops_it(db: None) -> None:
    ticket = OpenedTicketFactory()
    about = {"subject_model": "support.ticket", "subject_id": ticket.pk, "occurrence": 1}
    invitation = asked(customer=ticket.customer)
    Invitation.objects.filter(pk=invitation.pk).update(**about)
    assert remind_batch() == 0


def test_a_held_answer_does_not_stop_it_and_a_real_one_does() -> None:
    held, real = asked(), asked()
    program = Confirmation(score=9, comment="", hidden_field=True)
    confirm(invitation=held, given=None, said=program)
    confirm(invitation=real, given=None, said=Confirmation(score=9, comment=""))
    assert remind_batch() == 1
    assert reminders()[0].about_id == held.pk


def test_an_answer_that_comes_before_it_has_left_calls_it_back() -> None:
    invitation = asked()
    remind_batch()
    fresh = Invitation.objects.get(pk=invitation.pk)
    confirm(invitation=fresh, given=None, said=Confirmation(score=9, comment=""))
    assert call_back_reminders() == 1
    assert reminders()[0].state == OutgoingEmail.State.CANCELLED


def test_not_within_a_day_of_another_asking_nor_the_other_way_round() -> None:
    invitation = asked()
    other = InvitationFactory(
        customer=invitation.customer,
        contact=invitation.contact,
        created_at=timezone.now() - timedelta(hours=20),
    )
    assert remind_batch() == 0
    Invitation.objects.filter(pk=other.pk).delete()
    assert remind_batch() == 1
    Business.objects.update(survey_pause_days=0)
    InvitationFactory(
        customer=invitation.customer,
        contact=invitation.contact,
        state="pending",
        token_hash="",
        sent_at=None,
    )
    Survey.objects.update(throttle_days=0)
    AskingRules.objects.update(nps_pause_days=0)
    delivering.queue_batch()
    waiting = Invitation.objects.get(state="pending")
    invitation.refresh_from_db()
    assert invitation.reminded_at
    assert waiting.due_at == invitation.reminded_at + DAY


def test_in_quiet_hours_and_without_the_rule_nobody_is_reminded() -> None:
    invitation = asked()
    AskingRules.objects.update(quiet_until=9, quiet_from=20)
    night = datetime(2026, 9, 16, 4, tzinfo=UTC)
    Invitation.objects.filter(pk=invitation.pk).update(
        sent_at=night - 5 * DAY, due_at=night - 5 * DAY, expires_at=night + 20 * DAY
    )
    assert remind_batch(night) == 0
    AskingRules.objects.update(reminder_after_days=None)
    assert remind_batch(night + timedelta(hours=12)) == 0
    AskingRules.objects.update(reminder_after_days=4)
    assert remind_batch(night + timedelta(hours=12)) == 1


def test_what_becomes_of_the_first_mail_is_told_of_the_first_mail() -> None:
    invitation = asked()
    Invitation.objects.update(sent_at=None)
    remind_batch()
    delivering.follow_mail()
    invitation.refresh_from_db()
    first = OutgoingEmail.objects.get(once_key__endswith=":first")
    assert invitation.sent_at == first.sent_at
    remind_batch()
    OutgoingEmail.objects.filter(once_key__endswith=":reminder").update(
        state=OutgoingEmail.State.BOUNCED, sent_at=timezone.now()
    )
    delivering.follow_mail()
    invitation.refresh_from_db()
    assert invitation.bounced_at is None


def test_queries_do_not_grow_with_the_reminders(django_assert_max_num_queries: Any) -> None:
    for _number in range(8):
        asked()
    # Each is claimed by itself.
    with django_assert_max_num_queries(18 + 8):
        assert remind_batch() == 8
