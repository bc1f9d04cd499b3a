"""Tickets opened: by a mail, a form, a survey's answer, or by us on the phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Contact, Customer, Interaction
from mail.models import InboundEmail
from staff.models import User
from staff.refusals import Refusal
from support import desk, projection
from support.actions.people import put_participant
from support.actions.turns import next_in_turn
from support.correspondents import Correspondent, clean_text, who_is
from support.events import Actor, Kind, keep_promised_times
from support.files import FileDraft, attach
from support.models import Category, Message, OpenSpan, Queue, Ticket, TicketEvent
from support.telling import tell

SUBJECT_LENGTH = 250
# What the customer has not written: what we were told, or noted ourselves.
Channel = Ticket.Channel


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
) -> Ticket:
    """A new ticket with its first message; the same mail, or `once_key`, twice opens one.

    Without a `customer` it is whoever the requester is, a new lead if need be. What we write
    ourselves (channel "staff") is a note; all else is what the customer said, also when it was on
    the phone. Raises WhoAsks.
    """
    if known := known_message(once_key, inbound):
        return known.ticket
    try:
        with transaction.atomic():
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
                kind=Message.Kind.NOTE if channel == Channel.STAFF else Message.Kind.RECEIVED,
                author=by,
                contact=contact,
                is_proven=is_proven,
                automatic=automatic,
                text=text,
                html=html,
                notes=list(notes),
                inbound=inbound,
                once_key=once_key,
            )
            return _open(ticket, message, requester=requester, files=files)
    except IntegrityError:
        # Somebody opened the very same at this moment.
        if known := known_message(once_key, inbound):
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


def _open(
    ticket: Ticket,
    message: Message,
    *,
    requester: Correspondent | None,
    files: Sequence[FileDraft],
) -> Ticket:
    """Write them, with what tells of them and what follows from them."""
    at, by, actor = ticket.opened_at, ticket.opened_by, Actor.CUSTOMER
    if by is not None:
        actor = Actor.STAFF
    elif ticket.channel in {Channel.STAFF, Channel.SURVEY, Channel.IMPORT}:
        actor = Actor.SYSTEM
    written = written_kind(message)
    projection.project(ticket, [(written, at, "")])
    ticket.save(force_insert=True)
    message.ticket, message.created_at = ticket, at
    if requester is not None:
        message.from_name = clean_text(requester.name)[:200]
        message.from_address = clean_text(requester.address)[:254]
        put_participant(ticket, requester, contact=message.contact, by=by)
    elif ticket.contact is not None and (address := _address_of(ticket.contact)):
        one = Correspondent(address, ticket.contact.name)
        put_participant(ticket, one, contact=ticket.contact, by=by)
    message.save(force_insert=True)
    if files:
        attach(message, files)
    told = [(Kind.OPENED, ""), (written, "")]
    events = [
        TicketEvent(ticket=ticket, kind=kind, at=at, actor=actor, by=by, message=message, version=1)
        for kind, _after in told
    ]
    if ticket.assignee is not None:
        events.append(
            TicketEvent(
                ticket=ticket,
                kind=Kind.ASSIGNED,
                at=at,
                actor=Actor.STAFF if by else Actor.SYSTEM,
                by=by,
                after=str(ticket.assignee)[:250],
                version=1,
            )
        )
    TicketEvent.objects.bulk_create(events)
    OpenSpan.objects.create(ticket=ticket, started_at=at)
    counts = message.kind == Message.Kind.RECEIVED and not message.automatic
    direction = Interaction.Direction.IN if counts else Interaction.Direction.NONE
    tell(ticket, at=at, by=by, direction=direction, message=message)
    keep_promised_times(ticket, at)
    return ticket


def written_kind(message: Message) -> Kind:
    """The event that tells of a message."""
    if message.kind == Message.Kind.RECEIVED:
        return Kind.AUTOMATIC if message.automatic else Kind.RECEIVED
    return {
        Message.Kind.REPLY: Kind.REPLIED,
        Message.Kind.NOTE: Kind.NOTED,
        Message.Kind.AUTOMATIC: Kind.AUTOMATIC,
    }[Message.Kind(message.kind)]


def _address_of(contact: Contact) -> str:
    points = contact.points.filter(kind="email", retired_at=None).order_by("pk")
    return points.values_list("value", flat=True).first() or ""
