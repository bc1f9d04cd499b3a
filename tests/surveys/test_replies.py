"""Answering by replying: "9, great service" counts, whatever is uncertain waits, words go to the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Interaction
from mail.models import InboundEmail, OutgoingEmail
from staff.models import Business
from support import filing
from support.models import Message, Ticket
from surveys.actions.delivering import queue_batch
from surveys.asking_hours import current_rules
from surveys.invitation_mail import Renderer
from surveys.models import Invitation, Response
from surveys.replies import Reading, read
from tests.factories import InvitationFactory
from tests.support.mailing import answering, arrive, mailbox, write

pytestmark = pytest.mark.django_db
NPS, CSAT = (0, 10), (1, 5)


# --- What a reply says ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "score", "comment"),
    [
        ("9", 9, ""),
        ("10", 10, ""),
        ("0.", 0, ""),
        ("9/10", 9, ""),
        ("9 / 10", 9, ""),
        ("9 de 10", 9, ""),
        ("9 out of 10", 9, ""),
        ("9, great service", 9, "great service"),
        ("9 - great", 9, "great"),
        ("9 — great", 9, "great"),
        ("9! Great", 9, "Great"),
        ("un 9, genial", 9, "genial"),
        ("Um 9. Adorei", 9, "Adorei"),
        ("*9*", 9, ""),
        ("Nota: 8", 8, ""),
        ("I'd give you a 7", 7, ""),
        (
            "9\n\nBecause of Ana, who called me 3 times.",
            9,
            "Because of Ana, who called me 3 times.",
        ),
        ("9, great\nAna", 9, "great\nAna"),
        ("9\n-- \nAna\n+34 600 111 222", 9, ""),
        ("9\n\nOn Mon, 2 Nov 2026 at 10:00, Padaria <a@b.example> wrote:\n> 0 1 2 3", 9, ""),
    ],
)
def test_a_number_that_stands_for_itself_is_sure(text: str, score: int, comment: str) -> None:
    assert read(text, NPS) == Reading(score, comment, is_sure=True)


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("10 out of 9", 10),
        ("9 or 10", 9),
        ("9-10", 9),
        ("Between 7 and 8, I would say", 7),
        ("I think you deserve a 9 for this", 9),
        ("9 great", 9),
        ("9 weeks I have been waiting", 9),
        ("9, but last time 3", 9),
        ("Hello,\n\n9\n\nBest, Ana", 9),
    ],
)
def test_any_doubt_is_for_a_person(text: str, guess: int) -> None:
    reading = read(text, NPS)
    assert not reading.is_sure
    assert reading.score == guess
    assert reading.comment == text


@pytest.mark.parametrize(
    "text",
    [
        "Great service",
        "",
        "Thank you!",
        "12",
        "09",
        "9,5",
        "9.5",
        "9:30",
        "I paid 9 €",
        "9€ was too much",
        "$9",
        "R$9",
        "9%",
        "On 3/11/2026 I was there",
        "2026-11-03",
        "Call me: 600 111 222",
        "+34 6 11 22 33",
        "#5",
        "The 3rd time",
        "Order A7",
        "9h",
        "Hello,\nI waited 9 weeks.",
    ],
)
def test_other_numbers_are_no_score(text: str) -> None:
    assert read(text, NPS).score is None


def test_the_scale_is_the_surveys() -> None:
    assert read("4/5", CSAT) == Reading(4, "", is_sure=True)
    assert read("9", CSAT).score is None
    assert not read("4/10", CSAT).is_sure


# --- What becomes of it -----------------------------------------------------------------------------


@pytest.fixture
def invitation(business: Business) -> Invitation:
    """Asked, with the mail in the outbox, and answers read at help@."""
    mailbox()
    rules = current_rules()
    rules.quiet_until, rules.quiet_from, rules.asks_on_weekends = 0, 24, True
    rules.save()
    made = InvitationFactory(state=Invitation.State.PENDING, token_hash="", language="en")
    queue_batch()
    made.refresh_from_db()
    return made


def mail_of(invitation: Invitation) -> OutgoingEmail:
    return OutgoingEmail.objects.get(about_model="surveys.invitation", about_id=invitation.pk)


def reply(invitation: Invitation, text: str, **fields: Any) -> InboundEmail:
    row = arrive(**answering(mail_of(invitation), text, **fields))
    filing.file_waiting()
    row.refresh_from_db()
    return row


def test_a_sure_reply_counts(invitation: Invitation) -> None:
    row = reply(invitation, "9, great service")

    response = Response.objects.get()
    assert (response.score, response.comment) == (9, "great service")
    assert (response.origin, response.validity) == ("reply", "valid")
    assert (response.invitation, response.customer) == (invitation, invitation.customer)
    assert response.unseen_since is not None
    assert (row.state, row.about_model, row.about_id) == (
        "filed",
        "surveys.response",
        response.pk,
    )
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.ANSWERED
    told = Interaction.objects.filter(about_model="surveys.response", about_id=response.pk)
    assert told.count() == 1
    assert not Ticket.objects.exists()


def test_it_finds_back_by_the_message_id_alone(invitation: Invitation) -> None:
    mail = mail_of(invitation)
    message_id = f"<{mail.thread_key}.5f0c@padaria-aurora.example>"
    reply(invitation, "9", to="help@padaria-aurora.example", in_reply_to=message_id)
    assert Response.objects.get().score == 9


def test_an_unsure_reply_is_held(invitation: Invitation) -> None:
    row = reply(invitation, "Between 7 and 8, I would say")
    response = Response.objects.get()
    assert (response.validity, response.validity_reason) == ("held", "unsure_reply")
    assert (response.score, response.comment) == (7, "Between 7 and 8, I would say")
    assert row.about_id == response.pk
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.QUEUED


def test_from_another_address_it_is_held(invitation: Invitation) -> None:
    reply(invitation, "9", sender="Eve <eve@example.com>")
    assert Response.objects.get().validity_reason == "other_address"


def test_words_without_a_score_become_a_ticket_that_names_the_survey(
    invitation: Invitation,
) -> None:
    row = reply(invitation, "Where is my order?")
    assert not Response.objects.exists()
    assert row.about_model == "support.message"
    note = Message.objects.get(kind=Message.Kind.NOTE)
    assert invitation.survey.name in note.text
    assert note.ticket.customer == invitation.customer


def test_after_an_answer_a_reply_goes_to_the_desk(invitation: Invitation) -> None:
    reply(invitation, "9")
    reply(invitation, "3, I changed my mind")
    assert Response.objects.get().score == 9
    assert Ticket.objects.count() == 1


def test_a_closed_survey_takes_no_reply(invitation: Invitation) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    reply(invitation, "9")
    assert not Response.objects.exists()
    assert Ticket.objects.count() == 1


def test_an_automatic_mail_is_never_an_answer(invitation: Invitation) -> None:
    row = reply(invitation, "9", auto_submitted="auto-replied")
    assert not Response.objects.exists()
    assert row.state in {"ignored", "filed"}


@pytest.mark.parametrize("key", ["i{pk}-aaaaaaaaaaaaaaaaaaaa", "i999999-{proof}"])
def test_a_guessed_key_finds_nothing(invitation: Invitation, key: str) -> None:
    proof = mail_of(invitation).thread_key.rpartition("-")[2]
    guessed = key.format(pk=invitation.pk, proof=proof)
    reply(invitation, "9", to=f"help+{guessed}@padaria-aurora.example")
    assert not Response.objects.exists()


def test_an_anonymous_survey_is_not_answered_by_name(business: Business) -> None:
    mailbox()
    made = InvitationFactory()
    made.survey.is_anonymous = True
    drafted = Renderer(business).draft(made, "token")
    assert (drafted.thread_key, drafted.reply_to) == ("", "")


def test_the_same_mail_twice_answers_once(invitation: Invitation) -> None:
    raw = write(**answering(mail_of(invitation), "9"))
    for _ in range(2):
        arrive(raw)
    filing.file_waiting()
    assert Response.objects.count() == 1
    assert not Ticket.objects.exists()
