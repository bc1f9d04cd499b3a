"""How kinds, their targets and their example files are called by people.

The fixed names (`interface.md`) are what files and scripts say; these words are what pages say, and
a header made of them, in any of our languages, is understood as well (`headers`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from crm.imports.kinds import KINDS
from crm.models import CustomField

Words = str | Promise


@dataclass(frozen=True)
class KindWords:
    """A kind for people: its name, what a row of it is, its targets, and rows of an example."""

    label: Words
    teaches: Words
    # Where it stands among the kinds.
    place: int
    targets: Mapping[str, Words] = field(default_factory=dict)
    # Where its rows are seen once they are in, and the words of the link; blank: the customers.
    page: str = ""
    leads: Words = ""
    # By target; what is written here is read the same whatever the reader's language.
    example: Sequence[Mapping[str, str]] = ()


_WORDS: dict[str, KindWords] = {}
CUSTOM = "custom."


def describe(name: str, words: KindWords) -> None:
    """Put a kind into words; a room calls this where it registers the kind."""
    _WORDS[name] = words


def kind_names() -> list[str]:
    """The kinds that can be imported, in their places; those without words last."""
    return sorted(KINDS, key=lambda name: (_WORDS[name].place if name in _WORDS else 1000, name))


def kind_label(name: str) -> str:
    words = _WORDS.get(name)
    return str(words.label) if words else capfirst(name.replace("_", " "))


def kind_teaches(name: str) -> str:
    words = _WORDS.get(name)
    return str(words.teaches) if words else ""


def kind_page(name: str) -> tuple[str, str]:
    """The URL name of the page on which its rows are seen, and the words of a link to it."""
    words = _WORDS.get(name)
    if words and words.page:
        return words.page, str(words.leads)
    return "crm:customer-list", gettext("See the customers")


def target_label(kind: str, target: str, custom: Mapping[str, str] | None = None) -> str:
    """A target in words; `custom` has the names of fields of one's own by key."""
    if target.startswith(CUSTOM):
        key = target.removeprefix(CUSTOM)
        return (custom or {}).get(key, key)
    words = _WORDS.get(kind)
    said = words.targets.get(target) if words else None
    return str(said or _COMMON.get(target) or capfirst(target.replace("_", " ")))


def headers(kind: str, target: str) -> set[str]:
    """What the target is called in each of our languages."""
    found = set()
    for code, _name in settings.LANGUAGES:
        with override(code):
            found.add(target_label(kind, target))
    return found


def custom_labels() -> dict[str, str]:
    """Fields of one's own by key, those that forms offer."""
    return dict(CustomField.objects.filter(archived_at=None).values_list("key", "label"))


def example_file(kind: str) -> str:
    """A CSV in the reader's language that imports as it is: all columns, a few rows."""
    targets = [column.name for column in KINDS[kind].columns]
    words = _WORDS.get(kind)
    out = io.StringIO()
    # Where a comma parts the cents, spreadsheet programs part columns by semicolons.
    writer = csv.writer(out, delimiter=";" if get_format("DECIMAL_SEPARATOR") == "," else ",")
    writer.writerow([target_label(kind, target) for target in targets])
    for row in words.example if words else ():
        writer.writerow([row.get(target, "") for target in targets])
    return out.getvalue()


# --- The words ------------------------------------------------------------------------------

