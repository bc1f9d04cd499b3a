"""What figures should be: set, changed and ended by managers, each from a day on."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.views.going_back import back, undo_tag
from metrics import aims
from metrics.aims import Targets
from metrics.definitions import DEFINITIONS, Definition
from metrics.forms import TargetForm
from metrics.models import Target
from metrics.views.asked import definition_or_404
from staff.access import Role, access, acting_user
from staff.models import Business, ChangeSet
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def target_list(request: HttpRequest) -> HttpResponse:
    """Every figure that has ever had a target, with all of its steps; and the others, to set one."""
    rows = Target.objects.select_related("made_by").order_by("kpi", "-from_on")
    steps: dict[str, list[Target]] = {}
    for row in rows:
        steps.setdefault(row.kpi, []).append(row)
    today = timezone.localdate()
    context = {
        "aimed": [
            (definition, _in_force(steps[kpi], today), steps[kpi])
            for kpi, definition in DEFINITIONS.items()
            if kpi in steps
        ],
        "without": [d for d in DEFINITIONS.values() if d.is_stored and d.kpi not in steps],
        "may_set": aims.can_set_targets(acting_user(request)),
    }
    return render(request, "metrics/target_list.html", context)


def _in_force(steps: list[Target], today: date) -> Target | None:
    """The one that holds; `steps` has the latest first."""
    return next((one for one in steps if one.from_on <= today), None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def target_set(request: HttpRequest, kpi: str) -> HttpResponse:
    definition = definition_or_404(kpi)
    if not definition.is_stored:
        raise Http404
    form = _form(request, definition)
    if request.method == "POST" and form.is_valid():
        stroke = aims.set_target(
            kpi=kpi,
            from_on=form.cleaned_data["from_on"],
            value=form.stored,
            by=acting_user(request),
        )
        return _done(request, stroke, _("The target is set."))
    steps = Target.objects.filter(kpi=kpi).select_related("made_by").order_by("-from_on")
    context = {
        "form": form,
        "definition": definition,
        "steps": steps,
        "in_force": _in_force(list(steps), timezone.localdate()),
    }
    status = 422 if form.errors else 200
    return render(request, "metrics/target_form.html", context, status=status)


def _form(request: HttpRequest, definition: Definition) -> TargetForm:
    business: Business = request.business  # type: ignore[attr-defined]
    today = timezone.localdate()
    now = Targets.of([definition.kpi]).on(definition.kpi, today)
    initial = {} if now is None else TargetForm.initial_of(definition, now)
    return TargetForm(
        request.POST if request.method == "POST" else None,
        definition=definition,
        currency=business.currency,
        today=today,
        initial=initial,
    )


@access(write=Role.MANAGER)
@require_POST
def target_end(request: HttpRequest, kpi: str) -> HttpResponse:
    """From today on there is none."""
    definition_or_404(kpi)
    try:
        stroke = aims.end_target(kpi=kpi, from_on=timezone.localdate(), by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return back(request, "metrics:target-list")
    return _done(request, stroke, _("The target ends today."))


@access(write=Role.MANAGER)
@require_POST
def target_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """One step, set by mistake."""
    target = get_object_or_404(Target, pk=pk)
    try:
        stroke = aims.delete_target(target=target, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return back(request, "metrics:target-list")
    return _done(request, stroke, _("The target is deleted."))


def _done(request: HttpRequest, stroke: ChangeSet | None, words: str) -> HttpResponse:
    if stroke is None:
        messages.info(request, _("It is so already."))
        return redirect("metrics:target-list")
    done = back(request, "metrics:target-list")
    messages.success(request, words, extra_tags=undo_tag("metrics:undo", stroke.pk, to=done.url))
    return done
