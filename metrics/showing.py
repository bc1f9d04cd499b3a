"""Figures in the reader's words: the one place that knows how each unit is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from crm.models import Cost, Interaction, LossReason
from metrics import words
from metrics.definitions import Definition
from metrics.formulas.change import Change
from staff.formats import date_short, duration, month_name, month_short
from staff.templatetags.vinculo import UNKNOWN, money, number, percent, signed
from support.models import Ticket

if TYPE_CHECKING:
    from datetime import date

    from metrics.periods import Period

Value = float | Fraction | None


def figure(definition: Definition, value: Value, currency: str) -> str:
    """A value of a KPI, rounded here and nowhere before; "—" when there is none."""
    if value is None:
        return UNKNOWN
    amount = float(value)
    match definition.unit:
        case "money":
            return money(amount, currency)
        case "points":
            return signed(amount, 0)
        case "points_1_7" | "points_1_5" | "per_month":
            return number(amount, 2)
        case "times" | "months" | "hours":
            return number(amount, 1)
        case "minutes":
            return duration(amount)
        case "count":
            return number(amount, 0)
        case _ if definition.kpi == "cps":
            return number(amount, 2)
        case _:
            return percent(amount)


def interval(definition: Definition, ends: tuple[float, float] | None, currency: str) -> str:
    """The 95% interval, "23% to 41%"; blank when there is none."""
    if ends is None:
        return ""
    low, high = (figure(definition, end, currency) for end in ends)
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def difference(definition: Definition, change: Change, currency: str) -> str:
    """How much more or less than before, in the KPI's unit; blank when that can't be said."""
    if change.difference is None:
        return ""
    amount = float(change.difference)
    if definition.unit == "money":
        return f"{'+' if amount > 0 else ''}{money(amount, currency)}"
    if definition.unit == "minutes":
        return f"{'+' if amount > 0 else ''}{duration(amount)}"
    if definition.unit == "ratio" and definition.kpi != "cps":
        return _("%(points)s percentage points") % {"points": signed(100 * amount, 1)}
    return signed(amount, 0 if definition.unit in {"points", "count"} else 2)


def difference_interval(definition: Definition, change: Change, currency: str) -> str:
    """The two ends between which the difference most likely lies; blank without an interval."""
    if change.interval is None:
        return ""
    if definition.unit == "ratio" and definition.kpi != "cps":
        low, high = (signed(100 * end, 1) for end in change.interval)
        words = _("%(low)s and %(high)s percentage points")
        return words % {"low": low, "high": high}
    low, high = (
        difference(definition, Change(change.verdict, Fraction(end)), currency)
        for end in change.interval
    )
    return _("%(low)s and %(high)s") % {"low": low, "high": high}


def chart_unit(definition: Definition, values: Iterable[float | None] = ()) -> tuple[str, int]:
    """The unit by static/js/charts.js's names, and what to divide values by to be in it.

    Minutes become hours or days where these read better, as in staff.formats.duration.
    """
    if definition.unit == "minutes":
        most = max((value for value in values if value), default=0)
        return ("days", 1440) if most >= 2880 else ("hours", 60) if most >= 120 else ("minutes", 1)
    if definition.unit == "money":
        return "money", 1
    return ("percent" if definition.unit == "ratio" and definition.kpi != "cps" else ""), 1


def target_label() -> str:
    return _("Target")


def period_name(period: Period) -> str:
    """ "November 2026", "Q4 2026", "week 47, 2026", a day, a year, or the span of a custom one."""
    start: date = period.starts_on
    match period.grain:
        case "year":
            return str(start.year)
        case "quarter":
            return _("Q%(quarter)s %(year)s") % {
                "quarter": (start.month + 2) // 3,
                "year": start.year,
            }
        case "month":
            return month_name(start)
        case "week":
            calendar = start.isocalendar()
            return _("week %(week)s of %(year)s") % {"week": calendar.week, "year": calendar.year}
        case "day":
            return date_short(start)
        case _:
            return _("%(first)s to %(last)s") % {
                "first": date_short(start),
                "last": date_short(period.ends_on - timedelta(days=1)),
            }


def label(period: Period) -> str:
    """A period beneath a chart, where a month's long name leaves no room for its neighbours'."""
    return month_short(period.starts_on) if period.grain == "month" else period_name(period)


def parts(found: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    """The named counts and amounts among a figure's parts, as (name, value) to read.

    `found` is in JSON's types, exact values as "p/q" (metrics.engine.snapshots.to_json).
    """
    flat = {**found, **found.get("counts", {}), **found.get("by_cause", {})}
    shown = []
    for name, (label, kind) in words.PARTS.items():
        value = flat.get(name)
        if value is None or (name in words.ONLY_WHEN_ANY and not value):
            continue
        amount = Fraction(str(value))
        match kind:
            case "money":
                text = money(float(amount), currency)
            case "share":
                text = percent(float(amount))
            case _ if kind == "minutes" or (name in words.IN_MINUTES and "p90" in flat):
                text = duration(float(amount))
            case _:
                text = number(float(amount), None if amount.denominator == 1 else 2)
        shown.append((str(label), text))
    for category, amount in (found.get("by_category") or {}).items():
        name = str(Cost.CATEGORIES.get(category, category))
        shown.append((name, money(float(Fraction(str(amount))), currency)))
    return shown + _by_name(found)


def _by_name(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Reasons of losses, channels of interactions and sites of reviews, the most frequent first."""
    reasons, channels = found.get("by_reason") or {}, found.get("by_channel") or {}
    kinds = {**dict(Ticket.Channel.choices), **dict(Interaction.Kind.choices)}
    counted = [(dict(LossReason.choices).get(code, code), n) for code, n in reasons.items()]
    counted += [(kinds.get(code, code), n) for code, n in channels.items()]
    shown = [
        (str(name).capitalize(), number(n, 0))
        for name, n in sorted(counted, key=lambda one: -one[1])
    ]
    for site, own in (found.get("by_site") or {}).items():
        mean = number(float(Fraction(str(own["mean"]))), 1)
        shown.append((site, _("%(mean)s (n = %(n)s)") % {"mean": mean, "n": number(own["n"], 0)}))
    return shown
