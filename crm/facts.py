"""What is known of a customer: each fact with its name in words, and the fields that edit it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import custom
from crm.models import Customer, CustomField
from staff.formats import date_long

# The facts of a customer's page by their name in addresses: what they are called, and their fields.
OWN = {
    "notes": (gettext_lazy("What they need, expect and prefer"), ("notes",)),
    "name": (gettext_lazy("Name"), ("name", "kind")),
    "tags": (gettext_lazy("Tags"), ("tags",)),
    "owner": (gettext_lazy("Looked after by"), ("owner",)),
    "source": (gettext_lazy("Source"), ("source",)),
    "referred_by": (gettext_lazy("Referred by"), ("referred_by",)),
    "language": (gettext_lazy("Language"), ("language",)),
    "place": (gettext_lazy("Where"), ("city", "country")),
    "birthday": (gettext_lazy("Birthday"), ("birthday",)),
}


@dataclass(frozen=True)
class Fact:
    """`text` is the value in words, "" when nothing is known; `fields` are those of CustomerForm."""

    name: str
    label: str
    fields: Sequence[str]
    text: str
    # Of the fact of that name, (folded, as it is written).
    tags: Sequence[tuple[str, str]] = ()


def of(customer: Customer, own_fields: Iterable[CustomField]) -> list[Fact]:
    """All facts in the order of the page; no query when tags, owner and referrer are at hand."""
    return [fact(customer, name, own_fields) for name in names(own_fields)]


def names(own_fields: Iterable[CustomField]) -> list[str]:
    living = [field for field in own_fields if field.archived_at is None]
    return [*OWN, *(custom.form_name(field) for field in living)]


def fact(customer: Customer, name: str, own_fields: Iterable[CustomField]) -> Fact:
    """One of `names`; raises KeyError for any other."""
    if name in OWN:
        label, fields = OWN[name]
        words = (said(customer, field, own_fields) for field in fields)
        text = ", ".join(word for word in words if word)
        return Fact(name, str(label), fields, text, tags(customer) if name == "tags" else ())
    field = {custom.form_name(one): one for one in own_fields if one.archived_at is None}[name]
    return Fact(name, field.label, [name], custom.show(field, customer.custom.get(field.key)))


def said(customer: Customer, name: str, own_fields: Iterable[CustomField] = ()) -> str:
    """What a field of a customer says in words: one of the model's, "tags", or "custom.<key>"."""
    if name.startswith("custom."):
        key = name.removeprefix("custom.")
        field = next((one for one in own_fields if one.key == key), None)
        value = customer.custom.get(key)
        return custom.show(field, value) if field else str(value or "")
    match name:
        case "tags":
            return ", ".join(word for _folded, word in tags(customer))
        case "kind":
            return str(customer.get_kind_display())
        case "language":
            return capfirst(_(customer.get_language_display())) if customer.language else ""
        case "birthday":
            return date_long(customer.birthday) if customer.birthday else ""
    value = getattr(customer, name)
    return "" if value is None else str(value)


def tags(customer: Customer) -> list[tuple[str, str]]:
    """(folded, as it is written), in order; without a query where `for_page` brought them."""
    if hasattr(customer, "tag_words"):
        return sorted((folded, name) for folded, name in customer.tag_words or ())
    return [(tag.folded, tag.name) for tag in customer.tags.all()]
