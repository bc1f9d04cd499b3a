"""What strangers try by mail: to get into tickets, to be written to others for, to speak as staff."""

import pytest
from django.test import Client
from pytest_django import Settings

from mail.models import Mailbox, OutgoingEmail
from staff.models import Business, User
from support import filing, letters, reply_keys
from support.actions.conversation import reply
from support.models import Message, Participant, SystemMail, Ticket, TicketLink
from support.reply_keys import Kind
from tests.support.mailing import HELP, answering, arrive, filed, sent_to

pytestmark = pytest.mark.django_db
DOMAIN = "padaria-aurora.example"


@pytest.fixture
def ticket(business: Business) -> Ticket:
    return filed().ticket


def address(key: object) -> str:
    return f"help+{key}@{DOMAIN}"


# --- Into somebody else's ticket -----------------------------------------------------------------------


def forged(ticket: Ticket, agent: User) -> dict[str, str]:
    """Keys that look right and aren't, by what is wrong with them."""
    participant = ticket.participants.get()
    other = Participant.objects.create(ticket=ticket, address="bob@example.com")
    elsewhere = filed(sender="eve@example.com").ticket
    good = reply_keys.participant_key(participant)
    eves = reply_keys.participant_key(elsewhere.participants.get())
    staff = reply_keys.key_for(
        Kind.STAFF_REPLY, ticket_id=ticket.pk, holder_id=agent.pk, address="eve@example.com"
    )
    return {
        "no proof": f"t{ticket.pk}-{participant.pk}-{'a' * 20}",
        "one letter": f"{str(good)[:-1]}{'a' if good.proof[-1] != 'a' else 'b'}",
        "cut off": str(good)[:-1],
        "another participant's": f"t{ticket.pk}-{other.pk}-{good.proof}",
        "another ticket's": f"t{ticket.pk}-{eves.holder_id}-{eves.proof}",
        "own proof, other holder": f"t{ticket.pk}-{participant.pk}-{eves.proof}",
        "as staff": f"s{ticket.pk}-{participant.pk}-{good.proof}",
        "staff with a participant's number": f"s{ticket.pk}-{agent.pk}-{good.proof}",
        "staff under another address": str(staff),
    }


FORGERIES = [
    "no proof",
    "one letter",
    "cut off",
    "another participant's",
    "another ticket's",
    "own proof, other holder",
    "as staff",
    "staff with a participant's number",
    "staff under another address",
]


@pytest.mark.parametrize("way", FORGERIES)
@pytest.mark.parametrize("place", ["to", "message_id"])
def test_a_forged_key_lets_nobody_in(ticket: Ticket, agent: User, way: str, place: str) -> None:
    key = forged(ticket, agent)[way]
    fields = {
        "to": {"to": address(key)},
        "message_id": {"in_reply_to": f"<{key}.0123456789abcdef@{DOMAIN}>"},
    }[place]
    message = filed(sender="eve@example.com", subject="Hello", **fields)
    assert message.ticket != ticket
    assert (message.kind, message.author, message.is_proven) == ("received", None, False)
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_a_key_is_worth_nothing_once_its_holder_was_removed(ticket: Ticket) -> None:
    participant = ticket.participants.get()
    key = reply_keys.participant_key(participant)
    ticket.participants.update(removed_at=ticket.opened_at)
    message = filed(to=address(key), subject=f"[#{ticket.pk}] Re: The oven")
    assert message.ticket != ticket
    assert ticket.messages.count() == 1


def test_a_key_is_worth_nothing_under_another_address(ticket: Ticket) -> None:
    key = reply_keys.participant_key(ticket.participants.get())
    ticket.participants.update(address="ada@new.example")
    assert filed(to=address(key), subject="Hello").ticket != ticket


def test_a_stranger_who_knows_a_number_joins_nothing(ticket: Ticket) -> None:
    named = Message.objects.get().inbound
    assert named is not None
    message = filed(
        sender="eve@example.com",
        subject=f"Re: [#{ticket.pk}] Re: The oven",
        in_reply_to=named.message_id,
        references=named.message_id,
    )
    assert message.ticket != ticket
    assert ticket.messages.count() == 1
    link = TicketLink.objects.get()
    assert (link.ticket, link.other) == (ticket, message.ticket)
    # What Eve is sent says nothing of Ada's ticket.
    for mail in sent_to("eve@example.com"):
        assert f"#{ticket.pk} " not in f"{mail.subject} {mail.text}".replace("]", " ").replace(
            ".", " "
        )


