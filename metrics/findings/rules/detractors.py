"""Unhappy answers to which nobody has replied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from metrics.findings.rule import MOST, Evidence, Looking, Rule, Seen, Telling, Words
from staff.formats import number
from surveys.models import Response

# Older ones are no longer answered, they are made good; younger ones are in somebody's hands.
RECENT, PATIENCE = 90, timedelta(days=2)


def look(looking: Looking) -> Sequence[Seen]:
    since = looking.now - timedelta(days=RECENT)
    waiting = (
        Response.objects.detractors_unanswered(since=since)
        .filter(answered_at__lt=looking.now - PATIENCE, customer__isnull=False)
        .order_by("answered_at", "pk")
        .values_list("customer", "answered_at")
    )
    found = list(waiting[: 5 * MOST])
    customers = list(dict.fromkeys(customer for customer, _at in found))
    starts_on, ends_on = looking.days(RECENT)
    oldest = (looking.now - found[0][1]).days if found else 0
    return [
        Seen(
            speaks=bool(found),
            measure=len(found),
            starts_on=starts_on,
            ends_on=ends_on,
            evidence={
                "days": oldest,
                "people": len(customers),
                "customers": customers[:MOST],
            },
            weight=80 + min(len(found), 9),
        )
    ]


def tell(evidence: Evidence, words: Words) -> Telling:
    count = int(evidence["measure"])
    people = int(evidence.get("people", count))
    waiting = ngettext(
        "%(count)s unhappy answer has had no reply for more than two days.",
        "%(count)s unhappy answers have had no reply for more than two days.",
        count,
    ) % {"count": number(count)}
    oldest = ngettext(
        "The oldest has waited for %(days)s day.",
        "The oldest has waited for %(days)s days.",
        evidence["days"],
    ) % {"days": number(evidence["days"])}
    return Telling(
        title=_("Unhappy customers wait for an answer"),
        sentences=[
            waiting,
            oldest,
            _("Whoever is called soon after a bad experience often stays."),
        ],
        task=ngettext(
            "Call %(count)s unhappy customer who has had no reply",
            "Call %(count)s unhappy customers who have had no reply",
            people,
        )
        % {"count": number(people)},
    )


UNANSWERED = Rule(
    kind="detractors_unanswered",
    name=gettext_lazy("Unhappy answers without a reply"),
    look=look,
    tell=tell,
    measured_in="count",
    due_days=1,
)
