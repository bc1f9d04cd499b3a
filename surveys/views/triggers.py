"""When a survey is sent by itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from staff.access import Role, access, acting_user
from surveys.actions.triggers import set_trigger
from surveys.forms.trigger import TriggerForm
from surveys.models import SurveyTrigger


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def trigger_edit(request: HttpRequest, moment: str) -> HttpResponse:
    trigger = get_object_or_404(SurveyTrigger, moment=moment)
    form = TriggerForm(request.POST or None, instance=SurveyTrigger.objects.get(pk=trigger.pk))
    if form.is_valid():
        set_trigger(moment=moment, by=acting_user(request), **form.cleaned_data)
        messages.success(request, _("Saved. It holds for what happens from now on."))
        return redirect("surveys:survey-list")
    context = {"form": form, "trigger": trigger}
    status = 422 if form.is_bound else 200
    return render(request, "surveys/trigger_form.html", context, status=status)
