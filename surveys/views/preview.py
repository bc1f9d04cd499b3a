"""A survey as it will look, before it is saved: the mail, the answer page, the thanks, in each language."""

from __future__ import annotations

from typing import Any

from csp.constants import SELF
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods

from staff.access import Role, access
from staff.models import Business
from surveys import preflight, texts
from surveys.actions.surveys import latest_version
from surveys.answer_page import form_context, further_form, thanks_context
from surveys.forms.answer import AnswerForm
from surveys.forms.editor import SurveyEditor
from surveys.models import Response, Survey, SurveyVersion
from surveys.questions import read
from surveys.scores import HIGH, LOW, MIDDLE, bounds
from surveys.views.sending import FRAME_POLICY

PAGES = {
    "mail": _("E-mail"),
    "answer": _("Answer page"),
    LOW: _("Thanks after a low score"),
    MIDDLE: _("Thanks after a middling score"),
    HIGH: _("Thanks after a high score"),
}


# Unsaved words are posted to it, and nothing is written.
@access(read=Role.AGENT, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
@xframe_options_sameorigin
def survey_preview(request: HttpRequest, kind: str) -> HttpResponse:
    """One page of a survey, for a frame; `survey` names one that is there already."""
    if kind not in Survey.Kind.values:
        raise Http404
    asked = request.POST or request.GET
    business: Business = request.business  # type: ignore[attr-defined]
    saved, number = None, asked.get("survey", "")
    if number.isdecimal():
        saved = get_object_or_404(Survey, pk=int(number), kind=kind)
    editor = SurveyEditor(
        kind=kind,
        business=business,
        survey=saved,
        latest=latest_version(saved) if saved else None,
        data=request.POST or None,
    )
    language = asked.get("preview_language", "")
    language = language if language in editor.form.languages else editor.form.languages[0]
    with translation.override(language):
        page = asked.get("preview_page", "")
        return _page(request, *editor.shown(), page if page in PAGES else "mail", language)


def _page(
    request: HttpRequest, survey: Survey, version: SurveyVersion, page: str, language: str
) -> HttpResponse:
    business: Business = request.business  # type: ignore[attr-defined]
    if page == "mail":
        body = preflight.sample(
            business=business, survey=survey, version=version, language=language, name=""
        )
        mail = HttpResponse(body.html)
        mail["Content-Security-Policy"] = FRAME_POLICY
        return mail
    own = texts.of_version(version, survey.kind, language).named(business.name)
    if page == "answer":
        form = AnswerForm(survey=survey)
        shown = render(
            request,
            "surveys/answer.html",
            form_context(survey, own, form, score=None, nonce=""),
        )
    else:
        context = _thanks(survey, version, own, page, language)
        shown = render(request, "surveys/answer_thanks.html", context)
    shown._csp_replace = {"frame-ancestors": [SELF]}  # type: ignore[attr-defined]
    return shown


def _thanks(
    survey: Survey, version: SurveyVersion, own: texts.Texts, group: str, language: str
) -> dict[str, Any]:
    given = Response(kind=survey.kind, score=bounds(survey.kind, group)[1])
    context = thanks_context(survey, version, own, given, language=language)
    further = further_form(read(version.questions), language, given={})
    return context | {"further": further}
