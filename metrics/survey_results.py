"""What the counts of a survey's results page mean, with their intervals."""

from __future__ import annotations

from fractions import Fraction

from django.utils.translation import gettext as _

from metrics import words
from metrics.formulas import feeling
from metrics.formulas.results import Result
from staff.templatetags.vinculo import UNKNOWN, number, percent, signed
from surveys.registry import Counted, Figure

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
