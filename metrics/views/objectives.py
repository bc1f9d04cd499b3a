"""Objectives: set, with or without a figure, and what came of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.views.going_back import undo_tag
from metrics import check_ups
from metrics.check_up_forms import FigureObjectiveForm, ObjectiveForm
from metrics.definitions import DEFINITIONS, Definition
from metrics.models import Objective
from staff.access import Role, access, acting_user
from staff.models import Business, ChangeSet
from staff.refusals import Refusal


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def objective_create(request: HttpRequest) -> HttpResponse:
    """`?kpi=`: the figure that tells whether it is reached; none: a person says."""
    definition = DEFINITIONS.get(request.GET.get("kpi", ""))
    if definition and not definition.is_stored:
        definition = None
    form = _form(request, definition)
    business: Business = request.business  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        _objective, stroke = check_ups.add_objective(
            by=acting_user(request), now=timezone.now(), zone=business.zone, **form.values
        )
        return _done(request, stroke, _("The objective is set."))
    context = {
        "form": form,
        "definition": definition,
        "figures": [one for one in DEFINITIONS.values() if one.is_stored],
        "now": definition
        and check_ups.figure_on(definition.kpi, timezone.localdate(), business.zone),
    }
    status = 422 if form.errors else 200
    return render(request, "metrics/objective_form.html", context, status=status)


def _form(
    request: HttpRequest, definition: Definition | None
) -> ObjectiveForm | FigureObjectiveForm:
    data = request.POST if request.method == "POST" else None
    if definition is None:
        return ObjectiveForm(data)
    business: Business = request.business  # type: ignore[attr-defined]
    return FigureObjectiveForm(
        data, definition=definition, currency=business.currency, today=timezone.localdate()
    )


@access(write=Role.MANAGER)
@require_POST
def objective_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Reached, missed, dropped, or open again."""
    objective = get_object_or_404(Objective, pk=pk)
    state = request.POST.get("state", "")
    if state not in Objective.State.values:
        return redirect("metrics:check-up")
    business: Business = request.business  # type: ignore[attr-defined]
    try:
        stroke = check_ups.close_objective(
            objective=objective,
            state=state,
            by=acting_user(request),
            now=timezone.now(),
            zone=business.zone,
        )
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect("metrics:check-up")
    return _done(request, stroke, _("Noted: %(title)s") % {"title": objective.title})


@access(write=Role.MANAGER)
@require_POST
def objective_delete(request: HttpRequest, pk: int) -> HttpResponse:
    objective = get_object_or_404(Objective, pk=pk)
    try:
        stroke = check_ups.delete_objective(objective=objective, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect("metrics:check-up")
    return _done(request, stroke, _("The objective is deleted."))


def _done(request: HttpRequest, stroke: ChangeSet, words: str) -> HttpResponse:
    page = f"{reverse('metrics:check-up')}#objectives"
    messages.success(request, words, extra_tags=undo_tag("metrics:undo", stroke.pk, to=page))
    return redirect(page)
