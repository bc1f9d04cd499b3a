"""The public holidays of a country or of one of its regions: "ES-VC", "BR-SP", "PT"; "" has none.

The `holidays` package knows them; it is imported when first asked, as most processes never ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.core import get_global
from django.utils.translation import get_language, to_locale

from crm.folding import fold

Choice = tuple[str, str]


class UnknownRegion(ValueError):
    """No country or region goes by this code."""


@dataclass(frozen=True)
class HolidayRegion:
    """A country, or a region of it, whose public holidays close a business."""

    country: str = ""
    subdivision: str = ""

    @classmethod
    def parse(cls, code: str) -> HolidayRegion:
        """The region that a code names, such as "ES-VC". Raises UnknownRegion."""
        country, _dash, subdivision = code.partition("-")
        if code and (country not in _countries() or (_dash and not subdivision)):
            raise UnknownRegion(code)
        if subdivision and subdivision not in _countries()[country]:
            raise UnknownRegion(code)
        return cls(country, subdivision)

    def __str__(self) -> str:
        return f"{self.country}-{self.subdivision}" if self.subdivision else self.country

    def days(self, year: int) -> Mapping[date, str]:
        """The public holidays of a year, each with its name in the reader's language if known."""
        if not self.country:
            return {}
        return _days(self.country, self.subdivision, year, get_language() or "en")

    def __contains__(self, day: date) -> bool:
        # Asked for each day that a clock runs over: by a key that is always the same language's.
        return bool(self.country) and day in _days(self.country, self.subdivision, day.year, "")

    def coming(self, since: date, count: int) -> list[tuple[date, str]]:
        """The next holidays from `since` on, at most `count` of this year and the next."""
        days = {**self.days(since.year), **self.days(since.year + 1)}
        return [(day, days[day]) for day in sorted(days) if day >= since][:count]


NO_REGION = HolidayRegion()


def choices() -> list[Choice | tuple[str, list[Choice]]]:
    """Every region by the names of the reader's language; a country with regions is a group."""
    return _choices(get_language() or "en")


def region_of_zone(time_zone: str) -> HolidayRegion:
    """The country that a time zone lies in, if its holidays are known; else no region at all."""
    country = get_global("zone_territories").get(time_zone, "")
    return HolidayRegion(country) if country in _countries() else NO_REGION


@lru_cache(maxsize=8)
def _choices(language: str) -> list[Choice | tuple[str, list[Choice]]]:
    territories = Locale.parse(to_locale(language)).territories
    named = {code: str(territories.get(code, code)) for code in _countries()}
    found: list[Choice | tuple[str, list[Choice]]] = []
    for country in sorted(named, key=lambda code: fold(named[code])):
        names = _subdivision_names(country)
        if not names:
            found.append((country, named[country]))
            continue
        parts = sorted(names.items(), key=lambda part: fold(part[1]))
        regions = [(f"{country}-{code}", f"{named[country]} · {name}") for code, name in parts]
        found.append((named[country], [(country, named[country]), *regions]))
    return found


def _subdivision_names(country: str) -> dict[str, str]:
    """{"VC": "Valenciana"}: the longest of the names that the package has for each, or its code."""
    aliases: dict[str, str] = getattr(_country_class(country), "subdivisions_aliases", {})
    names = {code: code for code in _countries()[country]}
    for alias, code in aliases.items():
        if code in names and (names[code] == code or len(alias) > len(names[code])):
            names[code] = alias
    return names


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    """{"ES": ["AN", …]}: the countries whose holidays are known, with their regions' codes."""
    import holidays

    return holidays.list_supported_countries(include_aliases=False)


def _country_class(country: str) -> Any:
    import holidays

    return getattr(holidays, country)


@lru_cache(maxsize=512)
def _days(country: str, subdivision: str, year: int, language: str) -> dict[date, str]:
    import holidays

    known = holidays.country_holidays(
        country,
        subdiv=subdivision or None,
        years=year,
        expand=False,
        language=_spoken(country, language),
    )
    return {day: name for day, name in known.items() if day.year == year}


def _spoken(country: str, language: str) -> str | None:
    """The package's name for a language if it knows the country's holidays in it; None: its own."""
    wanted = language.partition("-")[0]
    spoken: tuple[str, ...] = getattr(_country_class(country), "supported_languages", ())
    return next((name for name in spoken if wanted and name.startswith(wanted)), None)
