"""From the post room's inbox into tickets: each mail once, whoever dies on the way.

Reading, and putting files into the store, happens before the transaction; everything that the mail
becomes commits together with its row in the inbox, which moves on only from `waiting`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mail import inbox, tasks
from mail.models import InboundEmail
from mail.parsing import ParsedMail, is_only_thanks, reply_text
from mail.parsing.parsed import Address
from staff.files import store_file
from staff.models import Business, User
from staff.prepared import Prepared
from support import claims, desk, languages, letters, terms
from support.actions.conversation import add_note, needs_new_ticket, receive
from support.actions.tickets import open_ticket
from support.answering import answer_of_staff
from support.correspondents import Correspondent, who_is
from support.files import FileDraft
from support.letterhead import Letterhead
from support.models import Message, Queue, Ticket, TicketLink
from support.threading import By, Joins, New, OfStaff, place_of

logger = logging.getLogger(__name__)

BATCH = 50
# Of those a mail was also addressed to; a list of thousands helps nobody.
MOST_ADDRESSED = 20

# What is not worth a ticket of its own: a server's words about other mail, and answers of absent
# people to mail that was no ticket's. A postmaster may be a person.
NO_TICKET = frozenset({"report", "mailer-daemon", "out-of-office"})
NOBODYS, STAFF_AWAY = "nobodys", "staff_away"
REASONS: dict[str, str | Promise] = {
    NOBODYS: _("It was written by a program and belongs to no ticket."),
    STAFF_AWAY: _("It is an automatic answer to one of our notices."),
}
# What staff should know of a message, beside what was wrong with the mail.
FROM_STAFF = "from_staff"
OTHER_SENDER = "other_sender"
NOTES: dict[str, Promise] = {
    FROM_STAFF: _("It says that it comes from one of us, which anyone can write."),
    OTHER_SENDER: _("It came with the customer’s own key, but from another address."),
}


# --- All that waits -------------------------------------------------------------------------------


def file_waiting(*, seconds: float | None = None) -> int:
    """File what waits, in the order in which it came, for at most `seconds`; how many were tried.

    What can't be filed is tried again later and then quarantined; the others go on.
    """
    until = time.monotonic() + seconds if seconds is not None else None
    tried = 0
    if Business.current() is None:
        return tried  # there is no desk yet
    while until is None or time.monotonic() <= until:
        batch = list(InboundEmail.objects.to_file().select_related("raw", "mailbox")[:BATCH])
        if not batch:
            break
        office = Desk.now()
        for inbound in batch:
            if until is not None and time.monotonic() > until:
                break
            tried += 1
            file_one(inbound, office)
        # Once for the confirmations of all; who isn't nudged is found by the sweep that runs anyway.
        transaction.on_commit(tasks.sweep.delay, robust=True)
    return tried


def file_one(inbound: InboundEmail, office: Desk) -> None:
    """File this mail; whatever is wrong with it, nothing is raised and nothing half done."""
    try:
        mail = inbox.read(inbound)
        files = [*_files(inbound, mail)]
        with transaction.atomic():
            Filing(inbound, mail, files, office).file()
    except inbox.NotThere:
        pass  # another process has filed it
    except Exception as error:
        logger.exception("Received mail %s can't be filed", inbound.pk)
        inbound.state = InboundEmail.State.WAITING  # what was said since was rolled back
        postpone(inbound, error)


def set_first_back() -> None:
    """A worker died while it was filing: whatever was next may have killed it, so others go first.

    After as many deaths as there are attempts it is quarantined.
    """
    if first := InboundEmail.objects.to_file().first():
        postpone(first, "The worker stopped while it filed this mail.")


def postpone(inbound: InboundEmail, error: BaseException | str) -> None:
    with suppress(inbox.NotThere):  # another process has dealt with it
        inbox.postpone(inbound, error)


def _files(inbound: InboundEmail, mail: ParsedMail) -> list[FileDraft]:
    """The mail's files, in the store; of what nobody could read, the mail itself."""
    files = [
        FileDraft(
            name=one.name,
            content_type=one.content_type,
            stored=store_file(one.content, one.content_type[:120]),
            content_id=one.content_id,
            is_inline=one.is_inline,
        )
        for one in mail.attachments
    ]
    if "unreadable" in mail.notes:
        files.append(FileDraft("message.eml", "message/rfc822", inbound.raw))
    return files


