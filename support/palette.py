"""Tickets in the search everywhere: by number, or by the beginnings of words."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.palette import found_customers
from crm.registry import PALETTE, PaletteGroup, PaletteItem
from staff.access import Role, acting_user
from support.models import Ticket

MOST = 5


def tickets(request: HttpRequest, text: str) -> list[PaletteItem]:
    if not text:
        return []
    found = Ticket.objects.visible_to(acting_user(request)).counted().search(text)
    rows = found.select_related("customer").only("subject", "state", "customer__name")
    return [
        PaletteItem(
            f"#{ticket.pk} {ticket.subject}",
            reverse("support:ticket", args=[ticket.pk]),
            note=f"{ticket.customer.name} · {capfirst(Ticket.State(ticket.state).label)}",
            icon="ticket",
        )
        for ticket in rows.order_by("-last_activity_at", "-pk")[:MOST]
    ]


def deeds(request: HttpRequest, text: str) -> list[PaletteItem]:
    """A new ticket, of the customer who matches best where something was typed."""
    if not acting_user(request).has_role(Role.AGENT):
        return []
    url, icon = reverse("support:ticket-create"), "ticket"
    best = found_customers(request, text)[:1]
    if not best:
        return [PaletteItem(_("New ticket"), url, icon=icon)]
    title = _("New ticket of %(name)s") % {"name": best[0].name}
    return [PaletteItem(title, f"{url}?{urlencode({'customer': best[0].pk})}", icon=icon)]


def register() -> None:
    """Called from SupportConfig.ready."""
    PALETTE.register(PaletteGroup("tickets", gettext_lazy("Tickets"), tickets, order=30))
    PALETTE.register(
        PaletteGroup(
            "ticket-deeds", pgettext_lazy("of a search", "Help"), deeds, order=90, leads=True
        )
    )
