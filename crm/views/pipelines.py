"""The ways that deals go, and their stages, in settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.actions import pipelines as actions
from crm.forms.deals import PipelineForm, StageForm
from crm.models import Deal, Pipeline, Stage
from staff.access import Role, access, acting_user
from staff.refusals import Refusal


@access(read=Role.MANAGER)
@require_safe
def pipelines(request: HttpRequest) -> HttpResponse:
    open_deals = Count("deals", filter=Q(deals__state=Deal.State.OPEN))
    stages = Prefetch("stages", Stage.objects.annotate(open_deals=open_deals))
    rows = list(Pipeline.objects.prefetch_related(stages))
    context = {
        "pipelines": [
            {
                "pipeline": row,
                "stages": [stage for stage in row.stages.all() if stage.archived_at is None],
                "archived": [stage for stage in row.stages.all() if stage.archived_at],
            }
            for row in rows
            if row.archived_at is None
        ],
        "archived": [row for row in rows if row.archived_at],
    }
    return render(request, "crm/pipelines.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def pipeline_create(request: HttpRequest) -> HttpResponse:
    form = PipelineForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _done(request, form, actions.create_pipeline):
        return redirect("crm:pipelines")
    return _form_page(request, form, pipeline=None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def pipeline_edit(request: HttpRequest, pk: int) -> HttpResponse:
    pipeline = get_object_or_404(Pipeline, pk=pk)
    form = PipelineForm(request.POST or None, initial={"name": pipeline.name})
    if form.is_valid() and _done(request, form, actions.rename_pipeline, pipeline=pipeline):
        return redirect("crm:pipelines")
    return _form_page(request, form, pipeline=pipeline)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def stage_create(request: HttpRequest, pk: int) -> HttpResponse:
    pipeline = get_object_or_404(Pipeline, pk=pk)
    form = StageForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _done(request, form, actions.add_stage, pipeline=pipeline):
        return redirect("crm:pipelines")
    return _form_page(request, form, pipeline=pipeline, is_stage=True)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def stage_edit(request: HttpRequest, pk: int) -> HttpResponse:
    stage = get_object_or_404(Stage.objects.select_related("pipeline"), pk=pk)
    initial = {name: getattr(stage, name) for name in actions.FIELDS}
    form = StageForm(request.POST or None, initial=initial)
    if form.is_valid() and _done(request, form, actions.update_stage, stage=stage):
        return redirect("crm:pipelines")
    return _form_page(request, form, pipeline=stage.pipeline, stage=stage, is_stage=True)


def _done(request: HttpRequest, form: Any, action: Callable[..., Any], **what: Any) -> bool:
    try:
        action(by=acting_user(request), **what, **form.cleaned_data)
    except Refusal as refusal:
        form.add_error("name", str(refusal))
        return False
    messages.success(request, _("Saved."))
    return True


def _form_page(request: HttpRequest, form: Any, **context: Any) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "crm/pipeline_form.html", {"form": form, **context}, status=status)


Step = Callable[..., Any]
PIPELINE_STEPS: dict[str, Step] = {
    "archive": actions.archive_pipeline,
    "restore": actions.restore_pipeline,
}
STAGE_STEPS: dict[str, Step] = {
    "archive": actions.archive_stage,
    "restore": actions.restore_stage,
}


@access(write=Role.MANAGER)
@require_POST
def pipeline_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Move it up or down, archive it, use it again."""
    pipeline = get_object_or_404(Pipeline, pk=pk)
    return _step(request, step, PIPELINE_STEPS, actions.move_pipeline, pipeline=pipeline)


@access(write=Role.MANAGER)
@require_POST
def stage_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    stage = get_object_or_404(Stage, pk=pk)
    return _step(request, step, STAGE_STEPS, actions.move_stage, stage=stage)


def _step(
    request: HttpRequest, step: str, steps: dict[str, Step], move: Step, **what: Any
) -> HttpResponse:
    by = acting_user(request)
    try:
        if step in {"up", "down"}:
            move(up=step == "up", by=by, **what)
        elif step in steps:
            steps[step](by=by, **what)
        else:
            raise Http404
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("crm:pipelines")
