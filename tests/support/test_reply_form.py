"""Writing into a ticket from its page."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Task
from mail.models import OutgoingEmail
from staff.models import User
from support.actions import conversation
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.forms.reply import SeveralOfThatName, mentioned
from support.models import CannedReply, Mention, Message, Ticket
from tests.conftest import signed_in
from tests.factories import QueueFactory, UserFactory

ADA = Correspondent("ada@example.com", "Ada Lovelace", "es")


@pytest.fixture
def ticket(business: object) -> Ticket:
    return open_ticket(
        customer=None, requester=ADA, subject="The oven", text="It is cold.", channel="email"
    )


def url(ticket: Ticket, name: str = "ticket-write", *args: object) -> str:
    return reverse(f"support:{name}", args=[ticket.pk, *args])


def said(shown: Ticket, **fields: object) -> dict[str, object]:
    shown.refresh_from_db()
    return {
        "kind": "reply",
        "text": "A man comes on Thursday.",
        "then": "waiting",
        "version": shown.version,
        "seen": 0,
        "once_key": "once",
        **fields,
    }


def test_a_reply_leaves_after_a_moment_and_stays_on_the_page(
    agent_client: Client, agent: User, ticket: Ticket
) -> None:
    response = agent_client.post(url(ticket), said(ticket))

    message = Message.objects.get(kind="reply")
    page = url(ticket, "ticket")
    assertRedirects(response, f"{page}#message-{message.pk}", fetch_redirect_response=False)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee, message.author) == ("waiting", agent, agent)
    assert OutgoingEmail.objects.get(about_id=message.pk).to_address == "ada@example.com"
    assertContains(agent_client.get(page), "Take back")


def test_the_same_form_twice_is_one_reply(agent_client: Client, ticket: Ticket) -> None:
    form = said(ticket)
    agent_client.post(url(ticket), form)
    agent_client.post(url(ticket), form)

    assert Message.objects.filter(kind="reply").count() == 1


def test_a_page_that_back_brings_again_may_say_something_else(
    agent_client: Client, ticket: Ticket
) -> None:
    form = said(ticket)
    agent_client.post(url(ticket), form)
    agent_client.post(url(ticket), form | {"text": "And bring the old one."})

    texts = Message.objects.filter(kind="reply").order_by("pk").values_list("text", flat=True)
    assert list(texts) == ["A man comes on Thursday.", "And bring the old one."]


def test_extra_fields_change_nothing(agent_client: Client, agent: User, ticket: Ticket) -> None:
    other = UserFactory()
    agent_client.post(
        url(ticket),
        said(
            ticket,
            author=other.pk,
            created_at="2020-01-01",
            is_proven="1",
            html="<b>x</b>",
            leaves_at="2020-01-01",
            ticket=999,
            priority=40,
        ),
    )

    message = Message.objects.get(kind="reply")
    assert (message.author, message.html, message.is_proven) == (agent, "", False)
    assert message.created_at > timezone.now() - timedelta(minutes=1)
    ticket.refresh_from_db()
    assert ticket.priority == 20


def test_taking_back_puts_the_words_into_the_composer(agent_client: Client, ticket: Ticket) -> None:
    agent_client.post(url(ticket), said(ticket))
    message = Message.objects.get(kind="reply")

    response = agent_client.post(url(ticket, "take-back", message.pk), follow=True)

    assertContains(response, "Nothing has left")
    assert response.context["form"]["text"].value() == "A man comes on Thursday."
    ticket.refresh_from_db()
    assert ticket.state == "new"
    assertNotContains(agent_client.get(url(ticket, "ticket")), "A man comes on Thursday.")


def test_too_late_or_somebody_elses_stays(
    agent_client: Client, manager_client: Client, ticket: Ticket
) -> None:
    agent_client.post(url(ticket), said(ticket))
    message = Message.objects.get(kind="reply")
    assert manager_client.post(url(ticket, "take-back", message.pk)).status_code == 404
    Message.objects.update(leaves_at=timezone.now() - timedelta(seconds=1))

    response = agent_client.post(url(ticket, "take-back", message.pk), follow=True)

    assertContains(response, "has left already")
    assert Message.objects.get(pk=message.pk).withdrawn_at is None


def test_a_withdrawn_draft_is_its_writers_alone(
    agent_client: Client, manager_client: Client, ticket: Ticket
) -> None:
    agent_client.post(url(ticket), said(ticket))
    message = Message.objects.get(kind="reply")
    agent_client.post(url(ticket, "take-back", message.pk))

    page = url(ticket, "ticket")
    assertNotContains(manager_client.get(page, {"draft": message.pk}), "Thursday")
    assert agent_client.get(page, {"draft": "x" * 30}).status_code == 200


def test_nothing_to_say_keeps_the_page(agent_client: Client, ticket: Ticket) -> None:
    response = agent_client.post(url(ticket), said(ticket, text=" "))

    assertContains(response, "Write a few words first.", status_code=422)
    assert not Message.objects.filter(kind="reply").exists()


def test_somebody_was_faster(agent_client: Client, manager: User, ticket: Ticket) -> None:
    form = said(ticket)
    conversation.reply(ticket=ticket, text="I have sent a man already.", by=manager)

    refused = agent_client.post(url(ticket), form)

    assert refused.status_code == 409
    assertContains(refused, "I have sent a man already.", status_code=409)
    assertContains(refused, "A man comes on Thursday.", status_code=409)
    assert Message.objects.filter(kind="reply").count() == 1

    # Having looked, one may send it all the same.
    again = refused.context["form"]
    form |= {"version": again["version"].value(), "seen": again["seen"].value()}
    agent_client.post(url(ticket), form)
    assert Message.objects.filter(kind="reply").count() == 2


def test_a_promise_on_the_spot(agent_client: Client, agent: User, ticket: Ticket) -> None:
    missing = agent_client.post(url(ticket), said(ticket, promise="Send a man"))
    assertContains(missing, "Until when is it promised?", status_code=422)
    assertContains(missing, "A man comes on Thursday.", status_code=422)

    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    agent_client.post(url(ticket), said(ticket, promise="Send a man", promise_until=day))

    task = Task.objects.get()
    assert (task.is_promise, task.title, task.owner) == (True, "Send a man", agent)
    assertContains(agent_client.get(url(ticket, "ticket")), "promised until")


@pytest.mark.parametrize("then", ["open", "solved", "waiting"])
def test_what_comes_of_it(agent_client: Client, ticket: Ticket, then: str) -> None:
    agent_client.post(url(ticket), said(ticket, then=then))

    ticket.refresh_from_db()
    assert ticket.state == then


def test_then_is_no_way_to_any_state(agent_client: Client, ticket: Ticket) -> None:
    assert agent_client.post(url(ticket), said(ticket, then="merged")).status_code == 422
    assert agent_client.post(url(ticket), said(ticket, kind="automatic")).status_code == 422


def test_files_go_along_and_dangerous_ones_do_not(agent_client: Client, ticket: Ticket) -> None:
    picture = SimpleUploadedFile("oven.png", b"\x89PNG\r\n\x1a\n1", "image/png")
    letter = SimpleUploadedFile("letter.pdf", b"%PDF-1.4", "application/pdf")
    page = SimpleUploadedFile("page.html", b"<script>", "text/html")
    refused = agent_client.post(url(ticket), said(ticket, attachments=[picture, page]))
    assertContains(refused, "page.html", status_code=422)
    assertContains(refused, "Choose the files again", status_code=422)

    picture.seek(0)
    agent_client.post(url(ticket), said(ticket, attachments=[picture, letter]))

    message = Message.objects.get(kind="reply")
    assert [file.name for file in message.attachments.all()] == ["oven.png", "letter.pdf"]


# --- Notes ------------------------------------------------------------------------------------


def test_a_note_is_for_colleagues_and_tells_whom_it_names(
    agent_client: Client, manager: User, ticket: Ticket
) -> None:
    text = "@Marina Luz, have a look. Not ana@padaria-aurora.example."
    agent_client.post(url(ticket), said(ticket, kind="note", text=text, promise="x"))

    note = Message.objects.get(kind="note")
    assert [one.user for one in Mention.objects.filter(message=note)] == [manager]
    assert not OutgoingEmail.objects.filter(to_address="ada@example.com").exists()
    assert not Task.objects.exists()
    ticket.refresh_from_db()
    assert ticket.state == "new"


def test_nobody_is_told_of_what_they_may_not_see(
    manager_client: Client, manager: User, agent: User
) -> None:
    queue = QueueFactory(name="Board room", is_private=True)
    secret = open_ticket(
        customer=None, requester=ADA, subject="S", text="s", channel="email", queue=queue
    )

    manager_client.post(url(secret), said(secret, kind="note", text="@Ana look"))

    assert Message.objects.filter(kind="note").exists()
    assert not Mention.objects.exists()


def test_names_after_an_at(business: object) -> None:
    ana = UserFactory(name="Ana Reis", email="a.reis@example.com")
    rui = UserFactory(name="Rui Sá", email="sa@example.com")
    other = UserFactory(name="Rui Costa", email="costa@example.com")
    people = [ana, rui, other]

    assert mentioned("@ana, @Rui Sa and @costa!", people) == [ana, rui, other]
    assert mentioned("write to x@ana or @anabel", people) == []
    with pytest.raises(SeveralOfThatName):
        mentioned("@Rui, please", people)


def test_a_name_that_fits_several_is_asked_about(agent_client: Client, ticket: Ticket) -> None:
    UserFactory(name="Rui Sá", email="one@example.com")
    UserFactory(name="Rui Costa", email="two@example.com")

    refused = agent_client.post(url(ticket), said(ticket, kind="note", text="@Rui look"))

    assertContains(refused, "fits several people", status_code=422)


# --- Canned replies ---------------------------------------------------------------------------


@pytest.fixture
def hours(business: object) -> CannedReply:
    return CannedReply.objects.create(
        name="Hours",
        shortcut="hours",
        texts={"es": "Hola {contact}, {agent} de {business}: {ticket} {unknown}", "en": "Hello"},
    )


def test_a_canned_reply_speaks_the_customers_language(
    agent_client: Client, ticket: Ticket, hours: CannedReply
) -> None:
    assertContains(agent_client.get(url(ticket, "canned-list")), "/hours")
    expected = f"Hola Ada Lovelace, Ana Reis de Padaria Aurora: #{ticket.pk} {{unknown}}"
    for query in ({"reply": hours.pk}, {"shortcut": "hours"}):
        response = agent_client.get(url(ticket, "canned-text"), query)
        assert response.content.decode() == expected
        assert response["Content-Type"].startswith("text/plain")
    assert agent_client.get(url(ticket, "canned-text"), {"shortcut": "none"}).status_code == 404


def test_somebody_elses_canned_reply_is_theirs(
    agent: User, manager: User, ticket: Ticket, hours: CannedReply
) -> None:
    CannedReply.objects.create(
        name="My own hours", shortcut="hours", texts={"en": "Own"}, owner=manager
    )

    theirs = signed_in(manager).get(url(ticket, "canned-text"), {"shortcut": "hours"})
    mine = signed_in(agent).get(url(ticket, "canned-text"), {"shortcut": "hours"})
    assert theirs.content == b"Own"
    assert mine.content.startswith(b"Hola")
    assertNotContains(signed_in(agent).get(url(ticket, "canned-list")), "My own hours")


def test_without_scripts_a_canned_reply_is_chosen_and_put_in(
    agent_client: Client, ticket: Ticket, hours: CannedReply
) -> None:
    first = agent_client.post(url(ticket, "ticket-compose"), said(ticket, text="See /hours"))
    text = first.context["form"]["text"].value()
    assert text.startswith("See Hola Ada")
    assertContains(first, "Insert")

    form = said(ticket, text="First.", canned=hours.pk, kind="note")
    second = agent_client.post(url(ticket, "ticket-compose"), form)
    assert second.context["form"]["text"].value().startswith("First.\n\nHola Ada")
    assert second.context["form"].is_note
    assert Message.objects.count() == 1
