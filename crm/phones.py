"""Telephone numbers: any spelling in, E.164 kept, a readable one out."""

import contextlib
import re

import phonenumbers
from babel.core import get_global
from django.utils.translation import gettext_lazy as _
from phonenumbers import PhoneNumberFormat

from crm import dialling
from staff.models import Business
from staff.refusals import Refusal

# Where a time zone names no country: the largest one that writes in the business's language.
_BY_LANGUAGE = {"es": "ES", "pt-br": "BR", "en": "US"}
# A run of digits as people write telephone numbers, within a longer text.
# Not the end of a word, as in the e-mail of an ana1985.
_RUN = re.compile(r"(?<!\w)\+?\(?\d[\d\s().\-/]*\d(?!\w)")
# How all that begins from which Mexico's old prefixes are taken, wherever it is read.
_MEXICAN = re.compile(r"\+\D*5\D*2\D*1")
_OLD_MEXICAN = re.compile(r"(?:\+?521|044|045|01)(\d{10})")
_FEWEST, _MOST = 3, 17


class NotAPhone(Refusal):
    message = _("This is not a telephone number that can be called.")


def default_region(business: Business | None) -> str:
    """The country whose numbers are written without a country code: that of the time zone."""
    if business is None:
        return _BY_LANGUAGE["en"]
    zone = get_global("zone_aliases").get(business.time_zone, business.time_zone)
    region = get_global("zone_territories").get(zone, "")
    if region in phonenumbers.SUPPORTED_REGIONS:
        return str(region)
    return _BY_LANGUAGE.get(business.language, _BY_LANGUAGE["en"])


def normalise(text: str, *, region: str) -> str:
    """E.164 of a number in any spelling, read as one of `region` unless it says otherwise.

    Raises NotAPhone for what no telephone could dial; a number that is merely not assigned
    (yet) passes, because numbering plans change faster than libraries.
    """
    text = unicode_digits(text).strip()
    if text.startswith("00"):
        text = f"+{text[2:]}"
    if region == "MX" or _MEXICAN.match(text):
        text = _without_old_prefix(text)
    if ordinary := dialling.e164(text, region):
        return ordinary
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise NotAPhone from None
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise NotAPhone
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _without_old_prefix(text: str) -> str:
    """Mexico gave up its prefixes of mobiles and long distance in 2019; address books have not."""
    digits = re.sub(r"\D", "", text)
    old = _OLD_MEXICAN.fullmatch(f"+{digits}" if text.startswith("+") else digits)
    return f"+52{old[1]}" if old else text


def readable(e164: str, region: str) -> str:
    """As people of `region` write it: their own numbers without the country code."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    at_home = phonenumbers.region_code_for_number(number) == region
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def search_tokens(e164: str) -> list[str]:
    """The digit strings that some spelling of the number begins with.

    With the country code, without it, without the area code, and the last four digits.
    """
    code, national, area = dialling.parts(e164) or _parts(e164)
    if not code:
        return [national] if national else []
    tokens = [f"{code}{national}", national, national[area:], national[-4:]]
    return list(dict.fromkeys(token for token in tokens if token))


def _parts(e164: str) -> tuple[str, str, int]:
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        digits = re.sub(r"\D", "", e164)
        return "", digits, 0
    national = phonenumbers.national_significant_number(number)
    area = phonenumbers.length_of_national_destination_code(number)
    return str(number.country_code), national, area


def runs(text: str) -> list[str]:
    """The parts of a text that could be (the beginning of) a telephone number."""
    found = _RUN.findall(unicode_digits(text))
    return [run for run in found if _FEWEST <= sum(map(str.isdigit, run)) <= _MOST]


def without(text: str, run: str) -> str:
    """The text but for one of its `runs`."""
    return re.sub(rf"(?<!\w){re.escape(run)}(?!\w)", " ", text, count=1)


def spellings(run: str, region: str | None) -> list[str]:
    """The digit strings under which a number typed so far may be found: see search_tokens.

    `region` lets a whole number be read by its country's own rules (trunk prefixes); None: not.
    """
    plain = run.replace("(0)", "")
    digits = re.sub(r"\D", "", plain)
    candidates = [digits]
    if digits.startswith("0"):
        candidates.append(digits.lstrip("0"))
    if region:
        with contextlib.suppress(NotAPhone):
            candidates.append(normalise(plain, region=region).removeprefix("+"))
    return list(dict.fromkeys(candidate for candidate in candidates if candidate))


def unicode_digits(text: str) -> str:
    """Digits of any script (and full-width ones) as ASCII's."""
    if text.isascii():
        return text
    return "".join(
        str(int(character)) if character.isdecimal() else character for character in text
    ).replace("＋", "+")
