"""Fields of one's own on customers: the values in `Customer.custom`, read, written and shown.

A value is kept in JSON's own types under its field's key: texts and choices as strings, numbers as
decimal strings, dates as ISO strings, yes/no as booleans; what is empty has no key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Subquery, Value
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.folding import fold
from crm.forms.fields import DayField, NumberField
from crm.gathering import gathered
from crm.imports import parsing
from crm.models import CustomField
from staff.formats import date_long, number
from staff.models import Business
from staff.refusals import Refusal

if TYPE_CHECKING:
    from django.http import HttpRequest

Kind = CustomField.Kind
Kept = str | bool
LONGEST = 500
DECIMALS = 6
MOST = Decimal(10**12)
YES = {"yes", "y", "true", "1", "x", "si", "s", "sim", "verdadero", "verdadeiro"}
NO = {"no", "n", "false", "0", "nao", "falso"}


class NotOffered(Refusal):
    """A word that is not among the choices; the sentence names those."""

    def __init__(self, field: CustomField, text: str) -> None:
        offered = ", ".join(field.choices)
        words = {"text": text, "allowed": offered}
        super().__init__(_("“%(text)s” is not one of: %(allowed)s.") % words)


class NeitherYesNorNo(Refusal):
    def __init__(self, text: str) -> None:
        super().__init__(_("“%(text)s” is neither yes nor no.") % {"text": text})


# --- Which fields there are -----------------------------------------------------------------


def known(request: HttpRequest | None = None) -> list[CustomField]:
    """All fields in their order, archived ones too: one query, and none more for this request."""
    if request is None:
        return list(CustomField.objects.all())
    found: list[CustomField] | None = getattr(request, "custom_fields", None)
    if found is None:
        found = known()
        request.custom_fields = found  # type: ignore[attr-defined]
    return found


def fields(request: HttpRequest | None = None) -> list[CustomField]:
    """Those that forms, filters and files offer."""
    return [field for field in known(request) if field.archived_at is None]


_BESIDE = ("pk", "key", "label", "kind", "choices", "position", "archived_at")


def beside() -> Subquery:
    """All fields beside another row, for a page that has no query to spare; see `take`."""
    return gathered(CustomField.objects.annotate(every=Value(1)), "every", *_BESIDE)


def take(request: HttpRequest, rows: list[list[Any]] | None) -> list[CustomField]:
    """Let what `beside` brought be what is `known` for this request."""
    found = [CustomField(**dict(zip(_BESIDE, row, strict=True))) for row in rows or []]
    for field in found:
        field.choices = _listed(field.choices)
    found.sort(key=lambda field: (field.position, field.pk))
    request.custom_fields = found  # type: ignore[attr-defined]
    return found


def _listed(choices: Any) -> Any:
    # Within JSON, SQLite gives JSON as a text.
    return json.loads(choices) if isinstance(choices, str) else choices


# --- Values ---------------------------------------------------------------------------------


def parse(field: CustomField, text: str, business: Business) -> Kept | None:
    """What a cell of a file says, as it is kept; None for an empty one.

    Numbers and days are read as the importer reads them. Raises a Refusal (BadCell, NotOffered,
    NeitherYesNorNo) with a sentence for the person.
    """
    text = " ".join(text.split()) if field.kind != Kind.TEXT else text.strip()
    if not text:
        return None
    context = parsing.Context(business)
    match field.kind:
        case Kind.NUMBER:
            return _written(parsing.decimal(text, places=_places(text), most=MOST))
        case Kind.DATE:
            return parsing.day(text, context).isoformat()
        case Kind.CHOICE:
            return _offered(field, text)
        case Kind.YES_NO:
            return _yes_or_no(text)
    return str(parsing.text(LONGEST)(text, context))


def _places(text: str) -> int:
    """As many decimals as there may be; with two at most, "1.234" is refused: it reads in two ways."""
    digits = re.sub(r"[^0-9.,]", "", text)
    return 2 if re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", digits) else DECIMALS


def _written(value: Decimal) -> str:
    """Without an exponent or needless zeros, so that equal numbers are equal texts."""
    plain = f"{value:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "") else plain


def _offered(field: CustomField, text: str) -> str:
    by_folded: dict[str, str] = {fold(choice): choice for choice in field.choices}
    try:
        return by_folded[fold(text)]
    except KeyError:
        raise NotOffered(field, text) from None


def _yes_or_no(text: str) -> bool:
    folded = fold(text)
    if folded in YES or folded == fold(_("yes")):
        return True
    if folded in NO or folded == fold(_("no")):
        return False
    raise NeitherYesNorNo(text)


def to_kept(field: CustomField, value: Any) -> Kept | None:
    """What a form field's cleaned value is kept as; None when it was left empty."""
    if value in (None, ""):
        return None
    if isinstance(value, Decimal):
        return _written(value)
    return value.isoformat() if isinstance(value, date) else value


