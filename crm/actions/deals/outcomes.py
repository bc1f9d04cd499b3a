"""Deals won, lost and opened again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from crm.actions.contracts import create_contract
from crm.actions.deals.places import in_use, stage_again, top_of
from crm.actions.deals.refusals import DealClosed, DealOpen, NotAReason
from crm.actions.deals.rows import as_it_is, note_change, save_anew, tell
from crm.actions.orders import record_order
from crm.actions.tenures import REASONS
from crm.models import Deal, LossReason
from staff import audit
from staff.models import User

OUTCOME = ("state", "stage", "lost_reason", "lost_note", "order", "contract")


def can_close(deal: Deal) -> bool:
    return deal.is_open


@transaction.atomic
def win_deal(
    *,
    deal: Deal,
    by: User | None,
    version: int | None = None,
    order: Mapping[str, Any] | None = None,
    contract: Mapping[str, Any] | None = None,
) -> Deal:
    """They said yes; it becomes what is given: an order, a contract, both or neither.

    `order` is what `record_order` takes, `contract` what `create_contract` takes, in the deal's
    currency. Raises DealChanged, DealClosed and what those do.
    """
    current = as_it_is(deal, version)
    if not current.is_open:
        raise DealClosed
    before = audit.values(current, OUTCOME)
    paid = {"currency": current.currency, "rate": current.rate}
    if order is not None:
        current.order = record_order(customer=current.customer, by=by, **paid, **order)
    if contract is not None:
        current.contract = create_contract(customer=current.customer, by=by, **paid, **contract)
    current.state, current.closed_at = Deal.State.WON, timezone.now()
    return _closed(current, before, "deal.win", gettext_lazy("Deal won: %(deal)s"), by)


@transaction.atomic
def lose_deal(
    *, deal: Deal, reason: str, by: User | None, note: str = "", version: int | None = None
) -> Deal:
    """They said no, and why. Raises NotAReason, DealChanged or DealClosed."""
    if reason not in REASONS:
        raise NotAReason
    current = as_it_is(deal, version)
    if not current.is_open:
        raise DealClosed
    before = audit.values(current, OUTCOME)
    current.state, current.closed_at = Deal.State.LOST, timezone.now()
    current.lost_reason, current.lost_note = LossReason(reason), note.strip()
    words = gettext_lazy("Deal lost: %(deal)s · %(reason)s")
    return _closed(current, before, "deal.lose", words, by)


def can_open_again(deal: Deal) -> bool:
    return not deal.is_open


@transaction.atomic
def open_deal_again(*, deal: Deal, by: User | None) -> Deal:
    """Back on top of the stage that it had, or of its pipeline's first when that is archived.

    An order or a contract that winning made stays: it is a fact of its own. Raises DealOpen.
    """
    stage = in_use(stage_again(deal, by))
    current = as_it_is(deal, None)
    if current.is_open:
        raise DealOpen
    before = audit.values(current, OUTCOME)
    came_from = current.stage
    current.position = top_of(stage)
    current.stage, current.state = stage, Deal.State.OPEN
    current.moved_at, current.closed_at = timezone.now(), None
    current.lost_reason = current.lost_note = ""
    save_anew(current, [*OUTCOME, "position", "moved_at", "closed_at"])
    note_change(current, came_from, by)
    tell(current, gettext_lazy("Deal opened again: %(deal)s"), by)
    changes = audit.diff(before, current, OUTCOME)
    audit.record(by=by, action="deal.reopen", target=current, changes=changes)
    return current


def _closed(
    deal: Deal, before: dict[str, Any], action: str, words: object, by: User | None
) -> Deal:
    save_anew(deal, [*OUTCOME, "closed_at"])
    note_change(deal, deal.stage, by)
    tell(deal, words, by, body=deal.lost_note)
    changes = audit.diff(before, deal, OUTCOME)
    audit.record(by=by, action=action, target=deal, changes=changes)
    return deal
