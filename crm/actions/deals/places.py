"""Where a deal lies: a stage in use, and a place within its column."""

from __future__ import annotations

from django.db.models import Max, Min, QuerySet

from crm.actions.deals.refusals import StageNotInUse
from crm.actions.pipelines import first_pipeline
from crm.models import Deal, Stage
from staff.bulk import save_columns
from staff.models import User

# Between two cards there is room for sixteen halvings before the column is numbered anew.
STEP = 1 << 16


def in_use(stage: Stage | None) -> Stage:
    """The stage, locked; StageNotInUse when it, or its pipeline, is archived or there is none."""
    rows = Stage.objects.select_related("pipeline").select_for_update(of=("self",))
    found = rows.filter(pk=stage.pk).first() if stage else None
    if found is None or found.archived_at or found.pipeline.archived_at:
        raise StageNotInUse
    return found


def deals_in(stage: Stage) -> QuerySet[Deal]:
    """A column: the open ones, from the top."""
    open_ones = Deal.objects.filter(stage=stage, state=Deal.State.OPEN)
    return open_ones.order_by("position", "pk")


def top_of(stage: Stage) -> int:
    first: int | None = deals_in(stage).aggregate(first=Min("position"))["first"]
    return 0 if first is None else first - STEP


def place_in(stage: Stage, deal: Deal, *, above: Deal | None, last: bool) -> int:
    """On top unless right above another deal, or last; numbers the column anew where it is full."""
    others = deals_in(stage).exclude(pk=deal.pk)
    if last:
        end: int | None = others.aggregate(end=Max("position"))["end"]
        return 0 if end is None else end + STEP
    below = others.filter(pk=above.pk).first() if above else None
    if below is None:
        return top_of(stage)
    place = _between(others, below)
    if place is None:
        _number_anew(others)
        below.refresh_from_db(fields=["position"])
        place = below.position - STEP // 2
    return place


def _between(column: QuerySet[Deal], below: Deal) -> int | None:
    """A place above `below` and under the one before it; None where there is no room."""
    before = column.filter(position__lt=below.position).order_by("-position", "-pk").first()
    is_shared = column.filter(position=below.position, pk__lt=below.pk).exists()
    if is_shared or (before and below.position - before.position < 2):
        return None
    if before is None:
        return below.position - STEP
    return (below.position + before.position) // 2


def _number_anew(column: QuerySet[Deal]) -> None:
    rows = list(column.only("pk", "position"))
    for number, row in enumerate(rows, 1):
        row.position = number * STEP
    save_columns(rows, ["position"])


def stage_again(deal: Deal, by: User | None) -> Stage | None:
    """Its own, or the first one in use when that is archived."""
    stage = Stage.objects.select_related("pipeline").get(pk=deal.stage_id)
    if stage.archived_at is None and stage.pipeline.archived_at is None:
        return stage
    pipeline = first_pipeline(by=by) if stage.pipeline.archived_at else stage.pipeline
    return pipeline.stages.filter(archived_at=None).first()
