"""The help desk's rows: what was asked, said and done, and then all that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from crm.models import Contact, Customer, Interaction
from metrics.demo.clock import Clock
from metrics.demo.history import History
from metrics.demo.requests import Request, Said, pressing, requests
from staff.models import User
from support import desk, projection, search, targets
from support.actions.tickets import written_kind
from support.models import Category, Message, Participant, Queue, Suggestion, Ticket, TicketEvent
from support.states import LEADS_TO
from support.telling import summary

Kind = TicketEvent.Kind
# How long ago what still waits today was asked, in hours.
WAITING = (0.4, 1.2, 2.5, 4, 7, 20, 26, 30, 51, 74, 100, 170)
# Title, text, state, votes, our answer, days ago.
IDEAS = (
    (
        "Abrir los domingos por la mañana",
        "Muchos salimos en bici los domingos y un pinchazo a las nueve nos deja en casa.",
        "planned",
        34,
        "Empezamos en primavera, de diez a una, con una persona de guardia.",
        160,
    ),
    (
        "Bomba de aire en la puerta",
        "Para inflar las ruedas cuando el taller está cerrado.",
        "done",
        51,
        "Ya está: al lado de la persiana, con boquilla para todas las válvulas.",
        300,
    ),
    (
        "Taller de mecánica para principiantes",
        "Una tarde al mes, con la bici de cada uno.",
        "new",
        18,
        "",
        40,
    ),
    (
        "Alquiler de sillas infantiles",
        "Solo la necesito en vacaciones.",
        "declined",
        6,
        "De momento no podemos asegurar que vuelvan en buen estado; te ayudamos a encontrar una usada.",
        210,
    ),
    (
        "Avisar por mensaje cuando la bici está lista",
        "Así no hay que llamar.",
        "started",
        27,
        "",
        90,
    ),
    ("Aceptar pagos con Bizum", "Es más rápido que la tarjeta.", "proposed", 0, "", 2),
)


@dataclass
class Desk:
    """Writes the tickets of a batch of customers in a fixed number of statements."""

    clock: Clock
    by: Callable[[int], User]
    queue: Queue = field(init=False)
    categories: list[Category] = field(init=False)

    def __post_init__(self) -> None:
        desk.install_categories()
        self.queue = desk.default_queue()
        self.categories = list(Category.objects.order_by("pk"))

    def write(
        self,
        histories: Sequence[History],
        customers: Sequence[Customer],
        contacts: Sequence[Contact],
        random: Random,
        *,
        is_first: bool,
    ) -> list[Interaction]:
        """The tickets with all that follows from them; what the timeline tells is returned."""
        asked = [
            (request, customer, contact)
            for history, customer, contact in zip(histories, customers, contacts, strict=True)
            for request in requests(history, random, self.clock)
        ]
        if is_first:
            asked += self._waiting(histories, customers, contacts, random)
        asked.sort(key=lambda one: one[0].opened_at)
        tickets = [self._ticket(*one) for one in asked]
        Ticket.objects.bulk_create(tickets, batch_size=500)
        told: list[Interaction] = []
        events: list[TicketEvent] = []
        messages = self._messages(asked, tickets)
        Message.objects.bulk_create(
            [message for own in messages for message in own], batch_size=500
        )
        for (request, _customer, _contact), ticket, own in zip(
            asked, tickets, messages, strict=True
        ):
            events += self._events(request, ticket, own)
            told += [self._told(ticket, message) for message in own if message.is_public]
        TicketEvent.objects.bulk_create(events, batch_size=1000)
        self._participants(tickets, contacts)
        ids = [ticket.pk for ticket in tickets]
        projection.rebuild(ids)
        targets.rebuild(ids, now=self.clock.now)
        search.index(ids)
        if is_first:
            self._ideas()
        return told

    def _waiting(
        self,
        histories: Sequence[History],
        customers: Sequence[Customer],
        contacts: Sequence[Contact],
        random: Random,
    ) -> list[tuple[Request, Customer, Contact]]:
        lately = [
            place
            for place, history in enumerate(histories)
            if history.purchases and history.created_at < self.clock.ago(20)
        ]
        chosen = random.sample(lately, min(len(lately), len(WAITING)))
        return [
            (
                pressing(histories[place], random, self.clock, hours),
                customers[place],
                contacts[place],
            )
            for place, hours in zip(chosen, WAITING, strict=False)
        ]

    def _ticket(self, request: Request, customer: Customer, contact: Contact) -> Ticket:
        return Ticket(
            customer=customer,
            contact=contact,
            subject=request.subject,
            channel=request.channel,
            kind=request.topic.kind,
            language=request.language,
            state=request.state,
            priority=request.priority,
            queue=self.queue,
            category=self.categories[request.topic.category] if self.categories else None,
            assignee=None if request.assignee is None else self.by(request.assignee),
            opened_at=request.opened_at,
        )

    def _messages(
        self, asked: Sequence[tuple[Request, Customer, Contact]], tickets: Sequence[Ticket]
    ) -> list[list[Message]]:
        return [
            [self._message(said, ticket, contact) for said in request.said]
            for (request, _customer, contact), ticket in zip(asked, tickets, strict=True)
        ]

    def _message(self, said: Said, ticket: Ticket, contact: Contact) -> Message:
        kind = Message.Kind.RECEIVED if said.by is None else Message.Kind.REPLY
        return Message(
            ticket=ticket,
            kind=Message.Kind.NOTE if said.is_note else kind,
            author=None if said.by is None else self.by(said.by),
            contact=contact if said.by is None else None,
            from_name=contact.name if said.by is None else "",
            text=said.text,
            created_at=said.at,
        )

    def _events(
        self, request: Request, ticket: Ticket, messages: Sequence[Message]
    ) -> list[TicketEvent]:
        """In their order; each step tells from where to where."""
        events = [self._event(ticket, Kind.OPENED, messages[0].created_at, None)]
        for message in messages:
            event = self._event(ticket, written_kind(message), message.created_at, message.author)
            event.message = message
            events.append(event)
        before = "new"
        for kind, at, who in request.steps:
            event = self._event(ticket, kind, at, None if who is None else self.by(who))
            event.before, event.after = before, LEADS_TO[kind]
            before = event.after
            events.append(event)
        return sorted(events, key=lambda event: event.at)

    def _event(self, ticket: Ticket, kind: str, at: datetime, by: User | None) -> TicketEvent:
        wrote = kind in {Kind.OPENED, Kind.RECEIVED, Kind.REOPENED}
        actor = TicketEvent.Actor.CUSTOMER if wrote else TicketEvent.Actor.SYSTEM
        return TicketEvent(
            ticket=ticket, kind=kind, at=at, by=by, actor=TicketEvent.Actor.STAFF if by else actor
        )

    def _told(self, ticket: Ticket, message: Message) -> Interaction:
        is_ours = message.kind == Message.Kind.REPLY
        return Interaction(
            customer_id=ticket.customer_id,
            contact_id=ticket.contact_id,
            kind=Interaction.Kind.TICKET,
            direction=Interaction.Direction.OUT if is_ours else Interaction.Direction.IN,
            channel=ticket.channel,
            occurred_at=message.created_at,
            created_at=message.created_at,
            summary=summary(ticket, is_private=False),
            by=message.author,
            about_model="support.message",
            about_id=message.pk,
        )

    def _participants(self, tickets: Sequence[Ticket], contacts: Sequence[Contact]) -> None:
        points = Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).values_list(
            "pk", "points__value", "points__kind"
        )
        addresses = {pk: value for pk, value, kind in points if kind == "email"}
        Participant.objects.bulk_create(
            [
                Participant(
                    ticket=ticket,
                    contact=ticket.contact,
                    address=addresses[ticket.contact_id],
                    name=ticket.contact.name,
                )
                for ticket in tickets
                if ticket.contact is not None and ticket.contact_id in addresses
            ],
            batch_size=500,
        )

    def _ideas(self) -> None:
        """The board of suggestions, with one that nobody has looked at yet."""
        for title, text, state, votes, answer, days in IDEAS:
            proposed = self.clock.ago(days)
            published = None if state == "proposed" else proposed + timedelta(days=1)
            Suggestion.objects.create(
                title=title,
                text=text,
                language="es",
                state=state,
                votes_count=votes,
                answer=answer,
                answered_at=proposed + timedelta(days=9) if answer else None,
                answered_by=self.by(0) if answer else None,
                created_at=proposed,
                published_at=published,
                done_at=proposed + timedelta(days=60) if state == "done" else None,
            )
