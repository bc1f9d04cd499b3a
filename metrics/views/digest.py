"""The week in figures: how it looks, and whether one gets it by mail."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mail import delivery
from metrics.digest import sent, weekly
from staff.access import Role, access, acting_user


@require_safe
@access(read=Role.READ_ONLY)
def digest(request: HttpRequest) -> HttpResponse:
    """The digest of the last week that is over, as it leaves on Monday; and what has left before."""
    mails = sent.to(acting_user(request))
    business, now = request.business, timezone.now()  # type: ignore[attr-defined]
    context = {
        "letter": weekly.compose(weekly.last_week(now, business), business, now),
        "is_on": weekly.is_reader(acting_user(request)),
        "opening": weekly.opening(),
        "sent": mails,
        "hold": delivery.hold() if mails else None,
    }
    return render(request, "metrics/digest.html", context)


@access(write=Role.READ_ONLY)
@require_POST
def digest_choose(request: HttpRequest) -> HttpResponse:
    is_on = request.POST.get("on") == "1"
    weekly.choose(by=acting_user(request), is_on=is_on)
    words = _("You get the week in figures every Monday.") if is_on else _("You no longer get it.")
    messages.success(request, words)
    return redirect("metrics:digest")
