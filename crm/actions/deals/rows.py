"""A deal's row, locked and saved, and what each change leaves: its history and its timeline."""

from __future__ import annotations

from typing import Any

from django.utils import translation

from crm.actions.deals.refusals import DealChanged, DealGone
from crm.actions.interactions import log_interaction
from crm.models import Deal, Interaction, LossReason, Stage, StageChange
from staff.formats import money as money_text
from staff.models import Business, User


def as_it_is(deal: Deal, version: int | None) -> Deal:
    """The row as it is, locked; DealChanged when it is no longer what somebody saw, or DealGone."""
    rows = Deal.objects.select_related("customer", "stage").select_for_update(of=("self",))
    current = rows.filter(pk=deal.pk).first()
    if current is None:
        raise DealGone
    if version is not None and current.version != version:
        raise DealChanged
    return current


def save_anew(deal: Deal, columns: Any) -> None:
    """As a new version."""
    deal.version += 1
    deal.save(update_fields=[*columns, "version"])


def note_change(deal: Deal, before: Stage | None, by: User | None) -> None:
    at = deal.closed_at or deal.moved_at
    StageChange.objects.create(
        deal=deal, at=at, before=before, after=deal.stage, state=deal.state, by=by
    )


def tell(deal: Deal, words: object, by: User | None, body: str = "") -> None:
    """On the timeline, in the business's own language."""
    log_interaction(
        customer=deal.customer,
        kind=Interaction.Kind.DEAL,
        by=by,
        summary=timeline_words(deal, words),
        body=body,
        contact=deal.contact,
        about=deal,
    )


def timeline_words(deal: Deal, words: object) -> str:
    """ "New deal: Five cargo bikes · €9,500.00"; `words` have %(deal)s, maybe %(reason)s."""
    business = Business.current()
    with translation.override(business.language if business else None):
        what = deal.title
        if deal.amount is not None:
            what = f"{what} · {money_text(deal.amount, deal.currency)}"
        reason = LossReason(deal.lost_reason).label if deal.lost_reason else ""
        return str(words) % {"deal": what, "reason": reason}
