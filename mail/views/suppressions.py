"""Who is not written to, and why; adding somebody who asked, letting somebody back in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mail import actions
from mail.forms import ReleaseForm, SuppressionForm
from mail.models import Scope, Suppression
from staff.access import Role, access, acting_user
from staff.pages import paginate, render_page


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def suppressions(request: HttpRequest) -> HttpResponse:
    form = SuppressionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = actions.suppress(
            **form.cleaned_data, reason=Suppression.Reason.BY_HAND, by=acting_user(request)
        )
        messages.success(
            request, _("%(address)s is not written to any more.") % {"address": added.address}
        )
        return redirect("mail:suppressions")
    scope, reason = request.GET.get("scope", ""), request.GET.get("reason", "")
    query, is_past = request.GET.get("q", "").strip(), "released" in request.GET
    rows = Suppression.objects.listed(
        address=query, scope=scope, reason=reason, is_released=is_past
    )
    context = {
        "page": paginate(rows, request, key=("-at", "-pk")),
        "form": form,
        "query": query,
        "scope": scope,
        "scopes": Scope.choices,
        "reason": reason,
        "reasons": Suppression.Reason.choices,
        "is_past": is_past,
        "may_release": acting_user(request).has_role(Role.MANAGER),
    }
    return render_page(request, "mail/suppressions.html", context, fragment="results")


@access(write=Role.MANAGER)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    suppression = get_object_or_404(Suppression, pk=pk)
    form = ReleaseForm(request.POST)
    why = form.cleaned_data["why"] if form.is_valid() else ""
    actions.release(suppression=suppression, why=why, by=acting_user(request))
    messages.success(
        request,
        _("%(address)s may be written to again.") % {"address": suppression.address},
        extra_tags=f"undo:{reverse('mail:suppress-again', args=[pk])}",
    )
    return redirect("mail:suppressions")


@access(write=Role.MANAGER)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a release back."""
    suppression = get_object_or_404(Suppression, pk=pk)
    actions.suppress_again(suppression=suppression, by=acting_user(request))
    messages.success(
        request, _("%(address)s is not written to any more.") % {"address": suppression.address}
    )
    return redirect("mail:suppressions")
