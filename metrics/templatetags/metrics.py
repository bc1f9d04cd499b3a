"""Figures in templates."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.safestring import SafeString

from metrics import showing, words
from metrics.definitions import Definition
from metrics.formulas.change import Change
from metrics.periods import Period
from metrics.points import Point, Tile
from staff.formats import duration
from staff.templatetags.vinculo import UNKNOWN, money, number, sparkline

register = template.Library()


@register.simple_tag(takes_context=True)
def figure(context: template.Context, definition: Definition, value: float | None) -> str:
    """`{% figure definition point.value %}` → "+42", "12.3%", "R$ 1.234,00" or "—"."""
    return showing.figure(definition, value, _currency(context))


@register.simple_tag(takes_context=True)
def interval(context: template.Context, definition: Definition, low: Any, high: Any) -> str:
    # In a template, an end of no interval is "".
    ends = None if low in (None, "") or high in (None, "") else (float(low), float(high))
    return showing.interval(definition, ends, _currency(context))


@register.simple_tag(takes_context=True)
def point_interval(context: template.Context, point: Point) -> str:
    return showing.interval(point.definition, point.interval, _currency(context))


@register.simple_tag(takes_context=True)
def difference(context: template.Context, definition: Definition, change: Change) -> str:
    return showing.difference(definition, change, _currency(context))


@register.simple_tag(takes_context=True)
def difference_interval(context: template.Context, definition: Definition, change: Change) -> str:
    """Between what the difference most likely lies: "+2.1 and +9.4 percentage points"."""
    return showing.difference_interval(definition, change, _currency(context))


@register.simple_tag(takes_context=True)
def amount(context: template.Context, value: Fraction | None, in_money: bool) -> str:
    """A side of a ratio, or what a row adds to it: money or a count."""
    if value is None:
        return UNKNOWN
    return money(float(value), _currency(context)) if in_money else number(float(value))


@register.filter
def verdict(change: Change) -> str:
    return str(words.verdict(change))


@register.simple_tag
def address(*pairs: Iterable[tuple[str, str]]) -> str:
    """The query string of some lists of pairs, one after the other."""
    return urlencode([pair for some in pairs for pair in some])


@register.filter
def against_others(change: Change) -> str:
    return str(words.against_others(change))


@register.filter
def reason(status: str) -> str:
    return str(words.reason(status))


@register.filter
def unit_name(definition: Definition) -> str:
    return str(words.UNITS.get(definition.unit, ""))


@register.simple_tag
def point_sparkline(points: list[Point], target: Any = None) -> str | SafeString:
    """The values of a tile's periods; few answers are a gap, the running period's dot is hollow."""
    values = [point.value if point.shown_as == "value" else None for point in points]
    # In a template, no target is "".
    aim = None if target in (None, "") else float(target)
    return sparkline(values, aim, running=bool(points and points[-1].is_partial))


@register.filter
def span_of_minutes(minutes: Fraction | None) -> str:
    return duration(None if minutes is None else float(minutes))


def _currency(context: template.Context) -> str:
    return str(context["business"].currency)


@register.simple_tag
def period_name(period: Period) -> str:
    return showing.period_name(period)


@register.simple_tag
def period_label(period: Period) -> str:
    return showing.label(period)


@register.simple_tag
def kind_name(kind: str) -> str:
    return str(words.KINDS[kind])


@register.simple_tag(takes_context=True)
def parts_of(context: template.Context, tile: Tile) -> list[tuple[str, str]]:
    """The counts and amounts that a figure is made of: (name, value) in the reader's words."""
    return showing.parts(tile.point.parts, _currency(context))
