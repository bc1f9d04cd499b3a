"""What the counts of a survey's results page mean, with their intervals."""

from __future__ import annotations

import math
from fractions import Fraction

from django.utils.translation import gettext as _

from metrics import words
from metrics.formulas import feeling
from metrics.formulas.change import Change, Estimate, estimates, nps_change, proportions
from metrics.formulas.intervals import histogram_moments, variance_of_mean
from metrics.formulas.results import Result
from staff.templatetags.vinculo import UNKNOWN, number, percent, signed
from surveys.registry import Counted, Figure
from surveys.scores import HIGH, LOW

EARLY = 30


def figures(counted: Counted) -> list[Figure]:
    """The score of the survey's kind and, where invitations were counted, the response rate."""
    scores = counted.histogram
    score = {
        "nps": lambda: feeling.nps(scores, invalid=counted.invalid),
        "csat": lambda: feeling.csat(scores, invalid=counted.invalid),
        "ces": lambda: feeling.ces(scores, invalid=counted.invalid),
    }[counted.kind]()
    found = [_figure(counted.kind, counted.kind.upper(), score)]
    if counted.delivered:
        rate = feeling.response_rate(answered=counted.answered, delivered=counted.delivered)
        found.append(_figure("response_rate", _("Response rate"), rate))
    return found


def comparison(now: Counted, before: Counted) -> str:
    """How much more or less than before, and whether that is more than the noise; else ""."""
    change = _change(now, before)
    if change.difference is None:
        return ""
    amount = float(change.difference)
    if now.kind == "csat":
        told = _("%(points)s percentage points") % {"points": signed(100 * amount, 1)}
    elif now.kind == "nps":
        told = _("%(points)s points") % {"points": signed(amount, 0)}
    else:
        told = _("%(points)s points") % {"points": signed(amount, 2)}
    return " · ".join(filter(None, [told, str(words.verdict(change))]))


def _change(now: Counted, before: Counted) -> Change:
    if now.kind == "nps":
        return nps_change(_nps_counts(now), _nps_counts(before))
    if now.kind == "csat":
        return proportions((now.of_group(HIGH), now.n), (before.of_group(HIGH), before.n))
    return estimates(_mean(now), _mean(before))


def _nps_counts(counted: Counted) -> tuple[int, int, int]:
    return counted.of_group(HIGH), counted.of_group(LOW), counted.n


def _mean(counted: Counted) -> Estimate | None:
    n, total, squares = histogram_moments(counted.histogram)
    if n == 0:
        return None
    variance = variance_of_mean(n, total, squares)
    error = None if variance is None else math.sqrt(variance)
    return Estimate(Fraction(total, n), error, n)


def _figure(name: str, label: str, result: Result) -> Figure:
    if result.value is None:
        return Figure(name, label, UNKNOWN, note=str(words.reason(result.status)))
    return Figure(
        name=name,
        label=label,
        value=_shown(result.value, result.unit),
        unit=_("points") if result.unit == "points" else "",
        note=" · ".join(filter(None, [_n(result), _interval(result), _early(result)])),
        interval=_interval(result),
        number=float(result.value),
    )


def _shown(value: Fraction | float, unit: str) -> str:
    if unit == "points":
        return signed(round(float(value)), 0)
    if unit == "ratio":
        return percent(float(value))
    return number(float(value), 1)


def _n(result: Result) -> str:
    return _("n = %(n)s") % {"n": number(result.n)}


def _interval(result: Result) -> str:
    if not result.ci:
        return ""
    low, high = (_shown(end, result.unit) for end in result.ci)
    return _("between %(low)s and %(high)s") % {"low": low, "high": high}


def _early(result: Result) -> str:
    return _("early") if result.n < EARLY else ""
