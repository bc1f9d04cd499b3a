"""Where customers can review the business."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff.access import Role, access, acting_user
from staff.refusals import Refusal
from surveys.actions import review_sites as actions
from surveys.forms.loop import SiteForm
from surveys.models import ReviewSite


@access(read=Role.MANAGER)
@require_safe
def site_list(request: HttpRequest) -> HttpResponse:
    context = {"sites": ReviewSite.objects.order_by("place", "name")}
    return render(request, "surveys/review_sites.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def site_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def site_edit(request: HttpRequest, site_id: int) -> HttpResponse:
    return _edit(request, get_object_or_404(ReviewSite, pk=site_id))


def _edit(request: HttpRequest, site: ReviewSite | None) -> HttpResponse:
    # The form fills in an instance of its own: the action compares with the row.
    own = ReviewSite.objects.get(pk=site.pk) if site else None
    form = SiteForm(request.POST if request.method == "POST" else None, instance=own)
    if form.is_valid():
        try:
            actions.save_site(site=site, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. Everyone who answers from now on sees it."))
            return redirect("surveys:review-sites")
    context = {"form": form, "site": site}
    status = 422 if form.errors else 200
    return render(request, "surveys/review_site_form.html", context, status=status)


@access(write=Role.MANAGER)
@require_POST
def site_step(request: HttpRequest, site_id: int, step: str) -> HttpResponse:
    """Move it up or down, or delete it."""
    site, by = get_object_or_404(ReviewSite, pk=site_id), acting_user(request)
    if step in {"up", "down"}:
        actions.move_site(site=site, up=step == "up", by=by)
    elif step == "delete":
        actions.delete_site(site=site, by=by)
        messages.success(request, _("Deleted: %(title)s") % {"title": site.name})
    else:
        raise Http404
    return redirect("surveys:review-sites")
