"""Which ticket a mail belongs to, and by what proof; a stranger who knows a number joins nothing."""

from email.utils import parseaddr

import pytest
from django.utils import timezone
from pytest_django import Settings

from mail import delivery
from mail.models import Mailbox, OutgoingEmail
from mail.parsing import parse
from staff.models import Business, User
from support import reply_keys, threading
from support.actions.conversation import add_note, reply
from support.actions.merging import merge
from support.models import Message, Participant, Queue, Ticket, TicketLink, Watcher
from support.reply_keys import Kind
from tests.services.smtp import Sink
from tests.support.mailing import HELP, answering, filed, mailbox, sent_to, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(business: Business) -> Ticket:
    """Ada's, by mail; a confirmation of it waits for her."""
    return filed().ticket


@pytest.fixture
def answered(ticket: Ticket, agent: User) -> OutgoingEmail:
    """Our reply to her."""
    reply(ticket=ticket, text="Is it plugged in?", by=agent)
    return sent_to("ada@example.com")[-1]


def merged(ticket: Ticket, into: Ticket, by: User) -> Ticket:
    merge(ticket=ticket, into=into, by=by, across_customers=True)
    return Ticket.objects.get(pk=ticket.pk)


def key_of(participant: Participant) -> str:
    return str(reply_keys.participant_key(participant))


# --- 1. Keys ---------------------------------------------------------------------------------------


def test_an_answer_to_our_reply_address_joins_its_ticket_and_is_proven(
    ticket: Ticket, answered: OutgoingEmail
) -> None:
    assert f"+t{ticket.pk}-" in answered.reply_to
    message = filed(**answering(answered, subject="something else altogether"))
    assert (message.ticket, message.is_proven) == (ticket, True)
    assert Ticket.objects.get().state == "open"


@pytest.mark.parametrize("header", ["to", "cc", "delivered_to", "x_original_to"])
def test_our_address_counts_wherever_it_stands(ticket: Ticket, header: str) -> None:
    address = f"help+{key_of(ticket.participants.get())}@padaria-aurora.example"
    fields = {"subject": "", header: address}
    assert filed(**fields).ticket == ticket


def test_a_server_that_changes_case_does_no_harm(ticket: Ticket) -> None:
    key = key_of(ticket.participants.get())
    message = filed(to=f"HELP+{key.upper()}@PADARIA-AURORA.EXAMPLE", subject="")
    assert (message.ticket, message.is_proven) == (ticket, True)


def test_without_plus_addresses_our_message_id_proves_it(
    smtp_sink: Sink, settings: Settings, ticket: Ticket, agent: User
) -> None:
    Mailbox.objects.update(has_plus_addresses=False)
    settings.EMAIL_URL = smtp_sink.url
    reply(ticket=ticket, text="Is it plugged in?", by=agent)
    OutgoingEmail.objects.update(due_at=timezone.now())
    delivery.sweep()
    sent = smtp_sink.delivered[-1].message
    assert parseaddr(sent["Reply-To"])[1] == HELP

    for name in ("In-Reply-To", "References"):
        message = filed(subject="", **{name.replace("-", "_"): sent["Message-ID"]})
        assert (message.ticket, message.is_proven) == (ticket, True)


def test_a_key_in_somebody_elses_hands_joins_but_proves_nobody(ticket: Ticket) -> None:
    from support.filing import OTHER_SENDER

    key = key_of(ticket.participants.get())
    message = filed(to=f"help+{key}@padaria-aurora.example", sender="ada@home.example")
    assert (message.ticket, message.is_proven) == (ticket, False)
    assert OTHER_SENDER in message.notes
    assert [one.address for one in ticket.participants.all()] == ["ada@example.com"]


def test_keys_of_an_earlier_secret_go_on_working(ticket: Ticket, settings: Settings) -> None:
    key = key_of(ticket.participants.get())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    assert filed(to=f"help+{key}@padaria-aurora.example", subject="").ticket == ticket


@pytest.mark.parametrize("local", ["help", "help+shop", "a-rather-long-name-of-a-mailbox"])
def test_reply_addresses_fit_and_are_read_back(ticket: Ticket, local: str) -> None:
    key = reply_keys.participant_key(ticket.participants.get())
    box = Mailbox(address=f"{local}@x.example", has_plus_addresses=True)
    address = reply_keys.reply_address(box, key)
    assert len(address.partition("@")[0]) <= reply_keys.LOCAL_LENGTH
    assert reply_keys.keys_in(parse(write(to=address))) == [key]


def test_too_long_a_mailbox_goes_without(ticket: Ticket) -> None:
    key = reply_keys.participant_key(ticket.participants.get())
    box = Mailbox(address=f"{'x' * 60}@x.example", has_plus_addresses=True)
    assert reply_keys.reply_address(box, key) == box.address
    assert reply_keys.reply_address(None, key) == ""