# --- One mail -------------------------------------------------------------------------------------


@dataclass
class Desk:
    """What is the same for every mail of a batch."""

    queues: dict[int, Queue]
    default: Queue
    head: Letterhead
    staff: frozenset[str]
    agreed: terms.Agreement

    @classmethod
    def now(cls) -> Desk:
        head = Letterhead.now()
        queues = Queue.objects.filter(mailbox__isnull=False, archived_at=None).order_by("-pk")
        active = User.objects.filter(is_active=True)
        return cls(
            queues={queue.mailbox_id or 0: queue for queue in queues},
            default=desk.default_queue(),
            head=head,
            staff=frozenset(active.values_list("email", flat=True)),
            agreed=terms.agreement(),
        )


@dataclass(frozen=True)
class Filing:
    """One mail on its way into a ticket; `file` runs within a transaction."""

    inbound: InboundEmail
    mail: ParsedMail
    files: Sequence[FileDraft]
    desk: Desk

    def file(self) -> None:
        if known := self._hold():
            inbox.file(self.inbound, about=Message(pk=known))
            return
        sender = self.sender
        place = place_of(self.mail, sender=sender.address)
        if isinstance(place, OfStaff):
            self._from_staff(place)
        elif isinstance(place, Joins):
            self._into(place, sender)
        elif self.automatic in NO_TICKET and not sender.address.startswith("postmaster@"):
            inbox.ignore(self.inbound, NOBODYS)
        else:
            claim = claims.of(self.inbound, self.mail) if self._is_unclaimed(place) else None
            if isinstance(claim, claims.Taken):
                inbox.file(self.inbound, about=claim.about)
                return
            ticket = self._into_new(place, sender)
            if claim is not None:
                add_note(ticket=ticket, text=claim.note, by=None)

    def _is_unclaimed(self, place: New) -> bool:
        """A person's mail that no ticket has a part in, not even a guess."""
        return not self.automatic and place.guess is None

    def _hold(self) -> int | None:
        """Of two who have the same mail in hand, the second finds it gone.

        Returns the message that was made of it before, if somebody has put it back since; and sees
        whether other service levels hold than when the batch began.
        """
        held = _HELD.first(self.inbound.pk)
        if held is None:
            raise inbox.NotThere
        known, *newest = held
        if tuple(newest) != self.desk.agreed.newest:
            self.desk.agreed = terms.agreement()
        return known

    # --- Who and what ---

    @property
    def automatic(self) -> str:
        return self.inbound.automatic or self.mail.automatic

    @property
    def sender(self) -> Address:
        """Who wrote: From; or Reply-To, when a form on our own site writes under our address."""
        mail = self.mail
        first = next((one for one in mail.reply_to if one.address), None)
        if (
            first
            and mail.sender.address in self.desk.head.own
            and first.address not in self.desk.head.own
        ):
            return first
        return mail.sender

    @property
    def at(self) -> datetime:
        """When it reached us: what the mail says of its date is anybody's word."""
        return min(self.inbound.received_at, timezone.now())

    @property
    def also_addressed(self) -> list[dict[str, str]]:
        """Whom else it was sent to. They take no part: staff can add them by hand."""
        us = self.desk.head.own | {self.sender.address, ""}
        mailbox = self.inbound.mailbox.address.lower().partition("@")
        others = {
            one.address: {"address": one.address[:254], "name": one.name[:200]}
            for one in (*self.mail.to, *self.mail.cc)
            if one.address not in us and not _is_keyed(one.address, mailbox[0], mailbox[2])
        }
        return list(others.values())[:MOST_ADDRESSED]

    def notes(self, *more: str) -> list[str]:
        found = [*self.mail.notes, *more]
        if self.mail.sender.address in self.desk.staff:
            found.append(FROM_STAFF)
        return found

    # --- What becomes of it ---

    def _from_staff(self, place: OfStaff) -> None:
        """An answer with somebody's own key; their absence is of no interest to a customer."""
        if self.automatic not in {"", "own"}:
            inbox.ignore(self.inbound, STAFF_AWAY)
            return
        message = answer_of_staff(self.inbound, self.mail, place, self.files)
        inbox.file(self.inbound, about=message)

    def _into(self, place: Joins, sender: Address) -> None:
        """What a participant writes, or somebody with their key; a closed ticket has its rules."""
        has_files = any(not one.is_inline for one in self.files)
        is_thanks = not has_files and is_only_thanks(self.mail.text)
        changes_nothing = bool(self.automatic) or is_thanks
        if not changes_nothing and needs_new_ticket(place.ticket, self.at):
            self._into_new(place, sender)
            return
        message = receive(
            ticket=place.ticket,
            text=self.mail.text,
            html=self.mail.html,
            sender=Correspondent(sender.address, sender.name),
            is_proven=self._is_proven(place, sender),
            inbound=self.inbound,
            automatic=self.automatic,
            is_thanks=is_thanks,
            notes=self._notes_of(place, sender),
            files=self.files,
            at=self.at,
            also_addressed=self.also_addressed,
        )
        inbox.file(self.inbound, about=message)

    def _into_new(self, place: Joins | New, sender: Address) -> Ticket:
        """A ticket of its own, linked to the closed one that it follows or to the guess."""
        is_proven = self._is_proven(place, sender)
        text, _quoted = reply_text(self.mail.text)
        guessed = languages.guess(text, self.desk.head.business.languages)
        requester = Correspondent(sender.address, sender.name, guessed)
        old = place.ticket if isinstance(place, Joins) else None
        if isinstance(place, Joins) and is_proven:
            customer, contact = place.ticket.customer, place.participant.contact
        else:
            customer, contact = who_is(requester)
        known = (contact.language if contact else "") or customer.language
        ticket = open_ticket(
            customer=customer,
            contact=contact,
            requester=requester,
            subject=self.mail.subject,
            text=self.mail.text,
            html=self.mail.html,
            channel=Ticket.Channel.EMAIL,
            queue=self._queue(old),
            language=known or guessed or self.desk.head.business.language,
            at=self.at,
            inbound=self.inbound,
            automatic=self.automatic,
            notes=self.notes(),
            files=self.files,
            is_proven=is_proven,
            also_addressed=self.also_addressed,
            agreed=self.desk.agreed,
        )
        self._link(place, ticket)
        message, _asked = ticket.opening or (Message.objects.get(inbound=self.inbound), None)
        inbox.file(self.inbound, about=message)
        if not self.automatic:
            letters.acknowledge(ticket, self.desk.head)
        return ticket

    def _queue(self, old: Ticket | None) -> Queue:
        """The mailbox's; but what quotes a private ticket is as private as that is."""
        if old is not None and old.queue.is_private and old.queue.archived_at is None:
            return old.queue
        own = self.desk.queues.get(self.inbound.mailbox_id)
        return own or (old.queue if old else self.desk.default)

    def _link(self, place: Joins | New, ticket: Ticket) -> None:
        if isinstance(place, Joins):
            old, kind = place.ticket, TicketLink.Kind.FOLLOW_UP
        elif place.guess:
            old, kind = place.guess, TicketLink.Kind.RELATED
        else:
            return
        TicketLink.objects.create(ticket=old, other=ticket, kind=kind)

    def _is_proven(self, place: Joins | New, sender: Address) -> bool:
        """The key, from the address that it was given to. From alone is anybody's word."""
        if isinstance(place, New) or place.by != By.KEY:
            return False
        return sender.address == place.participant.address

    def _notes_of(self, place: Joins, sender: Address) -> list[str]:
        is_other = place.by == By.KEY and not self._is_proven(place, sender)
        return self.notes(OTHER_SENDER) if is_other else self.notes()


# Of one mail that waits, locked: the message that it became, and what is agreed.
_HELD: Prepared[tuple[int | None, ...]] = Prepared(
    lambda pk: (
        InboundEmail.objects.select_for_update()
        .filter(pk=pk, state=InboundEmail.State.WAITING)
        .annotate(
            known=Subquery(Message.objects.filter(inbound=OuterRef("pk")).values("pk")[:1]),
            **terms.newest(),
        )
        .values_list("known", "newest_levels", "newest_hours")
    ),
    int,
)


def _is_keyed(address: str, local: str, domain: str) -> bool:
    """Whether this is our mailbox with a key behind its plus."""
    return bool(local) and address.startswith(f"{local}+") and address.endswith(f"@{domain}")
