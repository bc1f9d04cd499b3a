"""What leaves for customers and colleagues: in whose words, in which language, with which links."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from mail import delivery
from mail.actions import FilesTooLarge
from mail.drafts import MOST_BYTES
from mail.models import OutgoingEmail, Suppression
from mail.parsing import reply_text
from staff.files import store_file
from staff.models import Business, StoredFile, User
from support import desk, letters, links, notifications
from support.actions.changes import assign
from support.actions.conversation import add_note, reply, withdraw_reply
from support.actions.people import put_participant
from support.actions.states import close, resolve
from support.correspondents import Correspondent
from support.files import FileDraft
from support.models import (
    Message,
    NoticeChoice,
    Participant,
    Queue,
    SupportSettings,
    SystemMail,
    Ticket,
    TicketAccess,
    Watcher,
)
from tests.factories import CustomerFactory
from tests.services.smtp import Sink
from tests.support.mailing import arrive, filed, sent_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(business: Business) -> Ticket:
    return filed().ticket


def copy_in(ticket: Ticket, address: str, name: str = "") -> Participant:
    made = put_participant(
        ticket, Correspondent(address, name), contact=None, role=Participant.Role.COPIED
    )
    assert made is not None
    return made


def link_in(outgoing: OutgoingEmail) -> str:
    """The token of the only follow link that a mail has."""
    [token] = {
        word.rsplit("/t/", 1)[1].strip("/") for word in outgoing.text.split() if "/t/" in word
    }
    return token


# --- Replies -----------------------------------------------------------------------------------------


def test_a_reply_goes_to_each_who_takes_part_when_it_can_no_longer_be_taken_back(
    ticket: Ticket, agent: User
) -> None:
    copy_in(ticket, "bob@example.com", "Bob")
    gone = copy_in(ticket, "eve@example.com")
    Participant.objects.filter(pk=gone.pk).update(removed_at=timezone.now())
    message = reply(ticket=ticket, text="Is it plugged in?\n<b>Really</b>?", by=agent)

    ada, bob = sent_to("ada@example.com")[-1], sent_to("bob@example.com")[-1]
    assert sent_to("eve@example.com") == []
    assert ada.due_at == bob.due_at == message.leaves_at
    assert ada.subject == f"[#{ticket.pk}] Re: The oven"
    assert (ada.stream, ada.to_name, bob.to_name) == ("replies", "Ada Lovelace", "Bob")
    assert "Is it plugged in?\n<b>Really</b>?" in ada.text
    assert "&lt;b&gt;Really&lt;/b&gt;?" in ada.html
    assert "Ana Reis" in ada.text
    assert "Padaria Aurora" in ada.text
    assert ada.reply_to != bob.reply_to
    assert link_in(ada) != link_in(bob)
    assert "Auto-Submitted" not in ada.headers


def test_what_stands_below_its_first_line_is_our_own(ticket: Ticket, agent: User) -> None:
    reply(ticket=ticket, text="Is it plugged in?", by=agent)
    mail = sent_to("ada@example.com")[-1]
    quoted = "".join(f"> {line}\n" for line in mail.text.splitlines())
    assert reply_text(f"Yes.\n\n{quoted}")[0].strip() == "Yes."
    assert reply_text(f"Yes.\n\n{mail.text}")[0].strip() == "Yes."


def test_taking_a_reply_back_takes_its_mails_back(ticket: Ticket, agent: User) -> None:
    message = reply(ticket=ticket, text="You idiot.", by=agent)
    withdraw_reply(message=message, by=agent)
    assert sent_to("ada@example.com")[-1].state == OutgoingEmail.State.CANCELLED


def test_queueing_a_reply_twice_sends_it_once(ticket: Ticket, agent: User) -> None:
    message = reply(ticket=ticket, text="Is it plugged in?", by=agent)
    letters.queue_reply(message)
    assert OutgoingEmail.objects.about("support.message", [message.pk]).count() == 1


def test_each_is_written_to_in_their_language(ticket: Ticket, agent: User) -> None:
    Ticket.objects.update(language="es")
    customer = CustomerFactory(email="joao@example.com", language="pt-br")
    contact = customer.contacts.get()
    contact.language = "pt-br"
    contact.save()
    put_participant(ticket, Correspondent("joao@example.com"), contact=contact)
    reply(ticket=ticket, text="?", by=agent)
    assert sent_to("ada@example.com")[-1].language == "es"
    assert sent_to("joao@example.com")[-1].language == "pt-br"


def test_files_go_with_it_and_too_much_is_refused_as_a_whole(ticket: Ticket, agent: User) -> None:
    plan = FileDraft("plan.pdf", "application/pdf", store_file(b"%PDF", "application/pdf"))
    reply(ticket=ticket, text="The plan.", by=agent, files=[plan])
    assert [one.name for one in sent_to("ada@example.com")[-1].attachments.all()] == ["plan.pdf"]

    StoredFile.objects.update(size=MOST_BYTES + 1)
    plan.stored.refresh_from_db()
    with pytest.raises(FilesTooLarge):
        reply(ticket=ticket, text="The film.", by=agent, files=[plan])
    assert not Message.objects.filter(text="The film.").exists()


def test_a_conversation_stays_one_in_mail_programs(
    smtp_sink: Sink, settings: Settings, ticket: Ticket, agent: User
) -> None:
    settings.EMAIL_URL = smtp_sink.url
    bob = copy_in(ticket, "bob@example.com")
    first = Message.objects.get(ticket=ticket).inbound
    assert first is not None
    for text in ("Is it plugged in?", "And now?"):
        reply(ticket=ticket, text=text, by=agent)
        OutgoingEmail.objects.filter(state="queued").update(due_at=timezone.now())
        delivery.sweep()
    to_ada, to_bob = (smtp_sink.to(a)[-1].message for a in ("ada@example.com", bob.address))
    assert to_ada["In-Reply-To"] == first.message_id
    references = to_ada["References"].split()
    assert references[0] == first.message_id
    assert len(references) == 3  # hers, the confirmation, our first reply
    # A Message-ID of ours holds its recipient's key.
    assert not set(references[1:]) & set(to_bob["References"].split())


def test_a_subject_collects_no_prefixes(ticket: Ticket) -> None:
    ticket.subject = "RE: [#7] Fwd: RES: The oven"
    assert letters.subject_of(ticket) == f"[#{ticket.pk}] Re: The oven"
    ticket.subject = "Re:"
    assert letters.subject_of(ticket) == f"[#{ticket.pk}] Re: Re:"
    ticket.subject = "Replace it"
    assert letters.subject_of(ticket) == f"[#{ticket.pk}] Re: Replace it"


def test_a_reply_costs_as_many_queries_for_many(ticket: Ticket, agent: User) -> None:
    def cost() -> int:
        message = Message.objects.create(ticket=ticket, kind="reply", author=agent, text="?")
        with CaptureQueriesContext(connection) as queries:
            letters.queue_reply(message)
        return len(queries)

    alone = cost()
    for number in range(8):
        copy_in(ticket, f"p{number}@example.com")
    assert cost() == alone


def test_an_address_that_takes_no_mail_shows_as_not_delivered(
    smtp_sink: Sink, settings: Settings, ticket: Ticket, agent: User
) -> None:
    settings.EMAIL_URL = smtp_sink.url
    smtp_sink.answer("ada@example.com", "550 5.1.1 no such user")
    message = reply(ticket=ticket, text="Is it plugged in?", by=agent)
    OutgoingEmail.objects.update(due_at=timezone.now())
    delivery.sweep()

    [fate] = letters.deliveries([message])[message.pk]
    assert (fate.address, fate.has_failed, fate.is_unsure) == ("ada@example.com", True, False)
    assert letters.hard_bounced(["ADA@example.com", "b@example.com"]) == {"ada@example.com"}
    # Whoever opted out of everything else is still answered.
    Suppression.objects.update(reason="unsubscribe")
    smtp_sink.answers.clear()
    again = reply(ticket=ticket, text="And now?", by=agent)
    OutgoingEmail.objects.update(due_at=timezone.now())
    delivery.sweep()
    assert [one.state for one in letters.deliveries([message, again])[again.pk]] == ["sent"]


# --- Links -------------------------------------------------------------------------------------------


def test_a_link_is_known_by_its_hash_and_ends_when_it_should(ticket: Ticket, agent: User) -> None:
    [participant] = ticket.participants.all()
    url = links.new_link(participant)
    token = url.rstrip("/").rsplit("/", 1)[1]
    assert not TicketAccess.objects.filter(token_hash=token).exists()
    assert url.startswith("http://127.0.0.1:8000/t/")
    found = links.find(token)
    assert found is not None
    assert found.participant == participant
    assert links.find(token + "x") is None
    assert links.find("") is None

    participant.removed_at = timezone.now()
    participant.save()
    assert links.find(token) is None
    participant.removed_at = None
    participant.save()
    assert links.find(token)
    assert links.revoke(ticket) == TicketAccess.objects.count()
    assert links.find(token) is None
    assert links.find(links.new_link(participant).rstrip("/").rsplit("/", 1)[1])


def test_a_link_works_for_a_while_after_closing_and_never_for_spam(
    ticket: Ticket, agent: User
) -> None:
    token = links.new_link(ticket.participants.get()).rstrip("/").rsplit("/", 1)[1]
    close(ticket=resolve(ticket=ticket, by=agent), by=agent)
    assert links.find(token)
    days = desk.settings().link_works_days
    Ticket.objects.update(closed_at=timezone.now() - timedelta(days=days, seconds=1))
    assert links.find(token) is None
    Ticket.objects.update(state="spam", closed_at=None)
    assert links.find(token) is None


def test_a_link_follows_a_merge_only_for_who_takes_part_there(ticket: Ticket) -> None:
    other = filed(sender="b@example.com").ticket
    token = links.new_link(ticket.participants.get()).rstrip("/").rsplit("/", 1)[1]
    Ticket.objects.filter(pk=ticket.pk).update(state="merged", merged_into=other)
    assert links.find(token) is None
    joined = copy_in(other, "ada@example.com")
    found = links.find(token)
    assert found is not None
    assert found.participant == joined


# --- The confirmation --------------------------------------------------------------------------------


def test_a_new_ticket_is_confirmed_once_with_its_number_and_link(ticket: Ticket) -> None:
    [mail] = sent_to("ada@example.com")
    assert mail.subject == f"[#{ticket.pk}] We have received your message"
    assert mail.headers["Auto-Submitted"] == "auto-replied"
    assert links.find(link_in(mail))
    assert f"#{ticket.pk}" in mail.text
    assert mail.headers["In-Reply-To"] == Message.objects.get().inbound.message_id  # type: ignore[union-attr]
    letters.acknowledge(ticket)
    filed(subject=f"[#{ticket.pk}]")
    assert len(sent_to("ada@example.com")) == 1


def test_it_is_confirmed_in_their_language(business: Business) -> None:
    filed(text="Hola, buenos días. ¿Cuándo llega mi pedido? Todavía no lo he recibido. Gracias.")
    assert sent_to("ada@example.com")[0].language == "es"


def test_a_business_that_confirms_nothing_confirms_nothing(business: Business) -> None:
    desk.settings()
    SupportSettings.objects.update(acknowledges=False)
    filed()
    assert sent_to("ada@example.com") == []
    assert not SystemMail.objects.exists()


def test_old_mail_that_is_read_late_is_not_confirmed(business: Business) -> None:
    row = arrive()
    type(row).objects.update(received_at=timezone.now() - timedelta(days=3))
    from support import filing

    filing.file_waiting()
    assert Ticket.objects.count() == 1
    assert sent_to("ada@example.com") == []


@pytest.mark.parametrize("scope", ["hard_bounce", "complaint"])
def test_who_took_no_mail_is_not_confirmed_to(business: Business, scope: str) -> None:
    Suppression.objects.create(address="ada@example.com", scope="all", reason=scope)
    filed()
    assert sent_to("ada@example.com") == []


# --- Colleagues --------------------------------------------------------------------------------------


def test_who_is_mentioned_is_told_in_their_language(
    ticket: Ticket, agent: User, manager: User
) -> None:
    User.objects.filter(pk=manager.pk).update(language="pt-br")
    note = add_note(
        ticket=ticket, text="Can you decide <this>?", by=agent, mentioned=[manager, agent]
    )
    notifications.tell_mentioned(note)
    [mail] = sent_to(manager.email)
    assert (mail.stream, mail.language) == ("account", "pt-br")
    assert "Can you decide <this>?" in mail.text
    assert "&lt;this&gt;" in mail.html
    assert f"http://127.0.0.1:8000/tickets/{ticket.pk}/" in mail.text
    assert f"+n{ticket.pk}-{manager.pk}-" in mail.reply_to
    assert sent_to(agent.email) == []


def test_who_is_given_a_ticket_is_told_unless_they_took_it(
    ticket: Ticket, agent: User, manager: User
) -> None:
    assign(ticket=ticket, assignee=agent, by=agent)
    assert sent_to(agent.email) == []
    assign(ticket=ticket, assignee=manager, by=agent)
    assign(ticket=ticket, assignee=manager, by=agent)
    [mail] = sent_to(manager.email)
    assert mail.subject == f"[#{ticket.pk}] Ana Reis gave you this ticket. The oven"


def test_a_customers_message_is_told_to_who_has_the_ticket_and_who_watches_it(
    ticket: Ticket, agent: User, manager: User, owner: User
) -> None:
    assign(ticket=ticket, assignee=agent, by=agent)
    for user in (manager, owner, agent):
        Watcher.objects.create(ticket=ticket, user=user)
    NoticeChoice.objects.create(user=owner, watched=False)
    filed(subject=f"[#{ticket.pk}]", text="It smells.\n\n> Is it plugged in?\n")
    assert [len(sent_to(one.email)) for one in (agent, manager, owner)] == [1, 1, 0]
    assert "It smells." in sent_to(agent.email)[0].text
    assert "plugged" not in sent_to(agent.email)[0].text
    for fields in ({"text": "Thank you"}, {"auto_submitted": "auto-replied"}):
        filed(subject=f"[#{ticket.pk}]", **fields)
    assert len(sent_to(agent.email)) == 1


@pytest.mark.parametrize("choice", ["mentioned", "assigned", "answered"])
def test_what_one_does_not_want_to_hear_one_does_not_hear(
    ticket: Ticket, agent: User, manager: User, choice: str
) -> None:
    NoticeChoice.objects.create(user=manager, **{choice: False})
    add_note(ticket=ticket, text="Look.", by=agent, mentioned=[manager])
    assign(ticket=ticket, assignee=manager, by=agent)
    filed(subject=f"[#{ticket.pk}]", text="It smells.")
    assert len(sent_to(manager.email)) == 2


def test_nobody_is_told_of_what_they_may_not_see(ticket: Ticket, agent: User) -> None:
    Watcher.objects.create(ticket=ticket, user=agent)
    Queue.objects.update(is_private=True)
    filed(subject=f"[#{ticket.pk}]", text="A secret.")
    assert sent_to(agent.email) == []


def test_the_mails_leave_after_the_commit(
    ticket: Ticket, agent: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        reply(ticket=ticket, text="Is it plugged in?", by=agent)
    assert callbacks
