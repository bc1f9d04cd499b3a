"""Tickets opened: by a mail, a form, a survey's answer, or by us on the phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.actions.interactions import bring_customer_forward
from crm.models import Contact, Customer, Interaction
from mail.models import InboundEmail
from staff.bulk import give_keys
from staff.models import User
from staff.refusals import Refusal
from support import desk, letters, projection, search, targets, terms
from support.actions.people import new_participant
from support.actions.turns import next_in_turn
from support.correspondents import Correspondent, clean_text, who_is
from support.events import Actor, Change, Kind
from support.files import FileDraft, attach
from support.models import Category, Message, Participant, Queue, Ticket
from support.telling import told_of

SUBJECT_LENGTH = 250
Channel = Ticket.Channel
Direction = Interaction.Direction
State = Ticket.State


class WhoAsks(Refusal):
    message = gettext_lazy("Say which customer this is about.")


def open_ticket(
    *,
    customer: Customer | None,
    subject: str,
    text: str,
    channel: str,
    by: User | None = None,
    contact: Contact | None = None,
    requester: Correspondent | None = None,
    html: str = "",
    kind: str = "",
    priority: int | None = None,
    queue: Queue | None = None,
    category: Category | None = None,
    assignee: User | None = None,
    language: str = "",
    at: datetime | None = None,
    inbound: InboundEmail | None = None,
    automatic: str = "",
    notes: Sequence[str] = (),
    files: Sequence[FileDraft] = (),
    once_key: str = "",
    is_proven: bool = False,
    also_addressed: Sequence[dict[str, str]] = (),
    agreed: terms.Agreement | None = None,
) -> Ticket:
    """A new ticket with its first message; the same `once_key` twice opens one.

    Without a `customer` it is whoever the requester is, a new lead if need be. What somebody of
    ours writes first (channel "staff") is a reply that leaves by mail, what the system writes
    there is a note; all else is what the customer said, also when it was on the phone. Who gives
    an `inbound` holds its row and knows that it has no message yet; who opens one after the other
    reads what is `agreed` once. Raises WhoAsks.
    """
    if known := known_message(once_key, None):
        return known.ticket
    try:
        with transaction.atomic(savepoint=bool(once_key)):
            if customer is None:
                if requester is None:
                    raise WhoAsks
                customer, contact = who_is(requester, by=by)
            ticket = _new_ticket(
                customer=customer,
                contact=contact,
                subject=_subject(subject, text),
                channel=channel,
                kind=kind,
                priority=priority or Ticket.Priority.NORMAL,
                queue=queue or desk.default_queue(),
                category=category,
                assignee=assignee,
                language=language or (contact.language if contact else "") or customer.language,
                opened_at=at or timezone.now(),
                opened_by=by,
            )
            message = Message(
                kind=_first_kind(channel, by),
                author=by,
                contact=contact,
                is_proven=is_proven,
                automatic=automatic,
                text=text,
                html=html,
                notes=list(notes),
                also_addressed=list(also_addressed),
                inbound=inbound,
                once_key=once_key,
            )
            agreed = agreed or terms.agreement()
            return _open(ticket, message, requester=requester, files=files, agreed=agreed)
    except IntegrityError:
        # Somebody opened the very same at this moment.
        if once_key and (known := known_message(once_key, None)):
            return known.ticket
        raise


def known_message(once_key: str, inbound: InboundEmail | None) -> Message | None:
    """What this form or mail has made already."""
    messages = Message.objects.select_related("ticket")
    if once_key and (found := messages.filter(once_key=once_key).first()):
        return found
    return messages.filter(inbound=inbound).first() if inbound else None


def _subject(subject: str, text: str) -> str:
    """One line; without any, the first of the text."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return (clean_text(subject) or clean_text(first) or _("No subject"))[:SUBJECT_LENGTH]


def _new_ticket(**values: Any) -> Ticket:
    ticket = Ticket(**values)
    if ticket.assignee is None and ticket.queue.is_round_robin:
        ticket.assignee = next_in_turn(ticket.queue)
    return ticket


