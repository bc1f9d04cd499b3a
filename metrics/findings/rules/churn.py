"""More customers were lost than the month before, truly, and why they left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from crm.models import LossReason, Tenure
from metrics.findings.rule import MOST, Evidence, Looking, Rule, Seen, Telling, Words
from metrics.formulas.change import Verdict
from metrics.periods import Window
from metrics.rows import customers
from staff.formats import month_name, number, percent

# Of fewer customers the share that leaves says little.
FEW = 20
REASONS = 3


def look(looking: Looking) -> Sequence[Seen]:
    tile = looking.tile("customer_churn")
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
            evidence=_evidence(looking, tile.previous, tile.point.numerator) if speaks else {},
            weight=70 + min(100 * value, 15),
        )
    ]


def _evidence(looking: Looking, previous: float | None, lost: Any) -> dict[str, Any]:
    window = looking.month.window(looking.now)
    before = _reasons(looking.month.previous().window(looking.now))
    now = _reasons(window)
    grown = sorted(now, key=lambda reason: (before[reason] - now[reason], reason))
    return {
        "previous": previous,
        "lost": int(lost or 0),
        "reasons": [[reason, now[reason], before[reason]] for reason in grown[:REASONS]],
        "customers": list(customers.lost(window).queryset.values_list("pk", flat=True)[:MOST]),
    }


def _reasons(window: Window) -> Counter[str]:
    """Why those left who counted as lost in the window; each once, by how their tenure ended."""
    ended = Tenure.objects.filter(
        ended_at__gte=window.start,
        ended_at__lt=window.end,
        customer__in=customers.lost(window).queryset.order_by().values("pk"),
    )
    latest = dict(ended.order_by("ended_at").values_list("customer", "end_reason"))
    return Counter(reason or LossReason.UNKNOWN.value for reason in latest.values())


def tell(evidence: Evidence, words: Words) -> Telling:
    month = month_name(words.period.starts_on)
    lost = ngettext(
        "In %(month)s %(lost)s customer was lost, %(share)s of all; "
        "the month before it was %(previous)s.",
        "In %(month)s %(lost)s customers were lost, %(share)s of all; "
        "the month before it was %(previous)s.",
        evidence["lost"],
    ) % {
        "month": month,
        "lost": number(evidence["lost"]),
        "share": percent(evidence["measure"]),
        "previous": percent(evidence["previous"] or 0),
    }
    reasons = "; ".join(
        _("%(reason)s: %(now)s (%(before)s before)")
        % {"reason": _named(reason), "now": number(now), "before": number(before)}
        for reason, now, before in evidence["reasons"]
    )
    return Telling(
        title=_("More customers leave than before"),
        sentences=[
            lost,
            _("The difference is larger than chance would make it."),
            _("Behind it: %(reasons)s.") % {"reasons": reasons} if reasons else "",
        ],
        task=_("Ask those who left in %(month)s why, and stop the first reason") % {"month": month},
        links=[
            (_("Who was lost"), words.rows_url("customer_churn")),
            (_("Customer churn over time"), words.metric_url("customer_churn")),
        ],
    )


def _named(reason: str) -> str:
    if reason == LossReason.SILENCE:
        return pgettext("reason of a loss", "they bought no more")
    return str(dict(LossReason.choices).get(reason, reason))


CHURN_UP = Rule(
    kind="churn_up",
    name=gettext_lazy("More customers leave"),
    look=look,
    tell=tell,
    measured_in="share",
    due_days=7,
)
