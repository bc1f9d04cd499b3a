"""Tickets and their history from elsewhere: the import kinds `tickets` and `ticket_events`."""

from crm.imports import kinds
from support.imports.events import EVENTS
from support.imports.tickets import TICKETS


def register() -> None:
    """Called from SupportConfig.ready."""
    kinds.register(TICKETS)
    kinds.register(EVENTS)
