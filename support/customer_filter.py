"""What this room adds to the filters of the customer list: who waits for help."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.registry import CUSTOMER_FILTERS, CustomerFilterEntry
from support.models import Ticket


def _with_tickets(customers: Any, _name: str, value: str) -> Any:
    """What is in a private queue is nobody's business here: segments ask without a person."""
    tickets = Ticket.objects.open().filter(customer=OuterRef("pk"), queue__is_private=False)
    found = Exists(tickets)
    return customers.filter(found if value == "open" else ~found)


def _make() -> django_filters.Filter:
    return django_filters.ChoiceFilter(
        choices=[
            ("open", gettext_lazy("With an open ticket")),
            ("none", gettext_lazy("Without")),
        ],
        method=_with_tickets,
        label=gettext_lazy("Tickets"),
        empty_label=gettext_lazy("Any"),
    )


def _words(value: str) -> str:
    return _("with an open ticket") if value == "open" else _("without an open ticket")


def register() -> None:
    """Called from SupportConfig.ready."""
    CUSTOMER_FILTERS.register(CustomerFilterEntry("tickets", _make, _words))
