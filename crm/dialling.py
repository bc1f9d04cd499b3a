"""What phonenumbers would say of an ordinary number, from the same rules at a tenth of the time.

A million imported numbers are mostly written plainly. Each function gives the library's own answer,
or None where anything is out of the ordinary (trunk prefixes, leading zeros, odd lengths): then the
library is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from phonenumbers import PhoneMetadata
from phonenumbers.phonenumberutil import (
    COUNTRY_CODE_TO_REGION_CODE,
    country_mobile_token,
    region_code_for_country_code,
)

_PUNCTUATION = str.maketrans("", "", " .-()")
# The way in which a format puts the groups of a number behind each other: "\1 \2-\3".
_IN_ORDER = re.compile(r"\\1(?:[ -]\\2(?:[ -]\\3(?:[ -]\\4)?)?)?")


@dataclass(frozen=True)
class Plan:
    """A country's numbering plan, as far as it concerns ordinary numbers."""

    code: str
    lengths: frozenset[int]
    # What must not stand in front for a number to be ordinary.
    trunk: re.Pattern[str] | None
    abroad: re.Pattern[str] | None
    # (what it begins with, its groups, how many of those); None: asks for the library.
    formats: tuple[tuple[re.Pattern[str] | None, re.Pattern[str], int], ...] | None

    @classmethod
    def of(cls, code: str, metadata: Any) -> Plan:
        return cls(
            code,
            frozenset(metadata.general_desc.possible_length),
            _compiled(metadata.national_prefix_for_parsing),
            _compiled(metadata.international_prefix),
            _formats(code, metadata),
        )

    def is_ordinary(self, national: str) -> bool:
        return (
            len(national) in self.lengths
            and national[0] != "0"
            and not (self.trunk and self.trunk.match(national))
        )


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(pattern) if pattern else None


def _formats(
    code: str, metadata: Any
) -> tuple[tuple[re.Pattern[str] | None, re.Pattern[str], int], ...] | None:
    if country_mobile_token(int(code)):
        return None
    found = []
    for one in metadata.intl_number_format or metadata.number_format:
        if not _IN_ORDER.fullmatch(one.format):
            return None
        begins = one.leading_digits_pattern
        found.append(
            (
                re.compile(begins[-1]) if begins else None,
                re.compile(one.pattern),
                one.format.count("\\"),
            )
        )
    return tuple(found)


@lru_cache(maxsize=300)
def plan_of_code(code: str) -> Plan | None:
    if int(code) not in COUNTRY_CODE_TO_REGION_CODE:
        return None
    region = region_code_for_country_code(int(code))
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    return Plan.of(code, metadata) if metadata else None


@lru_cache(maxsize=300)
def plan_of_region(region: str) -> Plan | None:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    return Plan.of(str(metadata.country_code), metadata) if metadata else None


def split(digits: str) -> tuple[Plan, str] | None:
    """The plan and the national number of digits that begin with a country code."""
    for length in (1, 2, 3):
        if plan := plan_of_code(digits[:length]):
            return plan, digits[length:]
    return None


def e164(text: str, region: str) -> str | None:
    """E.164 of an ordinary number of `region`, or of any country behind a plus."""
    plain = text.translate(_PUNCTUATION)
    is_international = plain.startswith("+")
    digits = plain[1:] if is_international else plain
    if not (digits.isascii() and digits.isdecimal() and 7 <= len(digits) <= 15):
        return None
    if is_international:
        parts = split(digits)
        return f"+{digits}" if parts and parts[1] and parts[0].is_ordinary(parts[1]) else None
    plan = plan_of_region(region)
    if plan is None or digits.startswith(plan.code):
        return None
    if (plan.abroad and plan.abroad.match(digits)) or not plan.is_ordinary(digits):
        return None
    return f"+{plan.code}{digits}"


def parts(number: str) -> tuple[str, str, int] | None:
    """Country code, national number and the length of its area code, of an ordinary E.164 number."""
    digits = number[1:]
    found = split(digits) if number[:1] == "+" and digits.isascii() and digits.isdecimal() else None
    if not found:
        return None
    plan, national = found
    if plan.formats is None or not national or not plan.is_ordinary(national):
        return None
    for begins, groups, count in plan.formats:
        if begins is None or begins.match(national):
            match = groups.fullmatch(national)
            if match:
                return plan.code, national, len(match[1]) if count > 1 else 0
    return plan.code, national, 0
