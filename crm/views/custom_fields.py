"""The fields of one's own, in settings."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import custom
from crm.actions import custom_fields as actions
from crm.forms.custom_fields import FieldForm
from crm.models import CustomField
from crm.views.going_back import undo_tag
from staff.access import Role, access, acting_user
from staff.refusals import Refusal


@access(read=Role.MANAGER)
@require_safe
def custom_fields(request: HttpRequest) -> HttpResponse:
    known = custom.known(request)
    context = {
        "fields": [field for field in known if field.archived_at is None],
        "archived": [field for field in known if field.archived_at is not None],
    }
    return render(request, "crm/custom_fields.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def custom_field_create(request: HttpRequest) -> HttpResponse:
    form = FieldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_field(by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("label", str(refusal))
        else:
            messages.success(request, _("The field is there, on every customer."))
            return redirect("crm:custom-fields")
    status = 422 if form.is_bound else 200
    return render(request, "crm/custom_field_form.html", {"form": form}, status=status)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def custom_field_edit(request: HttpRequest, pk: int) -> HttpResponse:
    field = get_object_or_404(CustomField, pk=pk)
    now = {name: getattr(field, name) for name in actions.FIELDS}
    form = FieldForm(request.POST or None, initial=now, kind_stays=actions.is_used(field))
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_field(field=field, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("label", str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("crm:custom-fields")
    context = {"form": form, "field": field, "may_archive": actions.can_archive(field)}
    status = 422 if form.is_bound else 200
    return render(request, "crm/custom_field_form.html", context, status=status)


STEPS: dict[str, Callable[..., CustomField]] = {
    "archive": actions.archive_field,
    "restore": actions.restore_field,
}


@access(write=Role.MANAGER)
@require_POST
def custom_field_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Archive it, take it back, move it up or down."""
    if step not in {"up", "down", *STEPS}:
        raise Http404
    field, user = get_object_or_404(CustomField, pk=pk), acting_user(request)
    if step in {"up", "down"}:
        actions.move_field(field=field, up=step == "up", by=user)
        return redirect("crm:custom-fields")
    try:
        STEPS[step](field=field, by=user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        if step == "archive":
            undo = undo_tag("crm:custom-field-step", pk, "restore", to=reverse("crm:custom-fields"))
            text = _("“%(field)s” is archived. What was filled in is kept.") % {"field": field}
            messages.success(request, text, extra_tags=undo)
    return redirect("crm:custom-fields")
