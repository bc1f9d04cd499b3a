"""The ways that sales go, and their stages; the usual ones are made when first needed."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.folding import fold
from crm.models import Deal, Pipeline, Stage
from staff import audit
from staff.bulk import save_columns
from staff.models import Business, User
from staff.refusals import Refusal

FIELDS = ("name", "probability", "stale_days")
# What most begin with: name, how many in a hundred are won from there, days after which it is old.
USUAL = (
    (gettext_lazy("First contact"), 10, 14),
    (gettext_lazy("Proposal"), 40, 21),
    (gettext_lazy("Negotiation"), 70, 14),
)


class NameMissing(Refusal):
    message = gettext_lazy("It needs a name.")


class NameTaken(Refusal):
    message = gettext_lazy("Another one has this name.")


class ProbabilityOutOfRange(Refusal):
    message = gettext_lazy("A probability is between 0 and 100.")


class LastOne(Refusal):
    message = gettext_lazy("This is the last one in use; deals need it.")


class DealsInIt(Refusal):
    """Open deals stand there; the sentence says how many."""

    def __init__(self, count: int) -> None:
        words = ngettext(
            "%(count)s open deal is still there. Move it or close it first.",
            "%(count)s open deals are still there. Move them or close them first.",
            count,
        )
        super().__init__(words % {"count": count})


class ArchivedAlready(Refusal):
    message = gettext_lazy("This is archived already.")


class NotArchived(Refusal):
    message = gettext_lazy("This is in use already.")


# --- Pipelines --------------------------------------------------------------------------------


@transaction.atomic
def first_pipeline(*, by: User | None = None) -> Pipeline:
    """The pipeline of those who never chose one: the first in use, else one with the usual stages."""
    # Of two who need it at once, one makes it.
    business = Business.objects.select_for_update().first()
    known = Pipeline.objects.filter(archived_at=None).first()
    if known is not None:
        return known
    with translation.override(business.language if business else None):
        return create_pipeline(name=_("Sales"), by=by)


@transaction.atomic
def create_pipeline(*, name: str, by: User | None) -> Pipeline:
    """With the usual stages, in the language of the moment. Raises NameMissing or NameTaken."""
    name = _name(name, Pipeline.objects.filter(archived_at=None))
    pipeline = Pipeline.objects.create(name=name, position=_next_position(Pipeline.objects.all()))
    Stage.objects.bulk_create(
        Stage(
            pipeline=pipeline,
            name=str(words),
            position=place,
            probability=probability,
            stale_days=days,
        )
        for place, (words, probability, days) in enumerate(USUAL, 1)
    )
    changes = audit.diff({}, pipeline, ["name"])
    audit.record(by=by, action="pipeline.create", target=pipeline, changes=changes)
    return pipeline


@transaction.atomic
def rename_pipeline(*, pipeline: Pipeline, name: str, by: User | None) -> Pipeline:
    """Raises NameMissing or NameTaken."""
    current = Pipeline.objects.select_for_update().get(pk=pipeline.pk)
    before = audit.values(current, ["name"])
    others = Pipeline.objects.filter(archived_at=None).exclude(pk=current.pk)
    current.name = _name(name, others)
    if changes := audit.diff(before, current, ["name"]):
        current.save(update_fields=["name"])
        audit.record(by=by, action="pipeline.update", target=current, changes=changes)
    return current


@transaction.atomic
def move_pipeline(*, pipeline: Pipeline, up: bool, by: User | None) -> None:
    """One place up or down; the first one is where new deals begin. At the end nothing happens."""
    living = Pipeline.objects.filter(archived_at=None).select_for_update()
    _swap(list(living), pipeline, up=up, action="pipeline.update", by=by)


@transaction.atomic
def archive_pipeline(*, pipeline: Pipeline, by: User | None) -> Pipeline:
    """No deal can be put into it any more. Raises ArchivedAlready, LastOne or DealsInIt."""
    living = list(Pipeline.objects.filter(archived_at=None).select_for_update())
    current = next((one for one in living if one.pk == pipeline.pk), None)
    if current is None:
        raise ArchivedAlready
    if len(living) == 1:
        raise LastOne
    # Whoever moves a deal locks its new stage, so none comes in while this looks.
    list(Stage.objects.filter(pipeline=current).select_for_update())
    _refuse_if_open(Deal.objects.filter(stage__pipeline=current))
    current.archived_at = timezone.now()
    current.save(update_fields=["archived_at"])
    audit.record(by=by, action="pipeline.archive", target=current)
    return current


@transaction.atomic
def restore_pipeline(*, pipeline: Pipeline, by: User | None) -> Pipeline:
    """In use again. Raises NotArchived or NameTaken."""
    current = Pipeline.objects.select_for_update().get(pk=pipeline.pk)
    if current.archived_at is None:
        raise NotArchived
    _name(current.name, Pipeline.objects.filter(archived_at=None))
    current.archived_at = None
    current.save(update_fields=["archived_at"])
    audit.record(by=by, action="pipeline.restore", target=current)
    return current


# --- Stages -----------------------------------------------------------------------------------


@transaction.atomic
def add_stage(
    *,
    pipeline: Pipeline,
    name: str,
    by: User | None,
    probability: int = 50,
    stale_days: int | None = None,
) -> Stage:
    """The last stage of its pipeline. Raises NameMissing, NameTaken or ProbabilityOutOfRange."""
    Pipeline.objects.select_for_update().get(pk=pipeline.pk)
    stage = Stage(
        pipeline=pipeline, position=_next_position(Stage.objects.filter(pipeline=pipeline))
    )
    _set(stage, name=name, probability=probability, stale_days=stale_days)
    stage.save(force_insert=True)
    changes = audit.diff({}, stage, FIELDS)
    audit.record(by=by, action="stage.create", target=stage, changes=changes)
    return stage


@transaction.atomic
def update_stage(*, stage: Stage, by: User | None, **values: Any) -> Stage:
    """Change what is given of FIELDS. Raises what `add_stage` does."""
    current = Stage.objects.select_for_update(of=("self",)).get(pk=stage.pk)
    before = audit.values(current, FIELDS)
    _set(current, **(before | values))
    if changes := audit.diff(before, current, FIELDS):
        current.save(update_fields=list(changes))
        audit.record(by=by, action="stage.update", target=current, changes=changes)
    return current


@transaction.atomic
def move_stage(*, stage: Stage, up: bool, by: User | None) -> None:
    """One place nearer to the beginning or to the end; there nothing happens."""
    living = Stage.objects.filter(pipeline=stage.pipeline_id, archived_at=None)
    _swap(list(living.select_for_update()), stage, up=up, action="stage.update", by=by)


@transaction.atomic
def archive_stage(*, stage: Stage, by: User | None) -> Stage:
    """No deal can be put into it any more. Raises ArchivedAlready, LastOne or DealsInIt."""
    rows = Stage.objects.filter(pipeline=stage.pipeline_id, archived_at=None).select_for_update()
    living = list(rows)
    current = next((one for one in living if one.pk == stage.pk), None)
    if current is None:
        raise ArchivedAlready
    if len(living) == 1:
        raise LastOne
    _refuse_if_open(Deal.objects.filter(stage=current))
    current.archived_at = timezone.now()
    current.save(update_fields=["archived_at"])
    audit.record(by=by, action="stage.archive", target=current)
    return current


@transaction.atomic
def restore_stage(*, stage: Stage, by: User | None) -> Stage:
    """In use again, where it was. Raises NotArchived or NameTaken."""
    current = Stage.objects.select_for_update(of=("self",)).get(pk=stage.pk)
    if current.archived_at is None:
        raise NotArchived
    _name(current.name, Stage.objects.filter(pipeline=current.pipeline_id, archived_at=None))
    current.archived_at = None
    current.save(update_fields=["archived_at"])
    audit.record(by=by, action="stage.restore", target=current)
    return current


# --- Shared -----------------------------------------------------------------------------------

Placed = TypeVar("Placed", Pipeline, Stage)


def _set(stage: Stage, *, name: str, probability: int, stale_days: int | None) -> None:
    others = Stage.objects.filter(pipeline=stage.pipeline_id, archived_at=None)
    stage.name = _name(name, others.exclude(pk=stage.pk))
    if not 0 <= probability <= 100:
        raise ProbabilityOutOfRange
    stage.probability, stage.stale_days = probability, stale_days


def _name(text: str, others: QuerySet[Placed]) -> str:
    name = " ".join(text.split())[: others.model._meta.get_field("name").max_length]
    if not name:
        raise NameMissing
    if fold(name) in {fold(other.name) for other in others}:
        raise NameTaken
    return name


def _next_position(rows: QuerySet[Placed]) -> int:
    return (rows.aggregate(last=Max("position"))["last"] or 0) + 1


def _swap(rows: list[Placed], one: Placed, *, up: bool, action: str, by: User | None) -> None:
    place = next((n for n, row in enumerate(rows) if row.pk == one.pk), None)
    other = None if place is None else place + (-1 if up else 1)
    if place is None or other is None or not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    moved = [row for number, row in enumerate(rows, 1) if row.position != number]
    for number, row in enumerate(rows, 1):
        row.position = number
    save_columns(moved, ["position"])
    changes: audit.Changes = {"position": [place + 1, other + 1]}
    audit.record(by=by, action=action, target=one, changes=changes)


def _refuse_if_open(deals: QuerySet[Deal]) -> None:
    if count := deals.filter(state=Deal.State.OPEN).count():
        raise DealsInIt(count)
