"""Words that may be quoted: agreed to and taken back by their authors, and seen by staff."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from staff.access import Role, access, acting_user
from staff.pages import capped_count, paginate, render_page
from staff.refusals import Refusal
from surveys import after, texts, tokens
from surveys.actions import testimonials as actions
from surveys.models import Testimonial

# --- Their authors --------------------------------------------------------------------------------


@access(public=True)
@csrf_exempt  # the proof in the form says as much, and needs no cookie
@require_POST
def agree(request: HttpRequest) -> HttpResponse:
    """Whoever answered just now lets the business quote them."""
    response = tokens.proven(request.POST.get("proof", ""))
    if response is None:
        return _private(render(request, "surveys/answer_unknown.html", status=404))
    language = texts.supported(request.POST.get("language", ""), response.language)
    with translation.override(language):
        context: dict[str, Any] = {}
        try:
            testimonial = actions.agree(
                response=response,
                signed=request.POST.get("signed", ""),
                # As it is asked: what a form says was agreed to proves nothing.
                agreed_to=actions.sentence(request.business.name),  # type: ignore[attr-defined]
                language=language,
                is_ticked=bool(request.POST.get("agrees")),
            )
        except Refusal as refusal:
            context["refusal"] = str(refusal)
            asked = after.quoting(response, asks=True)
            context["after"] = asked | {"language": language, "proof": request.POST["proof"]}
        else:
            context["testimonial"] = testimonial
            context["after"] = after.quoting(testimonial.response, asks=False)
        return _done(request, context, language)


@access(public=True)
@csrf_exempt  # the proof in the form says as much, and needs no cookie
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    """Whoever has the link takes it back."""
    found = after.to_withdraw(request.POST.get("proof", ""))
    if found is None:
        return _private(render(request, "surveys/answer_unknown.html", status=404))
    language = texts.supported(found.language)
    with translation.override(language):
        testimonial = actions.withdraw(testimonial=found, by=None)
        return _done(request, {"testimonial": testimonial}, language)


def _done(request: HttpRequest, context: dict[str, Any], language: str) -> HttpResponse:
    status = 422 if "refusal" in context else 200
    response = render(request, "surveys/testimonial_done.html", context, status=status)
    response["Content-Language"] = language
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    """No copy of the page anywhere, and its address told to nobody."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


# --- Staff ----------------------------------------------------------------------------------------


@access(read=Role.READ_ONLY)
@require_safe
def testimonial_list(request: HttpRequest) -> HttpResponse:
    """Those that stand, or those that were withdrawn: `?state=withdrawn`."""
    is_withdrawn = request.GET.get("state") == "withdrawn"
    rows = Testimonial.objects.filter(withdrawn_at__isnull=not is_withdrawn)
    shown = rows.select_related("response__customer", "response__survey")
    context = {
        "page": paginate(shown, request, key=("-at", "-pk")),
        "count": capped_count(rows),
        "is_withdrawn": is_withdrawn,
        "may_withdraw": actions.can_withdraw(acting_user(request)),
    }
    return render_page(request, "surveys/testimonials.html", context, fragment="rows")


@access(write=Role.AGENT)
@require_POST
def testimonial_withdraw(request: HttpRequest, testimonial_id: int) -> HttpResponse:
    testimonial = get_object_or_404(Testimonial, pk=testimonial_id)
    actions.withdraw(testimonial=testimonial, by=acting_user(request))
    messages.success(
        request, _("It is not to be quoted any more. Its author alone can agree again.")
    )
    return redirect("surveys:testimonial-list")
