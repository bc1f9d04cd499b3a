"""Search everywhere: what this room offers in it, and the order of the whole.

Higher rooms register groups of theirs (crm.registry.PALETTE).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm import folding, phones
from crm.models import Affiliation, Customer
from crm.registry import PALETTE, PaletteGroup, PaletteItem
from staff import navigation
from staff.access import Role, acting_user

MOST = 6
NOT_LAST = frozenset("abcdefghijklmnopqrstuvwxy012345678")
LONGEST = 200
# Fewer digits are more likely a number of something else.
DIGITS_OF_A_PHONE = 7


@dataclass(frozen=True)
class Found:
    """A group that has something to offer; `number` counts its items on from those before."""

    name: str
    title: str
    items: list[tuple[int, PaletteItem]]


def search(request: HttpRequest, text: str) -> list[Found]:
    """Every group with items for what was typed, in order; for nothing, where one can go."""
    text = " ".join(text.split())[:LONGEST]
    found, number = [], 0
    for group in sorted(PALETTE.all(), key=lambda group: not (group.leads or text)):
        items = group.find(request, text)
        if items:
            numbered = list(enumerate(items, number))
            number += len(items)
            found.append(Found(group.name, str(group.title), numbered))
    return found


# --- This room's groups -----------------------------------------------------------------------


def customers(request: HttpRequest, text: str) -> list[PaletteItem]:
    return [
        PaletteItem(
            customer.name,
            reverse("crm:customer", args=[customer.pk]),
            note=_note(capfirst(Customer.Stage(customer.stage).label), customer.city),
            icon="building" if customer.kind == Customer.Kind.COMPANY else "user",
        )
        for customer in found_customers(request, text)
    ]


def contacts(request: HttpRequest, text: str) -> list[PaletteItem]:
    """The people at the companies found who are called so themselves."""
    words = folding.words(text)
    companies = [
        one.pk for one in found_customers(request, text) if one.kind == Customer.Kind.COMPANY
    ]
    if not (words and companies):
        return []
    people = (
        Affiliation.objects.filter(customer__in=companies, until=None)
        .select_related("contact", "customer")
        .order_by("-is_primary", "contact__name", "pk")
    )
    return [
        PaletteItem(
            one.contact.name,
            reverse("crm:customer", args=[one.customer_id]),
            note=_note(one.role, one.customer.name),
            icon="user-circle",
        )
        for one in people
        if all(_begins(one.contact.name, word) for word in words)
    ][:MOST]


def found_customers(request: HttpRequest, text: str) -> list[Customer]:
    """The first few who match, those first whose name begins so; looked up once for all groups."""
    known: tuple[str, list[Customer]] = getattr(request, "palette_customers", ("", []))
    if known[0] != text:
        known = text, _first_few(text)
        request.palette_customers = known  # type: ignore[attr-defined]
    return known[1]


def _first_few(text: str) -> list[Customer]:
    rows = Customer.objects.active().only("name", "name_folded", "city", "stage", "kind")
    rows = rows.order_by("name_folded", "pk")
    found = []
    beginning = folding.fold(text)
    # Between two names, so that the index of names serves whatever the database's way of sorting.
    if beginning[-1:] in NOT_LAST:
        after = beginning[:-1] + chr(ord(beginning[-1]) + 1)
        between = rows.filter(name_folded__gte=beginning, name_folded__lt=after)[:MOST]
        found = [one for one in between if one.name_folded.startswith(beginning)]
    if len(found) < MOST:
        known = {one.pk for one in found}
        found += [one for one in rows.search(text)[: 2 * MOST] if one.pk not in known]
    return found[:MOST]


def pages(request: HttpRequest, text: str) -> list[PaletteItem]:
    """The pages of the navigation that this person may read, by the beginnings of their words."""
    entries = [entry for group in navigation.GROUPS for entry in group.entries]
    links = navigation.links(navigation.role_of(request), [*entries, *ASIDE], "")
    words = folding.words(text)
    return [
        PaletteItem(str(link.entry.label), link.url, icon=link.entry.icon)
        for link in links
        if all(_begins(str(link.entry.label), word) for word in words)
    ]


# Pages that the navigation on the left has no room for.
ASIDE = (
    navigation.Entry("staff:export-list", gettext_lazy("Exports"), "file-export"),
    navigation.Entry("staff:audit", gettext_lazy("Changes"), "history"),
    navigation.Entry("staff:profile", gettext_lazy("Your account"), "user-circle"),
    navigation.Entry("crm:lookup", gettext_lazy("Who is calling?"), "phone"),
)


def deeds(request: HttpRequest, text: str) -> list[PaletteItem]:
    """What can be done at once: with the customer who matches best, or with what was typed."""
    if not acting_user(request).has_role(Role.AGENT):
        return []
    if not text:
        return [
            PaletteItem(_("New customer"), reverse("crm:customer-create"), icon="user-plus"),
            PaletteItem(_("Log something"), reverse("crm:log"), icon="plus"),
        ]
    items = []
    for best in found_customers(request, text)[:1]:
        query = urlencode({"customer": f"{best.name} #{best.pk}", "kind": "call"})
        title = _("Log a call with %(name)s") % {"name": best.name}
        items.append(PaletteItem(title, f"{reverse('crm:log')}?{query}", icon="phone"))
    field = "name"
    if sum(map(str.isdigit, text)) >= DIGITS_OF_A_PHONE and phones.runs(text) == [text]:
        field = "phone"
    elif "@" in text:
        field = "email"
    title = _("New customer “%(text)s”") % {"text": text}
    url = f"{reverse('crm:customer-create')}?{urlencode({field: text})}"
    return [*items, PaletteItem(title, url, icon="user-plus")]


def _begins(text: str, word: str) -> bool:
    return any(own.startswith(word) for own in folding.words(text))


def _note(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)


def register() -> None:
    """Called from CrmConfig.ready."""
    for group in (
        PaletteGroup("customers", gettext_lazy("Customers"), customers, order=10),
        PaletteGroup("contacts", gettext_lazy("People"), contacts, order=20),
        PaletteGroup("pages", gettext_lazy("Go to"), pages, order=70),
        PaletteGroup("deeds", pgettext_lazy("of a search", "Do"), deeds, order=80, leads=True),
    ):
        PALETTE.register(group)
