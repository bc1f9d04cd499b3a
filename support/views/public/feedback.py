"""`/feedback/`: anybody asks, complains, suggests or praises."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from staff.access import access
from staff.public.pages import closed, private, refused
from support import desk
from support.actions import feedback as actions
from support.correspondents import Correspondent
from support.forms.public import FeedbackForm
from support.models import Ticket

MESSAGES_AN_HOUR = 20


@access(public=True)
@csrf_exempt  # it needs no cookie: the form's own stamp proves as much, and no power is borrowed
@require_http_methods(["GET", "HEAD", "POST"])
def feedback(request: HttpRequest) -> HttpResponseBase:
    if not desk.settings().has_feedback_page:
        return private(closed(request))
    if request.method == "POST":
        return private(_press(request))
    form = FeedbackForm(initial={"kind": _asked_kind(request)})
    return private(render(request, "support/public/feedback.html", {"form": form}))


@access(public=True)
@require_safe
def feedback_thanks(request: HttpRequest) -> HttpResponseBase:
    """What happens next; the same for everybody, so it tells nothing of anybody."""
    context = {"kind": _asked_kind(request), "has_board": desk.settings().has_board}
    return private(render(request, "support/public/feedback_thanks.html", context))


def _press(request: HttpRequest) -> HttpResponse:
    form = FeedbackForm(request.POST, request.FILES)
    status = 422
    if form.is_valid() and refused(request, "feedback", most=MESSAGES_AN_HOUR):
        form.add_error(None, _("That was a lot at once. Please try again in an hour."))
        status = 429
    if not form.is_valid():
        return render(request, "support/public/feedback.html", {"form": form}, status=status)
    data = form.cleaned_data
    actions.give_feedback(
        kind=data["kind"],
        text=data["text"],
        sender=Correspondent(data["email"], data["name"], get_language() or ""),
        files=form.kept_files(),
        once_key=form.once_key,
        is_suspicious=form.is_programs,
    )
    return redirect(f"{reverse('support:feedback-thanks')}?kind={data['kind']}")


def _asked_kind(request: HttpRequest) -> str:
    asked = request.GET.get("kind", "")
    return asked if asked in Ticket.Kind.values else ""
