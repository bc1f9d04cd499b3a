"""A look at an outreach with one reader's eyes, while it is written and before it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from crm import custom, segments
from crm.models import Customer, Outreach, OutreachMessage
from crm.outreach.audience import Deciding, Decision
from crm.outreach.merging import unknown
from crm.outreach.rendering import Body, Renderer
from staff.models import Business

# Readers to choose from at once; a name finds others.
OFFERED = 20


@dataclass(frozen=True)
class Look:
    """What one reader would get; `reason` says why they would get nothing."""

    offered: Sequence[Customer]
    decision: Decision
    body: Body
    reason: str
    # In braces, and no field.
    unknown: Sequence[str]


def look(
    *, outreach: Outreach, business: Business, who: str = "", customer: str = ""
) -> Look | None:
    """At the reader chosen by key among those whom `who` finds, or the first; None without any."""
    found = segments.customers_of(outreach.segment)
    if who.strip():
        found = found.search(who.strip()[:100])
    offered = list(found.order_by("name_folded", "pk")[:OFFERED])
    if not offered:
        return None
    chosen = next((one for one in offered if str(one.pk) == customer), offered[0])
    decision = decision_about(outreach, business, chosen.pk)
    words = outreach.texts.get(decision.language, {})
    keys = [field.key for field in custom.fields()]
    return Look(
        offered,
        decision,
        Renderer(business, outreach).bodies([decision])[chosen.pk],
        str(OutreachMessage.Reason(decision.reason).label) if decision.reason else "",
        [name for text in words.values() for name in unknown(text, keys)],
    )


def decision_about(outreach: Outreach, business: Business, customer_id: int) -> Decision:
    return Deciding(outreach, business, timezone.now()).about([customer_id])[0]
