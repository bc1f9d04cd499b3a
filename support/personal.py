"""What the desk knows of a person, and what erasing leaves of it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from crm import privacy, searched
from crm.privacy import Person, PersonalRows
from mail.pseudonyms import nobodys_address
from support import search
from support.models import (
    Attachment,
    BoardFollower,
    Message,
    Participant,
    SystemMail,
    Ticket,
    TicketAccess,
    TicketEvent,
)

# What of an event is words of somebody's; states, priorities and names of queues stay.
IN_WORDS = [TicketEvent.Kind.SUBJECT, TicketEvent.Kind.CUSTOMER, TicketEvent.Kind.TAGS]


def tickets(person: Person) -> QuerySet[Ticket]:
    return Ticket.objects.filter(privacy.of_person(person))


def messages(person: Person) -> QuerySet[Message]:
    """All of their own tickets, and what they wrote in those of others."""
    own = Q(ticket__in=tickets(person).order_by().values("pk"))
    return Message.objects.filter(
        own | Q(contact=person.contact) | Q(from_address__in=person.addresses)
    )


def participants(person: Person) -> QuerySet[Participant]:
    return Participant.objects.filter(Q(contact=person.contact) | Q(address__in=person.addresses))


def reindex(person: Person) -> None:
    search.index(tickets(person).values_list("pk", flat=True).iterator())


def register() -> None:
    """Called from SupportConfig.ready."""
    searched.kept_in("support.savedview.query")
    privacy.register(
        PersonalRows(
            TicketAccess,
            lambda person: TicketAccess.objects.filter(participant__in=participants(person)),
            secret=["token_hash"],
            order=10,
        ),
        PersonalRows(
            Attachment,
            lambda person: Attachment.objects.filter(message__in=messages(person)),
            files=["file"],
            order=10,
        ),
        PersonalRows(
            Message,
            messages,
            {
                "text": "",
                "html": "",
                "from_name": "",
                "from_address": "",
                "notes": [],
                "also_addressed": [],
            },
            order=30,
        ),
        PersonalRows(
            TicketEvent,
            lambda person: TicketEvent.objects.filter(
                ticket__in=tickets(person), kind__in=IN_WORDS
            ),
            {"before": "", "after": ""},
            order=30,
        ),
        PersonalRows(
            Participant, participants, {"address": nobodys_address(), "name": ""}, order=35
        ),
        PersonalRows(
            SystemMail,
            lambda person: SystemMail.objects.filter(address__in=person.addresses),
            order=10,
        ),
        PersonalRows(
            BoardFollower,
            lambda person: BoardFollower.objects.filter(address__in=person.addresses),
            secret=["token_hash"],
            order=10,
        ),
        PersonalRows(
            Ticket, tickets, {"subject": "—", "external_source": "", "external_id": ""}, order=60
        ),
    )
    privacy.afterwards(reindex)
    privacy.harmless({"support.ticket_tags": "the business's own words"})