def test_who_is_put_into_cc_gets_nothing_and_gets_nowhere(ticket: Ticket, agent: User) -> None:
    message = filed(subject=f"[#{ticket.pk}]", text="Eve helps me.", cc="Eve <eve@example.com>")
    assert message.ticket == ticket
    assert [one.address for one in ticket.participants.all()] == ["ada@example.com"]
    assert message.also_addressed == [{"address": "eve@example.com", "name": "Eve"}]
    reply(ticket=ticket, text="A secret.", by=agent)
    assert sent_to("eve@example.com") == []
    takeover = filed(
        sender="eve@example.com", subject=f"[#{ticket.pk}]", to=f"{HELP}, ada@example.com"
    )
    assert takeover.ticket != ticket


def test_who_answers_from_elsewhere_is_not_written_to(ticket: Ticket, agent: User) -> None:
    key = reply_keys.participant_key(ticket.participants.get())
    filed(to=address(key), sender="eve@example.com", reply_to="eve@example.com")
    reply(ticket=ticket, text="A secret.", by=agent)
    assert sent_to("eve@example.com") == []
    assert len(sent_to("ada@example.com")) == 2


# --- As staff ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["[#{}] Re: The oven", "The oven"])
def test_a_colleagues_address_in_from_makes_no_reply(
    ticket: Ticket, agent: User, subject: str
) -> None:
    before = OutgoingEmail.objects.filter(to_address="ada@example.com").count()
    message = filed(
        sender=f"{agent} <{agent.email}>", subject=subject.format(ticket.pk), text="Send money."
    )
    assert (message.kind, message.author) == ("received", None)
    assert message.ticket != ticket
    assert filing.FROM_STAFF in message.notes
    assert OutgoingEmail.objects.filter(to_address="ada@example.com").count() == before
    assert Ticket.objects.get(pk=ticket.pk).first_replied_at is None


@pytest.mark.parametrize(
    "sender", ["Eve <eve@example.com>", "{0} <eve@example.com>", "{0}, eve@example.com"]
)
def test_a_colleagues_key_in_other_hands_stays_inside(
    ticket: Ticket, agent: User, sender: str
) -> None:
    key = reply_keys.key_for(
        Kind.STAFF_REPLY, ticket_id=ticket.pk, holder_id=agent.pk, address=agent.email
    )
    message = filed(to=address(key), sender=sender.format(agent.email), text="Send money.")
    assert (message.ticket, message.kind, message.author) == (ticket, "note", None)
    assert "Send money." in message.text
    assert "was not sent to the customer" in message.text
    assert len(sent_to("ada@example.com")) == 1  # the confirmation


def test_what_a_colleague_forwards_is_theirs(ticket: Ticket, agent: User) -> None:
    inner = "---------- Forwarded message ---------\nFrom: Ada <ada@example.com>\nSubject: x\n\nHi"
    message = filed(sender=agent.email, subject="Fwd: x", text=inner)
    assert message.from_address == agent.email
    assert message.ticket.participants.get().address == agent.email


# --- As a relay ----------------------------------------------------------------------------------------

LURE = "WIN at http://evil.example/prize"


def test_a_confirmation_repeats_nothing_that_the_stranger_wrote(business: Business) -> None:
    filed(sender=f'"{LURE}" <victim@example.com>', subject=LURE, text=LURE, reply_to=LURE)
    [mail] = sent_to("victim@example.com")
    told = [mail.subject, mail.text, mail.html, mail.to_name, mail.reply_to, *mail.headers.values()]
    assert not [one for one in told if "evil.example" in one or "WIN" in one]


def test_nobody_gets_more_than_a_few_however_often_they_are_named(business: Business) -> None:
    for number in range(30):
        arrive(sender="victim@example.com", subject=f"{LURE} {number}")
    filing.file_waiting()
    assert Ticket.objects.count() == 30
    assert len(sent_to("victim@example.com")) == letters.MOST_IN_A_WHILE == 10
    assert SystemMail.objects.filter(address="victim@example.com").count() == 10
    filed(sender="somebody@example.com")
    assert len(sent_to("somebody@example.com")) == 1


