"""The versions of a survey's words: who changed what when, and asking in earlier words again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from staff.access import Role, access, acting_user
from surveys import versions
from surveys.actions.surveys import can_edit, use_again
from surveys.models import Survey, SurveyVersion


@access(read=Role.READ_ONLY)
@require_safe
def version_list(request: HttpRequest, survey_id: int) -> HttpResponse:
    survey = get_object_or_404(Survey, pk=survey_id)
    context = {
        "survey": survey,
        "history": versions.history(survey),
        "may_edit": can_edit(acting_user(request)),
    }
    return render(request, "surveys/version_list.html", context)


@access(write=Role.MANAGER)
@require_POST
def version_use_again(request: HttpRequest, survey_id: int, number: int) -> HttpResponse:
    version = get_object_or_404(SurveyVersion, survey=survey_id, number=number)
    made = use_again(version=version, by=acting_user(request))
    words = _("From now on it is asked as in version %(number)s.") % {"number": version.number}
    if made.pk != version.pk:
        messages.success(request, words)
    return redirect("surveys:version-list", survey_id)