_COMMON: dict[str, Words] = {
    "customer": _("Customer"),
    "name": _("Name"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "currency": _("Currency"),
    "rate": _("Exchange rate"),
    "source": _("Source"),
    "kind": _("Kind"),
    "by": pgettext_lazy("column of a file", "By"),
    "comment": _("Comment"),
    "subject": _("Subject"),
    "category": _("Category"),
    "at": pgettext_lazy("column of a file", "Date and time"),
}

CUSTOMERS = KindWords(
    label=_("Customers"),
    teaches=_("A row per person or company: name, e-mail, phone, since when."),
    place=10,
    targets={
        "external_id": _("Customer number"),
        "kind": _("Person or company"),
        "stage": _("Stage"),
        "owner": _("Owner"),
        "language": _("Language"),
        "tags": _("Tags"),
        "created_at": _("Known since"),
        "customer_since": _("Customer since"),
        "referred_by": _("Referred by"),
        "birthday": _("Birthday"),
        "city": _("City"),
        "country": _("Country"),
    },
    example=(
        {
            "external_id": "1001",
            "name": "María Ñúñez",
            "kind": "person",
            "stage": "customer",
            "email": "maria@example.com",
            "phone": "+34 600 123 456",
            "language": "es",
            "tags": "vip; newsletter",
            "created_at": "2026-01-31",
            "birthday": "1990-05-17",
            "city": "Valencia",
        },
        {
            "external_id": "1002",
            "name": "Café Aurora",
            "kind": "company",
            "stage": "lead",
            "email": "ola@example.net",
            "language": "pt-br",
            "created_at": "2026-02-14",
            "referred_by": "1001",
            "city": "São Paulo",
        },
    ),
)

CONTACTS = KindWords(
    label=_("Contacts"),
    teaches=_("A row per person at a customer: who they are and how to reach them."),
    place=20,
    targets={
        "external_id": _("Contact number"),
        "role": _("Role"),
        "is_primary": _("First one to ask"),
    },
    example=(
        {
            "external_id": "C-1",
            "customer": "1002",
            "name": "João Pereira",
            "email": "joao@example.net",
            "role": "accounts",
            "is_primary": "yes",
        },
    ),
)

ORDERS = KindWords(
    label=_("Orders"),
    teaches=_("A row per purchase: whose, when, how much. A refund is a negative total."),
    place=30,
    targets={
        "external_id": _("Order number"),
        "ordered_at": _("Date of the order"),
        "total": _("Total"),
        "cost": _("Cost of what was sold"),
    },
    example=(
        {
            "external_id": "A-17",
            "customer": "1001",
            "ordered_at": "2026-03-02",
            "total": "1234.50",
            "cost": "800.00",
        },
        {
            "external_id": "A-18",
            "customer": "1001",
            "ordered_at": "2026-03-05",
            "total": "-34.50",
        },
    ),
)

CONTRACTS = KindWords(
    label=_("Contracts"),
    teaches=_("A row per contract: whose, from when until when, how much per month or year."),
    place=40,
    targets={
        "external_id": _("Contract number"),
        "starts_on": _("First day"),
        "ends_on": _("First day after it"),
        "amount": _("Amount"),
        "interval": _("Per month or year"),
        "cancelled_on": _("Cancelled on"),
        "reason": _("Reason"),
    },
    example=(
        {
            "external_id": "K-1",
            "customer": "1002",
            "starts_on": "2026-01-01",
            "ends_on": "2027-01-01",
            "amount": "49.90",
            "interval": "month",
        },
    ),
)

COSTS = KindWords(
    label=_("Costs"),
    teaches=_("A row per amount spent to win, serve and delight customers, or to train for it."),
    place=50,
    page="crm:cost-list",
    leads=_("See the costs"),
    targets={
        "external_id": _("Receipt number"),
        "purpose": pgettext_lazy("what a cost is for", "Purpose"),
        "amount": _("Amount"),
        "on": pgettext_lazy("column of a file", "Date"),
        "until": pgettext_lazy("column of a file", "Spread until"),
    },
    example=(
        {
            "external_id": "R-1",
            "purpose": "acquisition",
            "category": "advertising",
            "amount": "1234.56",
            "on": "2026-03-01",
            "until": "2026-04-01",
        },
        {
            "external_id": "R-2",
            "purpose": "service",
            "category": "tools",
            "amount": "49.90",
            "on": "2026-03-15",
        },
    ),
)

TENURES = KindWords(
    label=_("Times as a customer"),
    teaches=_("A row per span during which somebody was a customer, where orders do not tell."),
    place=60,
    targets={
        "external_id": _("Row number"),
        "started_at": _("Customer since"),
        "ended_at": _("Customer until"),
        "end_reason": _("Why it ended"),
    },
    example=(
        {
            "external_id": "T-1",
            "customer": "1001",
            "started_at": "2024-01-31",
            "ended_at": "2025-06-30",
            "end_reason": "competitor_price",
        },
    ),
)

INTERACTIONS = KindWords(
    label=_("Calls, visits and notes"),
    teaches=_("A row per thing that passed between you and a customer; it joins their timeline."),
    place=70,
    targets={
        "external_id": _("Row number"),
        "direction": _("Direction"),
        "channel": _("Channel"),
        "occurred_at": pgettext_lazy("column of a file", "Date and time"),
        "summary": _("Summary"),
        "body": _("Text"),
    },
    example=(
        {
            "external_id": "I-1",
            "customer": "1001",
            "kind": "call",
            "direction": "in",
            "occurred_at": "2026-03-02 10:30",
            "summary": "Asked for the price list",
        },
    ),
)


def register() -> None:
    """Called from CrmConfig.ready."""
    for name, words in (
        ("customers", CUSTOMERS),
        ("contacts", CONTACTS),
        ("orders", ORDERS),
        ("contracts", CONTRACTS),
        ("costs", COSTS),
        ("tenures", TENURES),
        ("interactions", INTERACTIONS),
    ):
        describe(name, words)