def _first_kind(channel: str, by: User | None) -> Message.Kind:
    if channel != Channel.STAFF:
        return Message.Kind.RECEIVED
    return Message.Kind.REPLY if by else Message.Kind.NOTE


def _open(
    ticket: Ticket,
    message: Message,
    *,
    requester: Correspondent | None,
    files: Sequence[FileDraft],
    agreed: terms.Agreement,
) -> Ticket:
    """Write them, with what tells of them and what follows from them."""
    at, by = ticket.opened_at, ticket.opened_by
    is_ours = message.kind == Message.Kind.REPLY
    participant = _requester(ticket, message, requester)
    give_keys([one for one in (ticket, message, participant) if one is not None])
    message.ticket, message.created_at = ticket, at
    if participant is not None:
        participant.ticket = ticket  # which has its number now
        ticket.opening = (message, participant)
    change = Change(ticket=ticket, at=at, by=by, actor=_actor(ticket))
    change.note(Kind.OPENED, message=message)
    change.note(written_kind(message), message=message)
    if is_ours:
        change.note(Kind.WAITING, before=ticket.state, after=State.WAITING, message=message)
        ticket.state = State.WAITING
        message.leaves_at = timezone.now() + timedelta(seconds=desk.settings().undo_seconds)
    if ticket.assignee is not None:
        change.note(Kind.ASSIGNED, after=ticket.assignee, actor=Actor.STAFF if by else Actor.SYSTEM)
    first = _projected(change, agreed)
    told = None if message.automatic else _told(ticket, message)
    rows = [one for one in (ticket, message, participant, told) if one is not None]
    change.write_first(first, *rows)
    if told is not None:
        bring_customer_forward(ticket.customer, told)
    if files:
        attach(message, files)
    people = (participant.name, participant.address) if participant else ()
    search.index_new(ticket, people, message.text)
    if is_ours:
        letters.queue_reply(message)
    return ticket


def _told(ticket: Ticket, message: Message) -> Interaction:
    direction = Direction.OUT if message.kind == Message.Kind.REPLY else Direction.IN
    return told_of(
        ticket, at=ticket.opened_at, by=ticket.opened_by, direction=direction, message=message
    )


def _projected(change: Change, agreed: terms.Agreement) -> targets.Changes:
    """What follows from the events of a new ticket, before it is written: one write less."""
    events = change.events
    projection.project(change.ticket, [(one.kind, one.at, one.after) for one in events])
    projection.measure([change.ticket])
    told = [targets.Told(one.kind, one.at, one.before, one.after, None) for one in events]
    heard = [one for one in told if one.kind in targets.TOLD_BY]
    return targets.planned(change.ticket, heard, agreed)


def _actor(ticket: Ticket) -> Actor:
    if ticket.opened_by is not None:
        return Actor.STAFF
    ours = {Channel.STAFF, Channel.SURVEY, Channel.IMPORT}
    return Actor.SYSTEM if ticket.channel in ours else Actor.CUSTOMER


def _requester(
    ticket: Ticket, message: Message, requester: Correspondent | None
) -> Participant | None:
    """Who asked takes part: as they wrote, else under the contact's first address. Not saved yet."""
    if requester is not None and message.kind == Message.Kind.RECEIVED:
        message.from_name = clean_text(requester.name)[:200]
        message.from_address = clean_text(requester.address)[:254].lower()
    if requester is None and ticket.contact is not None:
        requester = Correspondent(address_of(ticket.contact), ticket.contact.name)
    if requester is None:
        return None
    return new_participant(ticket, requester, contact=ticket.contact, by=ticket.opened_by)


def written_kind(message: Message) -> Kind:
    """The event that tells of a message."""
    if message.kind == Message.Kind.RECEIVED:
        return Kind.AUTOMATIC if message.automatic else Kind.RECEIVED
    return {
        Message.Kind.REPLY: Kind.REPLIED,
        Message.Kind.NOTE: Kind.NOTED,
        Message.Kind.AUTOMATIC: Kind.AUTOMATIC,
    }[Message.Kind(message.kind)]


def address_of(contact: Contact) -> str:
    points = contact.points.filter(kind="email", retired_at=None).order_by("pk")
    return points.values_list("value", flat=True).first() or ""
