"""A change to many customers on its way: how far it is, stopped, taken back."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import segments
from crm.actions import selections
from crm.actions.strokes import label
from crm.models import BulkEdit
from staff.access import Role, access, acting_user
from staff.pages import render_page
from staff.refusals import Refusal


def _seen(request: HttpRequest, pk: int) -> BulkEdit:
    found = get_object_or_404(BulkEdit.objects.select_related("by", "change_set"), pk=pk)
    if not selections.can_see(found, acting_user(request)):
        raise PermissionDenied
    return found


@access(read=Role.AGENT)
@require_safe
def bulk_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = _seen(request, pk)
    is_undo = found.action == selections.UNDO
    changed = "" if is_undo else label(found.action, found.changed)
    question = segments.question(found.query)
    context = {
        "edit": found,
        "title": TITLES[found.action](),
        "changed": changed,
        "words": [chip.text for chip in question.chips()],
        "is_at_work": found.state in selections.AT_WORK,
        "is_undo": is_undo,
        "percent": 100 * found.done // found.total if found.total else 0,
        "can_cancel": selections.can_cancel(found) and found.cancel_asked_at is None,
        "can_undo": selections.can_undo(found),
        "list_url": f"{reverse('crm:customer-list')}{question.address()}",
    }
    return render_page(request, "crm/bulk_edit.html", context, fragment="progress")


TITLES = {
    "archive": lambda: _("Archiving customers"),
    "restore": lambda: _("Taking customers out of the archive"),
    "change": lambda: _("Changing customers"),
    "undo": lambda: _("Taking a change back"),
}


@access(write=Role.AGENT)
@require_POST
def bulk_edit_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        selections.cancel_bulk_edit(bulk_edit=_seen(request, pk))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    return redirect("crm:bulk-edit", pk)


@access(write=Role.AGENT)
@require_POST
def bulk_edit_undo(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        undo = selections.undo_bulk_edit(bulk_edit=_seen(request, pk), by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect("crm:bulk-edit", pk)
    return redirect("crm:bulk-edit", undo.pk)
