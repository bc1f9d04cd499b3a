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
from surveys.actions import surveys as actions
from surveys.forms.survey import SurveyForm
from surveys.models import Response, Survey, SurveyRun, SurveyTrigger
from surveys.moments.words import words_of


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
    form = SurveyForm(request.POST or None, kind=kind, languages=_languages(request))
    if form.is_valid():
        try:
            survey = actions.create_survey(
                kind=kind,
                name=form.cleaned_data["name"],
                throttle_days=form.cleaned_data["throttle_days"],
                expires_after_days=form.cleaned_data["expires_after_days"],
                own_texts=form.own_texts,
                by=acting_user(request),
            )
        except actions.NameTaken as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("The survey is ready to be sent."))
            return redirect("surveys:survey", survey.pk)
    context = {"form": form, "kind": Survey.Kind(kind), "cancel": reverse("surveys:survey-list")}
    return _form_page(request, form, context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def survey_edit(request: HttpRequest, survey_id: int) -> HttpResponse:
    survey = get_object_or_404(Survey, pk=survey_id)
    latest = actions.latest_version(survey)
    form = SurveyForm(
        request.POST or None,
        instance=Survey.objects.get(pk=survey_id),
        kind=survey.kind,
        languages=_languages(request),
        own_texts=latest.texts,
    )
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in SurveyForm.Meta.fields}
        # Words in languages that the business does not use at present are kept.
        own = {**latest.texts, **form.own_texts}
        try:
            actions.update_survey(survey=survey, by=acting_user(request), own_texts=own, **values)
        except actions.NameTaken as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("The survey is saved."))
            return redirect("surveys:survey", survey.pk)
    context = {
        "form": form,
        "survey": survey,
        "kind": Survey.Kind(survey.kind),
        "cancel": reverse("surveys:survey", args=[survey.pk]),
    }
    return _form_page(request, form, context)


def _form_page(request: HttpRequest, form: SurveyForm, context: dict[str, object]) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "surveys/survey_form.html", context, status=status)


def _languages(request: HttpRequest) -> list[str]:
    business: Business = request.business  # type: ignore[attr-defined]
    return [business.language, *(code for code in business.languages if code != business.language)]
