"""What tickets write to customers: replies, and the confirmation that a message has arrived.

Whoever writes to us can put anything into a subject or a name and somebody else's address into
From. So what leaves by itself repeats nothing of it, goes to one address at most MOST_IN_A_WHILE
times in A_WHILE, once per ticket, and never to a machine.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Q, QuerySet
from django.utils import timezone

from mail.actions import queue_emails, queue_with
from mail.drafts import DraftFile
from mail.models import OutgoingEmail, Suppression
from mail.sorting import own_addresses
from staff.prepared import Prepared
from support import desk, links
from support.letterhead import Letterhead
from support.models import Message, Participant, SupportSettings, SystemMail, Ticket

State = OutgoingEmail.State
Stream = OutgoingEmail.Stream

# The backstop: whatever goes wrong, no address gets more mail from no person than this.
MOST_IN_A_WHILE, A_WHILE = 10, timedelta(minutes=180)
# "We have received your message" a day later says nothing any more.
WORTH_CONFIRMING = timedelta(days=1)
# How much of a conversation a mail names in References.
MOST_REFERENCES, MOST_MESSAGES = 10, 30
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,240}>")
# "[#12] Re: ", "RES: ", "Fwd: " before what a ticket is about.
_PREFIXES = re.compile(
    r"(?:\s*(?:\[#\d{1,12}\]|(?:re|res|resp|fwd?|enc|rv|tr)\s?:))+\s*", re.IGNORECASE
)
# How addresses begin that nobody reads, without their dots and hyphens; and the words of machines.
_NOBODY = ("noreply", "donotreply", "norespon", "naorespon", "nocontest")
_MACHINES = frozenset({"bounce", "bounces", "daemon", "mailer", "postmaster", "root", "www"})


# --- Replies --------------------------------------------------------------------------------------


@transaction.atomic
def queue_reply(message: Message) -> list[OutgoingEmail]:
    """One mail of a person's reply to each who takes part; they leave at `message.leaves_at`.

    Twice is once. Raises mail.actions.FilesTooLarge.
    """
    ticket = Ticket.objects.select_related("queue").get(pk=message.ticket_id)
    participants = list(
        Participant.objects.filter(ticket=ticket, removed_at=None)
        .select_related("contact")
        .order_by("pk")
    )
    if not participants:
        return []
    files = [
        DraftFile(one.file, one.name, one.content_type)
        for one in message.attachments.select_related("file")
    ]
    head, thread = Letterhead.now(), Thread.of(ticket)
    accesses = links.new_links(participants)
    drafts = []
    for participant in participants:
        words = head.reply(
            ticket,
            head.language_of(ticket, participant),
            subject=subject_of(ticket),
            link=accesses[participant.pk],
            text=message.text.strip(),
            author=str(message.author or ""),
        )
        drafts.append(
            head.draft(
                ticket,
                participant,
                words,
                headers=thread.headers(participant),
                about=("support.message", message.pk),
                once_key=f"support.message:{message.pk}:{participant.pk}",
                attachments=files,
                due_at=message.leaves_at,
            )
        )
    return queue_emails(drafts)


def subject_of(ticket: Ticket) -> str:
    """ "[#12] Re: The oven is broken", however often it was answered already."""
    return f"[#{ticket.pk}] Re: {_PREFIXES.sub('', ticket.subject, count=1) or ticket.subject}"


# --- The confirmation -----------------------------------------------------------------------------


@transaction.atomic(savepoint=False)  # it is always the end of something else
def acknowledge(ticket: Ticket, head: Letterhead | None = None) -> None:
    """Tell who asked that it has arrived, if that is wanted and harmless; once per ticket.

    Call it last in a transaction: until that ends, nothing else is confirmed (see `_may_write`).
    Who confirms one mail after the other has one `head` for all, and nudges the post room itself.
    """
    if ticket.opened_at < timezone.now() - WORTH_CONFIRMING:
        return
    first, participant = ticket.opening or (_first_message(ticket), _asked(ticket))
    if participant is None or first is None or not _is_worth_an_answer(first):
        return
    nudges, head = head is None, head or Letterhead.now()
    address = participant.address
    if not is_a_persons(address, head.own) or not _may_write(address, ticket):
        return
    language = head.language_of(ticket, participant)
    access, link = links.link_of(participant)
    words = head.confirmation(ticket, language, link=link)
    answered = first.inbound.message_id if first.inbound else ""
    queue_with(
        head.draft(
            ticket,
            participant,
            words,
            headers=_answers([answered], answered),
            about=("support.ticket", ticket.pk),
            is_automatic=True,
            expires_at=timezone.now() + WORTH_CONFIRMING,
        ),
        [SystemMail(address=address, ticket=ticket), access],
        nudges=nudges,
    )


def _first_message(ticket: Ticket) -> Message | None:
    messages = Message.objects.filter(ticket=ticket).select_related("inbound")
    return messages.order_by("created_at", "pk").first()


def _is_worth_an_answer(message: Message) -> bool:
    """Somebody outside wrote it, and no program."""
    return message.kind == Message.Kind.RECEIVED and not message.automatic


def _asked(ticket: Ticket) -> Participant | None:
    asked = Participant.objects.filter(ticket=ticket, removed_at=None)
    return asked.filter(role=Participant.Role.REQUESTER).select_related("contact").first()


def is_a_persons(address: str, own: Collection[str] | None = None) -> bool:
    """Whether a mail that wrote itself may go there: no address of our `own`, no machine's."""
    local = address.lower().rpartition("@")[0]
    plain = re.sub(r"[^a-z]", "", local)
    is_machine = plain.startswith(_NOBODY) or re.split(r"[^a-z]", local)[0] in _MACHINES
    return not is_machine and address.lower() not in (own_addresses() if own is None else own)


