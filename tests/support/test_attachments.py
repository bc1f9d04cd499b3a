"""Files and mails of strangers, given out so that they can do nothing."""

from typing import Any

import pytest
from django.core.signing import TimestampSigner
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from staff.downloads import signed_file_token
from staff.files import store_file
from staff.models import User
from support.actions import changes
from support.actions.tickets import open_ticket
from support.correspondents import Correspondent
from support.files import FileDraft
from support.models import Attachment, Message, Ticket
from tests.factories import QueueFactory

ADA = Correspondent("ada@example.com", "Ada Lovelace")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
HTML = (
    '<p onclick="alert(1)">Hello</p><script>alert(2)</script><img src="https://tracker.example/x.png">'
    '<img src="cid:oven@here">'
)


def draft(name: str, content: bytes, kind: str, content_id: str = "") -> FileDraft:
    return FileDraft(
        name=name, content_type=kind, stored=store_file(content, kind), content_id=content_id
    )


@pytest.fixture
def ticket(business: object) -> Ticket:
    return open_ticket(
        customer=None,
        requester=ADA,
        subject="The oven",
        text="It is cold.",
        html=HTML,
        channel="email",
        files=[
            draft("letter.pdf", b"%PDF-1.4", "application/pdf"),
            draft("page.html", b"<script>alert(1)</script>", "text/html"),
            draft("drawing.svg", b"<svg onload='alert(1)'/>", "image/svg+xml"),
            draft("oven.png", PNG, "image/png", "oven@here"),
        ],
    )


def body(response: Any) -> bytes:
    assert response.status_code == 200
    # Read to its end, it is closed.
    return b"".join(response.streaming_content)


def link(name: str, user: User) -> str:
    file = Attachment.objects.get(name=name)
    return reverse("support:file", args=[signed_file_token(user.pk, file.pk)])


def test_a_file_is_listed_with_its_size_and_downloaded(
    agent_client: Client, agent: User, ticket: Ticket
) -> None:
    page = agent_client.get(reverse("support:ticket", args=[ticket.pk]))
    assertContains(page, "letter.pdf")
    assertContains(page, "8\xa0bytes")

    response = agent_client.get(link("letter.pdf", agent))

    assert body(response) == b"%PDF-1.4"
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["page.html", "drawing.svg"])
@pytest.mark.parametrize("query", ["", "?inline=1"])
def test_what_runs_is_given_out_as_bytes_that_nothing_opens(
    agent_client: Client, agent: User, ticket: Ticket, name: str, query: str
) -> None:
    response = agent_client.get(link(name, agent) + query)

    body(response)
    assert response["Content-Disposition"] == f'attachment; filename="{name}.txt"'
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


def test_an_address_is_good_for_one_person_who_may_see_the_ticket(
    agent_client: Client, agent: User, manager: User, manager_client: Client, ticket: Ticket
) -> None:
    mine, theirs = link("letter.pdf", agent), link("letter.pdf", manager)
    body(agent_client.get(mine))
    assert agent_client.get(theirs).status_code == 404
    assert Client().get(mine).status_code == 302

    private = QueueFactory(name="Board room", is_private=True)
    changes.set_queue(ticket=ticket, queue=private, by=manager)

    assert agent_client.get(mine).status_code == 404
    body(manager_client.get(theirs))


def test_a_made_up_address_opens_nothing(agent_client: Client, agent: User, ticket: Ticket) -> None:
    key = Attachment.objects.order_by("pk")[0].pk
    forged = TimestampSigner(key="guessed", salt="staff.downloads").sign(f"{agent.pk}-{key}")
    for token in ("sample", f"{agent.pk}-{key}", forged):
        assert agent_client.get(reverse("support:file", args=[token])).status_code == 404


def test_html_comes_in_a_frame_without_scripts_or_pictures_from_elsewhere(
    agent_client: Client, ticket: Ticket
) -> None:
    message = ticket.messages.get()
    url = reverse("support:message-html", args=[ticket.pk, message.pk])

    around = agent_client.get(url, headers={"HX-Request": "true"})
    assertContains(around, "sandbox=")
    assertContains(around, "Load images")
    assertNotContains(around, "<html")
    assertNotContains(around, "allow-scripts")
    assertContains(agent_client.get(url), "<html")

    framed = agent_client.get(url, {"frame": "1"})
    html = framed.content.decode()
    assert "Hello" in html
    assert "alert" not in html
    assert "tracker.example" not in html
    assert "/tickets/files/" in html  # the picture that came with the mail is ours to give
    policy = framed["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "https:" not in policy

    asked = agent_client.get(url, {"frame": "1", "images": "on"})
    assert "https://tracker.example/x.png" in asked.content.decode()
    assert "script" not in asked["Content-Security-Policy"]
    assertNotContains(agent_client.get(url, {"images": "on"}), "Load images")


def test_html_of_a_ticket_that_one_may_not_see(
    agent_client: Client, manager: User, ticket: Ticket
) -> None:
    other = open_ticket(customer=None, requester=ADA, subject="B", text="b", channel="email")
    message = ticket.messages.get()
    # Through another ticket's address neither.
    crossed = reverse("support:message-html", args=[other.pk, message.pk])
    assert agent_client.get(crossed).status_code == 404

    private = QueueFactory(name="Board room", is_private=True)
    changes.set_queue(ticket=ticket, queue=private, by=manager)
    url = reverse("support:message-html", args=[ticket.pk, message.pk])
    assert agent_client.get(url).status_code == 404
    assert agent_client.get(url, {"frame": "1"}).status_code == 404


def test_a_very_long_message_is_read_on_its_own_page(
    agent_client: Client, manager: User, ticket: Ticket
) -> None:
    message = ticket.messages.get()
    Message.objects.update(text="word " * 10_000 + "<b>end</b>")
    url = reverse("support:message", args=[ticket.pk, message.pk])
    page = agent_client.get(reverse("support:ticket", args=[ticket.pk]))
    assertContains(page, url)
    assertNotContains(page, "&lt;b&gt;end&lt;/b&gt;")

    assertContains(agent_client.get(url), "&lt;b&gt;end&lt;/b&gt;")

    private = QueueFactory(name="Board room", is_private=True)
    changes.set_queue(ticket=ticket, queue=private, by=manager)
    assert agent_client.get(url).status_code == 404


def test_the_raw_mail_is_for_managers(
    agent_client: Client, manager_client: Client, ticket: Ticket
) -> None:
    message = ticket.messages.get()
    url = reverse("support:message-raw", args=[ticket.pk, message.pk])

    assert agent_client.get(url).status_code == 403
    # It did not come by mail.
    assert manager_client.get(url).status_code == 404
    assert not Message.objects.filter(inbound__isnull=False).exists()
