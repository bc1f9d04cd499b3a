"""Cells into values. Each parser returns the value or raises BadCell with a sentence for the person.

Nothing is guessed: what can be read in two ways is refused with the way to write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from crm.folding import fold
from crm.phones import default_region
from staff.models import Business
from staff.refusals import Refusal


class BadCell(Refusal):
    """A cell, or a row, that can't be taken; `str()` says why and what to write."""


@dataclass(frozen=True)
class Context:
    """What a cell is read against."""

    business: Business
    # How this file writes numbers and days, where one can't tell from a cell: "," or "."; "dmy" or
    # "mdy". Blank: nobody said, so what can be read in two ways is refused.
    decimal: str = ""
    dates: str = ""

    @cached_property
    def region(self) -> str:
        """The country whose telephone numbers are written without a country code."""
        return default_region(self.business)

    @property
    def day_first(self) -> bool:
        """Whether 03/04/2026 is the third of April for these people."""
        return self.dates == "dmy" or (not self.dates and self.business.language != "en")

    @property
    def month_first(self) -> bool:
        """Whether it is surely the fourth of March."""
        return self.dates == "mdy"


Parser = Callable[[str, Context], Any]


def yes_or_no(text: str, context: Context) -> bool:
    """Yes and no in our languages, and as machines write them."""
    word = fold(text)
    if word in _YES or word in _NO:
        return word in _YES
    raise BadCell(_("“%(text)s” is neither yes nor no.") % {"text": text})


_YES = frozenset("yes y true 1 x si s sim v verdadero verdadeiro".split())
_NO = frozenset("no n false 0 nao f falso".split())

_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
_COMMA_DECIMAL = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+")
_POINT_DECIMAL = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+")
_TWO_WAYS = re.compile(r"[+-]?\d{1,3}([.,])\d{3}")
_GROUPED = re.compile(r"[+-]?\d{1,3}(([.,])\d{3})(\2\d{3})+")
_MOST_MONEY = Decimal("999999999.99")
_CURRENCY_SIGNS = re.compile(r"(R\$|[$€£¥]|\s|\u00a0)")


def decimal(text: str, *, places: int, most: Decimal, mark: str = "") -> Decimal:
    """A number as people write it: 1234.56, 12,50, 1.234,56, 1,234.56, with a currency's sign.

    `mark` is the file's decimal mark where that is known: it decides what reads in two ways.
    """
    plain = _CURRENCY_SIGNS.sub("", text).replace("\u2212", "-")
    if plain.startswith("(") and plain.endswith(")"):
        plain = "-" + plain[1:-1]  # how accountants write a negative
    if mark and _TWO_WAYS.fullmatch(plain):
        plain = plain.replace("," if mark == "." else ".", "").replace(",", ".")
    elif _TWO_WAYS.fullmatch(plain) and places < 3:
        separator = "." if "." in plain else ","
        raise BadCell(
            _("“%(text)s” can be read in two ways. Write %(one)s or %(other)s.")
            % {
                "text": text,
                "one": plain.replace(separator, ""),
                "other": plain.replace(separator, ".")[:-1],
            }
        )
    if _COMMA_DECIMAL.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif _POINT_DECIMAL.fullmatch(plain):
        plain = plain.replace(",", "")
    elif _GROUPED.fullmatch(plain):
        plain = re.sub(r"[.,]", "", plain)
    if not _PLAIN.fullmatch(plain):
        raise BadCell(_("“%(text)s” is not a number. Write it like 1234.56.") % {"text": text})
    value = Decimal(plain)
    # First: what has more digits than Decimal's context can't even be rounded.
    if abs(value) > most:
        raise BadCell(_("“%(text)s” is too large.") % {"text": text})
    if value != round(value, places):
        raise BadCell(
            _("“%(text)s” has more than %(places)s decimals.") % {"text": text, "places": places}
        )
    return value


def money(text: str, context: Context) -> Decimal:
    return decimal(text, places=2, most=_MOST_MONEY, mark=context.decimal)


def rate(text: str, context: Context) -> Decimal:
    value = decimal(text, places=8, most=Decimal(999999), mark=context.decimal)
    if value <= 0:
        raise BadCell(_("An exchange rate is above zero."))
    return value


def decimal_mark(cells: Iterable[str]) -> str:
    """The decimal mark of a column: "," or "." when some cell tells and none says otherwise."""
    found = set()
    for cell in cells:
        plain = _CURRENCY_SIGNS.sub("", cell).strip("()-+")
        if match := re.fullmatch(r"[\d.,]*?([.,])(\d+)", plain):
            mark, digits = match.groups()
            other = "." if mark == "," else ","
            if plain.count(mark) > 1:
                found.add(other)  # it only groups: 1.234.567
            elif len(digits) != 3 or other in plain:
                found.add(mark)
    return found.pop() if len(found) == 1 else ""


def order_of_days(cells: Iterable[str]) -> str:
    """ "dmy" or "mdy" when some date of a column can be read in one way only and none contradicts."""
    found = set()
    for cell in cells:
        if match := _SLASHED.fullmatch(cell):
            first, second = int(match[1]), int(match[2])
            if (first > 12) != (second > 12):
                found.add("dmy" if first > 12 else "mdy")
    return found.pop() if len(found) == 1 else ""


