"""The list of surveys; making and rewording one."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from staff.access import Role, access, acting_user
from staff.models import Business
from staff.pages import render_page
from surveys.actions import surveys as actions
from surveys.forms.editor import SurveyEditor
from surveys.models import Response, Survey, SurveyRun, SurveyTrigger
from surveys.moments.words import words_of
from surveys.views.preview import PAGES


@access(read=Role.READ_ONLY)
@require_safe
def survey_list(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    counts = (
        Response.objects.filter(survey=OuterRef("pk"))
        .order_by()
        .values("survey")
        .annotate(
            valid=Count("pk", filter=Q(validity="valid")),
            held=Count("pk", filter=Q(validity="held")),
        )
    )
    sent = SurveyRun.objects.filter(survey=OuterRef("pk")).order_by().values("survey")
    context = {
        "surveys": Survey.objects.annotate(
            answers=Subquery(counts.values("valid")),
            held=Subquery(counts.values("held")),
            last_sent_at=Subquery(sent.annotate(last=Max("created_at")).values("last")),
        ).order_by("-is_active", "name"),
        "kinds": Survey.Kind.choices,
        "sent_by_themselves": [
            (trigger.survey.name, words_of(trigger))
            for trigger in SurveyTrigger.objects.filter(is_active=True).select_related("survey")
        ],
        "may_edit": actions.can_edit(user),
        "may_send": user.has_role(Role.AGENT),
    }
    return render(request, "surveys/survey_list.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def survey_create(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in Survey.Kind.values:
        raise Http404
    business: Business = request.business  # type: ignore[attr-defined]
    editor = SurveyEditor(kind=kind, business=business, data=request.POST or None)
    if not editor.is_moving and editor.is_valid():
        try:
            survey = actions.create_survey(kind=kind, by=acting_user(request), **editor.values())
        except actions.NameTaken as refusal:
            editor.form.add_error("name", str(refusal))
        else:
            messages.success(request, _("The survey is ready to be sent."))
            return redirect("surveys:survey", survey.pk)
    return _form_page(request, editor, kind)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def survey_edit(request: HttpRequest, survey_id: int) -> HttpResponse:
    survey = get_object_or_404(Survey, pk=survey_id)
    editor = SurveyEditor(
        kind=survey.kind,
        business=request.business,  # type: ignore[attr-defined]
        survey=survey,
        latest=actions.latest_version(survey),
        data=request.POST or None,
    )
    if not editor.is_moving and editor.is_valid():
        try:
            actions.update_survey(survey=survey, by=acting_user(request), **editor.values())
        except actions.NameTaken as refusal:
            editor.form.add_error("name", str(refusal))
        except actions.StaysAnonymous as refusal:
            editor.form.add_error("is_anonymous", str(refusal))
        else:
            messages.success(request, _("The survey is saved."))
            return redirect("surveys:survey", survey.pk)
    return _form_page(request, editor, survey.kind, survey)


def _form_page(
    request: HttpRequest, editor: SurveyEditor, kind: str, survey: Survey | None = None
) -> HttpResponse:
    context = {
        "form": editor.form,
        "rows": editor.rows,
        "survey": survey,
        "kind": Survey.Kind(kind),
        "cancel": reverse("surveys:survey", args=[survey.pk])
        if survey
        else reverse("surveys:survey-list"),
        "preview": reverse("surveys:survey-preview", args=[kind]),
        "pages": PAGES.items(),
        "preview_page": request.POST.get("preview_page", "answer"),
        "preview_language": request.POST.get("preview_language", ""),
    }
    response = render_page(request, "surveys/survey_form.html", context, fragment="questions")
    response.status_code = 422 if editor.form.is_bound else 200
    return response
