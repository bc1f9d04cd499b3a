"""Tickets and their history from elsewhere: the import kinds `tickets` and `ticket_events`."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.imports import kinds, words
from support.imports.events import EVENTS
from support.imports.tickets import TICKETS

TICKET_WORDS = words.KindWords(
    label=_("Tickets"),
    teaches=_("A row per ticket of another desk: whose, about what, when, in which state."),
    place=110,
    page="support:ticket-list",
    leads=_("See the tickets"),
    targets={
        "external_id": _("Ticket number"),
        "body": _("Text"),
        "priority": _("Priority"),
        "opened_at": _("Opened"),
        "status": _("State"),
    },
    example=(
        {
            "external_id": "501",
            "customer": "1001",
            "subject": "The door closer squeaks",
            "body": "Since yesterday, at every opening.",
            "priority": "normal",
            "opened_at": "2026-03-02 09:15",
            "status": "solved",
        },
    ),
)
EVENT_WORDS = words.KindWords(
    label=_("What happened to tickets"),
    teaches=_("A row per step of a ticket: answered, solved, opened again, and when."),
    place=120,
    page="support:ticket-list",
    leads=_("See the tickets"),
    targets={
        "ticket": _("Ticket number"),
        "kind": pgettext_lazy("column of a file", "What happened"),
    },
    example=(
        {"ticket": "501", "kind": "replied", "at": "2026-03-02 10:00"},
        {"ticket": "501", "kind": "resolved", "at": "2026-03-03 16:40"},
    ),
)


def register() -> None:
    """Called from SupportConfig.ready."""
    kinds.register(TICKETS)
    kinds.register(EVENTS)
    words.describe(TICKETS.name, TICKET_WORDS)
    words.describe(EVENTS.name, EVENT_WORDS)
