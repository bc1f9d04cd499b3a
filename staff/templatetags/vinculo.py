"""Numbers, money, times and small marks as the reader's own language writes them.

Amounts come out with the locale's own no-break spaces ("47.000,00 €"). What is unknown is "—".
"""

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext, to_locale
from django.utils.translation import gettext as _

from staff import colour, navigation

register = template.Library()

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


@register.filter
def money(amount: Amount, currency: str) -> str:
    """`{{ order.total|money:order.currency }}` → "R$ 47.000,00"."""
    if amount is None:
        return UNKNOWN
    return format_currency(amount, currency, locale=active_locale())


@register.filter
def money_short(amount: Amount, currency: str) -> str:
    """Without cents: for tiles and axes, where they would be noise."""
    if amount is None:
        return UNKNOWN
    pattern = active_locale().currency_formats["standard"].pattern.replace(".00", "")
    return format_currency(amount, currency, pattern, locale=active_locale(), currency_digits=False)


@register.filter
def number(value: Amount, digits: int | None = None) -> str:
    """Grouped; with exactly `digits` decimals, or as many as the value has, up to three."""
    if value is None:
        return UNKNOWN
    return format_decimal(value, _pattern(digits), locale=active_locale())


@register.filter
def percent(ratio: Amount, digits: int = 1) -> str:
    """`{{ 0.123|percent }}` → "12.3%": a ratio of counts, rounded here and nowhere before."""
    if ratio is None:
        return UNKNOWN
    pattern = active_locale().percent_formats[None].pattern
    exact = pattern.replace("#,##0", _pattern(digits) or "")
    return format_percent(ratio, exact, locale=active_locale())


@register.filter
def signed(value: Amount, digits: int | None = None) -> str:
    """A difference: "+3.1", "-0.4", "0"."""
    if value is None:
        return UNKNOWN
    pattern = _pattern(digits) or "#,##0.###"
    sign = "" if round(Decimal(str(value)), 3 if digits is None else digits) == 0 else "+"
    return format_decimal(value, f"{sign}{pattern};-{pattern}", locale=active_locale())


def _pattern(digits: int | None) -> str | None:
    if digits is None:
        return None
    return "#,##0." + "0" * digits if digits else "#,##0"


# --- Times ------------------------------------------------------------------------------


@register.filter
def date_long(value: date | None) -> str:
    """ "21 November 2026"; an instant is first put on the business's own calendar."""
    return _date(value, "long")


@register.filter
def date_short(value: date | None) -> str:
    return _date(value, "medium")


@register.filter
def month_name(value: date | None) -> str:
    """ "November 2026"."""
    if value is None:
        return UNKNOWN
    return format_skeleton("yMMMM", value, locale=active_locale())


@register.filter
def moment(value: datetime | None) -> str:
    """Date and time of day: "21 Nov 2026, 14:30"."""
    if value is None:
        return UNKNOWN
    day = format_date(_local(value), "medium", locale=active_locale())
    return f"{day}, {clock(value)}"


@register.filter
def clock(value: datetime | None) -> str:
    """The time of day: "14:30"."""
    if value is None:
        return UNKNOWN
    return format_datetime(_local(value), "HH:mm", locale=active_locale())


@register.filter
def ago(value: date | None) -> str | SafeString:
    """How far off, with the exact moment on hover and for screen readers."""
    if value is None:
        return UNKNOWN
    exact = moment(value) if isinstance(value, datetime) else date_long(value)
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="visually-hidden"> ({})</span></time>',
        value.isoformat(),
        exact,
        _distance(value),
        exact,
    )


def _distance(value: date) -> str:
    if isinstance(value, datetime):
        delta = value - timezone.now()
        if abs(delta.total_seconds()) < 45:
            return _("just now")
        if abs(delta.total_seconds()) < 20 * 3600:
            return format_timedelta(delta, add_direction=True, threshold=2, locale=active_locale())
        value = _local(value).date()
    days = (value - timezone.localdate()).days
    near = {0: _("today"), -1: _("yesterday"), 1: _("tomorrow")}
    if days in near:
        return near[days]
    delta = value - timezone.localdate()
    return format_timedelta(delta, add_direction=True, threshold=2, locale=active_locale())


def _date(value: date | None, style: str) -> str:
    if value is None:
        return UNKNOWN
    day = _local(value).date() if isinstance(value, datetime) else value
    return format_date(day, style, locale=active_locale())


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


# --- Marks ------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One drawing of the sprite; silent unless it is given a `label` of its own."""
    sprite = static("vendor/tabler-icons/sprite.svg")
    voice = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    return format_html('<svg class="icon" {}><use href="{}#{}"></use></svg>', voice, sprite, name)


@register.filter
def initials(name: object) -> str:
    """Up to two letters that stand for a name: "Ada Lovelace" → "AL"."""
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    chosen = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0] for word in chosen).upper() or "?"


# The lowest score of the middle group and of the upper one, per kind of survey.
SCORE_GROUPS = {"nps": (7, 9), "csat": (3, 4), "ces": (4, 5)}
SCORE_ICONS = {"low": "mood-sad", "middle": "mood-empty", "high": "mood-smile"}


