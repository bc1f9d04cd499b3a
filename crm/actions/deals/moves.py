"""Deals moved from stage to stage, and within a column."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from crm.actions.deals.places import deals_in, in_use, place_in, stage_again
from crm.actions.deals.refusals import DealClosed, DealGone
from crm.actions.deals.rows import as_it_is, note_change, save_anew
from crm.models import Deal, Stage
from staff import audit
from staff.models import User


@transaction.atomic
def move_deal(
    *,
    deal: Deal,
    stage: Stage,
    by: User | None,
    version: int | None = None,
    above: Deal | None = None,
    last: bool = False,
) -> Deal:
    """Into a column, on top unless right above another deal, or last.

    A place within the same column is nobody's change but the board's: it makes no new version.
    Raises DealChanged when the deal is no longer as it was at `version`, DealClosed or
    StageNotInUse.
    """
    stage = in_use(stage)
    current = as_it_is(deal, version)
    if not current.is_open:
        raise DealClosed
    came_from = current.stage
    current.position = place_in(stage, current, above=above, last=last)
    if came_from.pk == stage.pk:
        current.save(update_fields=["position"])
        return current
    current.stage, current.moved_at = stage, timezone.now()
    save_anew(current, ["position", "stage", "moved_at"])
    note_change(current, came_from, by)
    changes: audit.Changes = {"stage": [came_from.pk, stage.pk]}
    audit.record(by=by, action="deal.move", target=current, changes=changes)
    return current


@transaction.atomic
def shift_deal(*, deal: Deal, up: bool, by: User | None) -> Deal:
    """Change places with the deal above or below it in its column; at the end nothing happens."""
    current = Deal.objects.select_related("stage").filter(pk=deal.pk).first()
    if current is None:
        raise DealGone
    column = list(deals_in(current.stage).values_list("pk", flat=True))
    place = column.index(current.pk) if current.pk in column else None
    if place is None:
        raise DealClosed
    other = place - 1 if up else place + 2
    if other < 0 or other > len(column):
        return current
    above = Deal(pk=column[other]) if other < len(column) else None
    return move_deal(deal=current, stage=current.stage, above=above, last=above is None, by=by)


def find_stages(ids: Collection[int], by: User | None) -> None:
    """Give those of these open deals a stage in use whose own went out of use while they were away."""
    away = Deal.objects.filter(pk__in=ids, state=Deal.State.OPEN)
    for deal in away.exclude(stage__archived_at=None, stage__pipeline__archived_at=None):
        move_deal(deal=deal, stage=in_use(stage_again(deal, by)), by=by)