def test_answers_come_back_to_the_mailbox_of_the_tickets_queue(ticket: Ticket, agent: User) -> None:
    box = Mailbox.objects.create(name="Repairs", kind="command", address="repairs@x.example")
    queue = Queue.objects.create(name="Repairs", mailbox=box)
    Ticket.objects.update(queue=queue)
    reply(ticket=ticket, text="Is it plugged in?", by=agent)
    assert sent_to("ada@example.com")[-1].reply_to == "repairs@x.example"
    Mailbox.objects.filter(pk=box.pk).update(is_active=False)
    reply(ticket=ticket, text="And now?", by=agent)
    assert sent_to("ada@example.com")[-1].reply_to.startswith("help+t")


def test_the_first_key_that_holds_decides(ticket: Ticket) -> None:
    other = filed(sender="b@example.com").ticket
    good, second = (key_of(one.participants.get()) for one in (ticket, other))
    bad = good[:-1] + ("a" if good[-1] != "a" else "b")
    message = filed(
        to=", ".join(f"help+{key}@x.example" for key in (bad, good, second)), subject=""
    )
    assert message.ticket == ticket


def test_a_thousand_keys_cost_no_more_than_a_few(ticket: Ticket) -> None:
    keys = ", ".join(f"help+t{n}-{n}-{'a' * 20}@x.example" for n in range(1, 150))
    assert len(reply_keys.keys_in(parse(write(to=keys)))) == reply_keys.MOST_KEYS
    huge = f"help+t{'9' * 18}-{'9' * 18}-{'a' * 20}@x.example"
    assert filed(to=huge, subject="").ticket != ticket


# --- 2. References ---------------------------------------------------------------------------------


def test_an_answer_to_a_message_of_the_ticket_joins_it_for_who_takes_part(ticket: Ticket) -> None:
    named = Message.objects.get().inbound
    assert named is not None
    message = filed(subject="", in_reply_to=named.message_id)
    assert (message.ticket, message.is_proven) == (ticket, False)
    stranger = filed(subject="", in_reply_to=named.message_id, sender="eve@example.com")
    assert stranger.ticket != ticket
    link = TicketLink.objects.get()
    assert (link.ticket, link.other, link.kind) == (ticket, stranger.ticket, "related")


def test_the_nearest_reference_counts_first(ticket: Ticket) -> None:
    other = filed(subject="The fridge").ticket
    first, second = (one.inbound for one in Message.objects.order_by("pk"))
    assert first is not None
    assert second is not None
    assert filed(subject="", references=f"{first.message_id} {second.message_id}").ticket == other
    both = {"in_reply_to": first.message_id, "references": second.message_id}
    assert filed(subject="", **both).ticket == ticket


# --- 3. The number ---------------------------------------------------------------------------------


def test_a_number_in_the_subject_joins_for_who_takes_part(ticket: Ticket) -> None:
    message = filed(subject=f"RE: [#{ticket.pk}] Re: The oven", sender="ADA@Example.com")
    assert (message.ticket, message.is_proven) == (ticket, False)


@pytest.mark.parametrize("subject", ["#{}", "[{}]", "ticket {}", "[#{}x]"])
def test_other_numbers_are_only_numbers(ticket: Ticket, subject: str) -> None:
    assert filed(subject=subject.format(ticket.pk)).ticket != ticket
    assert not TicketLink.objects.exists()


def test_a_number_that_nobody_gave_is_no_guess(ticket: Ticket) -> None:
    assert filed(subject="[#999999999999] [#0]").ticket != ticket
    assert not TicketLink.objects.exists()


# --- Merged ----------------------------------------------------------------------------------------


def test_mail_to_a_merged_ticket_goes_to_where_it_went_in_the_end(
    ticket: Ticket, manager: User
) -> None:
    second, last = (filed(sender=f"p{n}@example.com").ticket for n in range(2))
    key = key_of(ticket.participants.get())
    merged(ticket, second, manager)
    merged(second, last, manager)
    by_key = filed(to=f"help+{key}@padaria-aurora.example", subject="")
    assert (by_key.ticket, by_key.is_proven) == (last, True)
    assert filed(subject=f"[#{ticket.pk}]").ticket == last
    # A key for the one that goes on doesn't let anybody into another.
    stranger = filed(sender="eve@example.com", to=f"help+{key[:-1]}2@padaria-aurora.example")
    assert stranger.ticket != last


def test_of_two_keys_of_one_address_both_lead_to_where_both_went(
    ticket: Ticket, manager: User
) -> None:
    last = filed(subject="The fridge").ticket
    keys = [key_of(one.participants.get()) for one in (ticket, last)]
    merged(ticket, last, manager)
    for key in keys:
        message = filed(to=f"help+{key}@padaria-aurora.example", subject="")
        assert (message.ticket, message.is_proven) == (last, True)


def test_merges_that_go_in_a_circle_end(ticket: Ticket) -> None:
    other = filed(sender="b@example.com").ticket
    Ticket.objects.filter(pk=ticket.pk).update(state="merged", merged_into=other)
    Ticket.objects.filter(pk=other.pk).update(state="merged", merged_into=ticket)
    mail = parse(write(subject=f"[#{ticket.pk}]"))
    assert isinstance(threading.place_of(mail, sender="ada@example.com"), threading.Joins)