def test_two_that_answer_by_themselves_fall_silent(business: Business) -> None:
    """A responder that says nothing of being one, and starts a new subject each time."""
    filed(sender="robot@example.com", subject="0")
    for number in range(1, 15):
        mail = sent_to("robot@example.com")[-1]
        filed(sender="robot@example.com", subject=str(number), text=mail.text)
    assert len(sent_to("robot@example.com")) == 10

    filed(sender="other@example.com")
    for _turn in range(5):  # one that keeps to the subject is told once
        filed(**answering(sent_to("other@example.com")[-1], "I am a robot."))
    assert len(sent_to("other@example.com")) == 1


@pytest.mark.parametrize(
    "sender",
    [
        "noreply@shop.example",
        "No-Reply@shop.example",
        "do_not.reply+7@shop.example",
        "nao-responda@loja.example",
        "no-responder@tienda.example",
        "bounces+12@shop.example",
        "postmaster@shop.example",
        "www-data@shop.example",
    ],
)
def test_addresses_that_nobody_reads_are_not_written_to(business: Business, sender: str) -> None:
    filed(sender=sender)
    assert OutgoingEmail.objects.count() == 0


@pytest.mark.parametrize(
    "sender", ["norepa@example.com", "rooter@example.com", "bouncer@example.com", "www2@x.example"]
)
def test_people_with_such_names_are(business: Business, sender: str) -> None:
    filed(sender=sender)
    assert len(sent_to(sender)) == (0 if sender.startswith("www") else 1)


def test_our_own_addresses_are_not_written_to(business: Business) -> None:
    Mailbox.objects.create(name="Old", kind="command", address="old@x.example", is_active=False)
    for sender in (HELP, "ola@padaria-aurora.example", "old@x.example"):
        filed(sender=sender)
    assert OutgoingEmail.objects.count() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"auto_submitted": "auto-generated"},
        {"precedence": "bulk"},
        {"list_id": "<list.example.com>"},
        {"x_autoreply": "yes"},
        {"return_path": "<>"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_machines_and_lists_are_not_written_to(business: Business, headers: dict[str, str]) -> None:
    filed(sender="machine@example.com", **headers)
    assert OutgoingEmail.objects.count() == 0


# --- Through headers -----------------------------------------------------------------------------------


def test_no_line_break_of_theirs_becomes_a_header_of_ours(ticket: Ticket, agent: User) -> None:
    evil = "Eve\r\nBcc: all@example.com"
    Ticket.objects.update(subject=evil[:250])
    ticket.participants.update(name=evil)
    Message.objects.filter(ticket=ticket).update(from_name=evil)
    named = Message.objects.get(ticket=ticket).inbound
    assert named is not None
    type(named).objects.update(message_id="<a\r\nBcc: all@example.com>")
    reply(ticket=Ticket.objects.get(), text="Hello", by=agent)

    mail = sent_to("ada@example.com")[-1]
    told = [mail.subject, mail.to_name, mail.reply_to, mail.thread_key, *mail.headers.values()]
    assert not [one for one in told if "\n" in one or "\r" in one]
    assert "all@example.com" not in "".join(mail.headers.values())


def test_an_encoded_line_break_in_a_subject_stays_a_space(business: Business, agent: User) -> None:
    raw = (
        b"From: =?utf-8?q?Eve=0D=0ABcc=3A_all=40example=2Ecom?= <eve@example.com>\r\n"
        b"To: help@padaria-aurora.example\r\nSubject: =?utf-8?q?Hi=0D=0ABcc=3A_all=40x?=\r\n\r\nx\r\n"
    )
    ticket = filed(raw).ticket
    assert "\n" not in ticket.subject + ticket.participants.get().name
    reply(ticket=ticket, text="Hello", by=agent)
    assert "\n" not in sent_to("eve@example.com")[-1].subject


def test_links_in_mails_lead_to_us_whatever_host_was_asked_for(
    ticket: Ticket, agent: User, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    client = Client(headers={"Host": "evil.example"})
    client.force_login(agent)
    said = {"kind": "reply", "text": "Hello", "then": "waiting", "seen": "99", "once_key": "1"}
    assert client.post(f"/tickets/{ticket.pk}/write/", said).status_code == 302
    reply(ticket=ticket, text="Hello again", by=agent)
    for mail in OutgoingEmail.objects.all():
        assert "evil.example" not in mail.text + mail.html
        assert f"{settings.BASE_URL}/t" in mail.text
