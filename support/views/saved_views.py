"""Questions about tickets under a name: saved, renamed, arranged, given up."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff.access import Role, access, acting_user
from staff.refusals import Refusal
from support.actions import arranging, desk
from support.forms.selection import SavedViewForm
from support.models import SavedView


@access(read=Role.AGENT)
@require_safe
def views(request: HttpRequest) -> HttpResponse:
    """All that the person sees among their tabs, those first that they may arrange."""
    user = acting_user(request)
    seen = SavedView.objects.visible_to(user).select_related("owner")
    rows = [(view, desk.can_edit_view(view, user)) for view in seen]
    return render(request, "support/views.html", {"rows": rows})


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def view_create(request: HttpRequest) -> HttpResponse:
    initial = {"query": request.GET.urlencode()[:1000]}
    form = SavedViewForm(request.POST or None, user=acting_user(request), initial=initial)
    return _save(request, form, None)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def view_edit(request: HttpRequest, pk: int) -> HttpResponse:
    view = _own(request, pk)
    initial = {"name": view.name, "query": view.query, "is_shared": view.owner_id is None}
    form = SavedViewForm(request.POST or None, user=acting_user(request), initial=initial)
    return _save(request, form, view)


def _own(request: HttpRequest, pk: int) -> SavedView:
    return get_object_or_404(SavedView.objects.visible_to(acting_user(request)), pk=pk)


def _save(request: HttpRequest, form: SavedViewForm, view: SavedView | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            saved = desk.save_view(by=acting_user(request), view=view, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved among the views of your tickets."))
            return redirect(f"{reverse('support:ticket-list')}?{saved.query}")
    status = 422 if form.is_bound else 200
    return render(request, "support/view_form.html", {"form": form, "view": view}, status=status)


@access(write=Role.AGENT)
@require_POST
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        desk.delete_view(view=_own(request, pk), by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The view is gone; its tickets are where they were."))
    return redirect("support:views")


@access(write=Role.AGENT)
@require_POST
def view_move(request: HttpRequest, pk: int, way: str) -> HttpResponse:
    user = acting_user(request)
    view = _own(request, pk)
    if desk.can_edit_view(view, user):
        among = SavedView.objects.visible_to(user)
        arranging.move(row=view, among=among, by=user, up=way == "up")
    return redirect("support:views")
