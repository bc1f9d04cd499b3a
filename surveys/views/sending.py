"""Before a survey is sent: to whom, to whom not and why, in which words; then the one button."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.views.going_back import back
from staff.access import Role, access, acting_user
from staff.models import Business
from staff.refusals import Refusal
from staff.templatetags.vinculo import moment, number
from surveys import preflight as checking
from surveys import texts
from surveys.actions import sending, testing
from surveys.actions.surveys import latest_version
from surveys.audience import Audience, Preview, preview_audience
from surveys.models import Skip, Survey, SurveyRun

# The sample in a frame: what the business wrote, without scripts, pictures of others, or links.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; "
    "sandbox"
)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def choose_survey(request: HttpRequest) -> HttpResponse:
    """Which survey should these customers get? The selection travels on."""
    audience = Audience.from_parameters(request.POST if request.method == "POST" else request.GET)
    context = {
        "surveys": Survey.objects.filter(is_active=True),
        "query": urlencode(audience.parameters()),
    }
    return render(request, "surveys/choose_survey.html", context)


@access(read=Role.AGENT, write=Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def preflight(request: HttpRequest, survey_id: int) -> HttpResponse:
    """Shows what would happen; with the form's `once_key` posted, it happens, once."""
    survey = get_object_or_404(Survey, pk=survey_id)
    given = request.POST if request.method == "POST" else request.GET
    audience = Audience.from_parameters(given)
    once_key = request.POST.get("once_key", "")[:64]
    if once_key:
        return _send(request, survey, audience, once_key)
    return render(request, "surveys/preflight.html", _context(request, survey, audience))


def _send(request: HttpRequest, survey: Survey, audience: Audience, once_key: str) -> HttpResponse:
    try:
        run = sending.send_survey(
            survey=survey, audience=audience, once_key=once_key, by=acting_user(request)
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        query = urlencode(audience.parameters())
        return redirect(f"{reverse('surveys:preflight', args=[survey.pk])}?{query}")
    messages.success(request, _told(run))
    return redirect("surveys:survey", survey.pk)


def _told(run: SurveyRun) -> str:
    invited = ngettext(
        "%(number)s invitation is on its way.",
        "%(number)s invitations are on their way.",
        run.invited,
    ) % {"number": number(run.invited)}
    due_at = run.invitations.values_list("due_at", flat=True).first()
    if due_at and due_at > timezone.now():
        quiet = _("Nobody is asked at this hour. They leave: %(when)s.")
        invited = f"{invited} {quiet % {'when': moment(due_at)}}"
    if not run.skipped:
        return invited
    skipped = ngettext(
        "%(number)s customer was not asked; the reason is below.",
        "%(number)s customers were not asked; the reasons are below.",
        run.skipped,
    ) % {"number": number(run.skipped)}
    return f"{invited} {skipped}"


def _context(request: HttpRequest, survey: Survey, audience: Audience) -> dict[str, Any]:
    business: Business = request.business  # type: ignore[attr-defined]
    version = latest_version(survey)
    preview = preview_audience(survey=survey, audience=audience, business=business)
    return {
        "survey": survey,
        "audience": audience,
        "preview": preview,
        "asked": preview.named.get("", []),
        "skips": _skips(preview),
        "chips": audience.chosen_filter().chips() if audience.filters is not None else [],
        "parameters": audience.parameters(),
        "checks": checking.checks(
            business=business, survey=survey, version=version, preview=preview
        ),
        "languages": sorted(preview.languages.items(), key=lambda item: -item[1]),
        "may_test": testing.can_test(acting_user(request)),
        "test_to": acting_user(request).email,
        "once_key": secrets.token_urlsafe(24),
        "may_send": sending.can_send(acting_user(request), audience),
    }


@access(write=Role.AGENT)
@require_POST
def test_send(request: HttpRequest, survey_id: int) -> HttpResponse:
    """The mail in the posted `language` to the person who presses."""
    survey = get_object_or_404(Survey, pk=survey_id)
    user = acting_user(request)
    language = request.POST.get("language", "")
    language = language if language in texts.LANGUAGES else texts.supported(user.language)
    try:
        testing.send_test(survey=survey, language=language, by=user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        words = _("A test is on its way to %(address)s.")
        messages.success(request, words % {"address": user.email})
    return back(request, "surveys:preflight", survey.pk)


@access(read=Role.AGENT)
@require_safe
def answer_look(request: HttpRequest, survey_id: int, language: str) -> HttpResponse:
    """Where the links of a test lead: the answer page, on which nothing counts."""
    survey = get_object_or_404(Survey, pk=survey_id)
    asked = {"survey": str(survey.pk), "preview_language": language, "preview_page": "answer"}
    page = reverse("surveys:survey-preview", args=[survey.kind])
    return redirect(f"{page}?{urlencode(asked)}")


def _skips(preview: Preview) -> list[tuple[str, int, Any]]:
    """(reason in words, how many, the first of them by name)."""
    return [
        (str(Skip.Reason(reason).label), count, preview.named[reason])
        for reason, count in sorted(preview.skipped.items(), key=lambda item: -item[1])
    ]


@access(read=Role.AGENT)
@require_safe
@xframe_options_sameorigin
def mail_sample(request: HttpRequest, survey_id: int, language: str) -> HttpResponse:
    """The e-mail of one language as it would arrive; its links lead nowhere."""
    survey = get_object_or_404(Survey, pk=survey_id)
    if language not in texts.LANGUAGES:
        raise Http404
    body = checking.sample(
        business=request.business,  # type: ignore[attr-defined]
        survey=survey,
        version=latest_version(survey),
        language=language,
        name=request.GET.get("name", ""),
    )
    response = HttpResponse(body.html)
    response["Content-Security-Policy"] = FRAME_POLICY
    response["Content-Language"] = language
    return response
