"""Subscribers behind a number: contacts, each with the customer whom it serves."""

from __future__ import annotations

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from crm.models import Affiliation, Contact
from metrics.facts.subscribers import EVERYONE, LEFT, OPENING, happened
from metrics.periods import Window
from metrics.rows.section import Rows
from metrics.sql import windows_table


def _of(window: Window, statement: str, end: str) -> Rows:
    table, params = windows_table("win", [window])
    keys = RawSQL(f"WITH {table}, {happened()}, {statement} {end}", params)  # noqa: S611 (our own words)
    return Rows("subscriber", _contacts(Contact.objects.filter(pk__in=keys)))


def _contacts(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    own = Affiliation.objects.filter(contact=OuterRef("pk")).order_by("-is_primary", "pk")
    return contacts.annotate(
        customer_id=Subquery(own.values("customer")[:1]),
        customer_name=Subquery(own.values("customer__name")[:1]),
        subscriber=F("name"),
    ).order_by("name", "pk")


def opening(window: Window) -> Rows:
    return _of(window, OPENING, "SELECT contact_id FROM opening")


def left(window: Window) -> Rows:
    return _of(window, f"{OPENING}, {LEFT}", "SELECT contact_id FROM leaving WHERE place = 1")


def everyone(window: Window) -> Rows:
    """Who was on the list at the start or joined in the window."""
    return _of(window, OPENING, EVERYONE)


def befallen(window: Window, cause: str) -> Rows:
    """Whom one cause befell in the window."""
    return _of(
        window,
        OPENING,
        "SELECT h.contact_id FROM win JOIN happened h ON h.at >= win.s AND h.at < win.e "  # noqa: S608
        f"WHERE h.cause = '{cause}'",
    )