def currency(text: str, context: Context) -> str:
    code = text.upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise BadCell(
            _("“%(text)s” is not a currency. Write three letters, such as EUR.") % {"text": text}
        )
    return code


_SLASHED = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)


def _instant(text: str, context: Context) -> datetime:
    slashed = _SLASHED.fullmatch(text)
    try:
        if not slashed:
            return datetime.fromisoformat(text)
        first, second, year, hour, minute, sec = (int(part or 0) for part in slashed.groups())
        settled = context.day_first or context.month_first or first == second
        if not settled and first <= 12 and second <= 12:
            raise BadCell(
                _("“%(text)s” can be read in two ways. Write it like 2026-01-31.") % {"text": text}
            )
        is_american = context.month_first or (not context.day_first and second > 12)
        day, month = (second, first) if is_american else (first, second)
        return datetime(year, month, day, hour, minute, sec)  # noqa: DTZ001 (its clock is told later)
    except ValueError as error:
        raise BadCell(
            _("“%(text)s” is not a date. Write it like 2026-01-31 or 2026-01-31 16:30.")
            % {"text": text}
        ) from error


class Day(datetime):
    """The midnight of a day of which the file tells no time."""


def instant(text: str, context: Context) -> datetime:
    """An aware instant in UTC; without an offset it is the business's own clock.

    A bare date is a Day: its midnight, unless a time of that day is known (`says_otherwise`).
    """
    value = _instant(text, context)
    if not 1900 <= value.year < 2200:
        raise BadCell(_("The year of “%(text)s” can't be right.") % {"text": text})
    if value.tzinfo is None:
        value = value.replace(tzinfo=context.business.zone)
    if len(text) <= LONGEST_DATE and not {":", "T"} & set(text):
        return Day.fromtimestamp(value.timestamp(), UTC)
    return value.astimezone(UTC)


def says_otherwise(said: Any, known: Any, context: Context) -> bool:
    """Whether a value of the file differs from what is known; a bare date does not from its times."""
    if isinstance(said, Day) and isinstance(known, datetime):
        zone = context.business.zone
        return said.astimezone(zone).date() != known.astimezone(zone).date()
    return bool(said != known)


def day(text: str, context: Context) -> date:
    """A local date; an instant with an offset is the business's date at that time."""
    value = _instant(text, context)
    if not 1900 <= value.year < 2200:
        raise BadCell(_("The year of “%(text)s” can't be right.") % {"text": text})
    return value.astimezone(context.business.zone).date() if value.tzinfo else value.date()


def midnight(on: date, context: Context) -> datetime:
    """The instant at which a local day begins."""
    return datetime.combine(on, time(), tzinfo=context.business.zone).astimezone(UTC)


def text(longest: int) -> Parser:
    def parse(text: str, context: Context) -> str:
        if len(text) > longest:
            raise BadCell(
                _("The text is longer than %(longest)s characters.") % {"longest": longest}
            )
        return text

    return parse


# 2026-01-31, 31.01.2026, and the week dates of ISO 8601: all that is longer tells a time.
LONGEST_DATE = 10
LONGEST_ADDRESS = 254
# What surely is one by Django's rules, which take longer.
_ORDINARY_ADDRESS = re.compile(
    r"[a-z0-9_+-]{1,60}(?:\.[a-z0-9_+-]{1,60}){0,3}@(?:[a-z0-9]{1,60}\.){1,4}[a-z]{2,20}"
)


def email(text: str, context: Context) -> str:
    address = text.lower().removeprefix("mailto:")
    if _ORDINARY_ADDRESS.fullmatch(address) and len(address) <= LONGEST_ADDRESS:
        return address
    if not _is_address(address):
        raise BadCell(_("“%(text)s” is not an e-mail address.") % {"text": text})
    return address


def _is_address(text: str) -> bool:
    if "@" not in text or len(text) > LONGEST_ADDRESS:
        return False
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def language(text: str, context: Context) -> str:
    known = [known for known, _name in settings.LANGUAGES]
    if text in known:
        return text
    code = text.lower().replace("_", "-")
    for candidate in known:
        if code == candidate or code.split("-")[0] == candidate.split("-")[0]:
            return candidate
    raise BadCell(
        _("“%(text)s” is not one of the languages %(known)s.")
        % {"text": text, "known": ", ".join(known)}
    )


def choice(values: Iterable[str]) -> Parser:
    allowed = tuple(values)

    def parse(text: str, context: Context) -> str:
        value = text.lower().replace(" ", "_")
        if value not in allowed:
            raise BadCell(
                _("“%(text)s” is not one of: %(allowed)s.")
                % {"text": text, "allowed": ", ".join(allowed)}
            )
        return value

    return parse


def whole(text: str, context: Context) -> int:
    """A whole number, 9 and 9.0 alike."""
    try:
        value = Decimal(text.replace(",", "."))
    except ArithmeticError as error:
        raise BadCell(_("“%(text)s” is not a whole number.") % {"text": text}) from error
    if not value.is_finite() or value != value.to_integral_value() or abs(value) > 10**9:
        raise BadCell(_("“%(text)s” is not a whole number.") % {"text": text})
    return int(value)
