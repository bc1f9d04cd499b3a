"""Segments: what is asked of the customers under a name."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import segments
from crm.actions import segments as actions
from crm.forms.segments import SegmentForm
from crm.models import Segment
from crm.views.going_back import back
from staff.access import Role, access, acting_user
from staff.refusals import Refusal


@access(read=Role.READ_ONLY)
@require_safe
def segment_list(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    rows = []
    for segment in segments.SEEN.all(user.pk):
        question = segments.question(segment.query)
        rows.append(
            {
                "segment": segment,
                "address": segments.address_of(segment),
                "words": [chip.text for chip in question.chips()],
                "is_understood": question.is_understood,
                "may_edit": user.has_role(Role.AGENT) and segments.can_edit(segment, user),
            }
        )
    context = {"rows": rows, "may_write": user.has_role(Role.AGENT)}
    return render(request, "crm/segment_list.html", context)


@access(read=Role.READ_ONLY)
@require_safe
def segment(request: HttpRequest, pk: int) -> HttpResponse:
    """The customers of a segment, at an address that outlives its question."""
    return redirect(segments.address_of(_seen(request, pk)))


def _seen(request: HttpRequest, pk: int) -> Segment:
    return get_object_or_404(segments.visible_to(acting_user(request)), pk=pk)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_create(request: HttpRequest) -> HttpResponse:
    initial = {"query": segments.canonical(request.GET.urlencode())}
    form = SegmentForm(request.POST or None, user=acting_user(request), initial=initial)
    return _save(request, form, None)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = _seen(request, pk)
    initial = {"name": found.name, "query": found.query, "is_shared": found.owner_id is None}
    form = SegmentForm(request.POST or None, user=acting_user(request), initial=initial)
    return _save(request, form, found)


def _save(request: HttpRequest, form: SegmentForm, found: Segment | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_segment(
                by=acting_user(request), segment=found, **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect(segments.address_of(saved))
    query = form["query"].value() or ""
    context = {
        "form": form,
        "segment": found,
        "words": [chip.text for chip in segments.question(query).chips()],
    }
    status = 422 if form.is_bound else 200
    return render(request, "crm/segment_form.html", context, status=status)


@access(write=Role.AGENT)
@require_POST
def segment_save(request: HttpRequest, pk: int) -> HttpResponse:
    """What the list asks now becomes what the segment asks."""
    found = _seen(request, pk)
    query = request.POST.get("query", "")[:4000]
    try:
        found = actions.save_segment(by=acting_user(request), segment=found, query=query)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved."))
    return redirect(segments.address_of(found))


@access(write=Role.AGENT)
@require_POST
def segment_delete(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        actions.delete_segment(segment=_seen(request, pk), by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The segment is gone; its customers are where they were."))
    return redirect("crm:segment-list")


@access(write=Role.READ_ONLY)
@require_POST
def segment_pin(request: HttpRequest, pk: int) -> HttpResponse:
    """In sight above one's list, or no more."""
    found, user = _seen(request, pk), acting_user(request)
    if request.POST.get("pinned") == "1":
        actions.pin_segment(segment=found, by=user)
    else:
        actions.unpin_segment(segment=found, by=user)
    return back(request, "crm:segment-list")
