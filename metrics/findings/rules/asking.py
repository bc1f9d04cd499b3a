"""Fewer answer than before, truly; or hardly anybody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.models import Customer
from metrics.findings.rule import Evidence, Looking, Rule, Seen, Telling, Words
from metrics.formulas.change import Verdict
from staff.formats import month_name, number, percent
from surveys.models import Invitation

# Of fewer invitations, or customers, a share says little.
FEW = 20
YEAR = timedelta(days=365)
# Whoever asks fewer than three in ten knows what the loud ones think.
ENOUGH = 0.3


def _rate(looking: Looking) -> Sequence[Seen]:
    tile = looking.tile("response_rate")
    if tile is None or tile.point.n < FEW:
        return []
    period = tile.point.period
    return [
        Seen(
            speaks=tile.change.verdict is Verdict.DOWN,
            measure=tile.point.value or 0.0,
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            evidence={"previous": tile.previous, "asked": tile.point.n},
            weight=25,
        )
    ]


def _tell_rate(evidence: Evidence, words: Words) -> Telling:
    answered = ngettext(
        "In %(month)s %(share)s of %(asked)s invitation was answered; "
        "the month before it was %(previous)s.",
        "In %(month)s %(share)s of %(asked)s invitations were answered; "
        "the month before it was %(previous)s.",
        evidence["asked"],
    ) % {
        "month": month_name(words.period.starts_on),
        "share": percent(evidence["measure"]),
        "asked": number(evidence["asked"]),
        "previous": percent(evidence["previous"] or 0),
    }
    return Telling(
        title=_("Fewer customers answer when they are asked"),
        sentences=[
            answered,
            _("The difference is larger than chance would make it."),
            _(
                "Look at how often the same people are asked, and whether they hear what came of it."
            ),
        ],
        task=_("Look at how often customers are asked, and by which words"),
        links=[
            (_("Who was asked"), words.rows_url("response_rate", "denominator")),
            (_("Over time"), words.metric_url("response_rate")),
            (_("Surveys"), reverse("surveys:survey-list")),
        ],
    )


def _asked(looking: Looking) -> Sequence[Seen]:
    customers = Customer.objects.active().filter(stage=Customer.Stage.CUSTOMER)
    sent = Invitation.objects.filter(
        customer=OuterRef("pk"), sent_at__gte=looking.now - YEAR, bounced_at=None
    )
    served, asked = customers.count(), customers.filter(Exists(sent)).count()
    if served < FEW:
        return []
    starts_on, ends_on = looking.days(365)
    return [
        Seen(
            speaks=asked / served < ENOUGH,
            measure=asked / served,
            starts_on=starts_on,
            ends_on=ends_on,
            evidence={"served": served, "asked": asked},
            weight=20,
        )
    ]


def _tell_asked(evidence: Evidence, words: Words) -> Telling:
    asked = ngettext(
        "Of %(served)s customer %(asked)s was asked for an opinion within a year: %(share)s.",
        "Of %(served)s customers %(asked)s were asked for an opinion within a year: %(share)s.",
        evidence["served"],
    ) % {
        "served": number(evidence["served"]),
        "asked": number(evidence["asked"]),
        "share": percent(evidence["measure"]),
    }
    return Telling(
        title=_("Hardly anybody is asked what they think"),
        sentences=[asked, _("What the others think is unknown until they leave.")],
        task=_("Have customers asked regularly for their opinion"),
        links=[
            (_("Surveys that are sent by themselves"), reverse("surveys:trigger-list")),
            (
                _("Customers never asked"),
                f"{reverse('crm:customer-list')}?stage=customer&nps=never",
            ),
        ],
    )


RATE_FELL = Rule(
    kind="response_rate_fell",
    name=gettext_lazy("Fewer customers answer"),
    look=_rate,
    tell=_tell_rate,
    measured_in="share",
    worse="down",
    due_days=14,
)
FEW_ASKED = Rule(
    kind="few_asked",
    name=gettext_lazy("Hardly anybody is asked"),
    look=_asked,
    tell=_tell_asked,
    measured_in="share",
    worse="down",
    due_days=14,
    is_heavy=True,
)
