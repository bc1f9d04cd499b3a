"""What templates say of a value: how it reads, and the small marks beside it."""

import math
from collections.abc import Sequence
from functools import lru_cache

from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import get_script_prefix, get_urlconf
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from staff import colour, constant_nodes, navigation
from staff.formats import (
    UNKNOWN,
    Amount,
    ago,
    clock,
    date_long,
    date_short,
    moment,
    money,
    money_short,
    month_name,
    number,
    percent,
    signed,
)

# The formats are filters, and are taken from here by the pages' own Python.
__all__ = [
    "UNKNOWN",
    "ago",
    "clock",
    "date_long",
    "date_short",
    "moment",
    "money",
    "money_short",
    "month_name",
    "number",
    "percent",
    "signed",
    "sparkline",
]

register = template.Library()

for show in (
    ago,
    clock,
    date_long,
    date_short,
    moment,
    money,
    money_short,
    month_name,
    number,
    percent,
    signed,
):
    register.filter(show)


register.tag("url", constant_nodes.url)
register.tag("translate", constant_nodes.translate)
register.tag("static", constant_nodes.static)


# --- Marks ------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One drawing of the sprite; silent unless it is given a `label` of its own."""
    return _icon(name, label)


@lru_cache(maxsize=1024)
def _icon(name: str, label: str) -> SafeString:
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
    return UNKNOWN if score is None else _score_mark(kind, score, get_language() or "")


@lru_cache(maxsize=256)
def _score_mark(kind: str, score: int, _language: str) -> SafeString:
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

    def y(value: float) -> float:
        share = (float(value) - low) / (high - low) if high > low else 0.5
        return round(height - edge - share * (height - 2 * edge), 1)

    step = (width - 2 * edge) / max(len(values) - 1, 1)
    points = [
        None if v is None else (round(edge + i * step, 1), y(float(v)))
        for i, v in enumerate(values)
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
        target=format_html('<line x1="0" x2="{}" y1="{y}" y2="{y}"/>', width, y=y(float(target)))
        if target is not None
        else "",
        path=_path(points),
        dot=format_html(
            '<circle cx="{}" cy="{}" r="2"{}/>',
            *last,
            mark_safe(' class="running"') if running and points[-1] else "",
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


# What depends on nothing but language, role and place is rendered once per process and kept:
# on a page of fifty rows the frame would otherwise cost more than the rows.


@register.simple_tag(takes_context=True)
def navigation_left(context: template.Context) -> SafeString:
    return _navigation("_navigation.html", *_place(context["request"]))


@register.simple_tag(takes_context=True)
def navigation_bottom(context: template.Context) -> SafeString:
    return _navigation("_phone_bar.html", *_place(context["request"]))


def _place(request: HttpRequest) -> tuple[int, str, bool, str, str | None, str]:
    """All that the navigation's looks depend on."""
    current = navigation.current_url(request.path)
    exact = current == request.path
    return (
        navigation.role_of(request),
        current,
        exact,
        get_language() or "",
        get_urlconf(),
        get_script_prefix(),
    )


@lru_cache(maxsize=512)
def _navigation(
    name: str,
    role: int,
    current: str,
    exact: bool,
    _language: str,
    _urlconf: str | None,
    _prefix: str,
) -> SafeString:
    context = {
        "groups": navigation.left(role, current),
        "links": navigation.bottom(role, current),
        "here": "page" if exact else "true",
    }
    return render_to_string(name, context)


@register.simple_tag
def still(name: str) -> SafeString:
    """A template without any context: the same for everyone who reads this language."""
    return _still(name, get_language() or "")


@lru_cache(maxsize=64)
def _still(name: str, _language: str) -> SafeString:
    return render_to_string(name)


@register.simple_tag
def accent(own: str | None) -> SafeString:
    """Custom properties of the business's colour, each dark or light enough to be read."""
    return _accent(own or "#0f6b62")


@lru_cache(maxsize=64)
def _accent(own: str) -> SafeString:
    return format_html(
        ":root{{--vinculo-accent:{};--accent-on-light:{};--accent-on-dark:{}}}",
        own,
        colour.readable_on(colour.PAPER, own),
        colour.readable_on(colour.NIGHT, own, colour.BRIGHT),
    )


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


CHART_INTEGRITY = "sha384-Emf5ZVIUiarAdhkgtqK+5/Z5qIvM6QoVrS+qAVtfyZVuD5lIHrac0me485+Antp0"


@register.simple_tag
def chart_library() -> dict[str, str]:
    """Chart.js at its CDN, the hash it must have there, and our own copy of it."""
    return {
        "cdn": settings.CHART_LIBRARY,
        "integrity": CHART_INTEGRITY,
        "local": static("vendor/chart.js/chart.umd.min.js"),
    }