@register.simple_tag
def score_mark(kind: str, score: int | None) -> str | SafeString:
    """A score with the one hue and the one face that its group has everywhere."""
    if score is None:
        return UNKNOWN
    group, label = score_group(kind, score)
    return format_html(
        '<span class="score score-{}" title="{}">{}{}<span class="visually-hidden"> ({})</span></span>',
        group,
        label,
        icon(SCORE_ICONS[group]),
        score,
        label,
    )


def score_group(kind: str, score: int) -> tuple[str, str]:
    """("low" | "middle" | "high", its translated name)."""
    middle, upper = SCORE_GROUPS[kind]
    group = "high" if score >= upper else "middle" if score >= middle else "low"
    if kind == "nps":
        names = {
            "low": pgettext("NPS", "Detractor"),
            "middle": pgettext("NPS", "Passive"),
            "high": pgettext("NPS", "Promoter"),
        }
    else:
        names = {"low": _("Dissatisfied"), "middle": _("Neutral"), "high": _("Satisfied")}
    return group, names[group]


@register.simple_tag
def sparkline(
    values: Sequence[Amount], target: Amount = None, label: str = "", *, running: bool = False
) -> str | SafeString:
    """A line without axes; `None` is a gap, `target` a thin line, a `running` last point hollow."""
    known = [float(v) for v in (*values, target) if v is not None]
    if len(known) < 2:
        return ""
    width, height, edge = 96, 28, 3
    low, high = min(known), max(known)

    def y(value: Decimal | float) -> float:
        share = (float(value) - low) / (high - low) if high > low else 0.5
        return round(height - edge - share * (height - 2 * edge), 1)

    step = (width - 2 * edge) / max(len(values) - 1, 1)
    points = [
        None if v is None else (round(edge + i * step, 1), y(v)) for i, v in enumerate(values)
    ]
    last = next((point for point in reversed(points) if point), None)
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {w} {h}" width="{w}" height="{h}" {voice}>'
        '{target}<path d="{path}"/>{dot}</svg>',
        w=width,
        h=height,
        voice=format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"'),
        target=format_html('<line x1="0" x2="{}" y1="{y}" y2="{y}"/>', width, y=y(target))
        if target is not None
        else "",
        path=_path(points),
        dot=format_html(
            '<circle cx="{}" cy="{}" r="2"{}/>',
            *last,
            mark_safe(' class="running"') if running else "",
        )
        if last
        else "",
    )


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    steps, pen_down = [], False
    for point in points:
        if point:
            steps.append(f"{'L' if pen_down else 'M'}{point[0]} {point[1]}")
        pen_down = point is not None
    return "".join(steps)


@register.simple_tag
def distribution(parts: Sequence[tuple[str, int]], label: str = "") -> str | SafeString:
    """A bar of shares from (group, count): groups low, middle, high, or 1 to 5 in shades."""
    total = sum(count for _group, count in parts)
    if not total:
        return ""
    bars = format_html_join(
        "",
        '<span class="distribution-{}" style="width:{}%"></span>',
        ((group, f"{100 * count / total:.2f}") for group, count in parts if count),
    )
    voice = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    return format_html('<span class="distribution" {}>{}</span>', voice, bars)


# --- The frame --------------------------------------------------------------------------


@register.inclusion_tag("_navigation.html", takes_context=True)
def navigation_left(context: template.Context) -> dict[str, object]:
    request: HttpRequest = context["request"]
    return {"groups": navigation.left(request), "current_path": request.path}


@register.inclusion_tag("_phone_bar.html", takes_context=True)
def navigation_bottom(context: template.Context) -> dict[str, object]:
    request: HttpRequest = context["request"]
    return {"links": navigation.bottom(request), "current_path": request.path}


@register.simple_tag
def accent(own: str | None) -> SafeString:
    """Custom properties of the business's colour, each dark or light enough to be read."""
    own = own or "#0f6b62"
    return format_html(
        ":root{{--vinculo-accent:{};--accent-on-light:{};--accent-on-dark:{}}}",
        own,
        _readable(colour.PAPER, own),
        _readable(colour.NIGHT, own, colour.BRIGHT),
    )


_readable = lru_cache(maxsize=64)(colour.readable_on)


@register.filter
def share(part: Amount, whole: Amount) -> str:
    """Per cent as a bare number for a computed width: `style="width:{{ n|share:total }}%"`."""
    if not part or not whole:
        return "0"
    value = 100 * float(part) / float(whole)
    return f"{min(max(value, 0), 100):.2f}" if math.isfinite(value) else "0"


@register.filter
def undo_url(message: Message) -> str:
    """Where a message's undo is posted: its extra tag `undo:/path/`, or ""."""
    tag = next((t for t in (message.extra_tags or "").split() if t.startswith("undo:/")), "")
    return tag.removeprefix("undo:")


CHART_VERSION = "4.6.1"
CHART_INTEGRITY = "sha384-Emf5ZVIUiarAdhkgtqK+5/Z5qIvM6QoVrS+qAVtfyZVuD5lIHrac0me485+Antp0"


@register.simple_tag
def chart_library() -> dict[str, str]:
    """Chart.js at its CDN, the hash it must have there, and our own copy of it."""
    return {
        "cdn": f"{settings.CHART_CDN}/npm/chart.js@{CHART_VERSION}/dist/chart.umd.min.js",
        "integrity": CHART_INTEGRITY,
        "local": static("vendor/chart.js/chart.umd.min.js"),
    }
