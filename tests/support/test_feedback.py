"""`/feedback/`: anybody writes to the business; programs and hurried fingers don't."""

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from crm.models import Customer
from mail.models import OutgoingEmail
from staff.models import Business
from staff.public import stamps
from support import desk
from support.models import Message, Suggestion, Ticket

pytestmark = pytest.mark.django_db

PATH = "/feedback/"


@pytest.fixture(autouse=True)
def _no_limits_of_others(business: Business) -> None:
    cache.clear()


def stamp(age: float = 60, purpose: str = "feedback") -> str:
    """As it was in a form that was rendered so many seconds ago."""

    class Past(signing.TimestampSigner):
        def timestamp(self) -> str:
            then = timezone.now() - timedelta(seconds=age)
            return signing.b62_encode(int(then.timestamp()))

    value = stamps.new_stamp(purpose).rsplit(":", 2)[0]
    return Past(salt="staff.public.stamps").sign(value)


def send(client: Client, **typed: object) -> HttpResponse:
    usual = {
        "kind": "question",
        "text": "Do you have rye bread?",
        "name": "Ada",
        "email": "Ada@Example.com",
        "stamp": stamp(),
    }
    return client.post(PATH, {**usual, **typed})  # type: ignore[return-value]


def test_a_question_becomes_a_ticket_and_is_confirmed(client: Client) -> None:
    response = send(client, attachments=[SimpleUploadedFile("a.txt", b"hello")])

    assert (response.status_code, response["Location"]) == (302, "/feedback/thanks/?kind=question")
    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.kind, ticket.language) == ("form", "question", "en")
    assert ticket.subject == "Do you have rye bread?"
    assert ticket.customer.name == "Ada"
    assert ticket.customer.stage == Customer.Stage.LEAD
    message = ticket.messages.get(kind=Message.Kind.RECEIVED)
    assert (message.from_address.lower(), message.is_proven) == ("ada@example.com", False)
    assert [one.name for one in message.attachments.all()] == ["a.txt"]
    mail = OutgoingEmail.objects.get(to_address="ada@example.com")
    assert "/t/" in mail.text
    assert "rye bread" not in mail.text  # what strangers wrote goes to nobody by itself
    thanks = client.get(response["Location"])
    assert "We answer by e-mail" in thanks.content.decode()


def test_sent_twice_is_one_ticket(client: Client) -> None:
    same = stamp()
    assert [send(client, stamp=same).status_code for _ in range(2)] == [302, 302]
    assert Ticket.objects.count() == 1
    assert OutgoingEmail.objects.count() == 1
    # Going back to write something else is no second press.
    send(client, stamp=same, text="And spelt bread?")
    assert Ticket.objects.count() == 2


def test_praise_needs_no_name_and_no_address(client: Client) -> None:
    assert send(client, kind="praise", name="", email="").status_code == 302
    assert Ticket.objects.get().kind == "praise"
    assert not OutgoingEmail.objects.exists()


def test_a_suggestion_is_put_to_the_board(client: Client) -> None:
    send(client, kind="suggestion", text="\nOpen on Sundays\nPlease")
    suggestion = Suggestion.objects.get()
    assert (suggestion.title, suggestion.state) == ("Open on Sundays", Suggestion.State.PROPOSED)
    assert suggestion.ticket == Ticket.objects.get()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"kind": ""}, "Choose what it is."),
        ({"kind": "order"}, "Select a valid choice"),
        ({"text": " "}, "This field is required."),
        ({"email": ""}, "We need your e-mail to answer you."),
        ({"kind": "complaint", "email": ""}, "We need your e-mail to answer you."),
        ({"email": "ada@"}, "Enter a valid email address."),
        ({"attachments": SimpleUploadedFile("a.svg", b"<svg>")}, "a.svg can&#x27;t be attached"),
        ({"stamp": ""}, "Please press the button once more."),
        ({"stamp": "at once"}, "Please press the button once more."),
        ({"stamp": stamp(age=60 * 60 * 24 * 3)}, "Please press the button once more."),
        ({"stamp": stamp(purpose="comment")}, "Please press the button once more."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    client: Client, typed: dict[str, object], said: str
) -> None:
    if typed.get("stamp") == "at once":
        typed = {"stamp": stamp(age=0)}
    page = send(client, name="Ada & Co", **typed)

    words = page.content.decode()
    assert page.status_code == 422
    assert said in words
    assert 'value="Ada &amp; Co"' in words
    assert not Ticket.objects.exists()
    # What is shown can be sent, once a person has had time to read it.
    again = re.search(r'name="stamp" value="([^"]+)"', words)
    assert again
    assert stamps.may_be_pressed_again(again[1], "feedback")


def test_a_program_is_thanked_and_kept_apart(client: Client) -> None:
    assert send(client, website="https://spam.example").status_code == 302
    assert Ticket.objects.get().state == Ticket.State.SPAM
    assert not OutgoingEmail.objects.exists()


def test_too_much_from_one_place_is_refused_for_a_while(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.views.public.feedback.MESSAGES_AN_HOUR", 2)
    statuses = [send(client, text=f"Rye {number}").status_code for number in range(3)]
    assert statuses == [302, 302, 429]
    assert "That was a lot at once" in send(client).content.decode()
    assert send(Client(REMOTE_ADDR="10.9.8.7")).status_code == 302


def test_nothing_but_the_fields_can_be_set(client: Client) -> None:
    send(client, priority="40", state="closed", channel="staff", customer="1", is_proven="on")
    ticket = Ticket.objects.get()
    assert (ticket.priority, ticket.state, ticket.channel) == (20, Ticket.State.NEW, "form")


def test_looking_changes_nothing_and_may_choose_the_kind(client: Client) -> None:
    page = client.get(f"{PATH}?kind=complaint")
    words = page.content.decode()
    assert re.search(r'value="complaint" required checked', words)
    assert "Padaria Aurora keeps what you write here" in words
    assert page["Cache-Control"] == "private, no-store"
    assert not Ticket.objects.exists()
    assert client.get(f"{PATH}?kind=<script>").status_code == 200


@pytest.mark.parametrize(
    ("accepted", "language"), [("es-MX,es;q=0.9", "es"), ("pt-BR", "pt-br"), ("de", "en")]
)
def test_it_is_in_the_visitors_language(client: Client, accepted: str, language: str) -> None:
    page = client.get(PATH, headers={"Accept-Language": accepted})
    assert f'<html lang="{language}">' in page.content.decode()
    assert page["Content-Language"] == language


def test_another_language_is_one_press_away(client: Client) -> None:
    words = client.get(PATH).content.decode()
    assert 'name="language" value="pt-br" lang="pt-br"' in words
    client.post("/language/", {"language": "pt-br", "next": PATH})
    assert '<html lang="pt-br">' in client.get(PATH).content.decode()


def test_it_can_be_switched_off(client: Client) -> None:
    rules = desk.settings()
    rules.has_feedback_page = False
    rules.save()
    assert client.get(PATH).status_code == 404
    assert send(client).status_code == 404
    assert not Ticket.objects.exists()
