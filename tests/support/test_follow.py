"""`/t/<token>/`: a customer follows and answers a ticket, and sees nothing but what is theirs."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from crm.models import Contact
from staff.files import store_file
from staff.models import Business, User
from staff.public import stamps
from support import desk, links
from support.actions.conversation import add_note, receive, reply, withdraw_reply
from support.actions.merging import merge
from support.actions.states import mark_spam, move
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.files import FileDraft
from support.models import Attachment, Message, Participant, Ticket, TicketAccess, TicketEvent

pytestmark = pytest.mark.django_db

ADA, BOB = "ada@example.com", "bob@secret.example"


@pytest.fixture(autouse=True)
def _no_limits_of_others() -> None:
    cache.clear()


@pytest.fixture
def ticket(business: Business) -> Ticket:
    return open_ticket(
        customer=None,
        requester=Correspondent(ADA, "Ada Lovelace", "en"),
        subject="The oven is cold",
        text="It does not get hot.\n\nOn Monday, Ana wrote:\n> Does it?",
        channel=Ticket.Channel.EMAIL,
        language="en",
        files=[FileDraft("oven.html", "text/html", store_file(b"<script>", "text/html"))],
    )


@pytest.fixture
def path(ticket: Ticket) -> str:
    return "/t/" + link_of(ticket).split("/t/")[1]


def link_of(ticket: Ticket, address: str = ADA) -> str:
    return links.new_link(Participant.objects.get(ticket=ticket, address=address))


def has_left(message: Message) -> Message:
    Message.objects.filter(pk=message.pk).update(leaves_at=timezone.now() - timedelta(seconds=1))
    return message


def answer(client: Client, path: str, text: str = "Still cold", **more: object) -> object:
    return client.post(path, {"text": text, "stamp": stamps.new_stamp("answer"), **more})


# --- Reading ------------------------------------------------------------------------------


def test_the_customer_reads_what_passed_and_nothing_else(
    client: Client, ticket: Ticket, path: str, agent: User
) -> None:
    has_left(reply(ticket=ticket, text="Is it <b>plugged</b> in?", by=agent))
    add_note(ticket=ticket, text="He never plugs it in", by=agent)
    taken_back = reply(ticket=ticket, text="Taken back", by=agent)
    withdraw_reply(message=taken_back, by=agent)
    reply(ticket=ticket, text="Not left yet", by=agent)
    receive(ticket=ticket, text=f"Ask {BOB} as well", sender=Correspondent(BOB, f"Bob <{BOB}>"))

    page = client.get(path)
    words = page.content.decode()

    assert page.status_code == 200
    assert "The oven is cold" in words
    assert "It does not get hot." in words
    assert "Show what was quoted" in words
    assert "Is it &lt;b&gt;plugged&lt;/b&gt; in?" in words
    assert "Ana Reis" in words
    assert "We are waiting for your answer." not in words  # Bob has written since
    for hidden in ("plugs it in", "Taken back", "Not left yet", BOB, agent.email):
        assert hidden not in words
    assert page["Cache-Control"] == "private, no-store"
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex"
    assert "csrftoken" not in page.cookies


def test_looking_changes_nothing(client: Client, ticket: Ticket, path: str) -> None:
    before = (ticket.version, TicketEvent.objects.count(), Message.objects.count())
    client.get(path)
    client.head(path)
    ticket.refresh_from_db()
    assert (ticket.version, TicketEvent.objects.count(), Message.objects.count()) == before


def test_the_page_is_in_the_customers_language(client: Client, ticket: Ticket, path: str) -> None:
    Contact.objects.update(language="es")
    page = client.get(path, headers={"Accept-Language": "en"})
    assert page["Content-Language"] == "es"
    assert '<html lang="es">' in page.content.decode()


def test_queries_do_not_grow_with_messages(
    client: Client, ticket: Ticket, path: str, django_assert_num_queries: object
) -> None:
    for number in range(20):
        receive(ticket=ticket, text=f"More {number}", sender=Correspondent(ADA))
    with django_assert_num_queries(5):  # type: ignore[operator]
        # business; access with its ticket; contact; messages; files
        client.get(path)


def test_files_come_through_the_same_link_as_attachments(
    client: Client, ticket: Ticket, path: str, agent: User
) -> None:
    file = Attachment.objects.get(message__ticket=ticket)
    given = client.get(f"{path}files/{file.pk}/")
    assert given["Content-Type"] == "application/octet-stream"
    assert given["Content-Disposition"] == 'attachment; filename="oven.html.txt"'
    assert given["X-Content-Type-Options"] == "nosniff"
    assert b"".join(given.streaming_content) == b"<script>"  # type: ignore[arg-type]

    note = add_note(
        ticket=ticket,
        text="secret",
        by=agent,
        files=[FileDraft("secret.txt", "text/plain", store_file(b"secret", "text/plain"))],
    )
    other = open_ticket(
        customer=None,
        requester=Correspondent(BOB),
        subject="Mine",
        text="x",
        channel=Ticket.Channel.EMAIL,
        files=[FileDraft("mine.txt", "text/plain", store_file(b"mine", "text/plain"))],
    )
    for hidden in (note.attachments.get(), Attachment.objects.get(message__ticket=other)):
        assert client.get(f"{path}files/{hidden.pk}/").status_code == 404
    assert client.get(f"/t/unknown/files/{file.pk}/").status_code == 404


# --- Whose link -----------------------------------------------------------------------------


def test_an_unknown_link_is_not_found_and_trying_them_out_is_limited(
    client: Client, business: Business
) -> None:
    assert client.get("/t/unknown/").status_code == 404
    statuses = [client.get(f"/t/unknown{number}/").status_code for number in range(40)]
    assert statuses[-1] == 429
    assert client.get("/t/unknown/", REMOTE_ADDR="10.9.8.7").status_code == 404


@pytest.mark.parametrize("why", ["revoked", "removed", "spam", "long closed"])
def test_a_link_that_has_ended_says_so_kindly(
    client: Client, ticket: Ticket, path: str, why: str
) -> None:
    if why == "revoked":
        TicketAccess.objects.update(revoked_at=timezone.now())
    elif why == "removed":
        Participant.objects.update(removed_at=timezone.now())
    elif why == "spam":
        mark_spam(ticket=ticket, by=None)
    else:
        long_ago = timezone.now() - timedelta(days=desk.settings().link_works_days + 1)
        move(ticket=ticket, to=Ticket.State.CLOSED, by=None, at=long_ago)

    page = client.get(path)

    assert page.status_code == 410
    assert b"This link has ended" in page.content
    assert b"The oven is cold" not in page.content
    assert page["Cache-Control"] == "private, no-store"
    answer(client, path)
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_a_merged_ticket_is_read_where_it_went_by_those_who_take_part_there(
    client: Client, ticket: Ticket, path: str, agent: User
) -> None:
    winner = open_ticket(
        customer=ticket.customer,
        contact=ticket.contact,
        subject="The whole kitchen",
        text="All of it.",
        channel=Ticket.Channel.PHONE,
        by=agent,
    )
    merge(ticket=ticket, into=winner, by=agent)

    assert b"The whole kitchen" in client.get(path).content
    answer(client, path, "Here too")
    assert Message.objects.get(text="Here too").ticket == winner


# --- Writing --------------------------------------------------------------------------------


def test_an_answer_counts_as_proven_and_reaches_the_ticket_once(
    client: Client, ticket: Ticket, path: str, agent: User
) -> None:
    has_left(reply(ticket=ticket, text="Is it plugged in?", by=agent))
    typed = {"text": "It is.", "stamp": stamps.new_stamp("answer")}
    files = [SimpleUploadedFile("../a.txt", b"hello"), SimpleUploadedFile("b.txt", b"bye")]

    first = client.post(path, {**typed, "attachments": files})
    again = client.post(path, typed)

    assert first.status_code == again.status_code == 302
    assert first["Location"] == f"{path}?sent=1#end"
    message = Message.objects.get(text="It is.")
    assert (message.kind, message.is_proven) == (Message.Kind.RECEIVED, True)
    assert message.from_address == ADA
    assert [one.name for one in message.attachments.all()] == ["a.txt", "b.txt"]
    ticket.refresh_from_db()
    assert ticket.state == Ticket.State.OPEN
    assert (
        "Your message has arrived" in client.get(first["Location"].split("#")[0]).content.decode()
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": ""}, "Write something, or add a file."),
        ({"text": "x", "stamp": "forged"}, "Please press the button once more."),
        ({"text": "x" * 10_001}, "at most 10,000 characters"),
        (
            {"text": "kept", "attachments": SimpleUploadedFile("a.exe", b"MZ")},
            "a.exe can&#x27;t be attached",
        ),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    client: Client, ticket: Ticket, path: str, typed: dict[str, object], said: str
) -> None:
    page = client.post(path, {"stamp": stamps.new_stamp("answer"), **typed})
    assert page.status_code == 422
    assert said.replace("10,000", "10") in page.content.decode().replace("10,000", "10").replace(
        "10000", "10"
    )
    assert str(typed["text"])[:100] in page.content.decode()
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_nothing_but_the_message_can_be_set(client: Client, ticket: Ticket, path: str) -> None:
    answer(client, path, priority=40, assignee=1, state="spam", kind="note", from_address=BOB)
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.assignee, ticket.state) == (20, None, Ticket.State.NEW)
    assert Message.objects.get(text="Still cold").from_address == ADA


def test_solved_and_not_solved_are_one_press_each(
    client: Client, ticket: Ticket, path: str
) -> None:
    move(ticket=ticket, to=Ticket.State.WAITING, by=None)
    for _twice in range(2):
        client.post(path, {"do": "solved"})
    ticket.refresh_from_db()
    assert ticket.state == Ticket.State.SOLVED
    resolved = TicketEvent.objects.get(ticket=ticket, kind=TicketEvent.Kind.RESOLVED)
    assert resolved.actor == TicketEvent.Actor.CUSTOMER
    assert b"It is not solved" in client.get(path).content

    for _twice in range(2):
        client.post(path, {"do": "unsolved"})
    ticket.refresh_from_db()
    assert ticket.state == Ticket.State.OPEN
    assert TicketEvent.objects.filter(ticket=ticket, kind=TicketEvent.Kind.REOPENED).count() == 1


def test_thanks_alone_leave_a_solved_ticket_solved(
    client: Client, ticket: Ticket, path: str
) -> None:
    move(ticket=ticket, to=Ticket.State.SOLVED, by=None)
    answer(client, path, "Thank you!")
    ticket.refresh_from_db()
    assert ticket.state == Ticket.State.SOLVED
    answer(client, path, "But now it smokes.")
    ticket.refresh_from_db()
    assert ticket.state == Ticket.State.OPEN


def test_by_the_rules_a_closed_ticket_is_followed_by_a_new_one(
    client: Client, ticket: Ticket, path: str
) -> None:
    rules = desk.settings()
    rules.mail_to_closed = rules.ClosedTicket.NEW
    rules.save()
    move(ticket=ticket, to=Ticket.State.CLOSED, by=None)

    stamp = stamps.new_stamp("answer")
    response = client.post(path, {"text": "It broke again", "stamp": stamp})
    client.post(path, {"text": "It broke again", "stamp": stamp})

    new = Message.objects.get(text="It broke again").ticket
    assert new != ticket
    assert new.customer == ticket.customer
    assert ticket.links.get().other == new
    page = client.get(response["Location"].split("8000", 1)[-1].split("testserver", 1)[-1])
    assert b"It broke again" in page.content
    assert b"It does not get hot" not in page.content


def test_a_visitor_who_writes_too_much_is_slowed_down(
    client: Client, ticket: Ticket, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.views.public.follow.ANSWERS_AN_HOUR", 2)
    statuses = [answer(client, path, f"More {n}").status_code for n in range(3)]  # type: ignore[attr-defined]
    assert statuses == [302, 302, 422]
