"""Winning a customer costs more than the first purchase brings, or than all that follow."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from metrics.engine.snapshots import exact
from metrics.findings.rule import Evidence, Looking, Rule, Seen, Telling, Words
from staff.formats import month_name, number

# Of fewer new customers the cost of one says little.
FEW = 5
# Of a business whose customers came lately nobody knows for how long they stay.
SHORTEST = 0.5  # years


def _above_ticket(looking: Looking) -> Sequence[Seen]:
    cac, ticket = looking.tile("cac"), looking.tile("average_ticket")
    if cac is None or ticket is None or cac.point.n < FEW or ticket.point.interval is None:
        return []
    cost, average = cac.point.value or 0.0, ticket.point.value or 0.0
    if average <= 0:
        return []
    times = cost / average
    return [
        Seen(
            # The average is a sample's: the cost is above it where it is above all it may be.
            speaks=cost > ticket.point.interval[1],
            measure=times,
            starts_on=cac.point.period.starts_on,
            ends_on=cac.point.period.ends_on,
            evidence={"cac": cost, "ticket": average, "new": cac.point.n},
            weight=50 + min(times, 9),
        )
    ]


def _won(evidence: Evidence, words: Words) -> str:
    return ngettext(
        "In %(month)s %(new)s customer was won, for %(cac)s.",
        "In %(month)s %(new)s customers were won, for %(cac)s each.",
        evidence["new"],
    ) % {
        "month": month_name(words.period.starts_on),
        "new": number(evidence["new"]),
        "cac": words.figure("cac", evidence["cac"]),
    }


def _tell_ticket(evidence: Evidence, words: Words) -> Telling:
    compared = _("A purchase brings %(ticket)s on average, before its costs.") % {
        "ticket": words.figure("average_ticket", evidence["ticket"])
    }
    return Telling(
        title=_("Winning a customer costs more than a purchase brings"),
        sentences=[
            _won(evidence, words),
            compared,
            _("It only pays with those who come back. Look at which source brings them."),
        ],
        task=_("Look at what winning customers costs, by source"),
        links=[
            (_("What was spent"), words.rows_url("cac")),
            (_("Who was won"), words.rows_url("cac", "denominator")),
            (_("Average ticket"), words.metric_url("average_ticket")),
        ],
    )


def _above_ltv(looking: Looking) -> Sequence[Seen]:
    cac, worth = looking.tile("cac"), looking.tile("ltv_annual")
    if cac is None or worth is None or cac.point.n < FEW:
        return []
    cost, value = cac.point.value or 0.0, worth.point.value or 0.0
    years = exact(worth.point.parts.get("years") or "0")
    if years is None or years < SHORTEST:
        return []
    return [
        Seen(
            speaks=cost > value,
            measure=cost - value,
            starts_on=cac.point.period.starts_on,
            ends_on=cac.point.period.ends_on,
            evidence={"cac": cost, "ltv": value, "new": cac.point.n},
            weight=75,
        )
    ]


def _tell_ltv(evidence: Evidence, words: Words) -> Telling:
    compared = _("All that a customer brings while they stay is %(ltv)s, that cost taken off.") % {
        "ltv": words.figure("ltv_annual", evidence["ltv"])
    }
    return Telling(
        title=_("Winning a customer costs more than they will ever bring"),
        sentences=[
            _won(evidence, words),
            compared,
            _("Each new customer makes the business poorer, until they cost less or stay longer."),
        ],
        task=_("Decide where to spend less on winning customers"),
        links=[
            (_("What was spent"), words.rows_url("cac")),
            (_("What a customer is worth"), words.metric_url("ltv_annual")),
        ],
    )


ABOVE_TICKET = Rule(
    kind="cac_above_ticket",
    name=gettext_lazy("Cost of winning above a purchase"),
    look=_above_ticket,
    tell=_tell_ticket,
    measured_in="times",
    due_days=14,
)
ABOVE_LTV = Rule(
    kind="cac_above_ltv",
    name=gettext_lazy("Cost of winning above a customer’s worth"),
    look=_above_ltv,
    tell=_tell_ltv,
    measured_in="money",
    due_days=7,
)
