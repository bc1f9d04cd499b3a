"""What happened meanwhile: noted, put otherwise, announced, and compared before with after."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.views.going_back import back, undo_tag
from metrics import aims, before_after
from metrics.definitions import DEFINITIONS
from metrics.forms import AnnotationForm
from metrics.models import Annotation
from staff.access import Role, access, acting_user
from staff.models import Business
from staff.pages import paginate, render_page
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def annotation_list(request: HttpRequest) -> HttpResponse:
    page = paginate(Annotation.objects.select_related("made_by"), request, key=("-on", "-pk"))
    context = {
        "page": page,
        "rows": [(one, _names(one)) for one in page],
        "may_note": aims.can_annotate(acting_user(request)),
    }
    return render_page(request, "metrics/annotation_list.html", context, fragment="annotations")


def _names(annotation: Annotation) -> list[str]:
    return [str(DEFINITIONS[kpi].name) for kpi in annotation.kpis if kpi in DEFINITIONS]


@access(read=Role.READ_ONLY)
@require_safe
def annotation(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened, and what was measured in equal windows before and after it."""
    found = get_object_or_404(Annotation.objects.select_related("outreach", "made_by"), pk=pk)
    business: Business = request.business  # type: ignore[attr-defined]
    chosen = before_after.chosen(request.GET.get("windows", ""))
    sides = before_after.sides(found.on, chosen, zone=business.zone, now=timezone.now())
    context = {
        "annotation": found,
        "names": _names(found),
        "choices": before_after.choices(chosen),
        "sides": sides,
        "differences": before_after.differences(found, sides, now=timezone.now()) if sides else [],
        "ready_on": before_after.ready_on(found.on, chosen, zone=business.zone),
        "may_note": aims.can_annotate(acting_user(request)),
    }
    return render_page(request, "metrics/annotation.html", context, fragment="compared")


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def annotation_create(request: HttpRequest) -> HttpResponse:
    """`?kpi=` is the figure from whose page one comes."""
    return _edit(request, None)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def annotation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Annotation, pk=pk))


def _edit(request: HttpRequest, found: Annotation | None) -> HttpResponse:
    form = AnnotationForm(
        request.POST if request.method == "POST" else None, initial=_initial(request, found)
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved, stroke = aims.save_annotation(
                by=acting_user(request), annotation=found, **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            if stroke:
                undo = undo_tag("metrics:undo", stroke.pk, to=reverse("metrics:annotation-list"))
                messages.success(request, _("Noted: %(title)s") % {"title": saved.title}, undo)
            return redirect("metrics:annotation", saved.pk)
    context = {"form": form, "annotation": found}
    status = 422 if form.errors else 200
    return render(request, "metrics/annotation_form.html", context, status=status)


def _initial(request: HttpRequest, found: Annotation | None) -> dict[str, Any]:
    if found is None:
        return {"on": timezone.localdate(), "kpis": request.GET.getlist("kpi")}
    return {name: getattr(found, name) for name in AnnotationForm.base_fields}


@access(write=Role.AGENT)
@require_POST
def annotation_delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Annotation, pk=pk)
    done = back(request, "metrics:annotation-list")
    try:
        stroke = aims.delete_annotation(annotation=found, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        undo = undo_tag("metrics:undo", stroke.pk, to=done.url)
        messages.success(request, _("Deleted: %(title)s") % {"title": found.title}, undo)
    return done


@access(write=Role.AGENT)
@require_POST
def annotation_announce(request: HttpRequest, pk: int) -> HttpResponse:
    """Make it a draft that tells customers of it; a person writes it further and sends it."""
    found = get_object_or_404(Annotation, pk=pk)
    business: Business = request.business  # type: ignore[attr-defined]
    try:
        outreach = aims.announce(annotation=found, business=business, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("metrics:annotation", pk)
    return redirect("crm:outreach", outreach.pk)
