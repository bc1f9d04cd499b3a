"""Numbers, money and times as the reader's own language writes them.

Amounts come out with the locale's own no-break spaces ("47.000,00 €"). What is unknown is "—".
In templates these are filters of the same names: `{% load vinculo %}`. A page of fifty rows asks for
hundreds of them, so what Babel says of a value and a language is kept.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

UNKNOWN = "—"
Amount = Decimal | float | int | None
# Where the language alone leaves open whose way of writing is meant.
LOCALES = {"es": "es_ES", "pt": "pt_BR"}


def active_locale() -> Locale:
    return _locale(get_language() or "en")


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES.get(language, to_locale(language)))


# --- Numbers ----------------------------------------------------------------------------


def money(amount: Amount, currency: str) -> str:
    """`{{ order.total|money:order.currency }}` → "R$ 47.000,00"."""
    if amount is None:
        return UNKNOWN
    return _money(amount, currency, get_language() or "")


@lru_cache(maxsize=4096)
def _money(amount: Decimal | float, currency: str, language: str) -> str:
    return format_currency(amount, currency, locale=_locale(language))


def money_short(amount: Amount, currency: str) -> str:
    """Without cents: for tiles and axes, where they would be noise."""
    if amount is None:
        return UNKNOWN
    pattern = active_locale().currency_formats["standard"].pattern.replace(".00", "")
    return format_currency(amount, currency, pattern, locale=active_locale(), currency_digits=False)


def number(value: Amount, digits: int | None = None) -> str:
    """Grouped; with exactly `digits` decimals, or as many as the value has, up to three."""
    if value is None:
        return UNKNOWN
    return format_decimal(value, _pattern(digits), locale=active_locale())


def percent(ratio: Amount, digits: int = 1) -> str:
    """`{{ 0.123|percent }}` → "12.3%": a ratio of counts, rounded here and nowhere before."""
    if ratio is None:
        return UNKNOWN
    pattern = active_locale().percent_formats[None].pattern
    exact = pattern.replace("#,##0", _pattern(digits) or "")
    return format_percent(ratio, exact, locale=active_locale())


def signed(value: Amount, digits: int | None = None) -> str:
    """A difference: "+3.1", "-0.4", "0"."""
    if value is None:
        return UNKNOWN
    pattern = _pattern(digits) or "#,##0.###"
    value = round(Decimal(str(value)), 3 if digits is None else digits) or Decimal(0)  # never -0
    sign = "+" if value else ""
    return format_decimal(value, f"{sign}{pattern};-{pattern}", locale=active_locale())


def _pattern(digits: int | None) -> str | None:
    if digits is None:
        return None
    return "#,##0." + "0" * digits if digits else "#,##0"


def duration(minutes: Amount) -> str:
    """A span in the unit that reads best: "45 min", "3.5 hr", "2.1 days"; "—" for none."""
    if minutes is None:
        return UNKNOWN
    value = Decimal(str(minutes))
    for unit, in_minutes in (("day", 2880), ("hour", 120)):
        if abs(value) >= in_minutes:
            value /= {"day": 1440, "hour": 60}[unit]
            break
    else:
        unit = "minute"
    rounded = round(value, 1 if unit != "minute" and abs(value) < 100 else 0)
    length: Literal["long", "short"] = "long" if unit == "day" else "short"
    return format_unit(rounded, f"duration-{unit}", length=length, locale=active_locale())


# --- Times ------------------------------------------------------------------------------


def date_long(value: date | None) -> str:
    """ "21 November 2026"; an instant is first put on the business's own calendar."""
    return _date(value, "long")


def date_short(value: date | None) -> str:
    return _date(value, "medium")


def day_short(value: date) -> str:
    """ "21 Nov", where the year goes without saying."""
    return format_skeleton("MMMd", value, locale=active_locale())


def month_name(value: date | None) -> str:
    """ "November 2026"."""
    if value is None:
        return UNKNOWN
    return format_skeleton("yMMMM", value, locale=active_locale())


def month_short(value: date) -> str:
    """ "Nov 2026", where there is little room."""
    return format_skeleton("yMMM", value, locale=active_locale())


def moment(value: datetime | None) -> str:
    """Date and time of day: "21 Nov 2026, 14:30"."""
    if value is None:
        return UNKNOWN
    return _moment(_local(value), get_language() or "")


def clock(value: datetime | None) -> str:
    """The time of day: "14:30"."""
    if value is None:
        return UNKNOWN
    return f"{_local(value):%H:%M}"


def ago(value: date | None) -> str | SafeString:
    """How far off, with the exact moment on hover and for screen readers."""
    if value is None:
        return UNKNOWN
    language = get_language() or ""
    if isinstance(value, datetime):
        value = _local(value)
        exact, distance = _moment(value, language), _off(value, language)
    else:
        exact, distance = _day(value, "long", language), _days_off(value, language)
    return _time(value, exact, distance)


def time_tag(value: datetime, words: str) -> SafeString:
    """`words` that stand for a moment, with the moment itself as `ago` has it."""
    local = _local(value)
    return _time(local, _moment(local, get_language() or ""), words)


def _time(local: date, exact: str, words: str) -> SafeString:
    # By hand: a page has a hundred of these, and format_html takes longer than all the rest of one.
    exact = escape(exact)
    return SafeString(
        f'<time datetime="{local.isoformat()}" title="{exact}">{escape(words)}'
        f'<span class="visually-hidden"> ({exact})</span></time>'
    )


def _moment(local: datetime, language: str) -> str:
    return f"{_day(local.date(), 'medium', language)}, {local.hour:02}:{local.minute:02}"


def _off(local: datetime, language: str) -> str:
    seconds = (local - timezone.now()).total_seconds()
    if abs(seconds) < 45:
        return _("just now")
    if abs(seconds) >= 20 * 3600:
        return _days_off(local.date(), language)
    return _span(_rounded(seconds), language, add_direction=True)


def _days_off(day: date, language: str) -> str:
    days = (day - timezone.localdate()).days
    if abs(days) > 1:
        return _span(days * 86400, language, add_direction=True)
    return _("today") if days == 0 else _("yesterday") if days < 0 else _("tomorrow")


def span(seconds: float) -> str:
    """A length of time in the largest unit of which there are at least two: "40 minutes", "9 days"."""
    shown = round(seconds) if seconds < 120 else _rounded(seconds)
    return _span(shown, get_language() or "", add_direction=False)


def _rounded(seconds: float) -> int:
    """As exactly as it is said, so that what is kept of it is asked for again."""
    unit = 60 if abs(seconds) < 2 * 3600 else 3600
    return round(seconds / unit) * unit


@lru_cache(maxsize=4096)
def _span(seconds: int, language: str, *, add_direction: bool) -> str:
    """`add_direction`: "9 days ago", "in 3 weeks"."""
    return format_timedelta(
        timedelta(seconds=seconds),
        add_direction=add_direction,
        threshold=2,
        locale=_locale(language),
    )


def _date(value: date | None, style: str) -> str:
    if value is None:
        return UNKNOWN
    day = _local(value).date() if isinstance(value, datetime) else value
    return _day(day, style, get_language() or "")


@lru_cache(maxsize=4096)
def _day(day: date, style: str, language: str) -> str:
    return format_date(day, style, locale=_locale(language))


def _local(value: datetime) -> datetime:
    zone = timezone.get_current_timezone()
    return value if value.tzinfo in (zone, None) else value.astimezone(zone)