def from_kept(field: CustomField, value: Any) -> Any:
    """A kept value as Decimal, date, bool or str; what does not fit its field's kind stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        if field.kind == Kind.NUMBER:
            found = Decimal(value)
            return found if found.is_finite() else value
        if field.kind == Kind.DATE:
            return date.fromisoformat(value)
        if field.kind == Kind.YES_NO:
            return _yes_or_no(value)
    except (InvalidOperation, ValueError, NeitherYesNorNo):
        return value
    return value


def show(field: CustomField, value: Any) -> str:
    """As the reader's language writes it; "" for nothing."""
    value = from_kept(field, value)
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return number(value, _decimals(value))
    return date_long(value) if isinstance(value, date) else str(value)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def file_text(field: CustomField, value: Any) -> str:
    """As a file has it, so that `parse` reads the same again whatever the business's language."""
    value = from_kept(field, value)
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        # "1.234" could be read as a thousand and more; "1.2340" can't.
        return f"{value:f}" + ("0" if _decimals(value) == 3 else "")
    return value.isoformat() if isinstance(value, date) else str(value)


def unknown(values: Mapping[str, Any], among: Iterable[CustomField]) -> list[tuple[str, str]]:
    """(name, value) of what a file brought under names that no field has, not even an archived one."""
    names = values.keys() - {field.key for field in among}
    return [(name, str(values[name])) for name in sorted(names)]


def in_the_trail() -> Callable[[str, Any], tuple[str, str]]:
    """Puts a field's key and a recorded value into words, for the trail of changes: one query."""
    by_key = {field.key: field for field in known()}

    def words(key: str, value: Any) -> tuple[str, str]:
        field = by_key.get(key)
        plain = "" if value is None else str(value)
        return (field.label, show(field, value)) if field else (key, plain)

    return words


# --- Forms ----------------------------------------------------------------------------------


def form_name(field: CustomField) -> str:
    """What a field is called in forms and addresses."""
    return f"custom_{field.key}"


def form_field(field: CustomField, kept: Any = None) -> forms.Field:
    """A form field in the reader's way of writing; `kept` is offered although no choice any more."""
    label, initial = field.label, from_kept(field, kept)
    match field.kind:
        case Kind.NUMBER:
            limits = {"max_digits": 18, "decimal_places": DECIMALS}
            return NumberField(label=label, required=False, initial=initial, **limits)
        case Kind.DATE:
            return DayField(label=label, required=False, initial=initial)
        case Kind.CHOICE:
            offered = [*field.choices, *([kept] if kept and kept not in field.choices else [])]
            choices = [("", "—"), *((str(word), str(word)) for word in offered)]
            return forms.ChoiceField(label=label, required=False, initial=kept, choices=choices)
        case Kind.YES_NO:
            return YesNoField(label=label, initial=kept)
    return forms.CharField(
        label=label,
        required=False,
        initial=kept,
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class YesNoField(forms.TypedChoiceField):
    """Yes, no, or not known: a box alone could not tell the last two apart."""

    def __init__(self, *, label: str, initial: Any = None) -> None:
        initial = "" if initial is None else "yes" if initial else "no"
        super().__init__(
            label=label,
            required=False,
            initial=initial,
            choices=[
                ("", "—"),
                ("yes", pgettext("in a choice", "Yes")),
                ("no", pgettext("in a choice", "No")),
            ],
            coerce=lambda word: word == "yes",
            empty_value=None,
        )
