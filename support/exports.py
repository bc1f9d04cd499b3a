"""Tickets as files: the list as filtered, and the kinds that an import takes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.exports.kinds import fixed
from crm.exports.lists import CUSTOMER, full_name, picked, words
from crm.exports.looks import reference_column
from staff.exports import Column, ExportList, column, register, register_kind
from staff.models import User
from support.filters import TicketFilter
from support.imports.cells import LEADS_TO
from support.models import Message, Ticket, TicketEvent


def tickets(query: QueryDict, user: User | None) -> Any:
    if user is None:
        return Ticket.objects.none()
    chosen = TicketFilter(query, queryset=Ticket.objects.visible_to(user), user=user)
    return picked(chosen.qs, query)


def key(query: QueryDict, user: User | None) -> tuple[str, ...]:
    """The order of the list."""
    if user is None:
        return ("pk",)
    return TicketFilter(query, queryset=Ticket.objects.none(), user=user).key


def columns(_query: QueryDict, _user: User | None) -> list[Column]:
    return [
        column("number", pgettext_lazy("of a ticket", "Number"), "pk"),
        column("subject", _("Subject")),
        *CUSTOMER,
        column("contact", _("Contact"), "contact__name"),
        column("state", pgettext_lazy("ticket", "State"), show=words(Ticket.State.choices)),
        column("priority", _("Priority"), show=words(Ticket.Priority.choices)),
        column("queue", pgettext_lazy("support", "Queue"), "queue__name"),
        column("category", _("Category"), "category__name"),
        column("assignee", _("Assigned to"), "assignee__name", "assignee__email", show=full_name),
        column("tags", _("Tags"), "pk", look=tags),
        column("channel", _("Channel"), show=words(Ticket.Channel.choices)),
        column("kind", pgettext_lazy("ticket", "Kind"), show=words(Ticket.Kind.choices)),
        column("opened_at", _("Opened")),
        column("first_replied_at", _("First reply")),
        column("first_resolved_at", _("First solved")),
        column("last_activity_at", _("Last activity")),
        column("next_due_at", _("Due")),
    ]


def tags(ticket_ids: Collection[int], _user: User | None) -> dict[int, str]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = Ticket.tags.through.objects.filter(ticket_id__in=ticket_ids).order_by("tag__folded")
    for ticket_id, name in rows.values_list("ticket_id", "tag__name"):
        found[ticket_id].append(name)
    return {ticket_id: "; ".join(names) for ticket_id, names in found.items()}


def first_messages(ticket_ids: Collection[int], _user: User | None) -> dict[int, str]:
    """What the customer wrote first."""
    received = Message.objects.filter(ticket=OuterRef("pk"), kind=Message.Kind.RECEIVED)
    first = Subquery(received.order_by("created_at", "pk").values("text")[:1])
    rows: QuerySet[Any, Any] = Ticket.objects.filter(pk__in=ticket_ids)
    return dict(rows.annotate(body=first).values_list("pk", "body"))


def events() -> Any:
    """What an import can be told; the opening is told by the ticket's own row."""
    kinds = [kind for kind in LEADS_TO if kind != TicketEvent.Kind.OPENED]
    return TicketEvent.objects.filter(kind__in=kinds)


TICKETS = [
    reference_column("external_id", ""),
    reference_column("customer", "", "customer"),
    column("subject", ""),
    column("body", "", "pk", look=first_messages),
    column("category", "", "category__name"),
    column("priority", "", show=lambda number: Ticket.Priority(number).name.lower()),
    column("opened_at", ""),
    column("status", "", "state"),
]
EVENTS = [
    reference_column("ticket", "", "ticket"),
    column("kind", ""),
    column("at", ""),
    column("by", "", "by__email", "actor", show=lambda by: by[0] or by[1]),
]


def register_all() -> None:
    """Called from SupportConfig.ready."""
    register(ExportList("tickets", _("tickets"), tickets, columns, key=key, picks="ticket"))
    everything = Ticket.objects.all
    register_kind(
        ExportList("tickets", "tickets", lambda _query, _user: everything(), fixed(TICKETS))
    )
    register_kind(
        ExportList("ticket_events", "ticket_events", lambda _query, _user: events(), fixed(EVENTS))
    )
