"""How much of a year's income hangs on customers who may leave: the figure `income_at_risk`, as of today."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from metrics import reading
from metrics.definitions import find
from metrics.findings.rule import MOST, Evidence, Looking, Rule, Seen, Telling, Words
from metrics.formulas.results import OK
from metrics.periods import Period
from staff.formats import number, percent

# A tenth of the income of a year is worth a word; of one or two customers it is their story.
SHARE, FEW = 0.1, 3


def look(looking: Looking) -> Sequence[Seen]:
    """Nothing where the figure can't be told, or where there is no income to hold."""
    definition = find("income_at_risk")
    period = Period(*looking.days(365), looking.business.zone)
    result = reading.measured(definition, period, now=looking.now)
    share = result.parts.get("share_at_risk")
    if result.status != OK or share is None:
        return []
    [holding] = reading.rows(definition, period, "numerator", now=looking.now)
    most = holding.queryset.filter(archived_at=None).order_by(F("income_of_a_year").desc(), "pk")
    return [
        Seen(
            speaks=share >= SHARE and result.n >= FEW,
            measure=float(share),
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            evidence={
                "held": float(result.value or 0),
                "detractors": float(result.parts["from_detractors"]),
                "silent": float(result.parts["from_quiet"]),
                "ending": float(result.parts["from_ending"]),
                "holders": result.n,
                "customers": list(most.values_list("pk", flat=True)[:MOST]),
            },
            weight=55 + min(30 * float(share), 15),
        )
    ]


def tell(evidence: Evidence, words: Words) -> Telling:
    share = _(
        "Customers who are unhappy, silent, or whose contract ends hold %(held)s, %(share)s of what "
        "today’s customers brought in a year."
    )
    parts = _(
        "Those who would not recommend you: %(detractors)s; those quiet for 90 days: %(silent)s."
    )
    amounts = {name: words.money(evidence[name]) for name in ("detractors", "silent", "held")}
    sentences = [share % {**amounts, "share": percent(evidence["measure"])}, parts % amounts]
    # Findings of before this was looked at have none.
    if ending := evidence.get("ending"):
        said = _("Those whose contract ends within 90 days: %(ending)s.")
        sentences.append(said % {"ending": words.money(ending)})
    holders = ngettext(
        "It is %(count)s customer: few enough to be called.",
        "It is %(count)s customers, those first who bring most.",
        evidence["holders"],
    )
    return Telling(
        title=_("Income hangs on customers who may leave"),
        sentences=[*sentences, holders % {"count": number(evidence["holders"])}],
        task=_("Call the customers at risk who bring most"),
        links=[(_("Over time"), words.metric_url("income_at_risk"))],
    )


REVENUE_HELD = Rule(
    kind="revenue_held",
    name=gettext_lazy("Income at risk"),
    look=look,
    tell=tell,
    measured_in="share",
    due_days=14,
    is_heavy=True,
)
