"""What arrives by mail becomes tickets and messages: each once, and nobody is written to in vain."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import ContactPoint, Customer
from mail import inbox
from mail.models import InboundEmail
from staff.files import open_file
from staff.models import Business, Lease, User
from support import desk, filing, languages, tasks
from support.actions.conversation import reply
from support.actions.states import close, mark_spam, resolve
from support.actions.tickets import open_ticket
from support.models import Message, Queue, SupportSettings, Ticket, TicketLink
from tests.factories import CustomerFactory
from tests.support.mailing import ADA, HELP, arrive, filed, mailbox, sent_to, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_the_bakery(business: Business) -> None:
    """Every mail comes to a business that is set up."""


# --- New tickets ----------------------------------------------------------------------------------


def test_a_strangers_mail_becomes_a_ticket_of_a_new_lead() -> None:
    message = filed(html="<p>The oven is <b>cold</b>.</p>")

    ticket = message.ticket
    assert (ticket.subject, ticket.channel, ticket.state) == ("The oven", "email", "new")
    assert (message.kind, message.text.strip()) == ("received", "The oven is cold.")
    assert "<b>cold</b>" in message.html
    assert (message.from_name, message.from_address) == ("Ada Lovelace", "ada@example.com")
    assert not message.is_proven
    assert (ticket.customer.name, ticket.customer.stage) == ("Ada Lovelace", Customer.Stage.LEAD)
    assert [one.address for one in ticket.participants.all()] == ["ada@example.com"]


def test_a_known_address_is_its_customers_and_in_their_language() -> None:
    customer = CustomerFactory(name="Lovelace Ltd", email="ada@example.com", language="pt-br")
    ticket = filed().ticket
    assert (ticket.customer, ticket.language) == (customer, "pt-br")
    assert ContactPoint.objects.filter(value="ada@example.com").count() == 1


def test_a_strangers_language_is_guessed_from_what_they_write() -> None:
    spanish = "Hola, buenos días. ¿Cuándo llega mi pedido? Todavía no lo he recibido. Gracias."
    ticket = filed(text=spanish).ticket
    assert (ticket.language, ticket.customer.language) == ("es", "es")
    assert filed(text="7718-A", sender="b@example.com").ticket.language == "en"  # the business's


def test_it_lands_in_the_queue_of_its_mailbox() -> None:
    repairs = Queue.objects.create(name="Repairs", mailbox=mailbox())
    assert filed().ticket.queue == repairs
    other = mailbox().__class__.objects.create(
        name="Other", kind="command", address="other@padaria-aurora.example"
    )
    assert filed(box=other, sender="b@example.com").ticket.queue == desk.default_queue()


def test_files_are_kept_under_harmless_names() -> None:
    message = filed(files=(("../../etc/plan.pdf", b"%PDF-1"),))
    attachment = message.attachments.get()
    assert (attachment.name, attachment.content_type) == ("plan.pdf", "application/pdf")
    with open_file(attachment.file) as content:
        assert content.read() == b"%PDF-1"


def test_what_was_wrong_with_the_mail_stays_with_the_message() -> None:
    raw = b"From: ada@example.com\r\nSubject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n$$$aGVsbG8=\r\n"
    assert "broken_base64" in filed(raw).notes


def test_what_nobody_can_read_is_a_ticket_with_the_mail_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mail.parsing import reading

    def fail(_raw: bytes) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(reading, "_parse", fail)
    raw = write()
    message = filed(raw)
    attachment = message.attachments.get()
    assert (attachment.name, attachment.content_type) == ("message.eml", "message/rfc822")
    with open_file(attachment.file) as content:
        assert content.read() == raw
    assert "unreadable" in message.notes
    assert sent_to("ada@example.com") == []


def test_a_mail_without_a_sender_is_somebodys_too() -> None:
    message = filed(b"Subject: hello\r\n\r\nIs anybody there?\r\n")
    assert message.ticket.participants.count() == 0
    assert "no_sender" in message.notes


def test_others_whom_it_was_sent_to_are_shown_and_take_no_part() -> None:
    message = filed(
        to=f"{HELP}, Bob <bob@example.com>", cc="eve@example.com, ola@padaria-aurora.example"
    )
    assert message.also_addressed == [
        {"address": "bob@example.com", "name": "Bob"},
        {"address": "eve@example.com", "name": ""},
    ]
    assert [one.address for one in message.ticket.participants.all()] == ["ada@example.com"]


def test_a_form_on_our_own_site_writes_for_whom_its_reply_goes_to() -> None:
    message = filed(sender="Shop <ola@padaria-aurora.example>", reply_to="Eve <eve@example.com>")
    assert (message.from_address, message.automatic) == ("eve@example.com", "own")
    assert message.ticket.customer.name == "Eve"
    assert sent_to("eve@example.com") == []


# --- Once ----------------------------------------------------------------------------------------


def test_filing_again_files_nothing_again() -> None:
    row = arrive()
    filing.file_waiting()
    filing.file_waiting()
    InboundEmail.objects.filter(pk=row.pk).update(state=InboundEmail.State.WAITING)
    filing.file_waiting()  # as if the row had been put back by hand
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 1)
    row.refresh_from_db()
    assert row.state == InboundEmail.State.FILED


def test_what_cannot_be_filed_waits_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = arrive(subject="bad"), arrive(subject="good", sender="b@example.com")
    read = inbox.read

    def broken(inbound: InboundEmail) -> object:
        if inbound.pk == bad.pk:
            raise OSError("the disk is gone")
        return read(inbound)

    monkeypatch.setattr(inbox, "read", broken)
    for _attempt in range(3):
        filing.file_waiting()
        InboundEmail.objects.update(due_at=timezone.now())
    bad.refresh_from_db()
    good.refresh_from_db()
    assert good.state == InboundEmail.State.FILED
    assert (bad.state, bad.reason) == (InboundEmail.State.QUARANTINED, inbox.FAILED)
    assert "the disk is gone" in bad.detail


def test_what_fails_halfway_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    row = arrive()

    def fail(*_args: object) -> None:
        raise RuntimeError("no paper left")

    monkeypatch.setattr("support.letters.acknowledge", fail)
    filing.file_waiting()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (InboundEmail.State.WAITING, 1)
    assert not Ticket.objects.exists()
    assert not Customer.objects.exists()


def test_a_mail_that_kills_its_worker_is_set_aside_for_the_others() -> None:
    deadly, other = arrive(subject="deadly"), arrive(sender="b@example.com")
    for _death in range(3):
        InboundEmail.objects.update(due_at=timezone.now())
        Lease.objects.update_or_create(
            name=tasks.FILING, defaults={"holder": "a worker that died", "until": timezone.now()}
        )
        InboundEmail.objects.filter(pk=other.pk).update(due_at=timezone.now() + timedelta(1))
        tasks.file_mail()
    deadly.refresh_from_db()
    assert deadly.state == InboundEmail.State.QUARANTINED
    assert "worker stopped" in deadly.detail
    InboundEmail.objects.update(due_at=timezone.now())
    tasks.file_mail()
    other.refresh_from_db()
    assert other.state == InboundEmail.State.FILED


@pytest.mark.django_db(transaction=True)
def test_two_who_file_at_once_file_each_mail_once() -> None:
    for number in range(20):
        arrive(sender=f"p{number}@example.com")
    errors: list[Exception] = []

    def work() -> None:
        try:
            filing.file_waiting()
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert (Ticket.objects.count(), Message.objects.count()) == (20, 20)
    assert set(InboundEmail.objects.values_list("state", "attempts")) == {("filed", 0)}


# --- Closed, solved, spam ------------------------------------------------------------------------


def test_a_solved_ticket_is_opened_again_by_an_answer_but_not_by_thanks(agent: User) -> None:
    ticket = filed().ticket
    resolve(ticket=ticket, by=agent)
    subject = f"Re: [#{ticket.pk}] The oven"

    thanks = filed(text="Muchas gracias!\n", subject=subject)
    ticket.refresh_from_db()
    assert (thanks.ticket, thanks.is_thanks, ticket.state) == (ticket, True, "solved")

    assert filed(text="It is cold again.", subject=subject).ticket == ticket
    ticket.refresh_from_db()
    assert ticket.state == "open"


@pytest.mark.parametrize("rule", ["reopens", "new"])
@pytest.mark.parametrize("days", [10, 40])
def test_a_closed_ticket_has_its_rules(agent: User, rule: str, days: int) -> None:
    ticket = filed().ticket
    close(ticket=resolve(ticket=ticket, by=agent), by=agent)
    desk.settings()
    SupportSettings.objects.update(mail_to_closed=rule, reopens_within_days=30)
    Ticket.objects.update(closed_at=timezone.now() - timedelta(days=days))

    again = filed(text="It is cold again.", subject=f"[#{ticket.pk}] The oven").ticket
    if rule == "reopens" and days == 10:
        assert again == ticket
        assert again.state == "open"
        return
    assert again != ticket
    link = TicketLink.objects.get()
    assert (link.ticket, link.other, link.kind) == (ticket, again, "follow_up")
    assert again.customer == ticket.customer
    assert Ticket.objects.get(pk=ticket.pk).state == "closed"


def test_thanks_and_machines_leave_a_closed_ticket_alone(agent: User) -> None:
    ticket = filed().ticket
    close(ticket=resolve(ticket=ticket, by=agent), by=agent)
    Ticket.objects.update(closed_at=timezone.now() - timedelta(days=90))
    subject = f"Re: [#{ticket.pk}] The oven"
    for fields in ({"text": "Thank you"}, {"auto_submitted": "auto-replied"}):
        assert filed(subject=subject, **fields).ticket == ticket
    assert Ticket.objects.get().state == "closed"


def test_what_answers_spam_stays_with_it(agent: User) -> None:
    ticket = filed().ticket
    mark_spam(ticket=ticket, by=agent)
    assert filed(text="Buy!", subject=f"[#{ticket.pk}]").ticket == ticket
    assert Ticket.objects.get().state == "spam"


# --- Machines ------------------------------------------------------------------------------------


def test_a_machines_mail_is_a_ticket_that_nobody_answers_by_itself() -> None:
    message = filed(
        sender="shop@shop.example", subject="New order", auto_submitted="auto-generated"
    )
    assert message.automatic == "auto-submitted"
    assert message.ticket.first_replied_at is None
    assert sent_to("shop@shop.example") == []


def test_an_absent_persons_answer_to_a_ticket_joins_it_and_changes_nothing(agent: User) -> None:
    ticket = filed().ticket
    reply(ticket=ticket, text="Is it plugged in?", by=agent)
    away = filed(
        text="I am away until Monday.",
        subject=f"Out of office: [#{ticket.pk}] Re: The oven",
        auto_submitted="auto-replied",
    )
    assert (away.ticket, away.automatic) == (ticket, "out-of-office")
    assert Ticket.objects.get().state == "waiting"


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "Out of office: How did we do?", "auto_submitted": "auto-replied"},
        {"sender": "MAILER-DAEMON@mail.example.com", "subject": "Undelivered Mail"},
    ],
    ids=["away", "daemon"],
)
def test_a_machines_answer_that_belongs_to_no_ticket_makes_none(fields: dict[str, str]) -> None:
    row = arrive(**fields)
    filing.file_waiting()
    row.refresh_from_db()
    assert (row.state, row.reason) == (InboundEmail.State.IGNORED, filing.NOBODYS)
    assert inbox.reason_words(row.reason).startswith("It was written by a program")


def test_a_colleagues_name_in_from_proves_nothing(agent: User) -> None:
    message = filed(sender=f"Ana <{agent.email}>")
    assert (message.kind, message.author, message.is_proven) == ("received", None, False)
    assert filing.FROM_STAFF in message.notes


# --- How much it costs ---------------------------------------------------------------------------


def test_filing_costs_as_many_queries_whatever_there_is(agent: User) -> None:
    def cost(sender: str) -> int:
        row = arrive(sender=sender)
        office = filing.Desk.now()
        with CaptureQueriesContext(connection) as queries:
            filing.file_one(row, office)
        row.refresh_from_db()
        assert row.state == InboundEmail.State.FILED
        return len(queries)

    cost("first@example.com")
    usual = cost("second@example.com")
    for number in range(10):
        filed(sender=f"p{number}@example.com")
    assert cost("third@example.com") == usual
    assert usual <= 42


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Olá, bom dia. Ainda não recebi o meu pedido. Quando chega? Obrigado!", "pt-br"),
        ("Hola, buenas tardes. No me ha llegado el pedido y ya lo pagué.", "es"),
        ("Hello, I have not received my order yet. When will it arrive? Thanks", "en"),
        ("Bonjour, je n’ai pas encore reçu ma commande. Quand est-ce qu’elle arrive ?", ""),
        ("Guten Tag, wo ist meine Bestellung? Ich habe sie noch nicht erhalten.", ""),
        ("ok", ""),
        ("", ""),
        ("pedido 12, ajuda / ayuda / help", ""),
    ],
    ids=["pt", "es", "en", "fr", "de", "short", "empty", "mixed"],
)
def test_a_language_is_guessed_only_when_it_is_plain(text: str, language: str) -> None:
    assert languages.guess(text, ["es", "pt-br", "en"]) == language
    assert languages.guess(text, []) == ""


def test_opening_by_hand_needs_no_mail(agent: User) -> None:
    """The desk's other ways in stay as they are: only mail is confirmed by mail."""
    open_ticket(
        customer=CustomerFactory(email="a@b.example"), subject="x", text="y", channel="phone"
    )
    assert sent_to("a@b.example") == []


def test_adas_name_is_her_own() -> None:
    assert filed(sender=ADA).ticket.customer.name == "Ada Lovelace"
