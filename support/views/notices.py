"""What I hear of by mail."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from staff.access import Role, access, acting_user
from support.actions.notices import choice_of, choose_notices
from support.forms.notices import NoticeForm


@access(read=Role.READ_ONLY, write=Role.READ_ONLY)
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    # Boxes that are all empty send nothing: that is a choice too.
    form = NoticeForm(request.POST if request.method == "POST" else None, instance=choice_of(user))
    if form.is_valid():
        choose_notices(by=user, **form.cleaned_data)
        messages.success(request, _("Your choice is saved."))
        return redirect("support:notices")
    status = 422 if form.errors else 200
    return render(request, "support/notices.html", {"form": form}, status=status)