def _may_write(address: str, ticket: Ticket) -> bool:
    """Whether a mail may go there by itself: neither this ticket nor this address had its share.

    Not when the desk confirms nothing, nor to whom mail could not be delivered, or who complained
    of it. Who writes notes it as a SystemMail. Holds the row of the desk's settings, so that of
    several who ask at once the eleventh is told so.
    """
    held = _HELD.first(address.lower())
    if held is None:
        desk.settings()  # made with its defaults
        held = _HELD.first(address.lower())
    if held is None or not held[0] or held[1]:
        return False
    tickets = _WRITTEN.all(address, timezone.now() - A_WHILE, ticket.pk)
    return len(tickets) < MOST_IN_A_WHILE and (ticket.pk,) not in tickets


# Composed once, since every mail that arrives asks them: what the desk wants and whether mail to
# this address came back, with the row held; and the tickets that had a mail of this kind.
_HELD = Prepared(
    lambda address: (
        SupportSettings.objects.select_for_update()
        .filter(pk=1)
        .annotate(bounced=Exists(_standing([address])))
        .values_list("acknowledges", "bounced")
    )
)
_WRITTEN = Prepared(
    lambda address, since, ticket: SystemMail.objects.filter(
        Q(address=address, at__gt=since) | Q(ticket=ticket)
    ).values_list("ticket")[: MOST_IN_A_WHILE + 1],
    str,
    datetime,
    int,
)


# --- What became of them --------------------------------------------------------------------------


@dataclass(frozen=True)
class Delivery:
    """What became of one reply to one address."""

    address: str
    state: str
    detail: str

    @property
    def has_failed(self) -> bool:
        return self.state in {State.FAILED, State.BOUNCED, State.SUPPRESSED, State.CANCELLED}

    @property
    def is_unsure(self) -> bool:
        return self.state == State.UNKNOWN


def deliveries(messages: Iterable[Message]) -> dict[int, list[Delivery]]:
    """What became of the mails of these replies, by the message's key; one query."""
    asked = [message.pk for message in messages if message.kind == Message.Kind.REPLY]
    found: dict[int, list[Delivery]] = {}
    if asked:
        mails = OutgoingEmail.objects.about("support.message", asked).filter(stream=Stream.REPLIES)
        facts = mails.order_by("pk").values_list("about_id", "to_address", "state", "detail")
        for about, address, state, detail in facts:
            if about is not None:
                found.setdefault(about, []).append(Delivery(address, state, detail))
    return found


def hard_bounced(addresses: Iterable[str]) -> set[str]:
    """Which of these took no mail of late: a reply still goes there, and will hardly arrive."""
    standing = _standing({address.lower() for address in addresses})
    return set(standing.values_list("address", flat=True))


def _standing(addresses: Collection[str]) -> QuerySet[Suppression]:
    return Suppression.objects.active().filter(
        address__in=addresses,
        reason__in=[Suppression.Reason.HARD_BOUNCE, Suppression.Reason.COMPLAINT],
    )


# --- How they are written -------------------------------------------------------------------------


@dataclass(frozen=True)
class Thread:
    """The Message-IDs that a conversation has had so far, by the address that knows them."""

    ours: Sequence[tuple[datetime, str, str]]
    theirs: Sequence[tuple[datetime, str, str]]

    @classmethod
    def of(cls, ticket: Ticket) -> Thread:
        said = Message.objects.filter(ticket=ticket, automatic="").order_by("-created_at", "-pk")
        facts = said.values_list("pk", "created_at", "from_address", "inbound__message_id")
        recent = list(facts[:MOST_MESSAGES])
        replies = Q(about_model="support.message", about_id__in=[pk for pk, *_rest in recent])
        first = Q(about_model="support.ticket", about_id=ticket.pk)
        sent = OutgoingEmail.objects.filter(replies | first, stream=Stream.REPLIES)
        ours = sent.exclude(message_id="").values_list("created_at", "to_address", "message_id")
        theirs = [(at, address, named) for _pk, at, address, named in recent if named]
        return cls(list(ours), theirs)

    def headers(self, participant: Participant) -> dict[str, str]:
        """In-Reply-To and References for them.

        The Message-IDs of our mails to others stay out: each begins with its recipient's key.
        """
        ours = [one for one in self.ours if one[1] == participant.address]
        known = sorted([*ours, *self.theirs])[-MOST_REFERENCES:]
        own = [one for one in sorted(self.theirs) if one[1] == participant.address]
        nearest = (own or known)[-1][2] if own or known else ""
        return _answers([one[2] for one in known], nearest)


def _answers(references: Iterable[str], nearest: str) -> dict[str, str]:
    """Only what is a Message-ID: they come from strangers."""
    usable = [one for one in references if _MESSAGE_ID.fullmatch(one)]
    if not _MESSAGE_ID.fullmatch(nearest):
        return {}
    return {"In-Reply-To": nearest, "References": " ".join([*(usable or [nearest])])}
