"""More customers had to come back about what was solved, truly, and about which topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from metrics.findings.rule import MOST, Evidence, Looking, Rule, Seen, Telling, Words
from metrics.formulas.change import Verdict
from metrics.periods import Period
from metrics.points import Tile
from metrics.rows import tickets
from staff.formats import month_name, number, percent

FEW = 20
CATEGORIES = 3
WITHIN = 7  # days
SOLVED = "first_resolved_at"


def look(looking: Looking) -> Sequence[Seen]:
    tile = complete(looking)
    if tile is None or tile.point.denominator is None or tile.point.denominator < FEW:
        return []
    period, value = tile.point.period, tile.point.value or 0.0
    speaks = tile.change.verdict is Verdict.UP
    return [
        Seen(
            speaks=speaks,
            measure=value,
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            evidence=_evidence(looking, period, tile) if speaks else {},
            weight=45 + min(20 * value, 15),
        )
    ]


def complete(looking: Looking) -> Tile | None:
    """Of the last month whose solutions have all had their days."""
    for back in (0, 1):
        tile = looking.tile("recontact_rate", back=back)
        if tile is not None and not tile.point.parts.get("pending"):
            return tile
    return None


def _evidence(looking: Looking, period: Period, tile: Tile) -> dict[str, Any]:
    now, before = _categories(looking, period), _categories(looking, period.previous())
    grown = sorted(now, key=lambda name: (before[name] - now[name], name))
    return {
        "previous": tile.previous,
        "back": int(tile.point.numerator or 0),
        "solved": int(tile.point.denominator or 0),
        "categories": [[name, now[name], before[name]] for name in grown[:CATEGORIES]],
        "customers": list(
            dict.fromkeys(
                _came_back(looking, period).values_list("customer", flat=True)[: 5 * MOST]
            )
        )[:MOST],
    }


def _came_back(looking: Looking, period: Period) -> Any:
    window = period.window(looking.now)
    solved = tickets.solved(window, at=SOLVED, days=WITHIN, as_of=looking.now)
    return solved.filter(tickets.came_back(SOLVED, WITHIN, same_topic=False))


def _categories(looking: Looking, period: Period) -> Counter[str]:
    """How often they came back about each category; "" is none."""
    counted = (
        _came_back(looking, period).order_by().values("category__name").annotate(times=Count("pk"))
    )
    return Counter({row["category__name"] or "": row["times"] for row in counted})


def tell(evidence: Evidence, words: Words) -> Telling:
    month = month_name(words.period.starts_on)
    back = ngettext(
        "Of what was solved in %(month)s, %(back)s ticket came back within seven days, %(share)s; "
        "the month before it was %(previous)s.",
        "Of what was solved in %(month)s, %(back)s tickets came back within seven days, %(share)s; "
        "the month before it was %(previous)s.",
        evidence["back"],
    ) % {
        "month": month,
        "back": number(evidence["back"]),
        "share": percent(evidence["measure"]),
        "previous": percent(evidence["previous"] or 0),
    }
    behind = "; ".join(
        _("%(category)s: %(now)s (%(before)s before)")
        % {
            "category": name or _("without a category"),
            "now": number(now),
            "before": number(before),
        }
        for name, now, before in evidence["categories"]
    )
    return Telling(
        title=_("More customers have to come back"),
        sentences=[
            back,
            _("The difference is larger than chance would make it."),
            _("Behind it: %(categories)s.") % {"categories": behind} if behind else "",
        ],
        task=_("Find out why tickets solved in %(month)s came back") % {"month": month},
        links=[
            (_("What came back"), words.rows_url("recontact_rate")),
            (_("Over time"), words.metric_url("recontact_rate")),
        ],
    )


RETURNS_UP = Rule(
    kind="returns_up",
    name=gettext_lazy("More customers come back"),
    look=look,
    tell=tell,
    measured_in="share",
    due_days=7,
)