def test_who_was_taken_out_of_the_ticket_that_goes_on_is_out(ticket: Ticket, manager: User) -> None:
    last = filed(subject="The fridge").ticket
    key = key_of(ticket.participants.get())
    merged(ticket, last, manager)
    last.participants.update(removed_at=timezone.now())
    assert filed(to=f"help+{key}@padaria-aurora.example", subject=f"[#{last.pk}]").ticket != last


# --- Staff -----------------------------------------------------------------------------------------


@pytest.fixture
def notice(ticket: Ticket, agent: User) -> OutgoingEmail:
    """What Ana is told when Ada writes again."""
    Watcher.objects.create(ticket=ticket, user=agent)
    filed(subject=f"[#{ticket.pk}]", text="It smells.")
    return sent_to(agent.email)[-1]


def test_a_colleagues_answer_to_a_notice_goes_to_the_customer_without_what_it_quotes(
    notice: OutgoingEmail, ticket: Ticket, agent: User
) -> None:
    assert f"+s{ticket.pk}-{agent.pk}-" in notice.reply_to
    fields = answering(notice, "Open a window.\n\n-- \nAna, +55 11 5555-0199")
    message = filed(**fields, files=(("window.pdf", b"%PDF"),))

    assert (message.kind, message.author, message.text) == ("reply", agent, "Open a window.")
    mail = sent_to("ada@example.com")[-1]
    assert "Open a window." in mail.text
    assert "smells" not in mail.text
    assert "5555-0199" not in mail.text
    assert [one.name for one in mail.attachments.all()] == ["window.pdf"]


def test_an_answer_to_a_mention_stays_a_note(ticket: Ticket, agent: User, manager: User) -> None:
    add_note(
        ticket=ticket, text="Ana, she is a friend of the mayor.", by=manager, mentioned=[agent]
    )
    before = len(sent_to("ada@example.com"))
    notice = sent_to(agent.email)[-1]
    message = filed(**answering(notice, "I know."))
    assert (message.kind, message.author, message.text) == ("note", agent, "I know.")
    assert len(sent_to("ada@example.com")) == before


def test_what_cannot_be_told_from_its_quotation_stays_inside(
    notice: OutgoingEmail, ticket: Ticket, agent: User
) -> None:
    before = len(sent_to("ada@example.com"))
    quoted = "\n".join(f"> {line}" for line in notice.text.splitlines())
    for text in (f"{quoted}\n\nOpen a window.", quoted, notice.text):
        message = filed(**{**answering(notice), "text": text})
        assert (message.kind, message.author) == ("note", agent)
        assert "was not sent to the customer" in message.text
    assert len(sent_to("ada@example.com")) == before


def test_an_absent_colleague_is_no_news_to_the_customer(notice: OutgoingEmail) -> None:
    from mail.models import InboundEmail
    from support import filing
    from tests.support.mailing import arrive

    row = arrive(**answering(notice, "I am away."), auto_submitted="auto-replied")
    filing.file_waiting()
    row.refresh_from_db()
    assert (row.state, row.reason) == (InboundEmail.State.IGNORED, filing.STAFF_AWAY)


def test_a_reply_that_is_refused_is_kept_as_a_note(
    notice: OutgoingEmail, ticket: Ticket, agent: User
) -> None:
    Ticket.objects.update(state="spam")
    message = filed(**answering(notice, "Open a window."))
    assert (message.kind, message.ticket) == ("note", ticket)
    assert "Open a window." in message.text


def test_who_may_not_see_the_ticket_any_more_writes_as_anybody(
    notice: OutgoingEmail, ticket: Ticket, agent: User
) -> None:
    Queue.objects.update(is_private=True)
    message = filed(**answering(notice, "Open a window."))
    assert (message.kind, message.author) == ("received", None)
    assert message.ticket != ticket


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": 10}])
def test_who_may_not_answer_any_more_writes_as_anybody(
    notice: OutgoingEmail, ticket: Ticket, agent: User, change: dict[str, object]
) -> None:
    User.objects.filter(pk=agent.pk).update(**change)
    message = filed(**answering(notice, "Open a window."))
    assert (message.kind, message.author) == ("received", None)
    assert message.ticket != ticket


def test_a_plain_mail_asks_the_database_nothing(
    django_assert_num_queries: object, business: Business
) -> None:
    mail = parse(write())
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert threading.place_of(mail, sender="ada@example.com") == threading.New()


def test_kinds_of_keys_are_not_each_others(ticket: Ticket, agent: User) -> None:
    made = {
        kind: reply_keys.key_for(
            kind, ticket_id=ticket.pk, holder_id=agent.pk, address=agent.email
        ).proof
        for kind in Kind
    }
    assert len(set(made.values())) == 3
    assert mailbox().has_plus_addresses
